"""What the map would show, without a browser: the snapshot's files and bits, put together as the browser does."""

from __future__ import annotations

import gzip

import numpy as np
from django.test import Client

from layers.publish.snapshot import store
from layers.publish.snapshot.counting import unpacked
from vacancies.published import VACANCIES

_keys: dict[str, list[str]] = {}


def address() -> str:
    return f"/karte/{store.name_now(VACANCIES)}/"


def content(client: Client, file: str) -> bytes:
    response = client.get(f"{address()}{file}")
    assert response.status_code == 200, file
    return gzip.decompress(response.getvalue()) if response.get("Content-Encoding") == "gzip" else response.getvalue()


def keys_on_map(client: Client, query: str) -> list[str]:
    """Return the keys of the rows that the map shows for a query, in the order of the keys."""
    here = address()
    if here not in _keys:  # a snapshot never changes
        _keys.clear()
        _keys[here] = content(client, "kennungen.bin").decode().split("\n")
    keys = _keys[here]
    bits = np.frombuffer(client.get(f"{here}treffer.bin?{query}").content, np.uint64)
    return sorted(keys[i] for i in np.flatnonzero(unpacked(bits, len(keys))))

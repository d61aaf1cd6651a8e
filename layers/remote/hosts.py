"""Which hosts may be asked, and the entries that are ready."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from geo.sources import DATA
from layers.remote.fetching import Hosts
from layers.remote.layer import RemoteLayer

ENTRIES = DATA / "remote_layers.toml"


@lru_cache(maxsize=1)
def ready_entries() -> dict[str, dict[str, Any]]:
    """Return the entries of data/remote_layers.toml by key."""
    return tomllib.loads(ENTRIES.read_text(encoding="utf-8"))


def allowed_hosts() -> Hosts:
    """Return the hosts of the settings; without any, those of the ready entries."""
    named = settings.REMOTE_HOSTS or [urlsplit(e["url"]).hostname or "" for e in ready_entries().values()]
    return Hosts(frozenset(h.strip().lower() for h in named if h.strip()), frozenset(settings.REMOTE_INTERNAL_HOSTS))


def register() -> list[str]:
    """Create the ready entries that are not there, switched off; return their keys. What an operator changed stays."""
    known = set(RemoteLayer.objects.values_list("key", flat=True))
    new = [RemoteLayer(key=key, **{k: v for k, v in e.items() if k != "checked"}) for key, e in ready_entries().items() if key not in known]
    RemoteLayer.objects.bulk_create(new)
    return [layer.key for layer in new]

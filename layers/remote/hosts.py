"""Which hosts may be asked, the entries that are ready, and the catalogues to look for more."""

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
CATALOGUES = DATA / "catalogues.toml"


@lru_cache(maxsize=1)
def ready_entries() -> dict[str, dict[str, Any]]:
    """Return the entries of data/remote_layers.toml by key."""
    return tomllib.loads(ENTRIES.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def ready_catalogues() -> dict[str, dict[str, str]]:
    """Return the catalogues of data/catalogues.toml by key; the first is asked when none is named."""
    return tomllib.loads(CATALOGUES.read_text(encoding="utf-8"))


def allowed_hosts() -> Hosts:
    """Return the hosts of the settings; without any, those of the ready entries and catalogues."""
    ready = [*ready_entries().values(), *ready_catalogues().values()]
    named = settings.REMOTE_HOSTS or [urlsplit(e["url"]).hostname or "" for e in ready]
    return Hosts(frozenset(h.strip().lower() for h in named if h.strip()), frozenset(settings.REMOTE_INTERNAL_HOSTS))


def register() -> list[str]:
    """Create the ready entries that are not there, switched off; return their keys. What an operator changed stays."""
    known = set(RemoteLayer.objects.values_list("key", flat=True))
    new = [RemoteLayer(key=key, **{k: v for k, v in e.items() if k != "checked"}) for key, e in ready_entries().items() if key not in known]
    RemoteLayer.objects.bulk_create(new)
    return [layer.key for layer in new]

"""Contacts that the project carries (`data/contacts/*.toml`), each with its source; what somebody changed here is left alone."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from geo.models import District, Town
from network.contacts.models import ContactPoint

FOLDER = settings.BASE_DIR / "data" / "contacts"
PLAIN = ("name", "function", "topics", "admin_union", "statewide", "mailbox", "phone", "url", "note", "source_url")
DEFAULTS: dict[str, Any] = {"topics": [], "statewide": False}


def entries(folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """Return the contacts of all files by their name; raises `ValueError` for one without source or day."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(folder.glob("*.toml")):
        for name, entry in tomllib.loads(file.read_text(encoding="utf-8")).items():
            if name in found or not entry.get("source_url") or not entry.get("source_on"):
                raise ValueError(f"{file.name}: {name} stands twice, or has no source_url and source_on")
            found[name] = entry
    return found


@transaction.atomic
def load(folder: Path = FOLDER) -> dict[str, int]:
    """Load them; a second time changes nothing. Returns how many are new, changed, and left alone because somebody changed them."""
    told = {"new": 0, "changed": 0, "left": 0}
    for name, entry in entries(folder).items():
        contact = ContactPoint.objects.filter(seed=name).first()
        if contact is not None and (contact.withdrawn_on or _digest(contact) != contact.seed_digest):
            told["left"] += 1
            continue
        before = contact.seed_digest if contact else ""
        loaded = _write(contact or ContactPoint(seed=name), entry)
        told["new"] += not before
        told["changed"] += bool(before) and before != loaded.seed_digest
    return told


def _write(contact: ContactPoint, entry: dict[str, Any]) -> ContactPoint:
    for column in PLAIN:
        setattr(contact, column, entry.get(column, DEFAULTS.get(column, "")))
    contact.source_on = entry["source_on"]
    contact.district = District.objects.get(ags5=entry["district"]) if "district" in entry else None
    contact.full_clean(exclude=["seed_digest"])
    contact.save()
    contact.towns.set(Town.objects.filter(ags8__in=entry.get("towns", [])))
    contact.seed_digest = _digest(contact)
    contact.save(update_fields=["seed_digest"])
    return contact


def _digest(contact: ContactPoint) -> str:
    """What of a contact a file says, and its person: any change by hand shows."""
    kept = {column: getattr(contact, column) for column in (*PLAIN, "person", "organisation_id", "district_id")}
    kept |= {"towns": sorted(contact.towns.values_list("ags8", flat=True)), "source_on": str(contact.source_on)}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()

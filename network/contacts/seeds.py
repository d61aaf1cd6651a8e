"""Contacts that the project carries (`data/contacts/*.toml`), each with its source; what somebody changed here is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db import transaction

from geo.errors import InvalidFile
from geo.importing import LoadReport
from geo.models import District, Town
from geo.sources import DATA
from network.contacts.models import ContactPoint
from network.knowhow.loading import tables
from network.seeds import Seed, plant

FOLDER = DATA / "contacts"
COLUMNS = ("name", "function", "topics", "admin_union", "statewide", "mailbox", "phone", "url", "note", "source_url", "source_on")


def entries(folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """Return the contacts of all files by their name.

    Raises
    ------
    InvalidFile
        For a file that is no TOML, an entry that stands twice, or a word that is no column (a person's name is none).
    """
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(folder.glob("*.toml")):
        for name, entry in tables(file):
            if name in found:
                raise InvalidFile(f"{file.name}: {name} stands twice")
            if wrong := set(entry) - {*COLUMNS, "towns", "district"}:
                raise InvalidFile(f"{file.name}: {name} says {', '.join(sorted(wrong))}")
            found[name] = entry
    return found


@transaction.atomic
def load(folder: Path = FOLDER) -> LoadReport:
    """Load them; a second time changes nothing. The towns of an entry are those it has when it is new."""
    report = LoadReport("contacts")
    for name, entry in entries(folder).items():
        values = {column: entry[column] for column in COLUMNS if column in entry}
        values |= {"sources": entry.get("source_url", ""), "checked_at": entry.get("source_on")}
        values["district"] = District.objects.filter(ags5=entry.get("district", "")).first()
        is_new = not Seed.objects.of(ContactPoint).filter(key=name).exists()
        planted = plant(ContactPoint, name, values, report)
        if planted is not None and is_new:
            planted.towns.set(Town.objects.filter(ags8__in=entry.get("towns", [])))
    return report

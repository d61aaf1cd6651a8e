"""Reads data/knowhow into the database: organisations, articles, offers, programmes, showcases, WIR-Räume."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.db import models, transaction

from geo.errors import InvalidFile
from geo.importing import LoadReport
from geo.models import Town
from geo.sources import DATA, dataset
from network.knowhow.models import AdviceOffer, Article, FundingProgramme
from network.organisations.models import Organisation
from network.seeds import Seed, plant
from network.showcase.models import Showcase, WirSpace

FOLDER = DATA / "knowhow"
Entries = Iterator[tuple[str, dict[str, Any]]]


def tables(path: Path) -> Entries:
    """Yield the entries of a TOML file by key.

    Raises
    ------
    InvalidFile
        When the file is missing or no TOML.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidFile(f"{path.name}: {error}") from error
    for key, values in found.items():
        yield key, {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}


def article(path: Path) -> tuple[str, dict[str, Any]]:
    """Return an article of a file: TOML between two lines `+++`, then its text; the file's name is its key.

    Raises
    ------
    InvalidFile
        When the file is not made so.
    """
    parts = path.read_text(encoding="utf-8").split("+++\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise InvalidFile(f"{path.name}: it must begin with TOML between two lines +++")
    try:
        words = tomllib.loads(parts[1])
    except ValueError as error:
        raise InvalidFile(f"{path.name}: {error}") from error
    made = {name: value.strip() if isinstance(value, str) else value for name, value in words.items()}
    return path.stem, made | {"body": parts[2].strip()}


@transaction.atomic
def load(folder: Path = FOLDER) -> dict[str, LoadReport]:
    """Plant every entry of the folder; return what was done by kind. All or nothing.

    Raises
    ------
    InvalidFile
        Naming the entry that lacks a source, names what is not there, or breaks a rule.
    """
    reports: dict[str, LoadReport] = {}

    def read(kind: str, model: type[models.Model], entries: Entries, prepare: Callable[[dict[str, Any]], None] = lambda _v: None) -> None:
        report = reports[kind] = LoadReport(kind)
        for key, values in entries:
            prepare(values)
            plant(model, key, {"slug": key, **values}, report, _namesake(model, key, values))

    def seat(values: dict[str, Any]) -> None:
        values["municipality"] = _town(values.pop("town", ""))

    def in_town(values: dict[str, Any]) -> None:
        values["town"] = _town(values["town"])

    def provider(values: dict[str, Any]) -> None:
        values["provider"] = _planted(Organisation, values["provider"])

    def space(values: dict[str, Any]) -> None:
        in_town(values)
        values["operator"] = _planted(Organisation, values.get("operator", ""))
        values["showcase"] = _planted(Showcase, values.get("showcase", ""))

    read("organisations", Organisation, tables(folder / "organisations.toml"), seat)
    read("articles", Article, map(article, sorted((folder / "articles").glob("*.md"))))
    read("offers", AdviceOffer, (e for e in tables(folder / "offers.toml") if _planted(Organisation, e[1]["provider"])), provider)
    read("programmes", FundingProgramme, tables(folder / "funding.toml"))
    read("showcases", Showcase, tables(folder / "showcases.toml"), in_town)
    read("wir_spaces", WirSpace, tables(folder / "wir_spaces.toml"), space)
    dataset("knowhow", row_count=sum(report.read for report in reports.values()))
    return reports


def _town(slug: str) -> Town | None:
    if not slug:
        return None
    found: Town | None = Town.objects.current().filter(slug=slug).first()
    if found is None:
        raise InvalidFile(f"town = {slug!r}: there is no such municipality")
    return found


def _planted(model: type[models.Model], key: str) -> Any:
    """The row of another entry; None for no key, or when a person deleted it."""
    if not key:
        return None
    seed = Seed.objects.of(model).filter(key=key).first()
    if seed is None:
        raise InvalidFile(f"{key!r} is no entry of {model._meta.verbose_name_plural}")
    return model._default_manager.filter(pk=seed.row).first()


def _namesake(model: type[models.Model], key: str, values: dict[str, Any]) -> Any:
    """A row that a person made under the same name or address before the file had it."""
    if model is Organisation:
        return Organisation.objects.filter(name=values["name"], municipality=values["municipality"]).first()
    return model._default_manager.filter(slug=key).first()

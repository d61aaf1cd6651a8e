"""The list of a filter on paper: what was asked, how many there are, where they lie, one line each."""

from __future__ import annotations

import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _

from geo.figures import figure
from layers.publish.describe import about
from layers.published import CLASS_COLOURS, NO_CLASS
from vacancies.geometry import GRID_M
from vacancies.listing import Listing
from vacancies.paper import ground
from vacancies.paper.expose import frame
from vacancies.paper.typesetting import Document
from vacancies.permalink import permalink
from vacancies.public import PublicVacancy
from vacancies.published import source_lines
from vacancies.templatetags.raum import hits, labels, minutes, since

LONGEST = 500  # lines; the rest is in the files
MAP, MAP_FILE = (236, 236), "map.svg"  # points
GRAIN = 2  # points: dots that would cover each other are drawn once


def register_list(listing: Listing, request: HttpRequest) -> Document:
    """Return the rows of a listing, in its order, as a document in the language of the page."""
    site = about.site(request)
    page = reverse("list") + listing.here_sorted
    rows = listing.first(LONGEST)
    examples = sum(row.is_example for row in rows)
    title = listing.wanted.sentence() if listing.wanted else _("Leerstände in Brandenburg")
    content = {
        **frame(site, permalink(request, page), _("Liste"), examples > 0),
        "title": title,
        "document_title": title,
        "count": hits(listing.total),
        "state": _("Stand {day}. Sortiert: {order}.").format(
            day=formats.date_format(datetime.date.today(), "DATE_FORMAT"), order=listing.order.label
        ),
        "cut": _cut(listing),
        "file": site.link(reverse("download", args=["leerstaende", "csv"]).removeprefix("/")) + listing.here,
        "example": _invented(examples, len(rows)),
        "nothing": "" if rows else _("Kein Leerstand passt zu allen Filtern."),
        "map": {
            "file": MAP_FILE,
            "alt": _("Karte zu „{title}“: {n}, Grenzen, Gewässer, Bahnlinien und Orte").format(title=title, n=hits(listing.total)),
            "caption": _("Punkte: genaue Lage, Kästchen: ungefähre Lage; Farbe: ÖV-Güteklasse."),
        },
        "heads": [
            _("Leerstand"),
            _("Ort"),
            _("frühere Nutzung"),
            _("Nutzfläche in m²"),
            _("Zustand"),
            _("Abgabe als"),
            _("ÖV-Güteklasse"),
            _("Berlin Hbf, schnellste Fahrt"),
            _("bestätigt am"),
        ],
        "rows": [_row(row, site) for row in rows],
        "legend": _(
            "ÖV-Güteklasse: A sehr gut bis F sehr gering, – keine. Minuten von Tür zu Tür. Ein Strich: unbekannt oder keine Verbindung."
        ),
        "sources": {"title": _("Quellen und Lizenzen"), "lines": source_lines()},
    }
    return Document("list", content, {MAP_FILE: lambda: _map(listing)})


def _cut(listing: Listing) -> str:
    if listing.total <= LONGEST:
        return ""
    return _("Gedruckt sind die ersten {n} von {total}; die Reihenfolge ist „{order}“. Alle stehen in dieser Datei:").format(
        n=LONGEST, total=figure(listing.total), order=listing.order.label
    )


def _invented(examples: int, count: int) -> str:
    if not examples:
        return ""
    if examples == count:
        return _("Alle Leerstände dieser Liste sind erfundene Beispiele.")
    return _("Erfundene Beispiele in dieser Liste: {n}. Sie sind gekennzeichnet.").format(n=examples)


def _row(v: PublicVacancy, site: about.Site) -> dict[str, Any]:
    where = f"{v.town_name}, {v.locality}" if v.locality else v.town_name
    return {
        "name": v.name,
        "name_is_german": bool(v.title),
        "link": site.link(v.get_absolute_url().removeprefix("/")),
        "marks": [mark for mark, holds in ((_("Beispiel"), v.is_example), (_("ungefähre Lage"), not v.is_exact)) if holds],
        "colour": CLASS_COLOURS.get(v.transit_class, NO_CLASS),
        "letter": v.transit_class or "–",
        "cells": [
            f"{where} · {v.district_name}",
            v.get_former_use_display() + (f" · {_('leer seit {when}').format(when=since(v))}" if v.vacant_since else ""),
            figure(v.usable_m2) if v.usable_m2 else "–",
            v.get_condition_display(),
            ", ".join(labels(v, "disposal")) or "–",
            minutes(v.berlin_best_min),
            formats.date_format(v.verified_at, "SHORT_DATE_FORMAT") if v.verified_at else "–",
        ],
    }


def _map(listing: Listing) -> bytes:
    marks = [
        ground.Mark(x, y, CLASS_COLOURS.get(letter, NO_CLASS), side_m=0 if is_exact else GRID_M)
        for x, y, letter, is_exact in listing.matches.positions()
    ]
    return ground.overview(marks, *MAP, grain=GRAIN).encode()

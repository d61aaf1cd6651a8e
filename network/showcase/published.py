"""Showcases and WIR-Räume as public layers: declared once, here."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from layers.publish.collection import Collection, fields_of
from layers.publish.style import Style, StyleClass, Symbol
from network.organisations.models import Organisation
from network.showcase.choices import Outcome, WirStatus
from network.showcase.filters import ShowcaseFilter, WirSpaceFilter
from network.showcase.models import Showcase, WirSpace
from network.showcase.public import PublicShowcase, PublicWirSpace

GROUP = _("Gelungenes und Gelerntes")
OUTCOME_COLOURS = {"success": "#1f5a45", "ongoing": "#85650f", "failed": "#a8432a", "unknown": "#6b6f69"}
STATUS_COLOURS = {"planned": "#85650f", "open": "#3b5b8c", "closed": "#6b6f69"}
NOTE = _("Angaben aus öffentlichen Quellen, je Zeile genannt, mit dem Tag der Prüfung. Ohne is_exact steht der Punkt in der Ortsmitte.")


def _short(rows: Iterable[tuple[object, ...]]) -> str:
    return hashlib.sha256(repr([tuple(map(str, row)) for row in rows]).encode()).hexdigest()[:16]


def _rows_of(model: type[Showcase] | type[WirSpace]) -> str:
    """All rows as a short text; there are few, and edits in any way must be seen."""
    return _short(model.objects.order_by("pk").values_list())


def _showcase_stamp() -> str:
    newest: datetime.datetime | None = Showcase.objects.aggregate(at=Max("updated_at"))["at"]
    return f"{newest} {_rows_of(Showcase)}"


def _space_stamp() -> str:
    names = _short(Organisation.objects.order_by("pk").values_list("name"))
    return f"{_rows_of(WirSpace)} {names} {_showcase_stamp()}"


SHOWCASES = Collection(
    name="beispiele",
    title=_("Beispiele aus der Praxis"),
    description=_("Was aus leeren Gebäuden wurde: Nutzungen, Ausgang, Rückschläge und woher man es weiß."),
    model=PublicShowcase,
    filter=ShowcaseFilter,
    fields=fields_of(PublicShowcase),
    geometry="point",
    datasets=("knowhow", "municipal-boundaries", "places"),
    note=NOTE,
    style=Style(
        tuple(
            StyleClass(label, Symbol(fill=OUTCOME_COLOURS[value], size=11, shape="triangle"), value=value)
            for value, label in Outcome.choices
        ),
        column="outcome",
        label_column="name",
        label_below=100_000,
    ),
    group=GROUP,
    stamp=_showcase_stamp,
    keywords=("Leerstand", "Nachnutzung", "Beispiel"),
    topic="society",
    theme="Gebäude",
)

WIR_SPACES = Collection(
    name="wir_raeume",
    title=_("WIR-Räume"),
    description=_("Räume, die mehrere gemeinsam nutzen: Angebot, Plätze und Stand."),
    model=PublicWirSpace,
    filter=WirSpaceFilter,
    fields=fields_of(PublicWirSpace),
    geometry="point",
    datasets=("knowhow", "municipal-boundaries", "places"),
    note=NOTE,
    style=Style(
        tuple(
            StyleClass(label, Symbol(fill=STATUS_COLOURS[value], size=9, shape="square"), value=value) for value, label in WirStatus.choices
        ),
        column="status",
        label_column="name",
        label_below=100_000,
    ),
    group=GROUP,
    stamp=_space_stamp,
    keywords=("WIR-Raum", "Coworking", "Gemeinschaft"),
    topic="society",
    theme="Gebäude",
)

COLLECTIONS = (SHOWCASES, WIR_SPACES)

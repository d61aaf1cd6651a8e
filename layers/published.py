"""The layers beside the vacancies, each declared once, here."""

from __future__ import annotations

from django.db.models import Model
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from geo.models import Dataset
from layers import filters as f
from layers import public as p
from layers.models import Facility, FacilityKind, ReachRun, TransitClass, Zone, ZoneKind
from layers.publish.collection import Collection, fields_of
from layers.publish.style import Style, StyleClass, Symbol
from layers.publish.version import Stamp

CLASS_COLOURS = {"A": "#0f5a46", "B": "#2c7048", "C": "#57722b", "D": "#85650f", "E": "#9a4f1d", "F": "#963b3b", "G": "#7b3a5e"}
NO_CLASS = "#6b6f69"
MINUTE_COLOURS = ((15, "#0f5a46"), (30, "#2c7048"), (45, "#6f8a34"), (60, "#c39a2c"), (90, "#c2723a"), (120, "#a8553c"), (None, "#8d4a56"))
REACH, PLACES, AROUND = _("Erreichbarkeit"), _("Orte"), _("Infrastruktur")
TIMETABLE = "timetable-vbb-2021"
GROUND = ("municipal-boundaries", "municipal-figures", "central-places")
# changes with the live run and with every data set that is loaded
STAMP = Stamp("SELECT concat_ws(' ', (SELECT max(loaded_at) FROM geo_dataset), (SELECT (id, finished_at) FROM layers_reachrun WHERE live))")
TRAVEL_NOTE = _(
    "Minuten von Tür zu Tür, Aufbruch zwischen 7 und 9 Uhr an einem Schultag; schnellste Fahrt: wer den Fahrplan kennt, Median: wer "
    "zu beliebiger Zeit losgeht. Ohne Fernzüge und Rufbusse."
)


def _from_run() -> list[str]:
    """The timetable that is live, when an operator has loaded his own."""
    return list(Dataset.objects.filter(runs__live=True).values_list("key", flat=True))


def live_run() -> dict[str, str]:
    """What the figures of the live run say about themselves."""
    run = ReachRun.objects.current()
    return run.described() if run else {}


def _loaded(model: type[Model]) -> list[str]:
    """The data sets that facilities or zones come from: whatever the operator has loaded."""
    return list(Dataset.objects.filter(pk__in=model._default_manager.values("dataset")).order_by("key").values_list("key", flat=True))


def _facility_sources() -> list[str]:
    return _loaded(Facility)


def _zone_sources() -> list[str]:
    return _loaded(Zone)


def _class_areas() -> Style:
    def symbol(colour: str) -> Symbol:
        return Symbol(fill=colour, stroke="", opacity=0.55)

    return Style(
        tuple(StyleClass(dict(TransitClass.choices)[k], symbol(c), value=k) for k, c in CLASS_COLOURS.items()), column="transit_class"
    )


def _minutes(column: str, outline: bool) -> Style:
    classes, low = [], 0
    for high, colour in MINUTE_COLOURS:
        label = format_lazy(_("bis {n} Minuten"), n=high) if high else format_lazy(_("über {n} Minuten"), n=low - 1)
        symbol = Symbol(fill=colour, stroke=colour if outline else "", opacity=0.35 if outline else 0.6)
        classes.append(StyleClass(label, symbol, low=low, high=high + 1 if high else None))
        low = high + 1 if high else low
    return Style(tuple(classes), column=column, order=f"-{column}" if outline else "")


FACILITY_COLOURS = {
    "school": "#3b5b8c",
    "childcare": "#3b5b8c",
    "doctor": "#a8432a",
    "pharmacy": "#a8432a",
    "culture": "#7b3a5e",
    "coworking": "#7b3a5e",
    "library": "#7b3a5e",
    "monument": "#85650f",
}


def _facility_style() -> Style:
    def colour(kind: str) -> str:
        return next((c for start, c in FACILITY_COLOURS.items() if kind.startswith(start)), "#4d5a52")

    return Style(
        tuple(StyleClass(label, Symbol(fill=colour(kind), size=7, shape="square"), value=kind) for kind, label in FacilityKind.choices),
        column="kind",
        label_column="name",
        label_below=15_000,
    )


ZONE_COLOURS = {"broadband": "#6f8a34", "flood": "#3b76a8", "nature": "#2c7048", "renewal": "#c2723a", "monument_area": "#85650f"}

TOWNS = Collection(
    name="gemeinden",
    title=_("Gemeinden"),
    description=_("Die Gemeinden Brandenburgs mit Einwohnerzahl, Größenklasse, zentralörtlicher Funktion und Anbindung der Ortsmitte."),
    model=p.PublicTown,
    filter=f.TownFilter,
    fields=fields_of(p.PublicTown),
    geometry="geom",
    datasets=(*GROUND, TIMETABLE),
    loaded=_from_run,
    run=live_run,
    style=Style(
        (StyleClass(_("Gemeinde"), Symbol(fill="#e6ede8", stroke="#1f5a45", width=0.8, opacity=0.35)),),
        label_column="name",
        label_below=400_000,
    ),
    group=PLACES,
    stamp=STAMP,
    note=TRAVEL_NOTE,
    keywords=("Gemeinde", "Einwohnerzahl", "Zentraler Ort", "ÖPNV"),
    topic="boundaries",
    theme="Verwaltungseinheiten",
)

STOPS = Collection(
    name="haltestellen",
    title=_("Haltestellen"),
    description=_("Haltestellen von Bus und Bahn mit der Zahl ihrer Abfahrten an einem Schultag."),
    model=p.PublicStop,
    filter=f.StopFilter,
    fields=fields_of(p.PublicStop),
    geometry="point",
    datasets=(TIMETABLE,),
    loaded=_from_run,
    run=live_run,
    style=Style(
        (
            StyleClass(_("Bahn"), Symbol(fill="#3b3f3c", size=7, shape="square"), value="rail"),
            StyleClass(_("U-Bahn"), Symbol(fill="#3b5b8c", size=6, shape="square"), value="metro"),
            StyleClass(_("Straßenbahn"), Symbol(fill="#a8432a", size=5), value="tram"),
            StyleClass(_("Bus"), Symbol(fill="#7b3a5e", size=4), value="bus"),
            StyleClass(_("Fähre"), Symbol(fill="#3b76a8", size=5), value="ferry"),
        ),
        column="mode",
        label_column="name",
        label_below=20_000,
    ),
    group=REACH,
    stamp=STAMP,
    keywords=("Haltestelle", "Bahnhof", "ÖPNV", "Fahrplan"),
    scale=(500_000, 0),
    topic="transportation",
    theme="Verkehrsnetze",
)

CLASS_AREAS = Collection(
    name="gueteklassen",
    title=_("ÖV-Güteklassen"),
    description=_("Gebiete gleicher Anbindung mit Bus und Bahn, A (sehr gut) bis F (sehr gering)."),
    model=p.PublicClassArea,
    filter=f.ClassAreaFilter,
    fields=fields_of(p.PublicClassArea),
    geometry="geom",
    datasets=(TIMETABLE,),
    loaded=_from_run,
    run=live_run,
    style=_class_areas(),
    group=REACH,
    stamp=STAMP,
    keywords=("ÖV-Güteklasse", "ÖPNV", "Erreichbarkeit"),
    topic="transportation",
    theme="Verkehrsnetze",
)

ISOCHRONES = Collection(
    name="isochronen",
    title=_("Isochronen"),
    description=_("Von wo man ein Zentrum in 15, 30, 45, 60 und 90 Minuten erreicht; ohne Angabe Berlin Hbf."),
    model=p.PublicIsochrone,
    filter=f.IsochroneFilter,
    fields=fields_of(p.PublicIsochrone),
    geometry="geom",
    datasets=(TIMETABLE,),
    loaded=_from_run,
    run=live_run,
    style=_minutes("minutes", outline=True),
    group=REACH,
    stamp=STAMP,
    note=TRAVEL_NOTE,
    keywords=("Isochrone", "Reisezeit", "Erreichbarkeit", "ÖPNV"),
    defaults={"centre": "berlin-hbf"},
    topic="transportation",
    theme="Verkehrsnetze",
)

TRAVEL_TIMES = Collection(
    name="reisezeit",
    title=_("Reisezeit"),
    description=_("Minuten mit Bus und Bahn aus jeder Wabe von 0,5 km² zu einem Zentrum; ohne Angabe Berlin Hbf."),
    model=p.PublicTravelTime,
    filter=f.TravelTimeFilter,
    fields=fields_of(p.PublicTravelTime),
    geometry="geom",
    datasets=(TIMETABLE,),
    loaded=_from_run,
    run=live_run,
    style=_minutes("best_min", outline=False),
    group=REACH,
    stamp=STAMP,
    note=TRAVEL_NOTE,
    keywords=("Reisezeit", "Erreichbarkeit", "ÖPNV"),
    defaults={"centre": "berlin-hbf"},
    topic="transportation",
    theme="Verkehrsnetze",
)

FACILITIES = Collection(
    name="einrichtungen",
    title=_("Einrichtungen"),
    description=_("Orte des täglichen Lebens: Schulen, Kitas, Arztpraxen, Läden, Kultur, Denkmale."),
    model=p.PublicFacility,
    filter=f.FacilityFilter,
    fields=fields_of(p.PublicFacility),
    geometry="point",
    datasets=(),
    loaded=_facility_sources,
    style=_facility_style(),
    group=AROUND,
    stamp=STAMP,
    keywords=("Infrastruktur", "Daseinsvorsorge"),
    scale=(500_000, 0),
    topic="structure",
    theme="Versorgungswirtschaft und staatliche Dienste",
)

ZONES = Collection(
    name="gebiete",
    title=_("Gebiete"),
    description=_("Flächen, für die etwas gilt: Breitband, Überschwemmung, Naturschutz, Sanierung, Denkmalbereich."),
    model=p.PublicZone,
    filter=f.ZoneFilter,
    fields=fields_of(p.PublicZone),
    geometry="geom",
    datasets=(),
    loaded=_zone_sources,
    style=Style(
        tuple(
            StyleClass(label, Symbol(fill=ZONE_COLOURS[kind], stroke=ZONE_COLOURS[kind], opacity=0.4), value=kind)
            for kind, label in ZoneKind.choices
        ),
        column="kind",
    ),
    group=AROUND,
    stamp=STAMP,
    keywords=("Schutzgebiet", "Breitband", "Sanierungsgebiet"),
    topic="planningCadastre",
    theme="Bewirtschaftungsgebiete/Schutzgebiete/geregelte Gebiete und Berichterstattungseinheiten",
)

COLLECTIONS = (TOWNS, FACILITIES, STOPS, ZONES, CLASS_AREAS, ISOCHRONES, TRAVEL_TIMES)

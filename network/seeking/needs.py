"""`NEEDS`: the only list of what a request for space can ask for. Form, matching, pages and sentences are made from it.

The needs of a request are JSON: `{"area": {"value": [150, 300], "importance": "must"}, …}`. What is not asked for is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from layers.models import TransitClass
from network.matching import Importance, Kind, Wish
from network.seeking.kinds import Area, Budget, By, Limit, Need, One, Several, Yes, option_labels
from network.seeking.regions import EMPTY, Regions
from vacancies.choices import Monument
from vacancies.filters import VacancyFilter

MUST, IMPORTANT, NICE, LITTLE = Importance.MUST, Importance.IMPORTANT, Importance.NICE, Importance.LITTLE
IMPORTANCE = {
    MUST: gettext_lazy("muss"),
    IMPORTANT: gettext_lazy("wichtig"),
    NICE: gettext_lazy("schön"),
    LITTLE: gettext_lazy("am Rande"),
}
CLASSES = tuple(c for c in TransitClass.values if c != "G")
NO_MONUMENT = (Monument.NONE, Monument.TOWNSCAPE, Monument.SURROUNDINGS)
A_MONUMENT = (Monument.BUILDING, Monument.GARDEN, Monument.TECHNICAL, Monument.AREA)

NEEDS: tuple[Need, ...] = (
    Several(
        name="target_uses",
        label=gettext_lazy("Nutzung"),
        question=gettext_lazy("Wofür suchen Sie Raum?"),
        help=gettext_lazy("Ein Leerstand passt, wenn er für eines davon geeignet ist."),
        step=1,
        asked_by="target_use",
        options=option_labels("target_use"),
        default=MUST,
    ),
    Area(name="area", label=gettext_lazy("Fläche"), step=1, column="usable", asked_by="area", default=MUST),
    Regions(name="regions", label=pgettext_lazy("need", "Lage"), step=2, default=MUST),
    Limit(
        name="berlin",
        label=gettext_lazy("Fahrt nach Berlin"),
        question=gettext_lazy("Nach Berlin Hbf höchstens (Minuten)"),
        help=gettext_lazy("Von Tür zu Tür mit Bus und Bahn, schnellste Fahrt."),
        step=2,
        asked_by="berlin_max",
        column_of="berlin_best_min",
        kind=Kind.AT_MOST,
        unit=gettext_lazy("Minuten"),
        phrase=gettext_lazy("höchstens {value} Minuten nach Berlin Hbf"),
        lowest=1,
        highest=600,
    ),
    One(
        name="transit",
        label=gettext_lazy("Anbindung"),
        question=gettext_lazy("Anbindung mit Bus und Bahn mindestens"),
        step=2,
        asked_by="transit",
        column_of="transit_class",
        options=lambda: [(k, v) for k, v in TransitClass.choices if k in CLASSES],
        means=lambda wanted: CLASSES[: CLASSES.index(wanted) + 1],
        phrase=gettext_lazy("ÖV-Güteklasse {value} oder besser"),
    ),
    Several(
        name="town_size",
        label=gettext_lazy("Größe der Gemeinde"),
        step=2,
        asked_by="town_size",
        column_of="town_size_class",
        options=option_labels("town_size"),
        default=NICE,
    ),
    Several(
        name="disposal",
        label=gettext_lazy("Abgabe"),
        question=gettext_lazy("Wie wollen Sie den Raum haben?"),
        help=gettext_lazy("Eines davon genügt."),
        step=3,
        asked_by="disposal",
        options=lambda: [(k, v) for k, v in option_labels("disposal")() if k != "not_available"],
        unsure=("open",),
    ),
    Budget(
        name="budget",
        label=gettext_lazy("Preis"),
        step=3,
        column="rent",
        help=gettext_lazy("Verglichen wird nur mit Preisen, die öffentlich sind; die meisten sind es nicht."),
    ),
    By(
        name="available_by",
        label=gettext_lazy("Verfügbarkeit"),
        question=gettext_lazy("Gebraucht bis spätestens"),
        step=3,
        column_of="available_from",
    ),
    Several(
        name="condition",
        label=gettext_lazy("Zustand"),
        question=gettext_lazy("Welcher Zustand ist in Ordnung?"),
        step=4,
        asked_by="condition",
        options=option_labels("condition"),
    ),
    One(
        name="monument",
        label=gettext_lazy("Denkmalschutz"),
        step=4,
        asked_by="monument",
        options=lambda: [("no", gettext_lazy("kein Denkmal")), ("yes", gettext_lazy("gern ein Denkmal"))],
        means=lambda wanted: A_MONUMENT if wanted == "yes" else NO_MONUMENT,
    ),
    Limit(
        name="broadband",
        label=gettext_lazy("Breitband"),
        question=gettext_lazy("Breitband mindestens (Mbit/s)"),
        step=4,
        column_of="broadband_mbit",
        kind=Kind.AT_LEAST,
        unit="Mbit/s",
        phrase=gettext_lazy("mindestens {value} Mbit/s"),
        lowest=1,
        highest=10_000,
    ),
    Yes(name="three_phase", label=gettext_lazy("Starkstrom"), step=4),
    Yes(name="noise", label=gettext_lazy("Lärm möglich"), step=4, column_of="noise_tolerant"),
    Yes(name="barrier_free", label=gettext_lazy("barrierefrei"), step=4),
    Yes(name="parking", label=gettext_lazy("Stellplätze"), step=4),
    Yes(name="yard", label=gettext_lazy("Hof"), step=4),
)
BY_NAME = {n.name: n for n in NEEDS}


def read(needs: Any) -> dict[str, dict[str, Any]]:
    """Return the needs in their one way of writing; raises `ValidationError` with a sentence for each that is wrong."""
    if not isinstance(needs, dict):
        raise ValidationError(_("Die Wünsche sind keine Liste von Namen und Werten."))
    errors, found = [], {}
    for name in needs.keys() - BY_NAME.keys():
        errors.append(ValidationError(_("Einen Wunsch „{name}“ gibt es nicht.").format(name=str(name)[:60])))
    for need in NEEDS:
        given = needs.get(need.name)
        if given is None:
            continue
        try:
            if not isinstance(given, dict) or given.get("importance") not in IMPORTANCE:
                raise need.refuse(given)
            value = need.read(given.get("value"))
        except ValidationError as error:
            errors.append(error)
        except (TypeError, ValueError, AttributeError, IndexError):
            errors.append(need.refuse(given))
        else:
            if value is not None:
                found[need.name] = {"value": value, "importance": str(given["importance"])}
    if errors:
        raise ValidationError(errors)
    return found


def check(needs: Any) -> None:
    """Validate the JSON of a request (validator of the column)."""
    read(needs)


def wishes(needs: Mapping[str, Any], ground: Any) -> list[Wish]:
    """Return what the matching asks of the candidates on this ground."""
    return [n.wish(needs[n.name]["value"], Importance(needs[n.name]["importance"]), ground) for n in NEEDS if n.name in needs]


def lines(needs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each need as label, phrase and importance, for pages."""
    return [
        {"need": n, "text": n.say(needs[n.name]["value"]), "importance": IMPORTANCE[Importance(needs[n.name]["importance"])]}
        for n in NEEDS
        if n.name in needs
    ]


def sentence(needs: Mapping[str, Any]) -> str:
    """Return what must be met and what matters, as a person would say it."""
    asked = {name: [n for n in NEEDS if n.name in needs and needs[n.name]["importance"] in levels] for name, levels in _GROUPS.items()}
    said = {name: "; ".join(n.say(needs[n.name]["value"]) for n in group) for name, group in asked.items()}
    parts = []
    if said["first"]:
        parts.append(_("Gesucht: {needs}.").format(needs=said["first"]))
    if said["then"]:
        parts.append(_("Schön wäre: {needs}.").format(needs=said["then"]))
    return " ".join(parts)


_GROUPS = {"first": (MUST, IMPORTANT), "then": (NICE, LITTLE)}


def to_filter(needs: Mapping[str, Any], query: str = "") -> VacancyFilter:
    """Return the map's filter that asks for what must be met, as far as it can, with what a search had besides (`query`)."""
    musts = {
        n.asked_by: n.to_filter(needs[n.name]["value"]) for n in NEEDS if n.asked_by and needs.get(n.name, {}).get("importance") == MUST
    }
    regions = needs.get("regions", {})
    if regions.get("importance") == MUST:
        kinds = [kind for kind in EMPTY if regions["value"][kind]]
        if kinds in (["towns"], ["districts"]):  # of several kinds one suffices, which the map cannot ask
            musts[{"towns": "town", "districts": "district"}[kinds[0]]] = ",".join(regions["value"][kinds[0]])
        elif kinds == ["points"] and len(regions["value"]["points"]) == 1:
            musts["near"] = ",".join(map(str, regions["value"]["points"][0]))
    found = VacancyFilter.parse({**musts, **{name: values for name, values in VacancyFilter.parse(query).dump() if name not in musts}})
    assert isinstance(found, VacancyFilter)
    return found


def from_filter(wanted: VacancyFilter) -> tuple[dict[str, Any], str]:
    """Return the needs that a search on the map stands for, and the query string of what no need asks; raises where that is too long."""
    needs: dict[str, Any] = {}
    taken = []
    regions: dict[str, list[Any]] = {"towns": [], "districts": [], "points": []}
    where = {"town": ("towns", list), "district": ("districts", list), "near": ("points", lambda v: [list(v)])}
    asked = [name for name in where if name in wanted.values]
    if len(asked) == 1:  # the map narrows by several, a request takes any of them
        kind, make = where[asked[0]]
        regions[kind] = make(wanted.values[asked[0]])
        needs["regions"] = {"value": regions, "importance": MUST}
        taken += asked
    for n in NEEDS:
        if n.asked_by in wanted.values and (value := _value_of(n, wanted.values[n.asked_by])) is not None:
            needs[n.name] = {"value": value, "importance": MUST}
            taken.append(n.asked_by)
    return read(needs), wanted.without(*taken).to_keep()


def _value_of(need: Need, given: Any) -> Any:
    try:
        return need.read(need.from_filter(given))
    except ValidationError:  # the map asks for more than the need knows
        return None

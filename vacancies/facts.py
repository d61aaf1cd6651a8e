"""What is known of a public vacancy, in groups of label and value: the same on its page and on paper."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import formats
from django.utils.translation import gettext as _

from vacancies.public import PublicUnit, PublicVacancy
from vacancies.templatetags.raum import figure, labels, since, yes_no

UNKNOWN = "unknown"
SPACE = "\u00a0"


@dataclass(frozen=True)
class Fact:
    """A label and what is known, as text; empty where nothing is. `note` is small print."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class FactGroup:
    """Facts that belong together."""

    title: str
    facts: tuple[Fact, ...]

    @property
    def known(self) -> list[Fact]:
        return [f for f in self.facts if f.value]

    @property
    def unknown(self) -> list[str]:
        """Labels of what is not known."""
        return [f.label for f in self.facts if not f.value]


def key_facts(vacancy: PublicVacancy) -> list[Fact]:
    """Return the handful that a reader looks for first."""
    least = vacancy.smallest_divisible_m2 if vacancy.usable_m2 else None
    divisible = _("teilbar ab {n} m²").format(n=figure(least)) if least else ""
    return [
        Fact(_("frühere Nutzung"), vacancy.get_former_use_display()),
        Fact(_("Nutzfläche"), _with_unit(vacancy.usable_m2, "m²") or _("unbekannt"), divisible),
        Fact(_("Zustand"), vacancy.get_condition_display()),
        Fact(_("Abgabe als"), ", ".join(labels(vacancy, "disposal")) or _("unbekannt")),
        Fact(_("Anbindung"), vacancy.get_transit_class_display() if vacancy.transit_class else _("keine Klasse")),
    ]


def fact_groups(vacancy: PublicVacancy) -> tuple[FactGroup, ...]:
    """Return building, equipment and offer."""
    return (
        FactGroup(_("Gebäude"), _building(vacancy)),
        FactGroup(_("Ausstattung"), _equipment(vacancy)),
        FactGroup(_("Angebot"), _offer(vacancy)),
    )


def _building(v: PublicVacancy) -> tuple[Fact, ...]:
    empty = _choice(v, "occupancy")
    if v.vacant_since:
        empty = f"{v.get_occupancy_display()}, {_('seit {when}').format(when=since(v))}"
    return (
        Fact(_("mögliche Nutzungen"), ", ".join(labels(v, "possible_uses"))),
        Fact(_("heutige Restnutzung"), _choice(v, "current_use")),
        Fact(_("Leerstand"), empty),
        Fact(_("Bruttogrundfläche"), _with_unit(v.gross_floor_m2, "m²")),
        Fact(_("Grundstück"), _with_unit(v.plot_m2, "m²")),
        Fact(_("Geschosse"), _plain(v.storeys)),
        Fact(_("Räume"), _plain(v.rooms)),
        Fact(_("Raumhöhe"), _with_unit(v.room_height_m, "m", 2)),
        Fact(_("Baujahr"), _plain(v.construction_year)),
        Fact(_("Denkmalschutz"), _choice(v, "monument")),
        Fact(_("Planungsrecht"), _choice(v, "zoning")),
        Fact(_("Sanierungsgebiet"), yes_no(v.renewal_area)),
    )


def _equipment(v: PublicVacancy) -> tuple[Fact, ...]:
    power = ", ".join(filter(None, (yes_no(v.electricity), _("Starkstrom") if v.three_phase else "")))
    return (
        Fact(_("Strom"), power),
        Fact(_("Wasser"), yes_no(v.water)),
        Fact(_("Heizung"), _choice(v, "heating")),
        Fact(_("Sanitärräume"), yes_no(v.sanitary)),
        Fact(_("barrierefrei zugänglich"), yes_no(v.barrier_free)),
        Fact(_("Breitband"), _with_unit(v.broadband_mbit, "Mbit/s")),
        Fact(_("Anlieferung mit Lkw"), yes_no(v.load_access)),
        Fact(_("Stellplätze"), yes_no(v.parking)),
        Fact(_("Hof"), yes_no(v.yard)),
        Fact(_("Lärm möglich"), yes_no(v.noise_tolerant)),
    )


def _offer(v: PublicVacancy) -> tuple[Fact, ...]:
    rent = f"{figure(v.rent_eur_m2, 2)}{SPACE}€/m² {_('im Monat')}" if v.rent_eur_m2 is not None else ""
    return (
        Fact(_("Abgabe als"), ", ".join(labels(v, "disposal"))),
        Fact(_("Kaufpreis"), _with_unit(v.price_eur, "€")),
        Fact(_("Miete"), rent),
        Fact(_("verfügbar ab"), formats.date_format(v.available_from, "DATE_FORMAT") if v.available_from else ""),
        Fact(_("Eigentum"), _choice(v, "owner_type")),
    )


def unit_rows(units: Iterable[PublicUnit]) -> list[list[str]]:
    """Return unit, former use, occupancy and area of parts that can be had alone, as text."""
    rows = []
    for u in units:
        floor = _("Geschoss {n}").format(n=u.floor) if u.floor is not None else ""
        name = ", ".join(filter(None, (u.name, floor))) or "–"
        rows.append([name, u.get_former_use_display(), u.get_occupancy_display(), _with_unit(u.usable_m2, "m²") or _("unbekannt")])
    return rows


def _choice(vacancy: PublicVacancy, name: str) -> str:
    """Return the label of a value, or nothing for the value `unknown`."""
    return "" if getattr(vacancy, name) == UNKNOWN else str(getattr(vacancy, f"get_{name}_display")())


def _with_unit(value: object, unit: str, digits: int = 0) -> str:
    return "" if value is None else f"{figure(value, digits)}{SPACE}{unit}"  # type: ignore[arg-type]


def _plain(value: int | None) -> str:
    return "" if value is None else str(value)

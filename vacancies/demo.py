"""Fictional vacancies to try the platform with: deterministic, marked as examples, removable. See data/README.md."""

from __future__ import annotations

import datetime
import json
import random
import tomllib
from typing import Any

import shapely
from django.conf import settings
from django.contrib.gis.geos import Point
from django.db import connection, transaction

from geo import crs
from geo.copying import copy_in
from geo.errors import ImportRefused
from geo.models import SizeClass, Town
from geo.sources import dataset
from vacancies import choices as c
from vacancies.models import KEY_ALPHABET, Vacancy, slug_for

SPEC = settings.BASE_DIR / "data" / "demo.toml"
LAKES = settings.BASE_DIR / "data" / "basemap" / "lakes.json"
SCATTER_M = {"rural": 350.0, "small": 650.0, "medium": 1_300.0}  # how far from a settlement's middle, one sigma
GROUP = {
    SizeClass.RURAL: "rural",
    SizeClass.SMALL_TOWN_S: "small",
    SizeClass.SMALL_TOWN_L: "small",
    SizeClass.MEDIUM_TOWN_S: "medium",
    SizeClass.MEDIUM_TOWN_L: "medium",
    SizeClass.LARGE_CITY_S: "medium",
}
HEATING = {"none": 18, "stove": 16, "gas": 26, "oil": 8, "unknown": 22, "district": 0}  # district heating: see _row


def load(today: datetime.date | None = None, confirmed: bool = False) -> int:
    """Write the examples and return how many are new; the same call twice changes nothing.

    Raises
    ------
    ImportRefused
        When the register holds real vacancies and `confirmed` is not given.
    """
    real = Vacancy.objects.real().count()
    if real and not confirmed:
        raise ImportRefused(f"the register holds {real} real vacancies; examples beside them need --yes")
    spec = tomllib.loads(SPEC.read_text(encoding="utf-8"))
    known = set(Vacancy.objects.examples().values_list("key", flat=True))
    source = dataset("examples")
    lakes = _lakes()
    rows: list[Vacancy] = []
    for town in Town.objects.current().order_by("ags8"):
        rows += [v for v in _town_rows(town, spec, lakes, today or datetime.date.today(), source.pk) if v.key not in known]
    with transaction.atomic():
        copy_in(Vacancy, rows)
    return len(rows)


def remove() -> int:
    """Delete every example with its history and return how many there were."""
    with transaction.atomic():
        ids = list(Vacancy.objects.examples().values_list("pk", flat=True))
        Vacancy.objects.examples().delete()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM vacancies_vacancyevent WHERE is_example")
    return len(ids)


def _lakes() -> Any:
    shapes = [shapely.geometry.shape(f["geometry"]) for f in json.loads(LAKES.read_text())["features"]]
    return crs.transform(shapely.union_all([s for s in shapes if s.geom_type.endswith("Polygon")]), crs.WEB, crs.STORAGE)


def _town_rows(town: Town, spec: dict[str, Any], lakes: Any, today: datetime.date, dataset_id: int) -> list[Vacancy]:
    dice = random.Random(f"beispiel {town.ags8}")  # noqa: S311 - a reproducible draw, no secret
    group = GROUP[SizeClass(town.size_class)]
    rule = spec["number"]
    number = min(rule["least"] + round(town.population / rule["people_per"]) + dice.randint(0, 2), rule["most"])
    area = shapely.from_wkb(bytes(town.geom.wkb))
    shapely.prepare(area)
    middles = _middles(town, dice)
    return [_row(town, spec, dice, group, middles, (area, lakes), today, dataset_id) for _i in range(number)]


def _middles(town: Town, dice: random.Random) -> dict[bool, list[tuple[float, float]]]:
    """Return where people settle: the town's middle and stops of its villages; under True its railway stations."""
    rows = list(town.stops.order_by("-departures", "stop_id").values_list("is_rail", "point")[:200])
    stops = [(p.x, p.y) for _rail, p in rows]
    villages = dice.sample(stops, min(len(stops), 4 + int(town.area_km2 // 12)))
    return {False: [(town.centre.x, town.centre.y), *villages], True: [(p.x, p.y) for is_rail, p in rows if is_rail]}


def _spot(
    dice: random.Random, group: str, use: str, middles: dict[bool, list[tuple[float, float]]], ground: tuple[Any, Any]
) -> tuple[float, float]:
    """Draw a point near one of the settlements, inside the town and not in a lake."""
    area, lakes = ground
    for _try in range(200):
        at_station = use == "rail" and bool(middles[True])
        x, y = dice.choice(middles[at_station]) if at_station or dice.random() > 0.5 else middles[False][0]
        sigma = 60.0 if at_station else SCATTER_M[group] * (1.0 if (x, y) == middles[False][0] else 0.4)
        x, y = round(dice.gauss(x, sigma), 1), round(dice.gauss(y, sigma), 1)
        point = shapely.Point(x, y)
        if area.contains(point) and not lakes.contains(point):
            return x, y
    inside = shapely.point_on_surface(area)
    return round(inside.x, 1), round(inside.y, 1)


def _row(
    town: Town,
    spec: dict[str, Any],
    dice: random.Random,
    group: str,
    middles: dict[bool, list[tuple[float, float]]],
    ground: tuple[Any, Any],
    today: datetime.date,
    dataset_id: int,
) -> Vacancy:
    shares = spec["uses"][group]
    use = dice.choices(list(shares), list(shares.values()))[0]
    kind = spec["kinds"][use]
    spot = _spot(dice, group, use, middles, ground)
    built = dice.randint(*kind["built"])
    low, high = kind["area"]
    usable = round(low * (high / low) ** dice.betavariate(1.6, 2.4) / 5) * 5
    months = int(dice.expovariate(1 / 60)) + 1
    since = today.replace(day=1) - datetime.timedelta(days=30 * min(months, 420))
    condition = _condition(dice, months, built)
    target = dice.sample(kind["suits"], dice.randint(2, min(4, len(kind["suits"]))))
    if usable < 60:
        target = [t for t in target if t not in ("stage", "cohousing")] or ["studio"]
    owner = dice.choices(["municipal", "private", "company", "public_company", "church", "heirs", "unknown"], [22, 34, 16, 8, 5, 7, 8])[0]
    disposal = dice.sample(["sale", "rent", "leasehold", "interim", "lease", "concept"], dice.randint(1, 2))
    verified = today - datetime.timedelta(days=int(dice.betavariate(1.1, 2.6) * 900))
    key = "".join(dice.choice(KEY_ALPHABET) for _i in range(8))
    visibility = dice.choices(["exact", "coarse", "members", "municipality", "internal"], [81, 15, 2, 1, 1])[0]
    known = dice.random
    return Vacancy(
        key=key,
        slug=slug_for(use, town.name, key),
        is_example=True,
        basis=c.Basis.EXAMPLE,
        publication="published" if known() < 0.985 else "archived",
        visibility=visibility,
        title=dice.choice(kind["titles"]),
        summary=f"{dice.choice(spec['texts']['first'])} {dice.choice(spec['texts']['second'])}",
        object_kind="building" if known() < 0.9 else "ensemble",
        town_id=town.pk,
        street=dice.choice(spec["texts"]["streets"]),
        house_no=str(dice.randint(1, 60)),
        postcode=town.postcode,
        point=Point(*spot, srid=crs.STORAGE),
        former_use=use,
        possible_uses=sorted({use, dice.choice(["mixed", "culture", "craft", "office", "community"])}),
        target_uses=[t for t in c.TargetUse.values if t in target],
        occupancy=dice.choices(["vacant", "partly_vacant", "threatened", "interim"], [70, 18, 7, 5])[0],
        vacant_since=since if known() < 0.85 else None,
        vacant_since_precision=dice.choice(["month", "year", "year", "estimate"]),
        condition=condition,
        monument=dice.choices(["none", "building", "area", "townscape", "unknown"], [60, 18 if built < 1920 else 3, 6, 8, 10])[0],
        owner_type=owner,
        disposal=[d for d in c.Disposal.values if d in disposal],
        price_eur=round(usable * dice.uniform(60, 700) / 500) * 500 if "sale" in disposal else None,
        rent_eur_m2=round(dice.uniform(2.2, 8.5), 2) if {"rent", "lease", "interim"} & set(disposal) else None,
        price_is_public=known() < 0.6,
        plot_m2=usable * dice.randint(2, 6) if known() < 0.7 else None,
        usable_m2=usable if known() < 0.93 else None,
        gross_floor_m2=round(usable * 1.28) if known() < 0.5 else None,
        storeys=dice.randint(1, 3) if use not in ("technical", "industry") else 1,
        rooms=max(1, usable // 45) if known() < 0.6 else None,
        room_height_m=round(dice.uniform(2.4, 3.8 if use not in ("industry", "culture") else 7.5), 1) if known() < 0.5 else None,
        construction_year=built if known() < 0.9 else None,
        electricity=dice.choices([True, False, None], [75, 10, 15])[0],
        three_phase=dice.choices([True, False, None], [40, 20, 40] if use in ("craft", "industry", "farm") else [12, 40, 48])[0],
        water=dice.choices([True, False, None], [75, 10, 15])[0],
        sanitary=dice.choices([True, False, None], [60, 15, 25])[0],
        heating=dice.choices(list(HEATING), [*list(HEATING.values())[:-1], 10 if group == "medium" else 2])[0],
        load_access=dice.choices([True, False, None], [35, 25, 40])[0],
        parking=dice.choices([True, False, None], [50, 20, 30])[0],
        yard=dice.choices([True, False, None], [45, 25, 30])[0],
        noise_tolerant=dice.choices([True, False, None], [25, 30, 45])[0],
        zoning=dice.choices(["s34", "b_plan", "s35", "unknown"], [52, 18, 6, 24])[0],
        source=dice.choice(["municipal", "survey", "owner"]),
        dataset_id=dataset_id,
        certainty=dice.randint(5, 10),
        verified_at=verified,
    )


def _condition(dice: random.Random, months: int, built: int) -> str:
    """Draw the condition: the longer empty and the older, the worse."""
    wear = min(months / 120, 2.0) + (0.4 if built < 1920 else 0.0) + dice.gauss(0, 0.45)
    steps = ((0.3, "ready"), (0.8, "usable"), (1.3, "needs_modernisation"), (2.0, "needs_refurbishment"), (2.4, "dilapidated"))
    return next((name for limit, name in steps if wear < limit), "ruin")

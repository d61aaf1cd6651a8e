"""Fictional vacancies to try the platform with: deterministic, marked as examples, removable. See data/README.md.

Every vacancy is drawn from dice of its own, seeded with the town's AGS and a running number. Keys and slugs are
therefore the same on every machine, whatever else is loaded, and a larger number only adds rows.
"""

from __future__ import annotations

import csv
import datetime
import heapq
import io
import json
import random
import re
import tomllib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from django.apps import apps
from django.conf import settings
from django.contrib.gis.geos import Point
from django.db import transaction

from geo import crs
from geo.copying import copy_in
from geo.errors import ImportRefused, InvalidParameter
from geo.models import SizeClass, StructureArea, Town
from geo.sources import dataset
from vacancies import choices as c
from vacancies.models import KEY_ALPHABET, Vacancy, slug_for

DATA = settings.BASE_DIR / "data"
SPEC = DATA / "demo.toml"
LAKES = DATA / "basemap" / "lakes.json"
FEED = DATA / "timetable" / "vbb-2021-04-20.zip"
AT_STATION = re.compile(r"\b(Hauptbahnhof|Bahnhof|Hbf|Bhf|Bf)\b")
GROUP = {SizeClass.RURAL: "rural", SizeClass.SMALL_TOWN_S: "small", SizeClass.SMALL_TOWN_L: "small"}  # others: medium
LARGE = ("industry", "culture", "logistics")  # halls
MOST = 200_000
Spot = tuple[float, float]


@dataclass(frozen=True)
class Ground:
    """Where a town's people settle: its middle, its villages (stops), its stations; and where they do not (EPSG:25833)."""

    area: Any
    lakes: Any
    middle: Spot
    villages: Sequence[Spot]
    stations: Sequence[Spot]

    def allows(self, spot: Spot) -> bool:
        point = shapely.Point(spot)
        return bool(self.area.contains(point) and not self.lakes.contains(point))


def load(today: datetime.date | None = None, confirmed: bool = False, count: int | None = None) -> int:
    """Write the examples and return how many are new; the same call twice changes nothing.

    Parameters
    ----------
    today : datetime.date, optional
        The day all dates are drawn back from; default is today.
    confirmed : bool
        Write beside real vacancies, too.
    count : int, optional
        How many there are to be; default stands in data/demo.toml.

    Raises
    ------
    ImportRefused
        When the register holds real vacancies and `confirmed` is not given, or no towns are loaded.
    InvalidParameter
        When `count` gives some towns fewer than two.
    """
    real = Vacancy.objects.real().count()
    if real and not confirmed:
        raise ImportRefused(f"the register holds {real} real vacancies; examples beside them need --yes")
    spec = tomllib.loads(SPEC.read_text(encoding="utf-8"))
    towns = list(Town.objects.current().order_by("ags8"))
    if not towns:
        raise ImportRefused("no towns are loaded; run load_towns first")
    numbers = _numbers(towns, spec["number"], count or spec["number"]["total"])
    source = dataset("examples")
    day = today or datetime.date.today()
    known = set(Vacancy.objects.values_list("key", flat=True))
    rows: list[Vacancy] = []
    for town, ground in zip(towns, _grounds(towns), strict=True):
        for index in range(numbers[town.ags8]):
            vacancy = _draw(town, index, spec, ground, day)
            if vacancy.key not in known:
                known.add(vacancy.key)
                vacancy.dataset_id = source.pk
                rows.append(vacancy)
    with transaction.atomic():
        copy_in(Vacancy, rows)
    return len(rows)


def remove() -> int:
    """Delete every example with its history and return how many there were."""
    with transaction.atomic():
        number = Vacancy.objects.examples().count()
        Vacancy.objects.examples().delete()
        apps.get_model("vacancies", "VacancyEvent").objects.filter(is_example=True).delete()
    return number


def _numbers(towns: Sequence[Town], rule: dict[str, Any], total: int) -> dict[str, int]:
    """Share the total out among the towns, by Sainte-Laguë so that a larger total takes nothing from any town."""
    least = rule["least"]
    if not least * len(towns) <= total <= MOST:
        raise InvalidParameter("count", str(total), f"{least * len(towns)} to {MOST} ({least} for each of {len(towns)} towns at least)")
    near_berlin = StructureArea.BERLIN_SURROUNDINGS
    weight = {t.ags8: t.population ** rule["exponent"] * (rule["near_berlin"] if t.structure_area == near_berlin else 1) for t in towns}
    numbers = dict.fromkeys(weight, least)
    queue = [(-w, ags8) for ags8, w in weight.items()]
    heapq.heapify(queue)
    for _i in range(total - least * len(towns)):
        _claim, ags8 = heapq.heappop(queue)
        numbers[ags8] += 1
        heapq.heappush(queue, (-weight[ags8] / (2 * (numbers[ags8] - least) + 1), ags8))
    return numbers


def _grounds(towns: Sequence[Town]) -> list[Ground]:
    """Return the ground of each town. Villages are where the project's own timetable has stops, whatever is loaded."""
    shapes = [shapely.geometry.shape(f["geometry"]) for f in json.loads(LAKES.read_text())["features"]]
    lakes = crs.transform(shapely.union_all([s for s in shapes if s.geom_type.endswith("Polygon")]), crs.WEB, crs.STORAGE)
    areas = [shapely.from_wkb(bytes(t.geom.wkb)) for t in towns]
    shapely.prepare([lakes, *areas])
    with zipfile.ZipFile(FEED) as feed, feed.open("stops.txt") as raw:
        stops = [s for s in csv.DictReader(io.TextIOWrapper(raw, "utf-8-sig")) if not s["parent_station"]]
    stops.sort(key=lambda s: s["stop_id"])
    x, y = crs.transform_xy([float(s["stop_lon"]) for s in stops], [float(s["stop_lat"]) for s in stops], crs.WEB, crs.STORAGE)
    places = [(round(east, 1), round(north, 1)) for east, north in zip(x, y, strict=True)]
    found, inside = shapely.STRtree(areas).query(shapely.points(np.array(places)), predicate="within")
    villages: list[list[Spot]] = [[] for _t in towns]
    stations: list[list[Spot]] = [[] for _t in towns]
    for stop, town in sorted(zip(found.tolist(), inside.tolist(), strict=True)):
        villages[town].append(places[stop])
        if AT_STATION.search(stops[stop]["stop_name"]):
            stations[town].append(places[stop])
    made = []
    for town, area, ours, rail in zip(towns, areas, villages, stations, strict=True):
        dice = random.Random(f"orte {town.ags8}")  # noqa: S311 - a reproducible draw, no secret
        some = dice.sample(ours, min(len(ours), 4 + int(town.area_km2 // 12)))
        made.append(Ground(area, lakes, (town.centre.x, town.centre.y), some, rail))
    return made


def _spot(dice: random.Random, scatter: dict[str, float], group: str, use: str, ground: Ground) -> Spot:
    """Draw a point near one of the settlements, inside the town and not in a lake; rounded to 0.1 m."""
    for _try in range(200):
        if use == "rail" and ground.stations:
            middle, sigma = dice.choice(ground.stations), scatter["station"]
        elif ground.villages and dice.random() < 0.5:
            middle, sigma = dice.choice(ground.villages), scatter["village"]
        else:
            middle, sigma = ground.middle, scatter[group]
        spot = round(dice.gauss(middle[0], sigma), 1), round(dice.gauss(middle[1], sigma), 1)
        if ground.allows(spot):
            return spot
    inside = shapely.point_on_surface(ground.area)
    return round(inside.x, 1), round(inside.y, 1)


def _draw(town: Town, index: int, spec: dict[str, Any], ground: Ground, today: datetime.date) -> Vacancy:
    """Draw the town's example with this running number."""
    dice = random.Random(f"beispiel {town.ags8} {index}")  # noqa: S311 - a reproducible draw, no secret
    key = "".join(dice.choice(KEY_ALPHABET) for _i in range(8))
    group = GROUP.get(SizeClass(town.size_class), "medium")
    use = _one(dice, spec["uses"][group])
    kind, texts = spec["kinds"][use], spec["texts"]
    built = dice.randint(*kind["built"])
    low, high = kind["area"]
    usable = max(round(low * (high / low) ** dice.betavariate(1.6, 2.4) / 5) * 5, 10)
    months = min(int(dice.expovariate(1 / 60)) + 1, 420)
    condition = _condition(dice, months, built)
    disposal = dice.sample(list(spec["disposal"]), dice.randint(1, 2), counts=list(spec["disposal"].values()))
    near_berlin = town.structure_area == StructureArea.BERLIN_SURROUNDINGS
    verified = today - datetime.timedelta(days=int(dice.betavariate(1.1, 2.6) * 913))
    return Vacancy(
        key=key,
        slug=slug_for(use, town.name, key),
        is_example=True,
        basis=c.Basis.EXAMPLE,
        publication=_one(dice, spec["publication"]),
        visibility=_one(dice, spec["visibility"]),
        title=dice.choice(kind["titles"]),
        summary=f"{texts['opening']} {dice.choice(texts['first'])} {dice.choice(texts['second'])}",
        object_kind=_one(dice, kind.get("object_kind", {"building": 9, "ensemble": 1})),
        town_id=town.pk,
        street=dice.choice(texts["streets"]),
        house_no=str(dice.randint(1, 60)),
        postcode=town.postcode,
        point=Point(*_spot(dice, spec["scatter_m"], group, use, ground), srid=crs.STORAGE),
        former_use=use,
        possible_uses=sorted({use, dice.choice(["mixed", "culture", "craft", "office", "community"])} - {"unknown"}),
        target_uses=_targets(dice, kind["suits"], usable, condition, spec["targets"]),
        occupancy=_one(dice, spec["occupancy"]),
        vacant_since=today.replace(day=1) - datetime.timedelta(days=30 * months) if dice.random() < 0.85 else None,
        vacant_since_precision=dice.choice(["month", "year", "year", "estimate"]),
        condition=condition if dice.random() < 0.94 else "unknown",
        monument=_one(dice, {"none": 60, "building": 18 if built < 1920 else 3, "area": 6, "townscape": 8, "unknown": 10}),
        owner_type=_one(dice, kind.get("owners", spec["owners"])),
        disposal=[d for d in c.Disposal.values if d in disposal],
        price_eur=_price(dice, usable, condition, near_berlin) if "sale" in disposal else None,
        rent_eur_m2=round(dice.uniform(2.2, 8.5) * (1.4 if near_berlin else 1), 2) if {"rent", "lease", "interim"} & {*disposal} else None,
        price_is_public=dice.random() < 0.6,
        available_from=today.replace(day=1) + datetime.timedelta(days=31 * dice.randint(1, 14)) if dice.random() < 0.2 else None,
        plot_m2=usable * dice.randint(2, 6) if dice.random() < 0.7 else None,
        usable_m2=usable if dice.random() < 0.93 else None,
        smallest_divisible_m2=max(usable // 4, 15) if usable >= 120 and dice.random() < 0.4 else None,
        gross_floor_m2=round(usable * 1.28) if dice.random() < 0.5 else None,
        storeys=dice.randint(1, 3) if use not in ("technical", "industry", "logistics") else 1,
        rooms=max(1, usable // 45) if dice.random() < 0.6 else None,
        room_height_m=round(dice.uniform(2.4, 7.5 if use in LARGE else 3.8), 1) if dice.random() < 0.5 else None,
        construction_year=built if dice.random() < 0.9 else None,
        last_renovation=dice.randint(max(built + 10, 1992), 2019) if dice.random() < 0.3 else None,
        electricity=_known(dice, 75, 10),
        three_phase=_known(dice, 40, 20) if use in ("craft", "industry", "farm") else _known(dice, 12, 40),
        water=_known(dice, 75, 10),
        sewage=_known(dice, 65, 15),
        heating=_one(dice, spec["heating"][group]),
        broadband_mbit=dice.choice([16, 50, 100, 250, 1000]) if dice.random() < 0.5 else None,
        sanitary=_known(dice, 60, 15),
        barrier_free=_known(dice, 15, 50),
        load_access=_known(dice, 35, 25),
        parking=_known(dice, 50, 20),
        yard=_known(dice, 45, 25),
        noise_tolerant=_known(dice, 25, 30),
        contamination=_one(dice, {"suspected": 30, "unknown": 70} if use in ("industry", "military") else {"none": 40, "unknown": 60}),
        zoning=_one(dice, {"s34": 52, "b_plan": 18, "s35": 6, "unknown": 24}),
        source=dice.choice(["municipal", "survey", "owner"]),
        certainty=dice.randint(5, 10),
        verified_at=verified,
        next_review_at=verified + datetime.timedelta(days=365),
    )


def _one(dice: random.Random, shares: dict[str, float]) -> str:
    return dice.choices(list(shares), list(shares.values()))[0]


def _known(dice: random.Random, yes: int, no: int) -> bool | None:
    """Draw yes, no or unknown; shares of a hundred."""
    return dice.choices([True, False, None], [yes, no, 100 - yes - no])[0]


def _condition(dice: random.Random, months: int, built: int) -> str:
    """Draw the condition: the longer empty and the older, the worse."""
    wear = 0.2 + min(months / 120, 2.0) + (0.4 if built < 1920 else 0.0) + dice.gauss(0, 0.45)
    steps = ((0.3, "ready"), (0.8, "usable"), (1.3, "needs_modernisation"), (2.0, "needs_refurbishment"), (2.4, "dilapidated"))
    return next((name for limit, name in steps if wear < limit), "ruin")


def _targets(dice: random.Random, suits: list[str], usable: int, condition: str, rule: dict[str, Any]) -> list[str]:
    """Draw two to four target uses out of those the former use suits, the area holds and the condition bears."""
    fitting = [t for t in suits if usable >= rule["least_m2"].get(t, 0)]
    if condition in rule["rough_conditions"]:
        fitting = [t for t in fitting if t in rule["rough"]]
    fitting = fitting or ["studio"]
    chosen = dice.sample(fitting, min(len(fitting), dice.randint(2, 4)))
    return [t for t in c.TargetUse.values if t in chosen]


def _price(dice: random.Random, usable: int, condition: str, near_berlin: bool) -> int:
    """Draw a price in euros, rounded to 500: worse costs less, the surroundings of Berlin cost more."""
    factor = {"ready": 1.6, "usable": 1.2, "needs_modernisation": 0.9, "needs_refurbishment": 0.5}.get(condition, 0.2)
    return max(round(usable * dice.uniform(150, 700) * factor * (2 if near_berlin else 1) / 500) * 500, 1_000)

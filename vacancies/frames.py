"""For notebooks: the same rows as map and list, by the same filter, as GeoDataFrames.

>>> from vacancies import frames
>>> frames.connect()
>>> frames.vacancies("town_size=rural&transit=C")  # doctest: +SKIP
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import geopandas as gpd


def connect() -> None:
    """Set Django up; in notebooks the first line. The database comes from DATABASE_URL (`./dev manage shell` sets it)."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # notebooks run in an event loop
    django.setup()


def vacancies(given: str | Mapping[str, Any] = "", **criteria: Any) -> gpd.GeoDataFrame:
    """Return public vacancies in EPSG:25833, indexed by their key.

    Parameters
    ----------
    given : str or mapping
        A query string as in the address of the map, or names and values.
    **criteria
        Further criteria, e.g. `transit="C"`, `town_size=["rural", "small_town_s"]`.

    Raises
    ------
    geo.errors.InvalidParameters
        Naming every criterion that is unknown or has a value that is not allowed.
    """
    from layers.publish.frames import frame
    from vacancies.filters import VacancyFilter
    from vacancies.published import VACANCIES

    wanted = VacancyFilter.parse(VacancyFilter.parse(given).query_string())
    if criteria:
        wanted = VacancyFilter({**wanted.values, **VacancyFilter.parse(criteria).values})
    return frame(VACANCIES, VACANCIES.matching(wanted))


def towns() -> gpd.GeoDataFrame:
    """Return the 413 towns in EPSG:25833, indexed by AGS.

    Name, population, size class, function; for the centre transit class and minutes to Berlin Hbf (best ride and median, <NA>
    where there is no connection).
    """
    import geopandas as gpd
    import pandas as pd
    import shapely

    from geo import crs
    from geo.models import Town
    from layers.models import TownReach

    names = ("transit_class", "berlin_best_min", "berlin_median_min")
    reach = {pk: rest for pk, *rest in TownReach.objects.filter(live=True).values_list("town_id", *names)}
    rows = list(Town.objects.current().select_related("district").order_by("ags8"))
    columns = {
        "ags": [t.ags8 for t in rows],
        "name": [t.name for t in rows],
        "district": [t.district.name for t in rows],
        "population": [t.population for t in rows],
        "size_class": [t.size_class for t in rows],
        "central_function": [t.central_function for t in rows],
        "transit_class": [reach[t.pk][0] if t.pk in reach else "" for t in rows],
        **{name: pd.array([reach[t.pk][i] if t.pk in reach else None for t in rows], "Int64") for i, name in enumerate(names[1:], 1)},
    }
    shapes = shapely.from_wkb([bytes(t.geom.wkb) for t in rows])
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=crs.STORAGE).set_index("ags")


def stops() -> gpd.GeoDataFrame:
    """Return the stops of the live timetable in EPSG:25833: name, mode, departures 6–20 h and per day, category."""
    import geopandas as gpd
    import pandas as pd

    from geo import crs
    from geo.positions import X, Y
    from layers.models import ReachRun, TransitStop

    run = ReachRun.objects.current()
    names = ("stop_id", "name", "mode", "is_rail", "departures", "departures_day", "category")
    rows = TransitStop.objects.filter(dataset=run.dataset if run else None).order_by("stop_id")
    found = pd.DataFrame(list(rows.annotate(x=X("point"), y=Y("point")).values_list(*names, "x", "y")), columns=[*names, "x", "y"])
    points = gpd.points_from_xy(found.pop("x"), found.pop("y"), crs=crs.STORAGE)
    return gpd.GeoDataFrame(found, geometry=points).set_index("stop_id")


def surface(centre: str = "berlin-hbf") -> gpd.GeoDataFrame:
    """Return the hexagons of 0.5 km² in EPSG:25833, indexed by their id: minutes to a centre, `best_min` and `median_min`.

    Parameters
    ----------
    centre : str
        Key of a centre of the live run: `berlin-hbf`, or the slug of a town such as `potsdam`.

    Raises
    ------
    geo.errors.InvalidParameter
        When the live run has no such centre.
    """
    import geopandas as gpd
    import pandas as pd
    import shapely

    from geo import crs
    from geo.errors import InvalidParameter
    from layers.models import Centre, HexCell, Surface

    found = Surface.objects.filter(run__live=True, centre__key=centre).first()
    if found is None:
        known = Centre.objects.filter(run__live=True).values_list("key", flat=True)
        raise InvalidParameter("centre", centre, f"one of {', '.join(known) or 'none: no run with travel times is live'}")
    cells = list(HexCell.objects.order_by("number").values_list("cell", "geom"))
    columns = {name: pd.array(minutes, "Int64") for name, minutes in (("best_min", found.best_min), ("median_min", found.median_min))}
    frame = pd.DataFrame({"cell": [c for c, _g in cells], **columns}).replace(-1, pd.NA)
    return gpd.GeoDataFrame(frame, geometry=list(shapely.from_wkb([bytes(g.wkb) for _c, g in cells])), crs=crs.STORAGE).set_index("cell")

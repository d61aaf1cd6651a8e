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
    """Return the 413 towns in EPSG:25833, indexed by AGS: name, population, size class, function, transit class of the centre."""
    import geopandas as gpd
    import shapely

    from geo import crs
    from geo.models import Town
    from layers.models import TownReach

    classes = dict(TownReach.objects.filter(live=True).values_list("town_id", "transit_class"))
    rows = list(Town.objects.current().select_related("district").order_by("ags8"))
    columns = {
        "ags": [t.ags8 for t in rows],
        "name": [t.name for t in rows],
        "district": [t.district.name for t in rows],
        "population": [t.population for t in rows],
        "size_class": [t.size_class for t in rows],
        "central_function": [t.central_function for t in rows],
        "transit_class": [classes.get(t.pk, "") for t in rows],
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

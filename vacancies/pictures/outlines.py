"""Maps of a town, a district and the state, drawn by PostGIS: no script, no tiles, nothing but what the public may see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.gis.db.models import Extent, GeometryField
from django.contrib.gis.db.models.functions import AsSVG
from django.db.models import F, FloatField, Func, QuerySet, TextField, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from geo import crs
from geo.figures import figure
from geo.models import CentralFunction, District, Town
from geo.positions import X, Y
from vacancies.geometry import GRID_M
from vacancies.pictures.sketch import Area, Frame, Sketch, dots, names, names_within, squares
from vacancies.public import PublicVacancyQuerySet

MOST = 1_500  # points of one map; more are told as a number
BEYOND = 0.06  # of the frame's width: so far outside it boundaries are cut, so that the cut is not seen
SHAPE = GeometryField(srid=crs.STORAGE)


def of_town(town: Town, vacancies: PublicVacancyQuerySet) -> Sketch:
    """Return the map of a municipality with its neighbours and its public vacancies."""
    frame = Frame.around(town.geom.extent)
    others = areas(Town.objects.current().exclude(pk=town.pk), frame, lambda _row: "")
    own = areas(Town.objects.filter(pk=town.pk), frame, lambda _row: "")
    points, cells, told = marks(vacancies)
    labels = [(a.name, *a.at) for a in sorted(others, key=lambda a: a.room, reverse=True) if a.at]
    return Sketch(frame, others, own, names(labels, frame), points, cells, _("Karte von {name}").format(name=town.name), told)


def of_district(district: District, vacancies: PublicVacancyQuerySet) -> Sketch:
    """Return the map of a district with its municipalities, named where they are centres."""
    frame = Frame.around(district.geom.extent, margin=0.05)
    others = areas(District.objects.exclude(pk=district.pk), frame, lambda _row: "")
    towns = Town.objects.current().in_district(district)
    inside = areas(towns, frame, lambda row: row.get_absolute_url())
    edge = areas(District.objects.filter(pk=district.pk), frame, lambda _row: "")
    centres = towns.exclude(central_function=CentralFunction.NONE).order_by("-population").annotate(x=X("centre"), y=Y("centre"))
    points, cells, told = marks(vacancies)
    labels = [(t.name, t.x, -t.y - frame.letter / 2) for t in centres.defer("geom")]
    labels += [(a.name, *a.at) for a in others if a.at]
    title = _("Karte von {name}").format(name=district.name)
    return Sketch(frame, others, inside, names(labels, frame), points, cells, title, told, edge="".join(a.path for a in edge))


def of_state(steps: Mapping[str, int], titles: Mapping[str, str], title: str, text: str) -> Sketch:
    """Return the map of the districts, shaded by `steps` (by AGS), each a link to its page."""
    extent = District.objects.aggregate(box=Extent("geom"))["box"]
    frame = Frame.around(extent, margin=0.03, letters=0.024)
    found = areas(District.objects.all(), frame, lambda row: row.get_absolute_url(), lambda row: row.ags5, steps, titles)
    return Sketch(frame, (), found, names_within(found, frame), title=title, text=text, is_tabbed=True)


def areas(
    rows: QuerySet[Any],
    frame: Frame,
    link: Callable[[Any], str],
    key: Callable[[Any], str] = lambda row: str(row.pk),
    steps: Mapping[str, int] | None = None,
    titles: Mapping[str, str] | None = None,
) -> tuple[Area, ...]:
    """Return the boundaries that lie in the frame, cut a little outside it and no finer than can be seen."""
    more = frame.width * BEYOND
    view = _box(frame.west, frame.south, frame.east, frame.north)
    wider = _box(frame.west - more, frame.south - more, frame.east + more, frame.north + more)
    cut = Func(F("geom"), wider, function="ST_Intersection", output_field=SHAPE)
    drawn = Func(cut, Value(frame.tolerance_m), function="ST_SimplifyPreserveTopology", output_field=SHAPE)
    seen = Func(F("geom"), view, function="ST_Intersection", output_field=SHAPE)
    circle = Func(seen, Value(frame.tolerance_m), function="ST_SimplifyPreserveTopology", output_field=SHAPE)
    inner = "ST_MaximumInscribedCircle(%(expressions)s)"
    middle = Func(circle, template=f"({inner}).center", output_field=SHAPE)
    room = Func(circle, template=f"({inner}).radius", output_field=FloatField())
    path = Coalesce(AsSVG(drawn, relative=True, precision=0), Value(""), output_field=TextField())
    found = rows.filter(geom__bboverlaps=view).annotate(path=path, at_x=X(middle), at_y=Y(middle), room=room)
    return tuple(
        Area(
            key(row),
            row.name,
            row.path,
            None if row.at_x is None else (row.at_x, -row.at_y),
            row.room or 0.0,
            link(row),
            (steps or {}).get(key(row), 0),
            (titles or {}).get(key(row), row.name),
        )
        for row in found.order_by("name").defer("geom")
        if row.path
    )


def _box(west: float, south: float, east: float, north: float) -> Func:
    corners = (Value(v) for v in (west, south, east, north, crs.STORAGE))
    return Func(*corners, function="ST_MakeEnvelope", output_field=SHAPE)


def marks(vacancies: PublicVacancyQuerySet) -> tuple[str, str, str]:
    """Return the paths of exact points and of coarse cells, and the sentence that says how many there are of each."""
    rows = list(vacancies.order_by("key").annotate(x=X("point"), y=Y("point")).values_list("is_exact", "x", "y")[: MOST + 1])
    if len(rows) > MOST:
        return "", "", _("Mehr als {n} Leerstände; einzeln stehen sie auf der großen Karte.").format(n=figure(MOST))
    exact = [(round(x), round(y)) for is_exact, x, y in rows if is_exact]
    coarse = [(round(x), round(y)) for is_exact, x, y in rows if not is_exact]
    sure = ngettext("{n} Leerstand mit genauer Lage als Punkt", "{n} Leerstände mit genauer Lage als Punkt", len(exact))
    sure = sure.format(n=figure(len(exact)))
    rough = _("{n} mit ungefährer Lage als Rasterfeld von 500 m").format(n=figure(len(coarse)))
    return dots(exact), squares(coarse, GRID_M), f"{sure}, {rough}." if coarse else f"{sure}."

"""Maps of a town, a district and the state, drawn by PostGIS: no script, no tiles, nothing but what the public may see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.gis.db.models import Extent, GeometryField
from django.contrib.gis.db.models.functions import AsSVG
from django.db.models import F, Func, JSONField, QuerySet, TextField, Value
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
Describe = Callable[[Any], dict[str, Any]]


def of_town(town: Town, vacancies: PublicVacancyQuerySet) -> Sketch:
    """Return the map of a municipality with its neighbours and its public vacancies."""
    frame = Frame.around(town.geom.extent)
    others = areas(Town.objects.current().exclude(pk=town.pk), frame, named=True)
    own = areas(Town.objects.filter(pk=town.pk), frame, whole=True)
    points, cells, told = marks(vacancies)
    labels = [(a.name, *a.at) for a in sorted(others, key=lambda a: a.room, reverse=True) if a.at]
    return Sketch(frame, others, own, names(labels, frame), points, cells, _("Karte von {name}").format(name=town.name), told)


def of_district(district: District, vacancies: PublicVacancyQuerySet) -> Sketch:
    """Return the map of a district with its municipalities, named where they are centres."""
    frame = Frame.around(district.geom.extent, margin=0.05)
    others = areas(District.objects.exclude(pk=district.pk), frame, named=True)
    towns = Town.objects.current().in_district(district)
    inside = areas(towns, frame, lambda row: {"link": row.get_absolute_url()}, whole=True)
    edge = areas(District.objects.filter(pk=district.pk), frame, whole=True)
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

    def describe(row: District) -> dict[str, Any]:
        return {"link": row.get_absolute_url(), "step": steps.get(row.ags5, 0), "title": titles.get(row.ags5, row.name)}

    found = areas(District.objects.all(), frame, describe, whole=True, named=True)
    return Sketch(frame, (), found, names_within(found, frame), title=title, text=text)


def areas(
    rows: QuerySet[Any], frame: Frame, describe: Describe = lambda _row: {}, whole: bool = False, named: bool = False
) -> tuple[Area, ...]:
    """Return the boundaries that lie in the frame, no finer than can be seen.

    Parameters
    ----------
    rows : QuerySet
        Of towns or districts.
    describe : callable
        Returns what else an `Area` says of a row: link, step, title.
    whole : bool
        All of them lie inside the frame; the others are cut a little outside it.
    named : bool
        Whether to find where their names have most room.
    """
    more = frame.width * BEYOND
    view = _box(frame.west, frame.south, frame.east, frame.north)
    wider = _box(frame.west - more, frame.south - more, frame.east + more, frame.north + more)
    drawn = _simpler(F("geom") if whole else _within(wider), frame)
    found = rows.filter(geom__bboverlaps=view).defer("geom").order_by("name")
    found = found.annotate(path=Coalesce(AsSVG(drawn, relative=True, precision=0), Value(""), output_field=TextField()))
    if named:
        seen = _simpler(F("geom") if whole else _within(view), frame)
        circle = Func(seen, template="to_jsonb(ST_MaximumInscribedCircle(%(expressions)s))", output_field=JSONField())
        found = found.annotate(circle=circle)
    made = []
    for row in found:
        if row.path:
            circle = getattr(row, "circle", None)
            east, north = (circle and circle["center"]["coordinates"]) or (None, 0.0)  # none where no area of it is in the frame
            at, room = ((east, -north), circle["radius"]) if circle and east is not None else (None, 0.0)
            made.append(Area(str(row.pk), row.name, row.path, at, room, **{"title": row.name} | describe(row)))
    return tuple(made)


def _within(box: Func) -> Func:
    return Func(F("geom"), box, function="ST_Intersection", output_field=SHAPE)


def _simpler(shape: Any, frame: Frame) -> Func:
    return Func(shape, Value(frame.tolerance_m), function="ST_SimplifyPreserveTopology", output_field=SHAPE)


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

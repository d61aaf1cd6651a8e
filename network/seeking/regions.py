"""Where somebody looks: municipalities, districts, around a municipality or a point. One of them suffices."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django import forms
from django.contrib.gis.geos import Point
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from geo import crs
from geo.models import District, Town
from network.matching import Importance, Kind, Place, Wish
from network.seeking.kinds import Need
from vacancies.public import PublicVacancy

MOST_TOWNS, MOST_KM = 60, 100
NAMES_KEPT_S = 60
EMPTY: dict[str, Any] = {"towns": [], "districts": [], "around": [], "points": []}


def slugs_of(text: str) -> list[str]:
    """Return the municipalities that a text names, parted by commas; raises `ValidationError` for what is none or not clear."""
    wanted = [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
    known: dict[str, list[tuple[str, str]]] = {}
    for slug, name, district in Town.objects.current().values_list("slug", "name", "district__name"):
        for key in {slug, name.casefold(), f"{name} ({district})".casefold()}:
            known.setdefault(key, []).append((slug, f"{name} ({district})"))
    found = []
    for part in wanted:
        hits = known.get(part.casefold(), [])
        if not hits:
            raise ValidationError(_("„{name}“ ist keine Gemeinde in Brandenburg.").format(name=part[:60]))
        if len(hits) > 1:
            both = _(" oder ").join(told for _slug, told in hits)
            raise ValidationError(_("„{name}“ gibt es mehrmals: {both}.").format(name=part[:60], both=both))
        found.append(hits[0][0])
    return list(dict.fromkeys(found))


def all_names() -> list[str]:
    """Return what can be typed for each municipality, with its district where a name is not the only one."""
    named = list(Town.objects.current().order_by("name").values_list("name", "district__name"))
    times = Counter(name for name, _district in named)
    return [name if times[name] == 1 else f"{name} ({district})" for name, district in named]


@dataclass
class Names:
    """What municipalities (by slug) and districts (by AGS) are called: read at once, kept for a minute, so that lists ask it once.

    Only one that is not known is asked for at once.
    """

    names: dict[str, str] = field(default_factory=dict)
    read_at: float = -math.inf

    def of(self, keys: Iterable[str]) -> list[str]:
        """Return the names in the given order; the key itself where there is none."""
        wanted = list(keys)
        if time.monotonic() - self.read_at > NAMES_KEPT_S or not self.names.keys() >= set(wanted):
            self.names = dict(Town.objects.values_list("slug", "name")) | dict(District.objects.values_list("ags5", "name"))
            self.read_at = time.monotonic()
        return [self.names.get(key, key) for key in wanted]


NAMES = Names()


def names_of(slugs: list[str]) -> list[str]:
    """Return the names of municipalities in the given order."""
    return NAMES.of(slugs)


def typed_names_of(slugs: list[str]) -> list[str]:
    """Return the same as they can be typed: the slug where a name is not the only one."""
    names = names_of(slugs)
    every = Town.objects.current().filter(name__in=names).values_list("name", flat=True)
    twice = {name for name, times in Counter(every).items() if times > 1}
    return [slug if name in twice else name for slug, name in zip(slugs, names, strict=True)]


class TownsField(forms.CharField):
    """Names of municipalities, parted by commas."""

    def __init__(self, **words: Any) -> None:
        super().__init__(required=False, max_length=2000, **words)
        self.widget.attrs |= {"list": "all-towns", "autocomplete": "off"}

    def clean(self, value: Any) -> list[str]:
        found = slugs_of(super().clean(value))
        if len(found) > MOST_TOWNS:
            raise ValidationError(_("Höchstens {n} Gemeinden; für mehr bitte den Landkreis wählen.").format(n=MOST_TOWNS))
        return found


@dataclass(frozen=True, kw_only=True)
class Regions(Need):
    """Kept as `{"towns": [slug], "districts": [AGS], "around": [[slug, km]], "points": [[lon, lat, metres]]}`."""

    parts: ClassVar[tuple[str, ...]] = ("_towns", "_districts", "_around", "_km", "_points")

    def fields(self) -> dict[str, forms.Field]:
        made: dict[str, forms.Field] = {
            "_towns": TownsField(
                label=gettext_lazy("Gemeinden"), help_text=gettext_lazy("Mehrere mit Komma trennen, zum Beispiel: Angermünde, Templin")
            ),
            "_around": TownsField(label=gettext_lazy("Im Umkreis um")),
            "_km": forms.IntegerField(label=gettext_lazy("Umkreis in km"), required=False, min_value=1, max_value=MOST_KM),
            "_districts": forms.MultipleChoiceField(
                label=gettext_lazy("Landkreise und kreisfreie Städte"),
                required=False,
                widget=forms.CheckboxSelectMultiple,
                choices=lambda: District.objects.all().in_order().values_list("ags5", "name"),
            ),
            "_points": forms.CharField(required=False, max_length=400, widget=forms.HiddenInput),
        }
        return {self.name + part: field for part, field in made.items()}

    def from_form(self, cleaned: Mapping[str, Any]) -> Any:
        towns, districts, around, km, points = (cleaned.get(n) for n in self.field_names)
        if around and not km:
            raise ValidationError(_("Wie weit im Umkreis? Bitte die Kilometer angeben (1 bis {n}).").format(n=MOST_KM))
        if km and not around:
            raise ValidationError(_("Im Umkreis um welche Gemeinde? Bitte einen Ort angeben."))
        try:
            spots = [(float(lon), float(lat), int(m)) for lon, lat, m in (s.split(",") for s in (points or "").split(";") if s)]
        except ValueError:
            raise self.refuse(points) from None
        given = {"towns": towns or [], "districts": districts or [], "around": [[t, km] for t in around or []]}
        return self.read(given | {"points": [list(spot) for spot in spots]})

    def to_form(self, value: Any) -> dict[str, Any]:
        around = value["around"]
        return {
            f"{self.name}_towns": ", ".join(typed_names_of(value["towns"])),
            f"{self.name}_districts": value["districts"],
            f"{self.name}_around": ", ".join(typed_names_of([slug for slug, _km in around])),
            f"{self.name}_km": around[0][1] if around else None,
            f"{self.name}_points": ";".join(",".join(map(str, p)) for p in value["points"]),
        }

    def read(self, value: Any) -> Any:
        if not value or not any(value.values() if isinstance(value, dict) else [value]):
            return None
        if not isinstance(value, dict) or set(value) - set(EMPTY):
            raise self.refuse(value)
        found = EMPTY | value
        towns, districts = set(Town.objects.values_list("slug", flat=True)), set(District.objects.values_list("ags5", flat=True))
        for wanted, known in ((found["towns"], towns), (found["districts"], districts), ([a[0] for a in found["around"]], towns)):
            for v in wanted:
                if v not in known:
                    raise self.refuse(v)
        if any(not 1 <= km <= MOST_KM for _slug, km in found["around"]):
            raise self.refuse(found["around"])
        for lon, lat, metres in found["points"]:
            if not (-180 <= lon <= 180 and -90 <= lat <= 90 and 1 <= metres <= MOST_KM * 1000):
                raise self.refuse(found["points"])
        return found

    def wish(self, value: Any, importance: Importance, ground: Any) -> Wish:
        towns = set(value["towns"]).union(*(ground.towns_of.get(ags, ()) for ags in value["districts"]))
        circles = [(*ground.centres[slug], km * 1000.0) for slug, km in value["around"] if slug in ground.centres]
        for lon, lat, metres in value["points"]:
            spot = spot_of(lon, lat)
            circles.append((spot.x, spot.y, float(metres)))
        return Wish(self.name, Kind.PLACE, "town", importance=importance, place=Place(frozenset(towns), tuple(circles)))

    def say(self, value: Any) -> str:
        districts = zip(value["districts"], NAMES.of(value["districts"]), strict=True)
        said = names_of(value["towns"])
        said += [_("Landkreis {name}").format(name=name) if _is_rural(ags) else name for ags, name in districts]
        around = zip(names_of([slug for slug, _km in value["around"]]), value["around"], strict=True)
        said += [_("{km} km um {name}").format(km=km, name=name) for name, (_slug, km) in around]
        said += [_("Umkreis auf der Karte") for _point in value["points"][:1]]
        return ", ".join(said[:5]) + (_(" und {n} weitere").format(n=len(said) - 5) if len(said) > 5 else "")

    def tell(self, vacancy: PublicVacancy) -> str:
        return f"{vacancy.town_name}, {vacancy.district_name}"


def spot_of(lon: float, lat: float) -> Point:
    """Return a point of the map in the storage CRS."""
    spot = Point(lon, lat, srid=crs.WEB)
    spot.transform(crs.STORAGE)
    return spot


def _is_rural(ags5: str) -> bool:
    """Whether it is a Landkreis and no town of its own (AGS 12051 to 12054)."""
    return ags5 > "12054"

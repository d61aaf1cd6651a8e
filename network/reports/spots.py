"""Where a building stands: from a point of the device or the map, or from an address; and what the public knows to be there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.gis.geos import Point
from django.utils.translation import gettext as _

from geo import crs
from geo.addresses import Place, find, split_address
from geo.errors import InvalidParameter
from geo.models import Address, Town
from vacancies.public import PublicVacancy

NEAR_M = 30.0  # what is closer may be the same building
BESIDE_M = 40.0  # an address so close to a point is taken for the building's


@dataclass(frozen=True)
class Spot:
    """A place in a municipality (point in EPSG:25833; None where only the address is known) and its address as far as known."""

    town: Town
    point: Point | None
    street: str = ""
    house_no: str = ""
    postcode: str = ""
    query: str = ""

    @property
    def address(self) -> str:
        """Street and number."""
        return f"{self.street} {self.house_no}".strip()

    def public_vacancies(self) -> list[PublicVacancy]:
        """Public vacancies that may be this building; nothing is said of others."""
        return PublicVacancy.objects.all().at(self.point, self.town.slug, self.address, NEAR_M)


def spot_of(given: Mapping[str, str]) -> Spot | None:
    """Return the place that parameters name; None where nothing was asked.

    Parameters
    ----------
    given : mapping
        `lat` and `lon` (WGS 84), or `address` ("Bahnstraße 11, 19322 Wittenberge"), perhaps with `town` (slug).

    Raises
    ------
    InvalidParameter
        Saying what was given and what is allowed.
    """
    lat, lon, address, town = (given.get(name, "").replace("\0", "").strip() for name in ("lat", "lon", "address", "town"))
    if lat or lon:
        return _at_point(lat, lon)
    if not address and "address" in given:
        raise InvalidParameter("address", "", _("eine Adresse mit Straße und Ort oder ein Punkt auf der Karte"))
    return _at_address(address[:200], town[:60]) if address else None


def _at_point(lat: str, lon: str) -> Spot:
    try:
        x, y = crs.transform_xy(float(lon.replace(",", ".")), float(lat.replace(",", ".")), crs.WEB, crs.STORAGE)
    except ValueError:
        raise InvalidParameter("lat", f"{lat} {lon}"[:60], _("Breite und Länge in Grad, zum Beispiel 52,99 und 11,75")) from None
    west, south, east, north = crs.EXTENT
    inside = west <= x <= east and south <= y <= north  # also false for what is no number
    point = Point(x, y, srid=crs.STORAGE) if inside else None
    town = Town.objects.current().covering(point).first() if point else None
    if point is None or town is None:
        raise InvalidParameter("lat", f"{lat} {lon}"[:60], _("ein Punkt in einer Gemeinde Brandenburgs"))
    beside = Address.objects.all().nearest(point, BESIDE_M)
    known = (beside.street, beside.house_no, beside.postcode) if beside else ("", "", "")
    return Spot(town, point, *known, query=urlencode({"lat": lat, "lon": lon}))


def _at_address(text: str, town_slug: str) -> Spot:
    head, postcode, place = split_address(text)
    chosen = Town.objects.current().called(town_slug) if town_slug else None
    found = find([(head, postcode, place or (chosen.name if chosen else ""))])[0]
    query = urlencode({"address": text, **({"town": town_slug} if town_slug else {})})
    if isinstance(found, Place):
        point = Point(found.x, found.y, srid=crs.STORAGE)
        town = Town.objects.current().covering(point).first()
        if town is not None:
            near = Address.objects.all().nearest(point, 1.0)
            known = (near.street, near.house_no, near.postcode) if near else ("", "", "")
            return Spot(town, point, *known, query=query)
    town = chosen or Town.objects.current().called(place)
    if town is None:
        told = _("Straße, Hausnummer und Ort einer Gemeinde in Brandenburg, zum Beispiel „Bahnstraße 11, 19322 Wittenberge“")
        raise InvalidParameter("address", text[:80], told)
    street, _space, number = head.rpartition(" ")
    street, number = (street, number) if street and number[:1].isdigit() else (head, "")
    return Spot(town, None, street[:120], number[:12], postcode, query)

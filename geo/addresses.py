"""House addresses: loaded from an operator's table, found again by text that is not quite the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.contrib.gis.geos import Point
from django.contrib.postgres.search import TrigramSimilarity
from django.db import transaction
from django.db.models import Q

from geo import crs
from geo.copying import copy_in
from geo.errors import InvalidFile
from geo.files import local_file, read_csv
from geo.models import UMLAUTS, Address, Dataset

SIMILAR = 0.55  # trigram similarity of street and number below which nothing is found
HEADERS = {
    "street": ("street", "strasse", "straße", "str", "strassenname", "stn"),
    "house_no": ("housenumber", "house_no", "hausnummer", "hnr", "haus-nr", "hausnr"),
    "suffix": ("hausnummernzusatz", "adz", "zusatz"),
    "postcode": ("postcode", "plz", "postleitzahl"),
    "place": ("city", "ort", "gemeinde", "gemeindename", "onm", "place"),
    "lon": ("lon", "lng", "longitude"),
    "lat": ("lat", "latitude"),
    "x": ("x", "ostwert", "east", "e", "rechtswert"),
    "y": ("y", "nordwert", "north", "n", "hochwert"),
}


@dataclass(frozen=True)
class Place:
    """Where an address was found: metres in the storage CRS, how alike (1 = the same), and the address as loaded."""

    x: float
    y: float
    similarity: float
    label: str


def address_key(street: str, house_no: str = "") -> str:
    """Return street and number in one plain spelling: "Berliner Straße 11 a" becomes "berliner str 11a"."""
    text = unicodedata.normalize("NFKD", f"{street} {house_no}".translate(UMLAUTS).lower()).encode("ascii", "ignore").decode()
    text = re.sub(r"(strasse|str\.?)(?=[\s\d]|$)", " str", text)
    text = re.sub(r"[^a-z0-9]+", " ", text)
    return " ".join(re.sub(r"(\d+) ([a-z])(?= |$)", r"\1\2", text).split())


def split_address(text: str) -> tuple[str, str, str]:
    """Return street with number, postcode and place of "Berliner Str. 11, 16515 Oranienburg"."""
    match = re.search(r"(?<!\d)(\d{5})\s+([^,;\d]+)", text)
    head = (text[: match.start()] if match else text.split(",")[0]).strip(" ,;")
    return head, match[1] if match else "", match[2].strip() if match else ""


def load(path: Path, source: Dataset) -> tuple[int, int]:
    """Replace the addresses of a data set by those of a CSV; returns how many were read and how many left out.

    Raises
    ------
    InvalidFile
        When there are no columns for street, number and position.
    """
    table = read_csv(local_file(path))
    lowered = {c.strip().lower(): c for c in table.columns}
    column = {field: next((lowered[h] for h in names if h in lowered), "") for field, names in HEADERS.items()}
    is_web = bool(column["lon"] and column["lat"])
    if not column["street"] or not column["house_no"] or not (is_web or (column["x"] and column["y"])):
        needed = "columns for street, house number and lon/lat or x/y (EPSG:25833)"
        raise InvalidFile(f"{path.name}: needs {needed}; it has {', '.join(table.columns)}")
    first, second = (column["lon"], column["lat"]) if is_web else (column["x"], column["y"])
    numbers = np.array([[_number(r.get(first)), _number(r.get(second))] for r in table.rows]).reshape(-1, 2)
    x, y = crs.transform_xy(numbers[:, 0], numbers[:, 1], crs.WEB, crs.STORAGE) if is_web else (numbers[:, 0], numbers[:, 1])
    west, south, east, north = crs.EXTENT
    inside = (x >= west) & (x <= east) & (y >= south) & (y <= north)
    rows = []
    for i, r in enumerate(table.rows):
        street, house_no = r.get(column["street"], ""), r.get(column["house_no"], "") + r.get(column["suffix"], "")
        if inside[i] and street:
            rows.append(
                Address(
                    dataset=source,
                    street=street[:120],
                    house_no=house_no[:12],
                    postcode=r.get(column["postcode"], "")[:5],
                    place=r.get(column["place"], "")[:80],
                    key=address_key(street, house_no)[:140],
                    point=Point(float(x[i]), float(y[i]), srid=crs.STORAGE),
                )
            )
    with transaction.atomic():
        source.row_count = len(rows)
        source.save()
        Address.objects.filter(dataset=source).delete()
        copy_in(Address, rows)
    return len(table.rows), len(table.rows) - len(rows)


def _number(text: object) -> float:
    try:
        return float(str(text).replace(",", "."))
    except ValueError:
        return float("nan")


def find(wanted: Iterable[tuple[str, str, str]]) -> list[Place | None]:
    """Return a place for each (street with number, postcode, place), or None.

    The same spelling is looked up for all at once; the rest by trigrams among addresses with the same number in the same
    postcode or place.
    """
    asked = [(address_key(text), postcode, town) for text, postcode, town in wanted]
    exact: dict[str, list[Address]] = {}
    for address in Address.objects.filter(key__in={k for k, _p, _t in asked}):
        exact.setdefault(address.key, []).append(address)
    return [_best(exact.get(key, []), postcode, town) or _similar(key, postcode, town) for key, postcode, town in asked]


def _best(found: list[Address], postcode: str, town: str) -> Place | None:
    """Return the address in the right postcode or place; without either only if there is a single one."""
    here = [a for a in found if (postcode and a.postcode == postcode) or (town and address_key(town) == address_key(a.place))]
    chosen = here[0] if here else found[0] if len(found) == 1 and not (postcode or town) else None
    return Place(chosen.point.x, chosen.point.y, 1.0, str(chosen)) if chosen else None


def _similar(key: str, postcode: str, town: str) -> Place | None:
    number = re.search(r"(?<= )\d+[a-z]?$", key)
    if number is None or not (postcode or town):
        return None
    near = Q(postcode=postcode) if postcode else Q(place__iexact=town)
    rows = Address.objects.filter(near, key__endswith=f" {number.group()}").annotate(alike=TrigramSimilarity("key", key))
    best = rows.filter(alike__gte=SIMILAR).order_by("-alike", "pk").first()
    return Place(best.point.x, best.point.y, float(best.alike), str(best)) if best else None

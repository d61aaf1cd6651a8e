"""House addresses: loaded from an operator's table, found again by text that is not quite the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.contrib.gis.geos import Point
from django.db import connection, transaction

from geo import crs
from geo.copying import copy_in
from geo.errors import InvalidFile
from geo.files import local_file, plain_text
from geo.models import UMLAUTS, Address, Dataset
from geo.spreadsheets import read_csv

MAX_ADDRESSES = 1_500_000  # Brandenburg has some 900,000
BATCH = 20_000
SIMILAR = 0.55  # trigram similarity of street and number below which nothing is found
SAME_M = 100.0  # addresses of one spelling that lie closer than this are one place
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
        When there are no columns for street, number and position, or no row has a position in the region.
    """
    table = read_csv(local_file(path), MAX_ADDRESSES)
    lowered = {c.strip().lower(): c for c in table.columns}
    column = {name: next((lowered[h] for h in names if h in lowered), "") for name, names in HEADERS.items()}
    is_web = bool(column["lon"] and column["lat"])
    if not column["street"] or not column["house_no"] or not (is_web or (column["x"] and column["y"])):
        needed = "columns for street, house number and lon/lat or x/y (EPSG:25833)"
        raise InvalidFile(f"{path.name}: needs {needed}; it has {', '.join(table.columns)}")
    first, second = (column["lon"], column["lat"]) if is_web else (column["x"], column["y"])
    numbers = np.array([[_number(r.get(first)), _number(r.get(second))] for r in table.rows]).reshape(-1, 2)
    x, y = crs.transform_xy(numbers[:, 0], numbers[:, 1], crs.WEB, crs.STORAGE) if is_web else (numbers[:, 0], numbers[:, 1])
    west, south, east, north = crs.EXTENT
    inside = (x >= west) & (x <= east) & (y >= south) & (y <= north)
    kept = [i for i, r in enumerate(table.rows) if inside[i] and r.get(column["street"]) and table.numbers[i] not in table.broken]
    if not kept:
        raise InvalidFile(f"{path.name}: none of {len(table.rows)} rows has a street and a position in Brandenburg; nothing was replaced")
    with transaction.atomic():
        source.row_count = len(kept)
        source.save()
        Address.objects.filter(dataset=source).delete()
        for start in range(0, len(kept), BATCH):
            rows = kept[start : start + BATCH]
            copy_in(Address, [_address(table.rows[i], column, float(x[i]), float(y[i]), source) for i in rows])
    return len(table.rows), len(table.rows) - len(kept)


def _address(row: dict[str, str], column: dict[str, str], x: float, y: float, source: Dataset) -> Address:
    street, number, suffix, postcode, place = (
        plain_text(row.get(column[name], "")) for name in ("street", "house_no", "suffix", "postcode", "place")
    )
    return Address(
        dataset=source,
        street=street[:120],
        house_no=(number + suffix)[:12],
        postcode=postcode.zfill(5)[:5] if postcode else "",
        place=place[:80],
        key=address_key(street, number + suffix)[:140],
        point=Point(x, y, srid=crs.STORAGE),
    )


def _number(text: object) -> float:
    try:
        return float(str(text).replace(",", "."))
    except ValueError:
        return float("nan")


def find(wanted: Iterable[tuple[str, str, str]]) -> list[Place | str]:
    """Return for each (street with number, postcode, place) where it is, or a phrase that says why that cannot be told.

    The same spelling is looked up for all at once; the rest by trigrams among addresses with the same number in the same
    postcode or, without one, the same place.
    """
    asked = [(address_key(text), postcode, town) for text, postcode, town in wanted]
    exact: dict[str, list[Address]] = {}
    for address in Address.objects.filter(key__in={k for k, _p, _t in asked}):
        exact.setdefault(address.key, []).append(address)
    found: dict[tuple[str, str, str], Place | str | None] = {a: _best(exact.get(a[0], []), *a[1:]) for a in asked}
    alike = _similar([a for a, place in found.items() if place is None])
    return [found[a] or alike.get(a) or "the address is not among the loaded ones" for a in asked]


def _best(same: list[Address], postcode: str, town: str) -> Place | str | None:
    """Return the address in the right postcode and place; a phrase when several places fit, None when none does."""
    place = address_key(town)
    in_place = [a for a in same if not place or address_key(a.place) == place]
    in_postcode = [a for a in same if postcode and a.postcode == postcode]
    both = [a for a in in_place if not postcode or a.postcode == postcode]
    fitting = both or in_postcode or (in_place if place else [])
    if not fitting:
        return None
    first = fitting[0]
    if any(np.hypot(a.point.x - first.point.x, a.point.y - first.point.y) > SAME_M for a in fitting):
        return f"{len(fitting)} addresses fit; give postcode and place"
    return Place(first.point.x, first.point.y, 1.0, str(first))


# The number and the postcode (or place) must be equal, so that both tables are joined by hashing; only then likeness is
# measured. Asking the trigram index row by row took a hundred times as long.
SIMILAR_SQL = """
WITH w AS (SELECT * FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[], %s::text[]) AS w(n, key, number, postcode, place)),
     a AS (SELECT *, substring(key FROM ' ([0-9]+[a-z]?)$') AS number FROM geo_address),
     pairs AS (
        SELECT w.n, w.key AS wanted, a.* FROM w JOIN a USING (number, postcode) WHERE w.postcode <> ''
        UNION ALL
        SELECT w.n, w.key, a.* FROM w JOIN a ON a.number = w.number AND upper(a.place) = upper(w.place) WHERE w.postcode = ''
     )
SELECT DISTINCT ON (n) n, street, house_no, postcode, place, ST_X(point), ST_Y(point), similarity(key, wanted) AS alike
FROM pairs WHERE similarity(key, wanted) >= %s ORDER BY n, alike DESC, id
"""


def _similar(asked: list[tuple[str, str, str]]) -> dict[tuple[str, str, str], Place]:
    """Return the most alike address with the same number in the same postcode or place, by trigrams."""
    numbers = {a: match.group() for a in asked if (a[1] or a[2]) and (match := re.search(r"(?<= )\d+[a-z]?$", a[0]))}
    if not numbers:
        return {}
    wanted = list(numbers)
    columns = [list(range(len(wanted))), [a[0] for a in wanted], list(numbers.values()), [a[1] for a in wanted], [a[2] for a in wanted]]
    with connection.cursor() as cursor:
        cursor.execute(SIMILAR_SQL, [*columns, SIMILAR])
        rows = cursor.fetchall()
    return {
        wanted[n]: Place(x, y, float(alike), f"{street} {house_no}, {postcode} {place}")
        for n, street, house_no, postcode, place, x, y, alike in rows
    }

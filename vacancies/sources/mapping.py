"""From the words of a list to the fields and values of the register. The words are data: data/mappings/vacancies.toml."""

from __future__ import annotations

import datetime
import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

from geo.errors import InvalidFile
from geo.files import local_file, plain_text
from geo.words import plain

WORDS = Path(settings.BASE_DIR) / "data" / "mappings" / "vacancies.toml"
LISTS = {
    "former_use": "use",
    "current_use": "use",
    "possible_uses": "use",
    "target_uses": "target_use",
    "occupancy": "occupancy",
    "condition": "condition",
    "monument": "monument",
    "owner_type": "owner_type",
    "disposal": "disposal",
    "heating": "heating",
    "zoning": "zoning",
}
MANY = {"possible_uses", "target_uses", "disposal"}
FLAGS = {
    "electricity",
    "three_phase",
    "water",
    "sewage",
    "sanitary",
    "barrier_free",
    "load_access",
    "parking",
    "yard",
    "noise_tolerant",
    "renewal_area",
}
WHOLE = {
    "price_eur",
    "plot_m2",
    "gross_floor_m2",
    "usable_m2",
    "smallest_divisible_m2",
    "storeys",
    "rooms",
    "construction_year",
    "broadband_mbit",
}
DECIMAL = {"rent_eur_m2": 9_999.99, "room_height_m": 99.99}
LIMITS = {"storeys": (0, 200), "rooms": (0, 5_000), "construction_year": (1_000, 2_100), "usable_m2": (0, 1_000_000)}
MAX_MAPPING = 100_000  # bytes of a YAML file
DATES = {"vacant_since", "verified_at", "available_from"}
TEXTS = {"title": 120, "summary": 10_000, "street": 120, "house_no": 12, "postcode": 5, "locality": 80, "notes": 10_000, "source_ref": 120}
PLACE = ("x", "y", "lon", "lat", "coordinates", "address", "town", "ags", "parcels")
FIELDS = (*LISTS, *FLAGS, *WHOLE, *DECIMAL, *DATES, *TEXTS, *PLACE)
ROUGHLY = "ca|circa|etwa|rund|ungefähr|gut|knapp|mind|mindestens|max|maximal|über|ab|eur|euro"
BEFORE_NUMBER = re.compile(rf"(?:(?:{ROUGHLY})\.?|[~≈€])?\s*", re.IGNORECASE)
MONTHS = ("januar", "februar", "maerz", "april", "mai", "juni", "juli", "august", "september", "oktober", "november", "dezember")


@lru_cache(maxsize=1)
def words() -> tuple[dict[str, str], set[str], dict[str, dict[str, str]]]:
    """Return header → field, private headers, and list → word → value."""
    raw = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    headers = {plain(w): name for name, synonyms in raw["headers"].items() for w in (*synonyms, name)}
    values = {
        kind: {plain(w): value for value, synonyms in table.items() for w in (*synonyms, value)} for kind, table in raw["values"].items()
    }
    return headers, {plain(w) for w in raw["private"]["words"]}, values


def is_private(column: str) -> bool:
    """Whether a column holds personal data by its name."""
    text = plain(column)
    private = words()[1]
    return text in private or (any(w in private for w in text.split() if w not in ("mail", "kontakt")) and text not in words()[0])


def recognise(columns: list[str]) -> dict[str, str]:
    """Return field → column for the headers that are known; the first of two columns for one field wins."""
    headers = words()[0]
    found: dict[str, str] = {}
    for column in columns:
        text = plain(column)
        without_unit = re.sub(r" (in )?(m2|qm|eur|euro|m|mbit|mbit s)$", "", text)
        name = headers.get(text) or headers.get(without_unit)
        if name and name not in found and not (is_private(column) and text not in headers):
            found[name] = column
    return found


def read_mapping(path: Path, columns: list[str]) -> dict[str, str]:
    """Read a YAML file `field: column`.

    Raises
    ------
    InvalidFile
        When it is no such mapping, names an unknown field, or a column that the file does not have.
    """
    try:
        given = yaml.safe_load(local_file(path, MAX_MAPPING).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise InvalidFile(f"{path.name}: not readable as YAML ({str(error).splitlines()[0]})") from error
    if not isinstance(given, dict) or not all(isinstance(k, str) and isinstance(v, str) for k, v in given.items()):
        raise InvalidFile(f"{path.name}: expected lines like 'usable_m2: Fläche in m²'")
    for name, column in given.items():
        if name not in FIELDS:
            raise InvalidFile(f"{path.name}: {name!r} is no field; there are {', '.join(sorted(FIELDS))}")
        if column not in columns:
            raise InvalidFile(f"{path.name}: the file has no column {column!r}; it has {', '.join(columns[:40])}")
    return dict(given)


def lookup(kind: str, text: object) -> str | None:
    """Return the value a word stands for: the whole text, else its first part, else the longest known word in it."""
    table = words()[2][kind]
    key = plain(text)
    if key in table:
        return table[key]
    for part in re.split(r"[,;/(|–-]", str(text)):
        if plain(part) in table and plain(part):
            return table[plain(part)]
    inside = [w for w in table if len(w) > 3 and f" {w} " in f" {key} "]
    return table[max(inside, key=len)] if inside else None


def number(text: object) -> float:
    """Return a number from text such as "1.250,5 m²", "ca. 300" or "12,000.50".

    Raises
    ------
    ValueError
        For text without a number, with several, and with other words before it.
    """
    if isinstance(text, bool):
        raise ValueError("yes/no is no number")
    if isinstance(text, int | float):
        return float(text)
    match = re.search(r"-?\d[\d.,'\u202f\u00a0 ]*", str(text))
    if match is None or not BEFORE_NUMBER.fullmatch(str(text)[: match.start()].strip()):
        raise ValueError("no number")
    if re.search(r"\d", re.sub(r"(?<![a-z])m\s?[23](?!\d)", "", str(text)[match.end() :].lower())):
        raise ValueError("several numbers")
    digits = re.sub(r"['\u202f\u00a0 ]", "", match.group()).rstrip(".,")
    if "," in digits and "." in digits:
        decimal = max(digits.rfind(","), digits.rfind("."))
        digits = re.sub(r"[.,]", "", digits[:decimal]) + "." + digits[decimal + 1 :]
    elif digits.count(",") == 1:
        digits = digits.replace(",", ".")
    elif digits.count(",") > 1 or re.fullmatch(r"-?\d{1,3}(\.\d{3})+", digits):
        digits = digits.replace(",", "").replace(".", "")
    return float(digits)


def date(value: object, today: datetime.date) -> tuple[datetime.date, str]:
    """Return a date and how exactly it is known (day, month, year).

    Raises
    ------
    ValueError
        For text without a date, and for dates before 1800 or in the future.
    """
    if isinstance(value, datetime.datetime):
        return value.date(), "day"
    if isinstance(value, datetime.date):
        return value, "day"
    text = str(value).strip()
    if match := re.search(r"(\d{4})-(\d{2})-(\d{2})", text):
        found = datetime.date(*map(int, match.groups())), "day"
    elif match := re.search(r"(\d{1,2})\.\s*(\d{1,2})\.\s*(\d{4})", text):
        day, month, year = map(int, match.groups())
        found = datetime.date(year, month, day), "day"
    elif match := re.search(r"(?<!\d)(\d{1,2})[./](\d{4})", text):
        found = datetime.date(int(match[2]), int(match[1]), 1), "month"
    elif match := re.search(rf"({'|'.join(MONTHS)})\s+(\d{{4}})", plain(text)):
        found = datetime.date(int(match[2]), MONTHS.index(match[1]) + 1, 1), "month"
    elif match := re.search(r"(?<!\d)(1[89]\d{2}|20\d{2})(?!\d)", text):
        rough = re.search(r"ca|etwa|um|circa|~", text.lower())
        found = datetime.date(int(match[1]), 1, 1), "estimate" if rough else "year"
    else:
        raise ValueError("no date")
    if not 1800 <= found[0].year <= today.year + 20:
        raise ValueError("not a plausible year")
    return found


def convert(name: str, value: Any, today: datetime.date) -> dict[str, Any]:
    """Return the model fields a value stands for.

    Raises
    ------
    KeyError
        When a word of a list is not known; `args[0]` is the word.
    ValueError
        With the rule that the value breaks.
    """
    text = str(value).strip()
    if name in MANY:
        parts = [p for p in re.split(r"[,;|/]| und ", text) if p.strip()]
        found = [(p, lookup(LISTS[name], p)) for p in parts]
        for part, known in found:
            if known is None:
                raise KeyError(part.strip())
        return {name: sorted({k for _p, k in found if k and k != "unknown"})}
    if name in LISTS:
        known = lookup(LISTS[name], text)
        if known is None:
            raise KeyError(text)
        return {name: known}
    if name in FLAGS:
        known = {True: "true", False: "false"}.get(value) if isinstance(value, bool) else words()[2]["flag"].get(plain(text))
        if known is None:
            raise KeyError(text)
        return {name: known == "true"}
    if name in WHOLE or name in DECIMAL:
        try:
            amount = number(value)
        except ValueError:
            raise ValueError("expected a number") from None
        least, top = (0, DECIMAL[name]) if name in DECIMAL else LIMITS.get(name, (0, 2_000_000_000))
        if not least <= amount <= top:
            raise ValueError(f"must lie between {least:,} and {top:,}")
        if name in WHOLE:
            return {name: round(amount) or None if name.endswith("_m2") else round(amount)}
        return {name: round(amount, 2)}
    if name in DATES:
        try:
            day, precision = date(value, today)
        except ValueError:
            raise ValueError("expected a date such as 31.12.2019, 03/2019 or 2019") from None
        if name != "available_from" and day > today:
            raise ValueError("lies in the future")
        return {name: day, "vacant_since_precision": precision} if name == "vacant_since" else {name: day}
    if name in TEXTS:
        if isinstance(value, datetime.date):
            if name in ("house_no", "source_ref"):
                raise ValueError("a date; the spreadsheet made it of something like 3-5, write it as text")
            text = value.isoformat()[:10]
        if isinstance(value, float) and value.is_integer():
            text = str(int(value))
        if plain_text(text) != text:
            raise ValueError("holds control characters")
        if name == "postcode" and re.fullmatch(r"\d{4}", text):
            text = text.zfill(5)  # spreadsheets drop the zero of 04936
        if len(text) > TEXTS[name]:
            raise ValueError(f"longer than {TEXTS[name]} characters")
        return {name: text}
    return {}

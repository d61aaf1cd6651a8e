"""Rows without coordinates are placed by loaded addresses, by spelling or likeness, and never by guess."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from geo.addresses import Place, address_key, find, load, split_address
from geo.errors import InvalidFile
from geo.models import Address, Dataset
from vacancies.models import Vacancy

pytestmark = pytest.mark.django_db

# five addresses of Luckenwalde and Jüterbog, positions in EPSG:25833 made up by hand
LOADED = """Straße;Hausnummer;Zusatz;PLZ;Ort;Ostwert;Nordwert
Breite Straße;11;a;14943;Luckenwalde;374558,3;5772630,0
Breite Straße;12;;14943;Luckenwalde;374580,0;5772640,0
Dorfstraße;1;;14913;Jüterbog;372000,0;5761000,0
Dorfstraße;1;;14913;Niedergörsdorf;361000,0;5762000,0
Käthe-Kollwitz-Straße;7;;14943;Luckenwalde;375000,0;5773000,0
Weit Weg;1;;00000;Nirgends;0,0;0,0
;5;;14943;Luckenwalde;374558,3;5772630,0
"""


@pytest.fixture
def loaded(tmp_path: Path) -> Path:
    path = tmp_path / "adressen.csv"
    path.write_text(LOADED, encoding="utf-8")
    assert load(path, source()) == (7, 2)  # one outside the region, one without a street
    return path


def source() -> Dataset:
    return Dataset.objects.filter(key="addresses").first() or Dataset(key="addresses", title="Adressen", licence="?", attribution="?")


@pytest.mark.parametrize(
    ("street", "number", "key"),
    [
        ("Berliner Straße", "11 a", "berliner str 11a"),
        ("Berliner Str.", "11A", "berliner str 11a"),
        ("BERLINER STRASSE", " 11a ", "berliner str 11a"),
        ("Berlinerstr.", "11", "berliner str 11"),
        ("Straße der Einheit", "3", "str der einheit 3"),
        ("Käthe-Kollwitz-Straße", "7", "kaethe kollwitz str 7"),
        ("Am Markt", "3-5", "am markt 3 5"),
        ("", "", ""),
    ],
)
def test_one_spelling_for_one_address(street: str, number: str, key: str) -> None:
    assert address_key(street, number) == key


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Berliner Str. 11, 16515 Oranienburg", ("Berliner Str. 11", "16515", "Oranienburg")),
        ("16515 Oranienburg, Berliner Str. 11", ("", "16515", "Oranienburg")),
        ("Berliner Str. 11", ("Berliner Str. 11", "", "")),
        ("Dorfstr. 1 14913 Jüterbog OT Werder", ("Dorfstr. 1", "14913", "Jüterbog OT Werder")),
    ],
)
def test_an_address_in_one_cell_is_split(text: str, parts: tuple[str, str, str]) -> None:
    assert split_address(text) == parts


@pytest.mark.parametrize(
    ("asked", "east"),
    [
        (("Breite Str. 11a", "14943", "Luckenwalde"), 374_558.3),
        (("breite strasse 11 A", "", "luckenwalde"), 374_558.3),
        (("Breite Straße 12", "", ""), 374_580.0),  # there is only one
        (("Dorfstraße 1", "14913", "Jüterbog"), 372_000.0),  # one postcode, two villages
        (("Dorfstr 1", "", "Niedergörsdorf"), 361_000.0),
        (("Kaethe Kollwitz Str. 7", "14943", ""), 375_000.0),
    ],
)
def test_the_same_address_in_another_spelling_is_found(loaded: Path, asked: tuple[str, str, str], east: float) -> None:
    (place,) = find([asked])
    assert isinstance(place, Place)
    assert (place.x, place.similarity) == (east, 1.0)


def test_a_slip_of_the_pen_is_found_by_likeness_and_says_how_alike(loaded: Path) -> None:
    (place,) = find([("Käte-Kolwitz-Straße 7", "14943", "Luckenwalde")])
    assert isinstance(place, Place)
    assert place.label == "Käthe-Kollwitz-Straße 7, 14943 Luckenwalde"
    assert place.similarity == pytest.approx(trigram_share("kaete kolwitz str 7", "kaethe kollwitz str 7"), abs=1e-6)
    assert 0.55 <= place.similarity < 1


def trigram_share(one: str, other: str) -> float:
    """Shared trigrams over all, as pg_trgm defines it: words padded with two blanks before and one after."""
    a, b = ({f"  {w} "[i : i + 3] for w in text.split() for i in range(len(w) + 1)} for text in (one, other))
    return len(a & b) / len(a | b)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (("Breite Straße 99", "14943", "Luckenwalde"), "not among the loaded ones"),  # never the neighbour's house
        (("Breite Straße 11a", "16515", "Oranienburg"), "not among the loaded ones"),  # never another town's
        (("Dorfstraße 1", "", ""), "2 addresses fit; give postcode and place"),
        (("Dorfstraße 1", "14913", ""), "2 addresses fit; give postcode and place"),
        (("Bahnhofstraße 7", "14943", "Luckenwalde"), "not among the loaded ones"),  # same number, another street
        (("Käte-Kolwitz-Straße 7", "", ""), "not among the loaded ones"),  # likeness needs a postcode or place
        (("'; DROP TABLE geo_address; -- 7", "14943", "%"), "not among the loaded ones"),
        (("", "", ""), "not among the loaded ones"),
    ],
)
def test_what_cannot_be_told_is_not_guessed(loaded: Path, asked: tuple[str, str, str], reason: str) -> None:
    (place,) = find([asked])
    assert isinstance(place, str)
    assert reason in place


def test_loading_again_replaces_and_a_wrong_file_replaces_nothing(loaded: Path, tmp_path: Path) -> None:
    assert load(loaded, source()) == (7, 2)
    assert Address.objects.count() == 5
    wrong = tmp_path / "w.csv"
    wrong.write_text("Straße;Hausnummer;lon;lat\nMarkt;1;2,35;48,85\n")  # Paris
    with pytest.raises(InvalidFile, match="none of 1 rows has a street and a position in Brandenburg; nothing was replaced"):
        load(wrong, source())
    wrong.write_text("Name;PLZ\nMarkt;14943\n")
    with pytest.raises(InvalidFile, match="needs columns for street, house number and lon/lat or x/y"):
        load(wrong, source())
    assert Address.objects.count() == 5


def test_a_list_is_placed_by_address_and_what_cannot_be_placed_is_reported(loaded: Path, tmp_path: Path) -> None:
    rows = ("1;Breite Str. 12;14943;Luckenwalde", "2;Breite Str. 99;14943;Luckenwalde", "3;Käte-Kolwitz-Str. 7;14943;Luckenwalde")
    (tmp_path / "l.csv").write_text("\n".join(["Nr;Adresse;PLZ;Ort", *rows]), encoding="utf-8")
    out = io.StringIO()
    call_command("load_vacancies", str(tmp_path / "l.csv"), "--write", stdout=out)
    assert {v.source_ref: v.point.x for v in Vacancy.objects.filter(dataset__key="l")} == {"1": 374_580.0, "3": 375_000.0}
    shown = " ".join(word for word in out.getvalue().replace("│", " ").split())
    assert "3 read, 2 new, 0 changed, 0 unchanged, 0 duplicates, 1 refused" in shown
    assert "placed at" in shown


def test_the_command_needs_source_and_licence(loaded: Path) -> None:
    with pytest.raises(CommandError, match="--attribution"):
        call_command("load_addresses", str(loaded))
    with pytest.raises(CommandError, match="no such file"):
        call_command("load_addresses", str(loaded.with_name("weg.csv")), "--attribution", "x", "--licence", "y")

"""What an import does to the register: nothing unasked, nothing twice, nothing over a person's hand, and all of it said."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from django.contrib.gis.geos import Point
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from geo.importing import LoadReport
from geo.models import Dataset, Town
from layers.models import VacancyReach
from vacancies.models import Vacancy
from vacancies.sources.apply import load

pytestmark = pytest.mark.django_db

X, Y = 374_558.3, 5_772_630.0  # the market square of Luckenwalde, EPSG:25833
HEADER = "Nr;Adresse;PLZ;Ort;Nutzung;Zustand;Nutzfläche;leer seit;Titel;x;y"


def line(nr: str, address: str, x: float = X, y: float = Y, use: str = "Laden", state: str = "gut", area: str = "100", **more: str) -> str:
    return f"{nr};{address};14943;Luckenwalde;{use};{state};{area};{more.get('since', '2019')};{more.get('title', '')};{x};{y}"


def write(path: Path, *lines: str, header: str = HEADER) -> Path:
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path


def run(path: Path, *, key: str = "liste", apply: bool = True) -> LoadReport:
    source = Dataset.objects.filter(key=key).first() or Dataset(key=key, title="Liste", licence="intern", attribution="Stadt")
    report = load(path, source, write=apply)
    assert report.adds_up, report
    return report


def of(ref: str, key: str = "liste") -> Vacancy:
    return Vacancy.objects.get(dataset__key=key, source_ref=ref)


def command(*words: object) -> str:
    out = io.StringIO()
    call_command("load_vacancies", *map(str, words), stdout=out)
    return out.getvalue()


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return write(tmp_path / "liste.csv", line("1", "Markt 1"), line("2", "Markt 20", X + 200, area="50", state="schlecht"))


def counts() -> tuple[int, int, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM vacancies_vacancyevent")
        return Vacancy.objects.count(), Dataset.objects.count(), cursor.fetchone()[0]


def test_without_write_nothing_is_written(two: Path) -> None:
    before = counts()
    shown = command(two)
    assert counts() == before
    assert "2 read, 2 new, 0 changed, 0 unchanged, 0 duplicates, 0 refused" in shown
    assert "dry run: nothing was written; add --write to apply" in shown


def test_the_same_file_twice_changes_nothing(two: Path) -> None:
    command(two, "--write")
    assert VacancyReach.objects.filter(live=True, vacancy__dataset__key="liste").count() == 2, "new rows have their access at once"
    before, stamps = counts(), list(Vacancy.objects.order_by("pk").values_list("updated_at", flat=True))
    assert "2 read, 0 new, 0 changed, 2 unchanged" in command(two, "--write")
    assert counts() == before, "no new row, no new event in the history"
    assert list(Vacancy.objects.order_by("pk").values_list("updated_at", flat=True)) == stamps


def test_hand_edits_survive_and_are_named(two: Path, tmp_path: Path) -> None:
    run(two)
    Vacancy.objects.filter(pk=of("1").pk).update(usable_m2=111, title="Von Hand")  # a person knows better
    newer = write(
        two, line("1", "Markt 1", area="120", state="baufällig", title="Aus der Liste"), line("2", "Markt 20", X + 200, area="55")
    )
    report = run(newer)
    changed = of("1")
    assert (changed.usable_m2, changed.title, changed.condition) == (111, "Von Hand", "dilapidated")
    assert of("2").usable_m2 == 55
    assert (report.changed, report.kept_edits) == (2, 2)
    told = {f.field: f.rule for f in report.findings if "edited by hand" in f.rule}
    assert told == {"usable_m2": "edited by hand to 111; the edit stays", "title": "edited by hand to Von Hand; the edit stays"}
    assert run(newer).changed == 0


def test_an_emptied_cell_empties_the_field_unless_a_person_filled_it(two: Path) -> None:
    run(two)
    Vacancy.objects.filter(pk=of("2").pk).update(usable_m2=77)
    report = run(write(two, line("1", "Markt 1", area=""), line("2", "Markt 20", X + 200, area="", state="schlecht")))
    assert (of("1").usable_m2, of("2").usable_m2) == (None, 77)
    assert (report.changed, report.kept_edits) == (1, 1)


def test_a_column_that_is_gone_changes_nothing(two: Path, tmp_path: Path) -> None:
    run(two)
    few = write(tmp_path / "l2.csv", f"1;{X};{Y}", f"2;{X + 200};{Y}", header="Nr;x;y")
    assert run(few).unchanged == 2
    assert (of("1").usable_m2, of("1").street) == (100, "Markt")


def test_a_list_that_contradicts_an_edit_by_hand_leaves_the_row_alone(two: Path) -> None:
    run(write(two, line("1", "Markt 1", since="")))
    Vacancy.objects.filter(pk=of("1").pk).update(occupancy="let")
    report = run(write(two, line("1", "Markt 1", since="2019", area="90")))  # the database would refuse let and vacant since
    assert (of("1").vacant_since, of("1").usable_m2) == (None, 100)
    assert [f.rule for f in report.findings if f.severity == "warning" and f.field == "occupancy"] == [
        "a building in use is not vacant since a date, together with an edit by hand; the row stays as it is"
    ]


def test_what_is_no_longer_in_the_file_stays_and_is_named(two: Path) -> None:
    run(two)
    report = run(write(two, line("1", "Markt 1")))
    assert report.vanished == ["2"]
    assert of("2")


def test_duplicates_within_30_m_and_with_the_same_address_are_left_out(tmp_path: Path) -> None:
    town = Town.objects.get(name="Luckenwalde")
    there = Vacancy.objects.create(town=town, point=Point(X, Y, srid=25833), street="Markt", house_no="1")
    rows = (
        line("a", "Markt 1", X + 29.9),  # 29.9 m from `there`, same address: the same building
        line("b", "Markt 1", X + 30.1),  # 30.1 m: another one of that address
        line("c", "Markt 2", X + 5),  # same place, another address: perhaps
        line("d", "markt  2 ", X + 25),  # row c again, spelled otherwise
        line("e", "Markt 9", X + 500),
        line("e", "Markt 9", X + 500),  # the same number twice
    )
    report = run(write(tmp_path / "liste.csv", *rows))
    assert sorted(Vacancy.objects.filter(dataset__key="liste").values_list("source_ref", flat=True)) == ["b", "c", "e"]
    assert (report.created, report.duplicates) == (3, 3)
    rules = {f.row: f.rule for f in report.findings if f.severity == "warning" and f.field in ("address", "source_ref")}
    assert rules == {
        2: f"within 30 m of {there.key} with the same address; left out",
        5: "within 30 m of row 4 with the same address; left out",
        7: "the same as row 6; left out",
    }
    assert {f.row: f.rule for f in report.findings if f.field == "point"} == {4: f"5 m from {there.key}: the same building?"}


def test_rows_without_a_number_are_found_again_when_their_place_was_mended(tmp_path: Path) -> None:
    header = "Adresse;PLZ;Ort;x;y"
    run(write(tmp_path / "l.csv", f"Markt 1;14943;Luckenwalde;{X};{Y}", header=header))
    first = Vacancy.objects.get(dataset__key="liste")
    report = run(write(tmp_path / "l.csv", f"Markt 1;14943;Luckenwalde;{X + 12};{Y}", header=header))
    again = Vacancy.objects.get(dataset__key="liste")
    assert (again.pk, again.key, again.point.x) == (first.pk, first.key, X + 12)
    assert (report.created, report.changed, report.vanished) == (0, 1, [])


def test_words_that_are_not_known_are_listed_and_the_row_is_taken(tmp_path: Path) -> None:
    path = write(
        tmp_path / "l.csv", line("1", "Markt 1", use="Ufo-Landeplatz"), line("2", "Markt 8", X + 90, use="Ufo-Landeplatz", state="so lala")
    )
    report = run(path)
    assert dict(report.unmapped) == {("former_use", "Ufo-Landeplatz"): 2, ("condition", "so lala"): 1}
    assert (of("1").former_use, of("2").condition) == ("unknown", "unknown")
    assert "words not known: Ufo-Landeplatz (former_use, 2×), so lala (condition, 1×)" in " ".join(command(path).split())


@pytest.mark.parametrize(
    ("changed", "field", "rule"),
    [
        ({"area": "viel"}, "usable_m2", "expected a number"),
        ({"area": "1000001"}, "usable_m2", "must lie between 0 and 1,000,000"),
        ({"area": "-5"}, "usable_m2", "must lie between 0 and 1,000,000"),
        ({"since": "1.13.2019"}, "vacant_since", "expected a date such as 31.12.2019, 03/2019 or 2019"),
        ({"since": "2031"}, "vacant_since", "lies in the future"),
        ({"title": "x" * 121}, "title", "longer than 120 characters"),
        ({"x": 0.0}, "point", "lies in no municipality of Brandenburg"),
    ],
)
def test_a_wrong_value_keeps_its_row_out_with_row_field_value_and_rule(changed: dict, field: str, rule: str, tmp_path: Path) -> None:
    report = run(write(tmp_path / "l.csv", line("1", "Markt 1", **changed), line("2", "Markt 8", X + 90)))
    assert (report.created, report.refused) == (1, 1)
    assert [(f.row, f.field, f.rule) for f in report.findings if f.severity == "error"] == [(2, field, rule)]


def test_what_is_personal_is_left_out_and_never_shown(tmp_path: Path) -> None:
    header = HEADER + ";Eigentümer;Telefon;E-Mail;Bankverbindung"
    secret = "Erna Geheim;0173 999888;erna@example.org;DE99 1234"
    shifted = line("2", "Markt 5; Erna Geheim", X + 90) + ";" + secret  # a semicolon in the text moves everything by one
    path = write(tmp_path / "l.csv", line("1", "Markt 1") + ";" + secret, shifted, header=header)
    shown = command(path, "--write", "--report", tmp_path / "r.json")
    kept = shown + (tmp_path / "r.json").read_text() + str(list(Vacancy.objects.filter(dataset__key="l").values()))
    assert "left out as personal data: Eigentümer, Telefon, E-Mail" in shown
    assert "not used: Bankverbindung" in shown
    assert not [word for word in ("Geheim", "999888", "erna@", "DE99") if word in kept]
    assert "16 cells under 15 headings; text with the delimiter needs quotes" in kept


def test_one_failure_takes_everything_back(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = counts()
    with connection.cursor() as cursor:  # the last step of an import fails, in the database
        cursor.execute("ALTER TABLE layers_vacancyreach ADD CONSTRAINT no_more CHECK (id < 0) NOT VALID")
    with pytest.raises(DatabaseError, match="no_more"):
        run(two)
    assert counts() == before


def test_the_report_is_readable_at_80_columns_and_complete_as_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    bad = [line(str(i), f"=HYPERLINK({i}) [red]x[/nope] \x1b[31m", X + 200 * i, area="viel") for i in range(30)]
    path = write(tmp_path / "l.csv", *bad)
    shown = command(path, "--report", tmp_path / "r.json")
    assert max(map(len, shown.splitlines())) <= 80
    assert "… and 7 more; --report FILE.json or FILE.csv has them all" in shown
    assert "\x1b" not in shown
    whole = json.loads((tmp_path / "r.json").read_text())
    assert (whole["read"], whole["refused"], len([f for f in whole["findings"] if f["severity"] == "error"])) == (30, 30, 30)
    first = next(f for f in whole["findings"] if f["severity"] == "error")
    assert first == {"row": 2, "field": "usable_m2", "value": "viel", "rule": "expected a number", "severity": "error"}
    write(tmp_path / "l.csv", line("=1+1", "Markt 1", area="=cmd|' /C calc'!A0"))
    command(path, "--report", tmp_path / "r.csv")
    with (tmp_path / "r.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [c for row in csv.reader(file, delimiter=";") for c in row]
    assert "'=cmd|' /C calc'!A0" in cells
    assert not [c for c in cells if c.startswith(("=", "+", "@", "-"))], "a spreadsheet would take it for a formula"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--publish", "published", "--visibility", "exact"), "needs a --basis"),
        (("--basis", "owner_consent"), "needs --consent-on and --consent-text"),
        (("--basis", "owner_consent", "--consent-on", "2024-01-01", "--consent-text", "x" * 21), "at most 20 characters"),
        (("--basis", "owner_consent", "--consent-on", "2999-01-01", "--consent-text", "1"), "lies in the future"),
        (("--basis", "baugb200"), "needs --notice-on"),
        (("--town", "Berlin"), "no such municipality in Brandenburg"),
        (("--crs", "99999"), "EPSG has no CRS"),
        (("--crs", "4978"), "not one of EPSG's for maps"),
        (("--report", "r.pdf"), "must end in .json or .csv"),
        (("--report", "/nowhere/r.json"), "the report cannot be written there"),
        (("--dataset", "municipal-boundaries"), "holds something else"),
        (("--dataset", "Ä B"), "cannot be described so: key"),
        (("--title", "x" * 201), "cannot be described so: title"),
    ],
)
def test_wrong_options_are_refused_with_a_sentence(words: tuple[str, ...], message: str, two: Path) -> None:
    before = counts()
    with pytest.raises(CommandError, match=message):
        command(two, *words)
    assert counts() == before


def test_published_rows_are_public_and_the_next_import_keeps_the_licence(two: Path) -> None:
    words = ("--publish", "published", "--visibility", "coarse", "--basis", "municipal_property", "--licence", "CC0 1.0")
    command(two, "--write", "--valid-on", "2024-05-01", *words)
    assert Vacancy.objects.public().filter(key=of("1").key).exists()
    command(two, "--write")
    kept = Dataset.objects.get(key="liste")
    assert (kept.licence, str(kept.valid_on), kept.row_count, len(kept.sha256)) == ("CC0 1.0", "2024-05-01", 2, 64)


def test_the_data_page_tells_nothing_of_lists_that_are_hidden(two: Path, client) -> None:  # type: ignore[no-untyped-def]
    def page() -> str:
        return client.get("/datenquellen/").content.decode()

    command(two, "--write", "--title", "Liste Erna Geheim", "--licence", "CC0 1.0")
    assert "Erna Geheim" not in page(), "no row of it is public"
    Vacancy.objects.filter(pk=of("1").pk).update(publication="published", visibility="coarse", basis="municipal_property")
    section = page().partition("Liste Erna Geheim")[2].partition("</section>")[0]
    assert re.search(r"<dt>Zeilen</dt>\s*<dd>1</dd>", section), "one of two rows is public"
    Dataset.objects.filter(key="liste").update(licence="intern")
    assert "Erna Geheim" not in page()

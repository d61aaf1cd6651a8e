"""An officer's list in the browser: what it would do, what it does, what becomes public, and the old entries."""

from __future__ import annotations

import csv
import datetime
import io
import json
import os
import re
import time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from geo import crs
from geo.models import Dataset, Town
from network.intake.findings import RULES, rule_in_words
from network.intake.tasks import forget_uploads
from network.models import Membership
from tests.network.people import account
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def gransee(settings: Any, tmp_path: Path) -> Town:
    settings.UPLOADS = tmp_path / "uploads"
    return Town.objects.get(slug="gransee")


@pytest.fixture
def officer(client: Client, gransee: Town) -> User:
    user = account("bearbeiterin")
    Membership.objects.create(user=user, role="editor", town=gransee)
    client.force_login(user, BACKEND)
    return user


def spot(town: Town, east: float = 0) -> tuple[float, float]:
    lon, lat = crs.transform_xy(town.centre.x + east, town.centre.y, crs.STORAGE, crs.WEB)
    return round(lon, 6), round(lat, 6)


def rows_of(town: Town) -> list[list[Any]]:
    foreign = Town.objects.get(slug="bad-saarow")
    return [
        ["Nr", "Straße", "Hausnr", "frühere Nutzung", "Nutzfläche", "Eigentümer", "lon", "lat"],
        ["A1", "Beispielgasse", "1", "Laden", 120, "Erna Beispiel", *spot(town)],
        ["A2", "Beispielgasse", "3", "Werkstatt", "viel", "", *spot(town, 60)],
        ["A3", "Beispielgasse", "1", "Laden", 120, "", *spot(town, 5)],
        ["A4", "Fremde Straße", "5", "Laden", 90, "", *spot(foreign)],
    ]


def sheet(rows: list[list[Any]]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def handed_in(client: Client, content: bytes, name: str = "Leerstand Gransee.xlsx") -> str:
    answer = client.post("/register/einlesen/", {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def hash_in(page: str) -> str:
    return page.split('name="sha256" value="')[1][:64]


def test_from_the_sheet_by_preview_to_drafts_and_the_map(client: Client, officer: User, gransee: Town) -> None:
    before = Vacancy.objects.count()
    link = handed_in(client, sheet(rows_of(gransee)))
    page = client.get(link).content.decode()
    assert Vacancy.objects.count() == before, "a look writes nothing"
    assert not Dataset.objects.filter(licence="intern").exists()
    assert "Als personenbezogen ausgelassen: Eigentümer" in page
    for told in ("hier gehört eine Zahl hin", "liegt außerhalb Ihrer Gemeinden", "mit derselben Adresse; als doppelt ausgelassen"):
        assert told in page
    assert "Bad Saarow" in page
    answer = client.post(f"{link}anwenden/", {"sha256": hash_in(page)})
    assert answer["Location"] == "/register/entwuerfe/"
    assert "1 neu, 0 geändert, 0 unverändert, 2 abgelehnt, 1 doppelt" in client.get("/register/entwuerfe/").content.decode()
    made = Vacancy.objects.get(source_ref="A1")
    assert (made.town, made.publication, made.visibility, made.former_use, made.usable_m2) == (gransee, "draft", "internal", "retail", 120)
    assert client.post(f"{link}anwenden/", {"sha256": hash_in(page)}).status_code == 302
    assert Vacancy.objects.count() == before + 1, "a second click finds nothing left to do"

    form = {"keys": [made.key], "visibility": "exact", "basis": "owner_consent"}
    refused = client.post("/register/entwuerfe/", form)
    assert refused.status_code == 400
    assert "id_consent_on_error" in refused.content.decode()
    assert client.post("/register/entwuerfe/", form | {"keys": []}).status_code == 400
    foreign = Vacancy.objects.create(
        town=Town.objects.get(slug="bad-saarow"), point=Town.objects.get(slug="bad-saarow").centre, source="import"
    )
    assert client.post("/register/entwuerfe/", form | {"keys": [foreign.key], "basis": "municipal_property"}).status_code == 400
    client.post("/register/entwuerfe/", form | {"basis": "municipal_property"})
    public = PublicVacancy.objects.get(key=made.key)
    assert (public.is_exact, public.street) == (True, "Beispielgasse")
    foreign.refresh_from_db()
    assert foreign.publication == "draft"


def test_another_file_than_the_one_seen_is_refused(client: Client, officer: User, gransee: Town, settings: Any) -> None:
    link = handed_in(client, sheet(rows_of(gransee)))
    page = client.get(link).content.decode()
    assert client.post(f"{link}anwenden/", {"sha256": "0" * 64}).status_code == 409
    next(settings.UPLOADS.rglob("liste.xlsx")).write_bytes(sheet(rows_of(gransee)[:2]))
    answer = client.post(f"{link}anwenden/", {"sha256": hash_in(page)})
    assert answer.status_code == 409
    assert "nicht mehr die Liste, die Sie geprüft haben" in answer.content.decode()
    assert not Vacancy.objects.filter(source="import").exists()


def test_columns_can_be_told(client: Client, officer: User, gransee: Town) -> None:
    lon, lat = spot(gransee)
    text = f"Wo genau;Rechts;Hoch\r\nBeispielgasse 1;{lon};{lat}\r\n"
    link = handed_in(client, text.encode(), "liste.csv")
    unplaced = client.get(link)
    assert unplaced.status_code == 409
    assert "Keine Spalte für Koordinaten" in unplaced.content.decode()
    twice = client.post(link, {"column_0": "street", "column_1": "lon", "column_2": "lon"})
    assert "ist schon der Spalte „Rechts“ zugeordnet" in twice.content.decode()
    client.post(link, {"column_0": "address", "column_1": "lon", "column_2": "lat"})
    page = client.get(link).content.decode()
    assert "Jetzt einlesen: 1 neu" in page
    assert '<option value="lon" selected>' in page
    client.post(f"{link}anwenden/", {"sha256": hash_in(page)})
    assert Vacancy.objects.get(source="import").house_no == "1"


def test_geojson_is_read_and_the_same_list_again_changes(client: Client, officer: User, gransee: Town) -> None:
    def content(use: str) -> bytes:
        point = {"type": "Point", "coordinates": spot(gransee)}
        features = [{"type": "Feature", "geometry": point, "properties": {"Nr": "7", "frühere Nutzung": use}}]
        return json.dumps({"type": "FeatureCollection", "features": features}).encode()

    for use in ("Laden", "Werkstatt"):
        link = handed_in(client, content(use), "haus.geojson")
        client.post(f"{link}anwenden/", {"sha256": hash_in(client.get(link).content.decode())})
    assert list(Vacancy.objects.filter(source="import").values_list("former_use", flat=True)) == ["craft"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("liste.exe", b"MZ", "erlaubt sind"), ("liste.csv", b"", "leer"), ("liste.pdf", b"%PDF", "erlaubt sind")],
)
def test_other_files_are_refused_at_the_door(client: Client, officer: User, name: str, content: bytes, said: str) -> None:
    answer = client.post("/register/einlesen/", {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 400
    assert said in answer.content.decode()


def test_a_damaged_workbook_is_named(client: Client, officer: User) -> None:
    answer = client.get(handed_in(client, b"PK\x03\x04 not a workbook"))
    assert answer.status_code == 400
    assert "lässt sich nicht lesen" in answer.content.decode()


def test_a_list_is_its_officers_alone_and_for_an_hour(client: Client, officer: User, gransee: Town, settings: Any) -> None:
    link = handed_in(client, sheet(rows_of(gransee)))
    colleague, other = account("kollege"), Client()
    Membership.objects.create(user=colleague, role="editor", town=gransee)
    other.force_login(colleague, BACKEND)
    assert other.get(link).status_code == 403
    assert client.get("/register/einlesen/..%2f..%2fetc/").status_code in (404, 410)
    note = next(settings.UPLOADS.rglob("upload.json"))
    hour_ago = time.time() - 3601
    os.utime(note, (hour_ago, hour_ago))
    gone = client.get(link)
    assert gone.status_code == 410
    assert "nach einer Stunde gelöscht" in gone.content.decode()
    forget_uploads()
    assert note.exists()
    os.utime(note.parent, (hour_ago, hour_ago))
    forget_uploads()
    assert not note.parent.exists()


def test_old_entries_are_confirmed_or_archived(client: Client, officer: User, gransee: Town) -> None:
    today = timezone.localdate()
    own = list(gransee.vacancies.filter(publication="published")[:3])
    foreign = Vacancy.objects.filter(town__slug="bad-saarow", publication="published")[0]
    Vacancy.objects.filter(publication="published").update(verified_at=today)
    old = today.replace(year=today.year - 1) - datetime.timedelta(days=1)
    Vacancy.objects.filter(pk__in=[v.pk for v in (*own[:2], foreign)]).update(verified_at=old)
    page = client.get("/register/pruefliste/").content.decode()
    assert [v.key in page for v in (*own, foreign)] == [True, True, False, False]
    assert len(re.findall(r"<span>[^<]*\bGransee\b", page.split("<fieldset")[1])) == 2, "a list of several municipalities says which"
    client.post("/register/pruefliste/", {"keys": [own[0].key], "act": "confirm"})
    client.post("/register/pruefliste/", {"keys": [own[1].key], "act": "archive"})
    assert client.post("/register/pruefliste/", {"keys": [foreign.key], "act": "archive"}).status_code == 400
    states = dict(Vacancy.objects.filter(pk__in=[own[0].pk, own[1].pk, foreign.pk]).values_list("key", "publication"))
    assert states == {own[0].key: "published", own[1].key: "archived", foreign.key: "published"}
    assert Vacancy.objects.get(pk=own[0].pk).verified_at == today
    assert "Alles bestätigt." in client.get("/register/pruefliste/").content.decode()


def test_the_register_is_exported_as_far_as_one_sees_it(client: Client, officer: User, gransee: Town) -> None:
    hidden = Vacancy.objects.create(town=gransee, point=gransee.centre, former_use="sacral", notes="=1+1")

    def rows(query: str = "") -> list[dict[str, str]]:
        answer = client.get(f"/register/leerstaende.csv{query}")
        assert answer.status_code == 200
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Cache-Control"] == "private, no-store"
        return list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig")), delimiter=";"))

    got = rows()
    assert {r["key"] for r in got} == set(gransee.vacancies.exclude(publication="archived").values_list("key", flat=True))
    assert {r["key"] for r in rows("?former_use=sacral")} >= {hidden.key}
    assert len(rows("?former_use=sacral")) < len(got)
    assert client.get("/register/leerstaende.csv?former_use=burg").status_code == 400
    assert Client().get("/register/leerstaende.csv")["Location"].startswith("/konto/anmelden/")


def test_what_the_rules_say_in_german_fits_what_they_are() -> None:
    assert rule_in_words("the same as row 7; left out") == "dieselbe Kennung wie Zeile 7; ausgelassen"
    assert rule_in_words("must lie between 0 and 200") == "muss zwischen 0 und 200 liegen"
    assert (
        rule_in_words("placed at Bahnstraße 1, 19322 Wittenberge (83% alike)")
        == "gelegt auf Bahnstraße 1, 19322 Wittenberge (zu 83% gleich)"
    )
    assert rule_in_words("something new") == "something new"
    sources = "".join((Path(__file__).parents[2] / n).read_text() for n in ("vacancies/sources/rows.py", "vacancies/sources/apply.py"))
    sources += (Path(__file__).parents[2] / "vacancies/sources/mapping.py").read_text()
    for known in ("lies outside your municipalities", "expected a number", "the edit stays", "not readable as coordinates"):
        assert known in sources
    assert len(RULES) > 20

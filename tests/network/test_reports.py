"""A citizen's report from the place to the answer: what it asks, what it refuses, what moderators do with it, what is forgotten."""

from __future__ import annotations

import datetime
import io
import re
from pathlib import Path
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from django.contrib.auth.models import User
from django.contrib.gis.geos import Point
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from geo import crs
from geo.addresses import address_key
from geo.models import Address, Dataset, Town
from network.models import Membership, Report
from network.privacy import retention
from network.reports.models import State
from tests.network.people import account, enter, link_of, mails
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy

pytestmark = pytest.mark.django_db
HOUSE = ("Beispielgasse", "7", "19322", "Wittenberge")
PLACE = {"address": "Beispielgasse 7, 19322 Wittenberge"}
TOLD = {"former_use": "retail", "vacant_since_year": "2019", "seen": "Fenster verklebt", "email": "mia@example.org", "note": "Hofseite"}


@pytest.fixture
def wittenberge(settings: Any, tmp_path: Path) -> Town:
    settings.MEDIA_ROOT = tmp_path
    return Town.objects.get(slug="wittenberge")


@pytest.fixture
def house(wittenberge: Town) -> Point:
    """An address in the middle of Wittenberge, where no vacancy is."""
    x, y = wittenberge.centre.x + 3, wittenberge.centre.y + 4
    Vacancy.objects.filter(point__dwithin=(wittenberge.centre, 200)).update(point=Point(x + 900, y, srid=crs.STORAGE))
    source = Dataset.objects.create(key="addresses-example", title="Beispiel", licence="CC0", attribution="Beispiel")
    street, number, postcode, place = HOUSE
    words = {"street": street, "house_no": number, "postcode": postcode, "place": place, "key": address_key(street, number)}
    Address.objects.create(dataset=source, point=Point(x, y, srid=crs.STORAGE), **words)
    return Point(x, y, srid=crs.STORAGE)


@pytest.fixture
def public(wittenberge: Town) -> Vacancy:
    """A public vacancy of the town with an exact place."""
    key = PublicVacancy.objects.in_town("wittenberge").filter(is_exact=True, vacant_since__isnull=False).order_by("key")[0].key
    return Vacancy.objects.get(key=key)


def moderator(client: Client, town: Town, role: str = "moderator", name: str = "prueferin") -> User:
    user = account(name)
    Membership.objects.create(user=user, role=role, town=town)
    enter(client, user)
    return user


def reported(client: Client, **more: Any) -> Report:
    answer = client.post("/melden/?" + "&".join(f"{k}={v}" for k, v in PLACE.items()), TOLD | more)
    assert answer.status_code == 302, answer.content.decode()
    return Report.objects.get()


def confirmed(client: Client, **more: Any) -> Report:
    reported(client, **more)
    client.post(link_of(mails()[-1]))
    return Report.objects.get()


def decide(client: Client, report: Report, outcome: str, **more: Any) -> Any:
    report.refresh_from_db()
    return client.post(f"/pruefen/{report.key}/entscheiden/", {"version": report.version, "outcome": outcome, "reason": "", **more})


def with_gps() -> bytes:
    out, exif = io.BytesIO(), Image.Exif()
    exif.get_ifd(0x8825)[2] = (52.0, 59.0, 30.0)
    exif[0x010F] = "Telefonbau Beispiel"
    Image.new("RGB", (40, 30), "red").save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_from_the_place_by_mail_and_desk_to_a_draft_and_an_answer(client: Client, house: Point, wittenberge: Town) -> None:
    assert "sessionid" not in client.get("/melden/").cookies
    page = client.get("/melden/", PLACE).content.decode()
    assert "Beispielgasse 7, 19322 Wittenberge" in page
    picture = SimpleUploadedFile("foto.jpg", with_gps(), "image/jpeg")
    report = reported(client, photo=picture)
    assert (report.state, report.town, report.address) == ("received", wittenberge, "Beispielgasse 7")
    assert report.point.distance(house) < 0.01
    kept = Path(report.photo.path).read_bytes()
    assert b"Telefonbau" not in kept
    assert dict(Image.open(io.BytesIO(kept)).getexif()) == {}
    mail = mails()[-1]
    assert (mail.to, "Bitte bestätigen" in mail.subject) == (["mia@example.org"], True)
    assert "nach 6 Monaten" in mail.body

    officer = Client()
    user = moderator(officer, wittenberge)
    assert report.key not in officer.get("/pruefen/").content.decode(), "what nobody confirmed does not wait for anybody"
    link = link_of(mail)
    client.get(link)
    report.refresh_from_db()
    assert report.state == "received", "mail programs open links; a look confirms nothing"
    client.post(link)
    client.post(link)
    report.refresh_from_db()
    assert report.state == "email_confirmed"
    assert report.key in officer.get("/pruefen/").content.decode()
    page = officer.get(f"/pruefen/{report.key}/").content.decode()
    assert "Fenster verklebt" in page
    assert "mia@example.org" in page
    assert officer.get(f"/pruefen/{report.key}/foto.jpg").headers["Cache-Control"] == "private, no-store"
    assert client.get(f"/fotos/{report.photo.name}").status_code == 404

    assert decide(officer, report, "accepted", reason="Danke, wir sehen nach.").status_code == 302
    report.refresh_from_db()
    made = report.vacancy
    assert made
    assert (made.publication, made.visibility, made.basis, made.source) == ("draft", "internal", "none", "citizen")
    assert (made.former_use, made.vacant_since, made.vacant_since_precision) == ("retail", datetime.date(2019, 1, 1), "estimate")
    assert not PublicVacancy.objects.filter(key=made.key).exists()
    assert [p.is_public for p in made.photos.all()] == [False]
    answer = mails()[-1]
    assert answer.to == ["mia@example.org"]
    assert "Danke, wir sehen nach." in answer.body
    assert "angenommen" in answer.subject
    steps = [(s.before, s.after, s.by) for s in report.steps.all()]
    assert steps == [
        ("received", "email_confirmed", None),
        ("email_confirmed", "in_review", user),
        ("in_review", "accepted", user),
    ]


def test_the_owner_is_to_be_told_within_a_month(client: Client, house: Point, wittenberge: Town) -> None:
    report, officer = confirmed(client), Client()
    moderator(officer, wittenberge)
    decide(officer, report, "accepted")
    Report.objects.update(decided_at=timezone.make_aware(datetime.datetime(2026, 1, 31, 12)))
    report.refresh_from_db()
    assert report.owner_due_on == datetime.date(2026, 2, 28)
    assert "überfällig" in officer.get("/pruefen/").content.decode()
    page = f"/pruefen/{report.key}/eigentuemer-informiert/"
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    assert "liegt in der Zukunft" in officer.post(page, {"owner_informed_on": tomorrow}).content.decode()
    assert officer.post(page, {"owner_informed_on": timezone.localdate()}).status_code == 302
    assert "überfällig" not in officer.get("/pruefen/").content.decode()


def test_a_second_moderator_gets_a_page_that_says_so_and_keeps_the_words(client: Client, house: Point, wittenberge: Town) -> None:
    report, one, two = confirmed(client), Client(), Client()
    moderator(one, wittenberge)
    moderator(two, wittenberge, name="pruefer")
    seen = {"version": report.version, "reason": "Das war sicher Absicht."}
    assert one.post(f"/pruefen/{report.key}/entscheiden/", {**seen, "outcome": "accepted"}).status_code == 302
    late = two.post(f"/pruefen/{report.key}/entscheiden/", {**seen, "outcome": "rejected"})
    assert late.status_code == 409
    assert "Jemand war schneller" in late.content.decode()
    assert "Das war sicher Absicht." in late.content.decode()
    report.refresh_from_db()
    assert report.state == "accepted"
    assert two.post(f"/pruefen/{report.key}/zuruecknehmen/", {"version": seen["version"]}).status_code == 409
    assert Vacancy.objects.filter(source="citizen").count() == 1


def test_the_last_decision_is_taken_back_unless_it_was_built_upon(client: Client, house: Point, wittenberge: Town) -> None:
    report, officer = confirmed(client), Client()
    moderator(officer, wittenberge)
    decide(officer, report, "accepted")
    report.refresh_from_db()
    officer.post(f"/pruefen/{report.key}/zuruecknehmen/", {"version": report.version})
    report.refresh_from_db()
    assert (report.state, report.vacancy, report.decided_at) == ("in_review", None, None)
    assert not Vacancy.objects.filter(source="citizen").exists()
    assert "nötig" in officer.get(f"/pruefen/{report.key}/").content.decode()
    assert "sagen Sie kurz, warum" in decide(officer, report, "rejected").content.decode()
    decide(officer, report, "rejected", reason="Das Haus ist bewohnt.")
    assert "frühere Entscheidung wurde zurückgenommen" in mails()[-1].body
    report.refresh_from_db()
    officer.post(f"/pruefen/{report.key}/zuruecknehmen/", {"version": report.version})
    decide(officer, report, "accepted")
    made = Vacancy.objects.get(source="citizen")
    made.title = "Alter Laden"
    made.save()
    report.refresh_from_db()
    answer = officer.post(f"/pruefen/{report.key}/zuruecknehmen/", {"version": report.version})
    assert answer.status_code == 403
    assert "inzwischen bearbeitet" in answer.content.decode()
    assert Vacancy.objects.filter(pk=made.pk).exists()


def test_moderators_see_their_own_municipalities_alone(client: Client, house: Point, wittenberge: Town) -> None:
    report = confirmed(client)
    for role, slug, status in (("moderator", "gransee", 404), ("editor", "wittenberge", 404), ("manager", "wittenberge", 200)):
        officer = Client()
        moderator(officer, Town.objects.get(slug=slug), role, f"{role}-{slug}")
        assert officer.get(f"/pruefen/{report.key}/").status_code == status
        assert decide(officer, report, "spam").status_code == (302 if status == 200 else 404)
    report.refresh_from_db()
    assert report.state == "spam"
    assert len(mails()) == 1, "nonsense gets no answer"


def test_what_is_public_there_is_shown_first_and_nothing_of_the_hidden(client: Client, house: Point, wittenberge: Town) -> None:
    near = Point(house.x + 20, house.y, srid=crs.STORAGE)
    words = {"town": wittenberge, "point": near, "former_use": "craft", "occupancy": "vacant", "verified_at": timezone.localdate()}
    shown = Vacancy.objects.create(
        **words, street="Nebengasse", title="Werkstatt Nebenan", publication="published", visibility="exact", basis="municipal_property"
    )
    page = client.get("/melden/", PLACE).content.decode()
    assert "Ist es eines davon?" in page
    assert "Werkstatt Nebenan" in page
    for hidden in ({"visibility": "coarse"}, {"publication": "draft"}, {"visibility": "municipality"}):
        Vacancy.objects.filter(pk=shown.pk).update(**{"visibility": "exact", "publication": "published"} | hidden)
        page = client.get("/melden/", PLACE).content.decode()
        assert "Ist es eines davon?" not in page, hidden
    Vacancy.objects.filter(pk=shown.pk).update(street="BEISPIELG.", visibility="exact", publication="published", house_no="7")
    far = Point(house.x + 31, house.y, srid=crs.STORAGE)
    Vacancy.objects.filter(pk=shown.pk).update(point=far)
    assert "Ist es eines davon?" not in client.get("/melden/", PLACE).content.decode(), "31 m away, another address"
    Vacancy.objects.filter(pk=shown.pk).update(street="Beispielgasse")
    assert "Ist es eines davon?" in client.get("/melden/", PLACE).content.decode(), "the same address"


def test_a_report_of_what_is_there_is_merged_and_taken_apart_again(client: Client, house: Point, wittenberge: Town) -> None:
    words = {"town": wittenberge, "point": house, "street": "Beispielgasse", "house_no": "7"}
    there = Vacancy.objects.create(**words)
    report, officer = confirmed(client, photo=SimpleUploadedFile("f.jpg", with_gps(), "image/jpeg")), Client()
    moderator(officer, wittenberge)
    assert there.key in officer.get(f"/pruefen/{report.key}/").content.decode()
    assert decide(officer, report, "merged").status_code == 403
    foreign = Vacancy.objects.filter(town__slug="gransee")[0]
    assert decide(officer, report, "merged", vacancy=foreign.key).status_code == 400
    assert decide(officer, report, "merged", vacancy=there.key).status_code == 302
    report.refresh_from_db()
    assert (report.vacancy, there.photos.count()) == (there, 1)
    officer.post(f"/pruefen/{report.key}/zuruecknehmen/", {"version": report.version})
    assert there.photos.count() == 0


def test_one_tap_says_no_longer_vacant_and_the_entry_goes(client: Client, public: Vacancy, wittenberge: Town) -> None:
    page = client.get(f"/leerstaende/{public.slug}/").content.decode()
    tap = f"/melden/{public.slug}/steht-nicht-mehr-leer/"
    assert f'action="{tap}"' in page
    strict = Client(enforce_csrf_checks=True)
    for _twice in range(2):
        assert strict.post(tap)["Location"] == "/melden/danke/?getippt=1"
    assert strict.cookies == {}
    report = Report.objects.get()
    assert (report.kind, report.state, report.vacancy, report.email) == ("not_vacant", "in_review", public, "")
    assert client.post(tap, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    officer = Client()
    moderator(officer, wittenberge)
    decide(officer, report, "correction_applied")
    assert client.get(f"/leerstaende/{public.slug}/").status_code == 404
    report.refresh_from_db()
    officer.post(f"/pruefen/{report.key}/zuruecknehmen/", {"version": report.version})
    assert client.get(f"/leerstaende/{public.slug}/").status_code == 200
    assert mails() == []


def test_still_vacant_confirms_the_entry_today(client: Client, public: Vacancy, wittenberge: Town) -> None:
    client.post(f"/melden/{public.slug}/steht-noch-leer/")
    officer = Client()
    moderator(officer, wittenberge)
    decide(officer, Report.objects.get(), "correction_applied")
    public.refresh_from_db()
    assert public.verified_at == timezone.localdate()


def test_a_correction_is_shown_as_a_difference_and_taken_in_part(client: Client, public: Vacancy, wittenberge: Town) -> None:
    before, area = public.former_use, public.usable_m2
    page = f"/melden/{public.slug}/angabe-falsch/"
    form = client.get(page).context["form"]
    told = {name: v for name in form.fields if (v := form[name].value()) not in (None, "")} | {"email": "mia@example.org"}
    assert "ändern Sie eine Angabe" in client.post(page, told).content.decode()
    wanted = "sacral" if before != "sacral" else "rail"
    client.post(page, told | {"former_use": wanted, "usable_m2": "77"})
    client.post(link_of(mails()[-1]))
    report = Report.objects.get()
    assert report.proposed == {"former_use": wanted, "usable_m2": 77}
    officer = Client()
    moderator(officer, wittenberge)
    seen = officer.get(f"/pruefen/{report.key}/").content.decode()
    assert re.search(r"<del>[^<]+</del></td><td><ins>(Kirche, Pfarrhaus|Bahnhof, Bahn)</ins>", seen)
    assert decide(officer, report, "correction_applied").status_code == 403
    decide(officer, report, "correction_applied", fields_taken=["former_use"])
    public.refresh_from_db()
    assert (public.former_use, public.usable_m2) == (wanted, area)
    report.refresh_from_db()
    officer.post(f"/pruefen/{report.key}/zuruecknehmen/", {"version": report.version})
    public.refresh_from_db()
    assert public.former_use == before


def test_a_correction_the_register_refuses_changes_nothing(client: Client, public: Vacancy, wittenberge: Town) -> None:
    assert public.vacant_since
    report = Report(kind="wrong", town=wittenberge, vacancy=public, proposed={"occupancy": "let"}, email="mia@example.org")
    report.save()
    report.go(State.EMAIL_CONFIRMED)
    officer = Client()
    moderator(officer, wittenberge)
    answer = decide(officer, report, "correction_applied", fields_taken=["occupancy"])
    assert answer.status_code == 409
    assert "nicht „leer seit“" in answer.content.decode()
    report.refresh_from_db()
    assert report.state == "email_confirmed"


def test_an_address_that_is_not_listed_goes_to_the_municipality_without_a_place(client: Client, wittenberge: Town) -> None:
    answer = client.get("/melden/", {"address": "Hinterm Deich 3, 19322 Wittenberge"})
    assert "die Gemeinde sucht den Ort selbst" in answer.content.decode()
    client.post("/melden/?address=Hinterm Deich 3&town=wittenberge", TOLD)
    client.post(link_of(mails()[-1]))
    report, officer = Report.objects.get(), Client()
    assert (report.point, report.street, report.house_no) == (None, "Hinterm Deich", "3")
    moderator(officer, wittenberge)
    assert "wo das Gebäude steht" in decide(officer, report, "accepted").content.decode()
    lon, lat = crs.transform_xy(wittenberge.centre.x, wittenberge.centre.y, crs.STORAGE, crs.WEB)
    wrong = decide(officer, report, "accepted", place="neben der Kirche", reason="Danke!")
    assert wrong.status_code == 400
    assert 'value="neben der Kirche"' in wrong.content.decode(), "what was typed stays"
    assert "Danke!" in wrong.content.decode()
    decide(officer, report, "accepted", place=f"{lat:.6f}, {lon:.6f}")
    report.refresh_from_db()
    assert report.vacancy
    assert report.vacancy.point.distance(wittenberge.centre) < 1


def test_pictures_and_years_are_refused_politely(client: Client, house: Point) -> None:
    def answer(**more: Any) -> str:
        got = client.post("/melden/?address=Beispielgasse 7, 19322 Wittenberge", TOLD | more)
        assert got.status_code == 400
        return got.content.decode()

    two = [SimpleUploadedFile(f"{n}.jpg", with_gps(), "image/jpeg") for n in "ab"]
    assert "Das sind mehrere Bilder" in answer(photo=two)
    assert "id_photo_error" in answer(photo=SimpleUploadedFile("a.jpg", b"no picture", "image/jpeg"))
    assert "liegt in der Zukunft" in answer(vacant_since_year=str(timezone.localdate().year + 1))
    assert "id_email_error" in answer(email="keine")
    assert not Report.objects.exists()


def test_programs_fall_into_the_trap_and_nobody_floods(client: Client, house: Point) -> None:
    url = "/melden/?address=Beispielgasse 7, 19322 Wittenberge"
    assert client.post(url, TOLD | {"website": "https://example.org"}).status_code == 302
    assert not Report.objects.exists()
    for _twice in range(2):
        client.post(url, TOLD | {"form_key": "a" * 32})
    assert Report.objects.count() == 1, "a form sent twice counts once"
    for n in range(4):
        assert client.post(url, TOLD | {"form_key": f"{n}"}).status_code == 302
    full = client.post(url, TOLD | {"email": "MIA@example.org"})
    assert full.status_code == 429
    assert "heute schon 5 Meldungen" in full.content.decode()
    assert "Fenster verklebt" in full.content.decode(), "what was written is kept"
    for n in range(15):
        assert client.post(url, TOLD | {"email": f"m{n}@example.org"}, REMOTE_ADDR=f"127.0.0.{n + 1}").status_code == 302
    assert client.post(url, TOLD | {"email": "neu@example.org"}, REMOTE_ADDR="127.0.0.99").status_code == 429, "one network of 256"
    assert client.post(url, TOLD | {"email": "neu@example.org"}, REMOTE_ADDR="127.0.9.1").status_code == 302
    assert "127.0" not in "".join(Report.objects.values_list("network", flat=True))


def forget_reports() -> None:
    for name in ("connections of reports", "reports never confirmed", "who reported"):
        retention.BY_NAME[name].apply(timezone.now())


def test_what_is_not_needed_is_forgotten(client: Client, house: Point, wittenberge: Town) -> None:
    old = reported(client, photo=SimpleUploadedFile("f.jpg", with_gps(), "image/jpeg"))
    file = Path(old.photo.path)
    Report.objects.update(received_at=timezone.now() - relativedelta(months=6) + datetime.timedelta(hours=1))
    forget_reports()
    old.refresh_from_db()
    assert (old.network, file.exists()) == ("", True)
    Report.objects.update(received_at=timezone.now() - relativedelta(months=6) - datetime.timedelta(hours=1))
    forget_reports()
    assert not Report.objects.exists()

    report, officer = confirmed(client), Client()
    moderator(officer, wittenberge)
    decide(officer, report, "rejected", reason="bewohnt")
    Report.objects.update(decided_at=timezone.now() - relativedelta(months=3) + datetime.timedelta(hours=1))
    forget_reports()
    assert Report.objects.get().email == "mia@example.org"
    Report.objects.update(decided_at=timezone.now() - relativedelta(months=3) - datetime.timedelta(hours=1))
    forget_reports()
    kept = Report.objects.get()
    assert (kept.email, kept.note, kept.seen) == ("", "", "Fenster verklebt")

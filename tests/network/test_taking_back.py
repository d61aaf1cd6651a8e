"""What is taken back leaves nothing of the person, and takes nothing of others."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import ADDITION, DELETION, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.gis.geos import MultiPolygon, Point
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from geo import crs
from geo.models import Town
from network.inquiries import thread
from network.inquiries.steps import Side
from network.models import Consent, InquiryMessage, Membership, OwnBuilding, OwnerContact, Report
from network.own_buildings.models import A_DAY
from network.privacy import consents, deletion, retention
from network.privacy.leaving import leave
from network.privacy.subjects import Subject
from network.reports import decisions, receiving
from network.reports.models import State
from network.seeking.models import SpaceRequest
from tests.network.people import account, sign_in
from vacancies.models import Photo, Vacancy
from vacancies.public import PublicVacancy

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture(autouse=True)
def quiet(settings: Any, tmp_path: Path) -> None:
    settings.DELETION_LOG = tmp_path / "deletions.log"
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def gransee() -> Town:
    return Town.objects.get(slug="gransee")


@pytest.fixture
def officer(gransee: Town) -> User:
    user = account("prueferin")
    Membership.objects.create(user=user, role="moderator", town=gransee)
    return user


def built(town: Town, name: str, share: str = "coarse", **more: Any) -> OwnBuilding:
    """A building that a person entered and lets be shown."""
    vacancy = Vacancy(town=town, point=town.centre, source="owner", occupancy="vacant", **more)
    made: OwnBuilding = OwnBuilding.objects.all().enter(account(name), vacancy, "owner", share, f"form of {name}")
    return made


def decided(own: OwnBuilding, by: User, outcome: State, **more: Any) -> Report:
    report = own.vacancy.reports.get()
    return decisions.decide(report, outcome, by, version=report.version, **more)


def is_public(vacancy: Vacancy) -> bool:
    return bool(Vacancy.objects.public().filter(key=vacancy.key).exists())


def test_taking_back_a_merge_moves_nobody_elses_building(gransee: Town, officer: User) -> None:
    alice, bob = built(gransee, "alice"), built(gransee, "bob")
    decided(alice, officer, State.ACCEPTED)
    double, report = bob.vacancy, decided(bob, officer, State.MERGED, vacancy=alice.vacancy)
    bob.refresh_from_db()
    assert bob.vacancy == alice.vacancy
    decisions.take_back(report, officer, version=report.version)
    alice.refresh_from_db()
    bob.refresh_from_db()
    assert bob.vacancy == double
    assert alice.vacancy != double
    assert is_public(alice.vacancy)
    alice.withdraw_consent()
    assert not is_public(alice.vacancy)


def test_who_is_parted_again_takes_the_consent_along(gransee: Town, officer: User) -> None:
    there = Vacancy.objects.create(town=gransee, point=gransee.centre, publication="published", occupancy="vacant")
    bob = built(gransee, "bob")
    report = decided(bob, officer, State.MERGED, vacancy=there)
    bob.refresh_from_db()
    bob.allow("exact")
    assert is_public(there)
    decisions.take_back(report, officer, version=report.version)
    assert not is_public(there)


def test_a_consent_on_paper_is_not_parted(gransee: Town, officer: User) -> None:
    words = {"visibility": "exact", "basis": "owner_consent", "consent_on": timezone.localdate(), "consent_text_version": "Papier"}
    there = Vacancy.objects.create(town=gransee, point=gransee.centre, publication="published", occupancy="vacant", **words)
    report = decided(built(gransee, "bob"), officer, State.MERGED, vacancy=there)
    decisions.take_back(report, officer, version=report.version)
    assert is_public(there)


def no_longer_valid(vacancy: Vacancy) -> None:
    far = Point(vacancy.point.x + 500, vacancy.point.y, srid=crs.STORAGE)
    Vacancy.objects.filter(pk=vacancy.pk).update(footprint=MultiPolygon(far.buffer(5), srid=crs.STORAGE))
    assert vacancy.footprint is None


def test_a_consent_is_withdrawn_whatever_else_is_wrong_with_the_row(gransee: Town, officer: User) -> None:
    one, two, three = (built(gransee, name) for name in ("eins", "zwei", "drei"))
    for own in (one, two, three):
        decided(own, officer, State.ACCEPTED)
        no_longer_valid(own.vacancy)
        assert is_public(own.vacancy)
    client = Client()
    client.force_login(one.user, BACKEND)
    assert client.post(f"/eintragen/{one.pk}/zurueckziehen/").status_code == 302
    client.force_login(two.user, BACKEND)
    assert client.post(f"/eintragen/{two.pk}/freigabe/", {"share": "none"}).status_code == 302
    leave(three.user)
    assert not any(is_public(own.vacancy) for own in (one, two, three))


def test_one_row_that_fails_keeps_no_other(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, gransee: Town) -> None:
    users = [account(f"ruht-{n}") for n in range(3)]
    User.objects.exclude(pk__in=[u.pk for u in users]).update(last_login=timezone.now())
    long_ago = timezone.now() - retention.relativedelta(months=30)
    User.objects.filter(pk__in=[u.pk for u in users]).update(date_joined=long_ago, last_login=long_ago)
    for user in users:
        user.idle_notice = retention.IdleNotice.objects.create(user=user, sent_at=timezone.now() - 2 * retention.NOTICE)  # type: ignore[attr-defined]
    Consent.objects.create(
        user=officer_of_nothing(), text="x", version=1, digest="x", withdrawn_at=timezone.now() - retention.relativedelta(years=9)
    )

    def leaves(user: User) -> None:
        if user == users[1]:
            raise ValueError(user.email)
        leave(user)

    monkeypatch.setattr(retention, "leave", leaves)
    with pytest.raises(RuntimeError, match="idle accounts deleted: 1"):
        retention.retention()
    assert list(User.objects.filter(pk__in=[u.pk for u in users])) == [users[1]]
    assert not Consent.objects.filter(text="x").exists(), "the rules behind it are applied, too"
    said = " ".join(r.getMessage() for r in caplog.records if r.name == "raum.retention")
    assert f"idle accounts deleted failed for {users[1].pk}" in said
    assert "ruht-1" not in said


def officer_of_nothing() -> User:
    return account("bleibt", last_login=timezone.now())


def photographed(town: Town) -> Report:
    words = {"former_use": "retail", "seen": "kanarie am Fenster", "note": "Frau kanarie weiß mehr", "email": "mia@example.org"}
    report = Report(kind="new", town=town, point=town.centre, photo=ContentFile(b"x", name="bild.jpg"), **words)
    report.photo.save("bild.jpg", picture(), save=False)
    report.save()
    report.go(State.EMAIL_CONFIRMED)
    return report


def picture() -> ContentFile[bytes]:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG")
    return ContentFile(out.getvalue(), name="bild.jpg")


def test_a_deleted_report_leaves_no_words_and_breaks_no_picture(
    gransee: Town, officer: User, django_capture_on_commit_callbacks: Any
) -> None:
    report = photographed(gransee)
    made = decisions.decide(report, State.ACCEPTED, officer, version=report.version).vacancy
    assert made is not None
    photo = Photo.objects.get(vacancy=made)
    assert report.key in made.notes
    with django_capture_on_commit_callbacks(execute=True):
        deletion.delete(Subject.by("mia@example.org"))
    assert not Report.objects.exists()
    made.refresh_from_db()
    states = Vacancy.pgh_event_model.objects.filter(pgh_obj=made)  # type: ignore[attr-defined]
    assert states.exists()
    assert not [n for n in [made.notes, *states.values_list("notes", flat=True)] if "kanarie" in n]
    assert Path(photo.file.path).exists(), "the vacancy shows it"
    with django_capture_on_commit_callbacks(execute=True):
        other = photographed(gransee)
        deletion.delete(Subject.by("mia@example.org"))
    assert not Path(other.photo.path).exists()


@pytest.mark.parametrize("what", ["owner", "photo"])
def test_what_others_added_is_not_deleted_with_a_decision(gransee: Town, officer: User, what: str) -> None:
    report = photographed(gransee)
    report = decisions.decide(report, State.ACCEPTED, officer, version=report.version)
    assert report.vacancy
    if what == "owner":
        OwnerContact.objects.create(vacancy=report.vacancy, name="Erna Beispiel", rank="do_not_contact")
    else:
        report.vacancy.photos.create(file=picture(), creator="Gemeinde", licence="CC0")
    with pytest.raises(decisions.NotAllowed, match="inzwischen bearbeitet"):
        decisions.take_back(report, officer, version=report.version)
    assert Vacancy.objects.filter(pk=report.vacancy.pk).exists()


def test_the_log_of_the_administration_names_nobody_who_is_gone(gransee: Town, officer: User) -> None:
    chief = account("chefin", is_superuser=True, is_staff=True)
    client, gone = Client(), account("kanarie")
    client.force_login(chief, BACKEND)
    client.post("/admin/network/membership/add/", {"user": gone.email, "town": gransee.pk, "role": "viewer"})
    held = Membership.objects.get(user=gone)
    client.post(f"/admin/network/membership/{held.pk}/delete/", {"post": "yes"})
    assert not Membership.objects.filter(user=gone).exists()
    about = {"content_type": ContentType.objects.get_for_model(User), "object_id": "0", "action_flag": DELETION}
    LogEntry.objects.create(user=chief, object_repr="KANARIE@example.org", **about)
    assert set(LogEntry.objects.values_list("action_flag", flat=True)) == {ADDITION, DELETION}
    deletion.delete(Subject.of(gone))
    assert not LogEntry.objects.filter(object_repr__icontains="kanarie").exists()


def test_an_officers_answers_stay_without_their_name(gransee: Town, officer: User) -> None:
    key = PublicVacancy.objects.in_town("gransee").order_by("key")[0].key
    found, _new = thread.begin(account("sucht"), Vacancy.objects.get(key=key), "Guten Tag, ist das Haus noch frei?")
    thread.write(found, Side.CONTACT, "Ja, kommen Sie vorbei.", author=officer, by="Paula Prüferin")
    deletion.delete(Subject.of(officer))
    kept = InquiryMessage.objects.get(text="Ja, kommen Sie vorbei.")
    assert (kept.author, kept.by) == (None, "")


def test_one_form_makes_one_building_and_a_day_has_an_end(gransee: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    own = built(gransee, "anna")
    anna, known = own.user, Vacancy.objects.count()
    again = Vacancy(town=gransee, point=gransee.centre, source="owner")
    assert OwnBuilding.objects.all().enter(anna, again, "owner", "none", "form of anna") == own
    with monkeypatch.context() as patch:  # two clicks at once: the second looks before the first is through
        seen = iter([None, own])
        patch.setattr(type(OwnBuilding.objects.all()), "of_form", lambda *_a: next(seen))
        assert OwnBuilding.objects.all().enter(anna, again, "owner", "none", "form of anna") == own
    assert OwnBuilding.objects.count() == Report.objects.count() == 1
    assert Vacancy.objects.count() == known
    other = Vacancy(town=gransee, point=gransee.centre, source="owner")
    assert OwnBuilding.objects.all().enter(account("bert"), other, "owner", "none", "form of anna").user != anna
    others = Vacancy.objects.exclude(entered_by__user=anna)[: A_DAY - 1]
    OwnBuilding.objects.bulk_create(OwnBuilding(user=anna, vacancy=v, stated_role="owner") for v in others)
    client = Client()
    client.force_login(anna, BACKEND)
    lon, lat = crs.transform_xy(gransee.centre.x, gransee.centre.y, crs.STORAGE, crs.WEB)
    facts = {"stated_role": "owner", "former_use": "craft", "occupancy": "vacant", "condition": "usable", "summary": "Scheune"}
    full = client.post(f"/eintragen/?lat={lat:.6f}&lon={lon:.6f}", facts | {"go": "settle", "share": "none", "form_key": "neu"})
    assert full.status_code == 429
    assert f"heute schon {A_DAY} Gebäude" in full.content.decode()
    assert 'value="Scheune"' in full.content.decode(), "what was typed stays"


def test_a_draft_goes_with_its_owner_and_what_the_municipality_took_stays(gransee: Town, officer: User) -> None:
    draft, taken = built(gransee, "anna", summary="kanarie"), built(gransee, "bert")
    decided(taken, officer, State.ACCEPTED)
    leave(draft.user)
    leave(taken.user)
    assert not Vacancy.objects.filter(pk=draft.vacancy.pk).exists()
    assert not Vacancy.pgh_event_model.objects.filter(summary="kanarie").exists()  # type: ignore[attr-defined]
    assert Vacancy.objects.get(pk=taken.vacancy.pk).visibility == "municipality"


def test_what_was_not_taken_is_laid_before_the_municipality_again(gransee: Town, officer: User) -> None:
    own, client = built(gransee, "anna", "none"), Client()
    client.force_login(own.user, BACKEND)
    page = f"/eintragen/{own.pk}/freigabe/"
    client.post(page, {"share": "none"})
    assert Report.objects.count() == 1, "it lies there already"
    decided(own, officer, State.REJECTED, reason="bewohnt")
    assert "nicht übernommen" in client.get("/eintragen/meine/").content.decode()
    answer = client.post(page, {"share": "none"}, follow=True).content.decode()
    assert "Die Gemeinde prüft den Eintrag" in answer
    assert [r.state for r in own.vacancy.reports.order_by("pk")] == ["rejected", "email_confirmed"]
    report = own.vacancy.reports.get(state="email_confirmed")
    decisions.decide(report, State.ACCEPTED, officer, version=report.version)
    answer = client.post(page, {"share": "coarse", "agreed_coarse": "on"}, follow=True).content.decode()
    assert "Gespeichert." in answer
    assert "Die Gemeinde prüft den Eintrag" not in answer
    assert own.vacancy.reports.count() == 2


def test_who_reported_is_forgotten_with_the_account(gransee: Town, officer: User) -> None:
    own = built(gransee, "anna")
    report = decided(own, officer, State.ACCEPTED)
    assert report.steps.filter(by=own.user).exists()
    Report.objects.update(decided_at=timezone.now() - retention.relativedelta(months=4))
    assert retention.BY_NAME["who reported"].apply(timezone.now()) == 1
    report.refresh_from_db()
    assert (report.email, report.user) == ("", None)
    assert [s.by for s in report.steps.order_by("pk")] == [None, officer, officer]
    assert retention.BY_NAME["who reported"].apply(timezone.now()) == 0
    own.allow("exact")
    assert own.vacancy.reports.count() == 1


def test_a_consent_ends_with_what_it_was_given_for(client: Client) -> None:
    anna = account("anna")
    sign_in(client, anna)
    shown = SpaceRequest.objects.create(owner=anna, title="x", visibility="named", state="withdrawn")
    old = SpaceRequest.objects.create(owner=anna, title="y", visibility="named", state="withdrawn")
    for request in (shown, old):
        consents.give(anna, "gesuch-oeffentlich", request.key)
    client.post(f"/gesuche/{shown.key}/loeschen/")
    SpaceRequest.objects.filter(pk=old.pk).update(updated_at=timezone.now() - retention.relativedelta(years=3))
    assert retention.BY_NAME["requests for space"].apply(timezone.now()) == 1
    assert not SpaceRequest.objects.exists()
    assert [bool(c.withdrawn_at) for c in Consent.objects.all()] == [True, True]


def test_of_two_clicks_on_a_report_one_counts(gransee: Town, monkeypatch: pytest.MonkeyPatch, rf: Any) -> None:
    words = {"kind": "new", "town": gransee, "email": "mia@example.org", "form_key": "a" * 32}

    def meanwhile(*_words: Any) -> None:
        Report(**words).save()

    monkeypatch.setattr(receiving, "must_not_be_too_many", meanwhile)
    late = Report(**words)
    late.photo.save("bild.jpg", picture(), save=False)
    file = Path(late.photo.path)
    assert file.exists()
    assert receiving.receive(late, rf.post("/melden/")) == Report.objects.get()
    assert not file.exists(), "the second picture is not kept"


def test_ones_sessions_are_found_without_opening_those_of_others(client: Client, django_assert_num_queries: Any) -> None:
    anna = account("anna")
    sign_in(client, anna)
    sign_in(Client(), account("bert"))
    holding = deletion.HOLDINGS[0]
    assert holding.model == "sessions.Session"
    with django_assert_num_queries(1):
        assert [s.pk for s in holding.rows(Subject(anna))] == [client.session.session_key]
    assert not holding.rows(Subject(None, ("anna@example.org",))).exists()

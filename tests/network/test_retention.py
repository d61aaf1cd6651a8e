"""How long what is kept: of each kind one row that is due and one that is not yet; both counted by hand."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from dateutil.relativedelta import relativedelta
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone
from procrastinate.contrib.django import app

from geo.models import Town
from network.models import (
    AdviceCase,
    AppPassword,
    Attendance,
    Consent,
    Event,
    IdleNotice,
    Invitation,
    Mail,
    NewsletterSubscription,
    OwnerContact,
    OwnerView,
    Registration,
    Subscription,
)
from network.privacy import consents, deletion, retention
from network.privacy.holdings import HOLDINGS, of_model
from network.seeking.models import SpaceRequest
from tests.network.people import account
from vacancies.models import Vacancy

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2027, 3, 10, 2, 23, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def quiet(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.DELETION_LOG = tmp_path / "deletions.log"
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    User.objects.update(date_joined=NOW, last_login=NOW)  # the administrator of the examples
    cache.clear()
    yield
    cache.clear()


def used(name: str, ago: relativedelta | datetime.timedelta, **words: Any) -> User:
    user = account(name, **words)
    User.objects.filter(pk=user.pk).update(date_joined=NOW - relativedelta(years=9), last_login=NOW - ago)
    return user


def due() -> dict[str, int]:
    return {name: n for name, n in retention.due(NOW).items() if n}


def test_an_idle_account_is_told_and_deleted_thirty_days_later() -> None:
    idle = used("ruht", relativedelta(months=23, days=2))
    used("neulich", relativedelta(months=22, days=20))
    used("chefin", relativedelta(months=40), is_superuser=True)
    by_program = used("qgis", relativedelta(months=40))
    AppPassword.objects.create_for(by_program, "QGIS")
    AppPassword.objects.update(last_used_on=NOW.date() - 9 * DAY)
    on_device = used("geraet", relativedelta(months=40))
    UserSession.objects.create(user=on_device, ip="192.0.2.1", user_agent="x", session_key="x", last_seen_at=NOW - DAY)
    assert due() == {"idle accounts reminded": 1}
    assert retention.run(NOW)["idle accounts reminded"] == 1
    mail = Mail.objects.get()
    assert mail.to == "ruht@example.org"
    assert "Am 9. April 2027 löschen wir es" in mail.text
    Mail.objects.all().delete()
    assert retention.run(NOW)["idle accounts reminded"] == 0, "once"
    IdleNotice.objects.update(sent_at=NOW)
    later = NOW + 29 * DAY
    assert retention.due(later)["idle accounts deleted"] == 0
    later = NOW + 31 * DAY
    assert retention.due(later)["idle accounts deleted"] == 1
    User.objects.filter(pk=idle.pk).update(last_login=NOW + DAY)
    assert retention.due(later)["idle accounts deleted"] == 0, "signing in makes the notice void"
    User.objects.filter(pk=idle.pk).update(last_login=NOW - relativedelta(months=23, days=2))
    assert retention.run(later)["idle accounts deleted"] == 1
    assert not User.objects.filter(pk=idle.pk).exists()
    assert User.objects.filter(username__in=("neulich", "chefin", "qgis", "geraet")).count() == 4


def test_each_kind_goes_when_its_time_is_over() -> None:
    anna = used("anna", DAY)
    town = Town.objects.get(slug="gransee")
    vacancy = Vacancy.objects.filter(town=town).first()
    assert vacancy
    for name, days in (("alt", 31), ("neu", 29)):
        user = User.objects.create_user(name, f"{name}@example.org")
        User.objects.filter(pk=user.pk).update(date_joined=NOW - days * DAY, last_login=None)
        EmailAddress.objects.create(user=user, email=user.email)
        for when in ({"accepted_at": NOW - days * DAY}, {"withdrawn_at": NOW - days * DAY}, {"created_at": NOW - (14 + days) * DAY}):
            Invitation(town=town, email="x@example.org", invited_by=anna, **when).save()
        AppPassword.objects.create_for(anna, name)
        AppPassword.objects.filter(label=name).update(revoked_at=NOW - days * DAY)
    for months, days in ((12, 1), (11, 28)):
        ago = NOW - relativedelta(months=months, days=days)
        for state in ("withdrawn", "expired", "draft", "fulfilled", "paused"):
            SpaceRequest.objects.create(owner=anna, title=state, state=state, expires_on=ago.date())
        SpaceRequest.objects.filter(updated_at=NOW).update(updated_at=ago)
        look = OwnerView.objects.all().note(anna, vacancy, "outreach")
        OwnerView.objects.filter(pk=look.pk).update(at=ago)
    for n, months in enumerate((37, 35)):
        given = consents.give(anna, "gesuch-oeffentlich", str(n))
        Consent.objects.filter(pk=given.pk).update(withdrawn_at=NOW - relativedelta(months=months))
    for days in (8, 6):
        row = Subscription.objects.create(kind="search", address=f"{days}@example.org")
        Subscription.objects.filter(pk=row.pk).update(created_at=NOW - days * DAY)
    for days in (0, 1):
        Subscription.objects.create(kind="digest", address=f"{days}@example.org", confirmed_at=NOW, expires_on=NOW.date() + days * DAY)
    for days in (4, 2):
        mail = Mail.objects.create(to="x@example.org", purpose="x", subject="x", text="x")
        Mail.objects.filter(pk=mail.pk).update(created_at=NOW - days * DAY)
    Session.objects.create(session_key="a" * 32, session_data="", expire_date=NOW - DAY)
    Session.objects.create(session_key="b" * 32, session_data="", expire_date=NOW + DAY)
    expected = {
        "unconfirmed sign-ups": 1,
        "invitations": 3,
        "requests for space": 4,
        "subscriptions never confirmed": 1,
        "subscriptions ended": 1,
        "revoked app passwords": 1,
        "withdrawn consents": 1,
        "looks at owners' data": 1,
        "mails that nobody takes": 1,
        "sessions": 1,
    }
    out = StringIO()
    call_command("retention", "--dry-run", stdout=out)
    told = {line.strip().partition("  ")[2]: int(line.split()[0]) for line in out.getvalue().splitlines()}
    assert {name: n for name, n in told.items() if n} == expected
    assert Invitation.objects.count() == 6, "a dry run changes nothing"
    assert {name: n for name, n in retention.run(NOW).items() if n} == expected
    assert due() == {}, "nothing is left for a second run"
    assert set(User.objects.filter(username__in=("alt", "neu")).values_list("username", flat=True)) == {"neu"}
    assert SpaceRequest.objects.count() == 6
    assert Session.objects.filter(session_key__startswith="b").exists()


def archived(months: int, days: int, notes: str) -> Vacancy:
    """A vacancy that was archived so long ago, by its history; changed yesterday."""
    vacancy = Vacancy.objects.filter(is_example=True, publication="published", owners=None).order_by("key").first()
    assert vacancy
    Vacancy.objects.filter(pk=vacancy.pk).update(publication="archived", notes=notes, vacancy_cause=notes, imported={"notes": notes})
    states = apps.get_model("vacancies.VacancyEvent").objects.filter(pgh_obj_id=vacancy.pk)
    states.update(pgh_created_at=NOW - relativedelta(months=60))
    states.filter(publication="archived").update(pgh_created_at=NOW - relativedelta(months=months, days=days))
    Vacancy.objects.filter(pk=vacancy.pk).update(locality="anders", updated_at=NOW - DAY)
    OwnerContact.objects.create(vacancy=vacancy, name="Erna Beispiel")
    return vacancy


def test_what_was_noted_of_a_closed_vacancy_goes_from_the_row_and_its_history() -> None:
    old, young = archived(24, 1, "Erbstreit in der Familie Beispiel"), archived(23, 20, "noch nicht")
    reopened = archived(30, 1, "wieder offen")
    Vacancy.objects.filter(pk=reopened.pk).update(publication="draft")
    Vacancy.objects.filter(pk=reopened.pk).update(publication="archived")
    states = apps.get_model("vacancies.VacancyEvent").objects
    states.filter(pgh_obj_id=reopened.pk, publication="draft").update(pgh_created_at=NOW - relativedelta(months=5))
    last = states.filter(pgh_obj_id=reopened.pk).latest("pgh_id")
    states.filter(pk=last.pk).update(pgh_created_at=NOW - relativedelta(months=4))
    assert due() == {"closed vacancies": 1}
    retention.run(NOW)
    old.refresh_from_db()
    assert (old.notes, old.vacancy_cause, old.imported, old.parcels, old.publication) == ("", "", {}, [], "archived")
    assert not old.owners.exists()
    kept = states.filter(pgh_obj_id=old.pk)
    assert kept.count() >= 3, "the history itself stays"
    assert set(kept.values_list("notes", "vacancy_cause")) == {("", "")}
    assert not any("Beispiel" in str(v) for v in kept.values_list("imported", flat=True))
    for other in (young, reopened):
        other.refresh_from_db()
        assert other.notes
        assert other.owners.exists()
    assert due() == {}, "what is done is not done every night"


@pytest.fixture
def one_event() -> Event:
    return Event.objects.create(slug="fest", title="Fest", kind="festival", starts_at=NOW, ends_at=NOW, venue="Hof", state="published")


def case(n: int, **words: Any) -> AdviceCase:
    told: dict[str, Any] = {"audience": "owner", "phase": "plan", "topics": ["property"], "consent_text_version": "x", "question": "?"}
    return AdviceCase.objects.create(client_mail=f"{n}@example.org", **({"confirmed_at": NOW} | told | words))


@pytest.mark.parametrize("name", ["advice", "events", "letters"])
def test_a_day_before_its_period_ends_nothing_goes_and_a_day_after_it_does(name: str, one_event: Event) -> None:
    """Periods by hand: cases 365 days after their end, registrations 30 days after the event, what nobody confirmed three days."""
    for n, off in enumerate((-1, 1)):  # a day less than the period ago, a day more
        year, month, three = (NOW - (days + off) * DAY for days in (365, 30, 3))
        if name == "advice":
            case(n, state="resolved" if n else "closed", state_since=year)
            case(10 + n, state="waiting_client", state_since=NOW - 900 * DAY)
            AdviceCase.objects.filter(pk=case(20 + n, confirmed_at=None).pk).update(created_at=three)
        elif name == "events":
            words = {"event": one_event, "name": "x"}
            Registration.objects.create(mail=f"{n}@example.org", begins_at=month, state="seated", confirmed_at=NOW, **words)
            Registration.objects.create(mail=f"{20 + n}@example.org", begins_at=NOW + DAY, created_at=three, **words)
        else:
            NewsletterSubscription.objects.create(mail=f"{n}@example.org", created_at=NOW - 900 * DAY, confirmed_at=NOW - 900 * DAY)
            NewsletterSubscription.objects.create(mail=f"{20 + n}@example.org", created_at=three)
    expected = {
        "advice": {"advice never confirmed": 1, "advice cases": 1},
        "events": {"registrations never confirmed": 1, "registrations": 1},
        "letters": {"letters never confirmed": 1},
    }
    assert due() == expected[name]
    assert {rule: n for rule, n in retention.run(NOW).items() if n} == expected[name]
    left = {
        "advice": {"0@example.org", "10@example.org", "11@example.org", "20@example.org"},
        "events": {"0@example.org", "20@example.org"},
        "letters": {"0@example.org", "1@example.org", "20@example.org"},
    }
    mails = {
        "advice": AdviceCase.objects.values_list("client_mail", flat=True),
        "events": Registration.objects.values_list("mail", flat=True),
        "letters": NewsletterSubscription.objects.values_list("mail", flat=True),
    }
    assert set(mails[name]) == left[name]
    if name == "events":
        assert Attendance.objects.get().seats == 1, "how many came stays"


@pytest.mark.parametrize(("setting", "rule"), [("advice_days", "advice cases"), ("event_days", "registrations")])
def test_periods_of_advice_and_events_are_set(setting: str, rule: str, one_event: Event, settings: Any) -> None:
    case(1, state="closed", state_since=NOW - 8 * DAY)
    one_event.registrations.create(name="x", mail="a@example.org", begins_at=NOW - 8 * DAY, state="seated", confirmed_at=NOW)
    settings.RETENTION = settings.RETENTION | {setting: 9}
    assert due() == {}
    settings.RETENTION = settings.RETENTION | {setting: 7}
    assert due() == {rule: 1}


def test_every_rule_stands_in_the_record_of_processing_and_no_other_job_deletes_by_the_calendar() -> None:
    nobody = {"vacancies.Vacancy", "network.Attempt"}  # network.privacy.nobody says when
    for rule in retention.RULES:
        label = rule.due(NOW).model._meta.label
        holding = of_model(label)
        assert label in nobody or (holding and str(holding.kept)), rule.name
    told = " ".join(str(h.kept) for h in HOLDINGS) + " ".join(str(getattr(h.end, "reason", "")) for h in HOLDINGS)
    assert {name for name in django_settings.RETENTION if f"{{{name}}}" not in told} == {"backup_days"}
    assert len(retention.BY_NAME) == len(retention.RULES)
    jobs = {name for name in app.tasks if name.startswith(("forget", "tidy", "delete", "clean"))}
    assert jobs == {"forget_uploads"}, "a file that waits for a click, every quarter of an hour"


def test_lines_of_the_deletion_log_go_with_the_backups(settings: Any) -> None:
    settings.DELETION_LOG.write_text("2027-02-01T00:00:00Z " + "a" * 64 + "\n2027-02-10T00:00:00Z " + "b" * 64 + "\n")
    assert retention.run(NOW)["lines of the deletion log"] == 1  # 35 days before 10 March: 3 February
    assert list(deletion.read_log(settings.DELETION_LOG)) == ["b" * 64]


def test_a_period_follows_the_setting(settings: Any) -> None:
    SpaceRequest.objects.create(owner=used("anna", DAY), title="x", state="withdrawn")
    SpaceRequest.objects.update(updated_at=NOW - relativedelta(months=2))
    assert due() == {}
    settings.RETENTION = settings.RETENTION | {"request_months": 1}
    assert due() == {"requests for space": 1}


def test_the_night_writes_one_line(caplog: pytest.LogCaptureFixture) -> None:
    Session.objects.create(session_key="a" * 32, session_data="", expire_date=NOW - DAY)
    retention.retention()
    assert [r.getMessage() for r in caplog.records if r.name == "raum.retention"] == ["retention: sessions: 1"]

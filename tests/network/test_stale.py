"""Entries nobody confirms: one mail a month, an announcement two months ahead, and only then no longer public."""

from __future__ import annotations

import datetime
import re

import pytest
from dateutil.relativedelta import relativedelta
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from geo.models import Dataset, Town
from network.intake.tasks import remind, unpublish
from network.models import Membership, StaleReminder
from tests.network.people import account, mails
from vacancies.models import Vacancy

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 11, 26)


@pytest.fixture
def gransee() -> Town:
    town = Town.objects.get(slug="gransee")
    for role in ("viewer", "editor", "manager"):
        Membership.objects.create(user=account(role), role=role, town=town)
    Membership.objects.create(user=account("kolab"), role="admin", statewide=True)
    return town


def entry(town: Town, months: int, days: int = 0, **more: object) -> Vacancy:
    words = {"publication": "published", "visibility": "exact", "basis": "municipal_property", "title": f"Haus {months}"}
    day = TODAY - relativedelta(months=months) - datetime.timedelta(days=days)
    return Vacancy.objects.create(town=town, point=town.centre, verified_at=day, **words | more)  # type: ignore[arg-type]


def test_one_mail_a_month_to_those_who_keep_the_register(gransee: Town) -> None:
    entry(gransee, 12, 1)
    entry(gransee, 11, 29)
    entry(gransee, 30, publication="draft")
    assert remind(TODAY) == 1
    sent = mails()
    assert sorted(m.to[0] for m in sent) == ["editor@example.org", "manager@example.org"]
    assert sent[0].subject == "Gransee: 1 Leerstand lange nicht bestätigt"
    assert "Haus 12" in sent[0].body
    assert "Haus 11" not in sent[0].body
    assert "/register/pruefliste/" in sent[0].body
    assert "nicht mehr öffentlich" not in sent[0].body
    assert remind(TODAY + datetime.timedelta(days=4)) == 0
    assert remind(datetime.date(2026, 12, 1)) == 1
    assert len(mails()) == 4


def test_without_members_of_its_own_the_contact_point_is_told(gransee: Town) -> None:
    entry(Town.objects.get(slug="bad-saarow"), 13)
    remind(TODAY)
    assert [m.to for m in mails()] == [["kolab@example.org"]]


def test_nothing_is_taken_back_that_was_not_announced_two_months_before(gransee: Town, settings: object) -> None:
    old, soon, young = entry(gransee, 30), entry(gransee, 22, 1), entry(gransee, 21)
    assert unpublish(TODAY) == 0
    remind(TODAY)
    body = mails()[0].body
    told = body.split("nicht mehr öffentlich")[1]
    assert "26. Januar 2027" in body
    assert [v.key in told for v in (old, soon, young)] == [True, True, False]
    StaleReminder.objects.update(sent_at=timezone.make_aware(datetime.datetime(2026, 11, 26, 6, 13)))
    assert unpublish(datetime.date(2027, 1, 25)) == 0
    assert unpublish(datetime.date(2027, 1, 26)) == 2
    states = [Vacancy.objects.get(pk=v.pk).publication for v in (old, soon, young)]
    assert states == ["review", "review", "published"]


def test_what_was_confirmed_meanwhile_stays_and_zero_is_never(gransee: Town, settings: pytest.FixtureRequest) -> None:
    old, kept = entry(gransee, 30), entry(gransee, 31)
    remind(TODAY)
    StaleReminder.objects.update(sent_at=timezone.make_aware(datetime.datetime(2026, 11, 26)))
    Vacancy.objects.filter(pk=kept.pk).update(verified_at=TODAY)
    settings.UNPUBLISH_MONTHS = 0  # type: ignore[attr-defined]
    assert unpublish(datetime.date(2027, 3, 1)) == 0
    settings.UNPUBLISH_MONTHS = 24  # type: ignore[attr-defined]
    assert unpublish(datetime.date(2027, 3, 1)) == 1
    assert Vacancy.objects.get(pk=old.pk).publication == "review"
    assert Vacancy.objects.get(pk=kept.pk).publication == "published"


def inside_labels(page: str) -> list[str]:
    return [part.split("</label>")[0] for part in page.split("<label")[1:]]


@pytest.mark.parametrize("path", ["/register/entwuerfe/", "/register/pruefliste/"])
def test_what_was_ticked_stays_ticked_when_something_is_missing(gransee: Town, client: Client, path: str) -> None:
    dataset = Dataset.objects.first()
    words = {"publication": "draft", "source": "import", "dataset": dataset} if "entwuerfe" in path else {}
    rows = [entry(gransee, 30 + n, **words) for n in range(3)]
    client.force_login(User.objects.get(username="editor"), "allauth.account.auth_backends.AuthenticationBackend")
    given = {"keys": [rows[0].key, rows[2].key, "no-such-key"], "visibility": "exact", "basis": "owner_consent"}
    refused = client.post(path, given)
    assert refused.status_code == 400
    page = refused.content.decode()
    ticked = re.findall(r'name="keys" value="(\w+)" checked', page)
    assert set(ticked) == {rows[0].key, rows[2].key}
    assert f'name="keys" value="{rows[1].key}">' in page
    assert " checked" not in client.get(path).content.decode().split("<fieldset")[1].split("</fieldset>")[0]
    labels = inside_labels(page)
    assert sum('name="keys"' in label for label in labels) >= 3
    assert not [label for label in labels if "<a " in label], "a link is no part of a box's name, nor of what ticks it"
    assert len(re.findall(r'<span class="sr">: [^<]{5,}</span></a>', page)) >= 3, "each link says what it leads to"

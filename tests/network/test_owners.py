"""Owners of vacancies: who sees them, that every look is noted, and who is left alone."""

from __future__ import annotations

import datetime
import time

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from geo.models import Town
from network.models import Membership, OwnerContact, OwnerView
from network.owners.access import SAID
from tests.network.people import account, sign_in_with_app, with_app
from vacancies.models import Vacancy

pytestmark = pytest.mark.django_db


@pytest.fixture
def gransee() -> Town:
    return Town.objects.get(slug="gransee")


@pytest.fixture
def vacancy(gransee: Town) -> Vacancy:
    found = gransee.vacancies.first()
    assert found
    return found


def officer(client: Client, role: str, **tenant: object) -> User:
    user = account(f"officer-{role}")
    Membership.objects.create(user=user, role=role, **tenant)
    sign_in_with_app(client, user, with_app(user))
    return user


def test_an_officer_says_what_for_sees_and_leaves_a_line_each_time(client: Client, gransee: Town, vacancy: Vacancy) -> None:
    user = officer(client, "moderator", town=gransee)
    OwnerContact.objects.create(vacancy=vacancy, name="Erna Beispiel", rank="primary", phone="03306 000")
    page = f"/register/{vacancy.key}/eigentuemer/"
    assert f'href="{page}"' in client.get(f"/admin/vacancies/vacancy/{vacancy.pk}/change/").content.decode()
    assert client.get(page)["Location"] == page + "zweck/"
    asked = client.get(page + "zweck/").content.decode()
    assert "Erna" not in asked
    assert client.post(page + "zweck/", {"purpose": "neugier"}).status_code == 200
    assert not OwnerView.objects.exists()
    assert client.post(page + "zweck/", {"purpose": "outreach"})["Location"] == page
    for seen in (1, 2):
        assert "Erna Beispiel" in client.get(page).content.decode()
        assert OwnerView.objects.count() == seen
    noted = OwnerView.objects.all()[0]
    assert (noted.user, noted.who, noted.vacancy, noted.town) == (user, user.email, vacancy, gransee)
    assert (noted.purpose, noted.act) == ("outreach", "viewed")
    session = client.session
    session[SAID] = {vacancy.key: ["outreach", time.time() - 31 * 60]}
    session.save()
    assert client.get(page)["Location"] == page + "zweck/", "a purpose holds for half an hour"


def test_owners_are_entered_changed_and_left_alone(client: Client, gransee: Town, vacancy: Vacancy) -> None:
    officer(client, "moderator", town=gransee)
    page = f"/register/{vacancy.key}/eigentuemer/"
    client.post(page + "zweck/", {"purpose": "correction"})
    assert "Bitte einen Namen oder eine Organisation angeben" in client.post(page + "neu/", {"rank": "pending"}).content.decode()
    client.post(page + "neu/", {"name": "=HYPERLINK(1)", "email": "erna@example.org", "rank": "primary"})
    client.post(page + "neu/", {"organisation": "Erbengemeinschaft Beispiel", "rank": "secondary"})
    owner, heirs = OwnerContact.objects.order_by("pk")
    client.post(f"{page}{heirs.pk}/", {"name": "Otto Beispiel", "rank": "secondary"})
    lines = client.post(page + "datei/").content.decode().splitlines()
    assert [line.split(";")[1] for line in lines] == ["name", "'=HYPERLINK(1)", "Otto Beispiel"]
    client.post(f"{page}{owner.pk}/nicht-ansprechen/")
    client.post(f"{page}{owner.pk}/nicht-ansprechen/")
    assert "erna@example.org" not in client.post(page + "datei/").content.decode(), "do_not_contact is in no export"
    assert "nicht mehr ansprechen" in client.get(page).content.decode()
    acts = list(OwnerView.objects.order_by("pk").values_list("act", flat=True))
    assert acts == ["added", "added", "changed", "exported", "changed", "changed", "exported", "viewed"]


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("editor", 403), ("moderator", 302)])
def test_owners_are_for_moderators_of_the_place(client: Client, gransee: Town, vacancy: Vacancy, role: str, status: int) -> None:
    officer(client, role, town=gransee)
    foreign = Vacancy.objects.exclude(town__district=gransee.district).first()
    assert foreign
    assert client.get(f"/register/{vacancy.key}/eigentuemer/").status_code == status
    assert client.get(f"/register/{foreign.key}/eigentuemer/").status_code == 404
    mine = OwnerContact.objects.create(vacancy=foreign, name="Fremd")
    client.post(f"/register/{vacancy.key}/eigentuemer/zweck/", {"purpose": "outreach"})
    assert client.get(f"/register/{vacancy.key}/eigentuemer/{mine.pk}/").status_code in (403, 404), "an id of another place"


def test_an_amt_covers_its_towns_and_admins_read_the_log_of_theirs_alone(client: Client, gransee: Town, vacancy: Vacancy) -> None:
    user = officer(client, "admin", admin_union="Gransee und Gemeinden")
    client.post(f"/register/{vacancy.key}/eigentuemer/zweck/", {"purpose": "rights"})
    client.get(f"/register/{vacancy.key}/eigentuemer/")
    foreign = Vacancy.objects.exclude(town__district=gransee.district).first()
    assert foreign
    OwnerView.objects.all().note(account("fremd"), foreign, "outreach")
    log = client.get("/register/eigentuemer/protokoll/").content.decode()
    assert user.email in log
    assert "fremd@example.org" not in log


def test_the_log_survives_person_and_vacancy_and_is_forgotten_after_its_time(vacancy: Vacancy, settings: object) -> None:
    user = account("weg")
    kept = OwnerView.objects.all().note(user, vacancy, "outreach")
    old = OwnerView.objects.all().note(user, vacancy, "outreach")
    OwnerView.objects.filter(pk=old.pk).update(at=timezone.now() - datetime.timedelta(days=367))
    OwnerView.objects.all().overdue(timezone.now()).delete()
    assert list(OwnerView.objects.all()) == [kept]
    user.delete()
    kept.refresh_from_db()
    assert (kept.user, kept.who) == (None, "weg@example.org")
    settings.RETENTION = {"owner_log_months": 0}  # type: ignore[attr-defined]
    OwnerView.objects.all().overdue(timezone.now()).delete()
    assert not OwnerView.objects.exists()


def test_an_owner_has_a_name_and_shows_it_in_no_log(vacancy: Vacancy) -> None:
    with pytest.raises(IntegrityError, match="owner_has_a_name"), transaction.atomic():
        OwnerContact.objects.create(vacancy=vacancy)
    assert "Erna" not in str(OwnerContact.objects.create(vacancy=vacancy, name="Erna Beispiel"))

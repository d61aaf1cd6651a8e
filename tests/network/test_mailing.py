"""Letters to several: seen before they are sent, to nobody who said no, once."""

from __future__ import annotations

import datetime
import math
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from geo import crs
from geo.errors import NotAllowed
from geo.models import District, Town
from network.mailing import recipients, sending
from network.models import Mailing, MailingRecipient, Membership, OptOut, Organisation, OwnerContact
from network.privacy import retention
from tests.network.people import account, mails, sign_in_with_app, with_app
from tests.network.seekers import made
from vacancies.models import Vacancy

pytestmark = pytest.mark.django_db


@pytest.fixture
def erna() -> User:
    user = account("erna")
    Membership.objects.create(user=user, statewide=True, role="moderator")
    return user


@pytest.fixture
def letter(erna: User) -> Mailing:
    """To the contacts of associations: three people, one of them for two."""
    for name, people in (("Verein A", "ab"), ("Verein B", "bc")):
        organisation = Organisation.objects.create(name=name, kind="association")
        for who in people:
            user = User.objects.filter(username=who).first() or account(who)
            organisation.people.create(user=user, role="contact", confirmed_at=timezone.now())
    Organisation(name="Bank", kind="finance").found(account("bank"))
    return Mailing.objects.create(
        audience="organisations", kind="association", subject="Einladung", text="Guten Tag {{ 1 }} <b>", author=erna
    )


def names(mailing: Mailing) -> list[str]:
    return [r.address.partition("@")[0] for r in recipients.choose(mailing).recipients]


def sent(mailing: Mailing, erna: User) -> Mailing:
    return sending.send(mailing, recipients.choose(mailing).digest, erna)


def test_every_address_once_and_nobody_who_said_no(letter: Mailing) -> None:
    assert names(letter) == ["a", "b", "c"]
    OptOut.objects.all().stop("A@Example.org")
    OptOut.objects.all().stop("a@example.org")
    OwnerContact.objects.create(vacancy=Vacancy.objects.first(), name="C", email="C@example.org", rank="do_not_contact")
    chosen = recipients.choose(letter)
    assert ([r.address for r in chosen.recipients], chosen.n_left_out) == (["b@example.org"], 2)
    assert "example" not in OptOut.objects.get().digest


def test_managers_of_municipalities_with_stale_vacancies() -> None:
    Vacancy.objects.update(verified_at=timezone.now())
    Vacancy.objects.filter(town__slug="gransee").update(verified_at=datetime.date(2020, 1, 1))
    for name, role, slug in (("m", "manager", "gransee"), ("v", "viewer", "gransee"), ("w", "manager", "wittenberge")):
        Membership.objects.create(user=account(name), town=Town.objects.get(slug=slug), role=role)
    mailing = Mailing(audience="stale_managers", subject="x", text="x")
    assert names(mailing) == ["m"]
    mailing.district = Town.objects.get(slug="wittenberge").district
    assert names(mailing) == []


def test_seekers_of_a_region_who_allow_mails() -> None:
    prignitz = District.objects.get(ags5="12070")
    where = {"towns": [], "districts": [], "around": [], "points": []}
    for name, regions, notify in (
        ("anywhere", None, "weekly"),
        ("town", where | {"towns": ["wittenberge"]}, "at_once"),
        ("district", where | {"districts": ["12070"]}, "weekly"),
        ("elsewhere", where | {"towns": ["luckenwalde"]}, "weekly"),
        ("point", where | {"points": [[11.75, 53.0, 1000]]}, "weekly"),  # in Wittenberge
        ("far", where | {"points": [[14.5, 52.3, 1000]]}, "weekly"),
        ("silent", None, "never"),
    ):
        wanted = {"regions": {"value": regions, "importance": "must"}} if regions else {}
        made(account(name), wanted, notify=notify)
    assert set(names(Mailing(audience="seekers", district=prignitz, subject="x", text="x"))) == {"anywhere", "town", "district", "point"}


def test_who_looks_around_a_town_looks_as_far_as_the_circle_reaches() -> None:
    oberhavel, templin = District.objects.get(ags5="12065"), Town.objects.get(slug="templin")
    with connection.cursor() as cursor:
        cursor.execute("SELECT ST_Distance(d.geom, t.centre) / 1000 FROM geo_district d, geo_town t WHERE d.id = %s AND t.id = %s", [
            oberhavel.pk, templin.pk
        ])  # fmt: skip
        [away] = cursor.fetchone()
    assert 5 < away < 20, "Templin is in the Uckermark"
    centre = templin.centre.transform(crs.WEB, clone=True)
    for name, where in (
        ("near", {"around": [["templin", math.ceil(away)]]}),
        ("short", {"around": [["templin", math.floor(away)]]}),
        ("point", {"points": [[centre.x, centre.y, math.ceil(away) * 1000]]}),
        ("gone", {"around": [["no-such-town", 100]]}),
    ):
        request = made(account(name), {}, notify="weekly")
        request.needs = {"regions": {"value": {"towns": [], "districts": [], "around": [], "points": []} | where, "importance": "must"}}
        request.save()
    assert names(Mailing(audience="seekers", district=oberhavel, subject="x", text="x")) == ["near", "point"]


def test_it_goes_in_batches_and_a_second_click_sends_nothing(letter: Mailing, erna: User) -> None:
    sent(letter, erna)
    sent(letter, erna)
    assert [sending.write_batch(2), sending.write_batch(2), sending.write_batch(2)] == [2, 1, 0]
    out = mails()
    assert sorted(m.to[0] for m in out) == ["a@example.org", "b@example.org", "c@example.org"]
    letter.refresh_from_db()
    assert (letter.state, letter.n_recipients, letter.author) == ("sent", 3, erna)
    assert out[0].subject == "Einladung"
    assert "Guten Tag {{ 1 }} <b>" in out[0].body
    assert "Sie sind Ansprechperson von „Verein A“." in out[0].body
    assert out[0].extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_one_click_ends_them_even_between_the_click_and_the_mail(letter: Mailing, erna: User, client: Client) -> None:
    sent(letter, erna)
    sending.write_batch(1)
    [first] = mails()
    link = re.search(r"<https?://[^/]+(/[^>]+)>", first.extra_headers["List-Unsubscribe"])
    assert link
    assert "Abbestellen" in client.get(link[1]).content.decode()
    assert not OptOut.objects.exists()  # looking ends nothing
    assert Client(enforce_csrf_checks=True).post(link[1], {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert OptOut.objects.all().among(["a@example.org"]) == {"a@example.org"}
    OptOut.objects.all().stop("b@example.org")
    sending.write_batch()
    assert [m.to[0] for m in mails()] == ["a@example.org", "c@example.org"]
    letter.refresh_from_db()
    assert (letter.n_recipients, letter.n_left_out, letter.state) == (2, 1, "sent")
    assert client.post("/rundschreiben/abbestellen/falsch/").status_code == 410


def test_refused_when_others_would_get_it_or_too_often(letter: Mailing, erna: User) -> None:
    seen = recipients.choose(letter).digest
    OptOut.objects.all().stop("a@example.org")
    with pytest.raises(NotAllowed, match="Inzwischen hat sich geändert"):
        sending.send(letter, seen, erna)
    words = {"audience": "organisations", "kind": "association", "subject": "x", "text": "x"}
    nobody = Mailing.objects.create(**{**words, "kind": "chamber"})
    with pytest.raises(NotAllowed, match="Niemand"):
        sent(nobody, erna)
    for _n in range(3):
        sent(Mailing.objects.create(**words), erna)
    with pytest.raises(NotAllowed, match="Mehr als 3"):
        sent(letter, erna)
    letter.refresh_from_db()
    assert letter.state == "draft"
    assert not letter.recipients.exists()


def test_addresses_are_forgotten_after_twelve_months_and_the_number_stays(letter: Mailing, erna: User) -> None:
    sent(letter, erna)
    rule = retention.BY_NAME["addresses of letters to several"]
    assert rule.apply(timezone.now() + datetime.timedelta(days=364)) == 0
    assert rule.apply(timezone.now() + datetime.timedelta(days=367)) == 3
    assert not MailingRecipient.objects.exists()
    assert Mailing.objects.get().n_recipients == 3


def test_by_the_pages_from_the_text_to_the_mail(letter: Mailing, erna: User, client: Client) -> None:
    sign_in_with_app(client, erna, with_app(erna))
    wrong: dict[str, Any] = {"audience": "seekers", "kind": "finance", "subject": "x", "text": "y"}
    refused = client.post("/schreibtisch/rundschreiben/neu/", wrong)
    assert refused.status_code == 400
    assert "Eine Art gibt es nur bei Organisationen" in refused.content.decode()
    words = {"audience": "organisations", "kind": "association", "subject": "Ein\nBetreff", "text": "<script>alert(1)</script>"}
    page = client.post("/schreibtisch/rundschreiben/neu/", words, follow=True)
    text = page.content.decode()
    assert "3 Personen" in text
    assert "a…@example.org" in text
    assert "&lt;script&gt;" in text
    assert "Betreff: Ein Betreff" in text
    path = page.redirect_chain[-1][0]
    client.post(f"{path}probe/")
    assert [m.to for m in mails()] == [["erna@example.org"]]
    stale = client.post(f"{path}senden/", {"seen": "0"}, follow=True)
    assert "Inzwischen hat sich geändert" in stale.content.decode()
    assert not MailingRecipient.objects.exists()
    seen = re.search(r'name="seen" value="(\w+)"', text)
    assert seen
    for _twice in range(2):
        answer = client.post(f"{path}senden/", {"seen": seen[1]}, follow=True)
    assert "Das Schreiben geht an 3 Personen" in answer.content.decode()
    sending.write_batch()
    assert len(mails()) == 4
    assert client.get(f"{path}aendern/").status_code == 404  # what is sent stays as it was
    assert "Ein Betreff" in client.get("/schreibtisch/rundschreiben/").content.decode()

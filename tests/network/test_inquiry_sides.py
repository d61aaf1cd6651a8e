"""What each side of an inquiry reads, and which ways lead to whom: hidden titles, languages, links of an office, reminders."""

from __future__ import annotations

import datetime
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone, translation

from network.contacts.models import ContactPoint
from network.inquiries import jobs, mails, thread
from network.inquiries.models import Inquiry
from network.inquiries.steps import Side
from network.members import Membership
from tests.network.contacting import TEXT, begun, link_in, office, seeker, sent, to, vacancy_in
from vacancies.models import Vacancy

pytestmark = pytest.mark.django_db
HIDDEN = "Bahnhofstrasse 11"


@pytest.fixture
def building() -> ContactPoint:
    ContactPoint.objects.all().delete()
    return office()


@pytest.fixture
def ilse() -> User:
    return seeker()


@pytest.fixture
def coarse() -> Vacancy:
    vacancy = vacancy_in()
    Vacancy.objects.filter(pk=vacancy.pk).update(visibility="coarse", title=HIDDEN)
    vacancy.refresh_from_db()
    return vacancy


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_hidden_title_reaches_the_office_and_never_the_seeker(building: ContactPoint, ilse: User, coarse: Vacancy) -> None:
    found = begun(ilse, coarse)
    thread.write(found, Side.CONTACT, "Gern am Dienstag.", by=building.name)
    thread.step(found, Side.CONTACT, "viewing", by=building.name)
    told = sent()
    own, asked = to(told, ilse.email), to(told, building.mailbox)
    assert (len(own), len(asked)) == (3, 1)
    assert HIDDEN in asked[0].subject, "they must know which building it is"
    assert not [m.subject for m in own if HIDDEN in str(m.message()) + m.body]
    assert all(f"Leerstand {coarse.key}, Gransee" in m.subject for m in own)
    client, caseworker = signed_in(ilse), seeker("mara")
    Membership.objects.create(user=caseworker, role="moderator", town=coarse.town)
    for publication in ("published", "archived"):
        Vacancy.objects.filter(pk=coarse.pk).update(publication=publication)
        pages = "".join(unescape(client.get(path).content.decode()) for path in ("/anfragen/", found.get_absolute_url()))
        assert HIDDEN not in pages, publication
        assert f"Leerstand {coarse.key}, Gransee" in pages
        assert f"{HIDDEN}, Gransee" in unescape(signed_in(caseworker).get("/anfragen/").content.decode())


@pytest.mark.usefixtures("building")
def test_many_own_inquiries_are_listed_with_as_many_questions_as_one(ilse: User, django_assert_max_num_queries: Any) -> None:
    client, counted = signed_in(ilse), []
    for number in range(3):
        begun(ilse, vacancy_in("gransee", number), f"Text {number}")
        if number != 1:
            with django_assert_max_num_queries(40) as asked:
                assert client.get("/anfragen/").status_code == 200
            counted.append(len(asked))
    assert counted[0] == counted[1]


def test_an_office_is_written_to_in_german_whatever_the_seeker_reads(building: ContactPoint, ilse: User, coarse: Vacancy) -> None:
    Vacancy.objects.filter(pk=coarse.pk).update(title="")
    coarse.refresh_from_db()
    with translation.override("en"):
        begun(ilse, coarse, language="en")
        told = sent()
    assert f"Leerstand {coarse.key}" in to(told, building.mailbox)[0].subject
    assert f"Vacancy {coarse.key}" in to(told, ilse.email)[0].subject
    assert Inquiry.objects.get().language == "en"


# --- the office behind a link ----------------------------------------------------------------------------------------


def test_an_answer_link_ends_with_the_mailbox_it_went_to(building: ContactPoint, ilse: User, settings: Any) -> None:
    settings.MAIL_REPLY_DOMAIN = "antwort.example.org"
    found = begun(ilse, vacancy_in())
    old, address = link_in(to(sent(), building.mailbox)[0]), mails.reply_address(found, Side.CONTACT)
    assert (Client().get(old).status_code, mails.addressed(address)) == (200, (found, "contact"))
    building.mailbox = "neues-bauamt@example.org"
    building.save()
    assert Client().get(old).status_code == 410
    assert Client().post(old, {"text": "Ich noch einmal"}).status_code == 410
    assert mails.addressed(address) is None
    thread.write(found, Side.SEEKER, "Haben Sie schon geschaut?", ilse)
    fresh = link_in(to(sent(), "neues-bauamt@example.org")[0])
    assert Client().get(fresh).status_code == 200


def test_the_contact_point_steps_in_for_an_office_that_left_the_directory(building: ContactPoint, ilse: User, settings: Any) -> None:
    settings.CONTACT = settings.CONTACT | {"name": "KoLaB Beispielstelle", "mail": "kolab@example.org"}
    found = begun(ilse, vacancy_in())
    old = link_in(to(sent(), building.mailbox)[0])
    building.withdraw()
    assert Client().get(old).status_code == 410
    thread.write(found, Side.SEEKER, "Haben Sie schon geschaut?", ilse)
    [asked] = sent()
    assert asked.to == ["kolab@example.org"]
    assert "KoLaB Beispielstelle" in Client().get(link_in(asked)).content.decode()
    assert not found.messages.filter(text="Ich noch einmal").exists()


def test_an_office_that_gets_an_old_inquiry_has_its_own_time_to_answer(building: ContactPoint, ilse: User) -> None:
    found, now = begun(ilse, vacancy_in()), timezone.now()
    asked = now - datetime.timedelta(days=20)
    Inquiry.objects.filter(pk=found.pk).update(waiting_since=asked, handed_at=asked, reminded=2)
    other, mara = office("Wirtschaft", mailbox="wirtschaft@example.org"), seeker("mara")
    thread.forward(found, other, "", Side.COORDINATOR, mara, "Mara")
    sent()
    reminders = {}
    for days in (1, 6, 7, 8, 13, 14, 21):
        jobs.remind(now + datetime.timedelta(days=days, minutes=5))
        if mails_now := sent():
            reminders[days] = [(m.to, m.subject.split(":")[0]) for m in mails_now]
    assert reminders == {
        7: [([other.mailbox], "Eine Anfrage wartet seit 27 Tagen")],
        14: [([other.mailbox], "Eine Anfrage wartet seit 34 Tagen")],
    }


# --- what is refused --------------------------------------------------------------------------------------------------


def test_a_message_that_is_refused_stays_in_its_field(building: ContactPoint, ilse: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client, answers = signed_in(ilse), []
    for number in range(3):
        answers.append(client.post(f"/anfragen/neu/{vacancy_in('gransee', number).slug}/", {"topic": "building", "text": TEXT}))
    assert [a.status_code for a in answers] == [302, 302, 403]
    page = unescape(answers[2].content.decode())
    assert "Diesen Text haben Sie schon an mehrere Stellen geschickt." in page
    assert f">\n{TEXT}</textarea>" in page
    assert '<option value="building" selected>' in page
    monkeypatch.setitem(thread.MESSAGES_A_DAY, "thread", 0)
    found = Inquiry.objects.first()
    office_link = mails.answer_link(found)
    for who, path in ((client, found.get_absolute_url()), (Client(), office_link)):
        refused = who.post(path, {"text": "Noch ein langer Gedanke"})
        assert refused.status_code == 429
        assert ">\nNoch ein langer Gedanke</textarea>" in unescape(refused.content.decode())

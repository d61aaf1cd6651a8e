"""Events that change: moved, skipped, called off, deleted; who stays theirs; what nobody can have sent to strangers."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from geo.models import Town
from network import post
from network.gathering import seats
from network.gathering.models import Event, Registration
from network.organisations.models import Organisation
from tests.network.people import enter
from tests.network.test_events import NOW, at, event, links, person, signed_up

pytestmark = pytest.mark.django_db
GIVEN = {
    "title": "Beispiel-Werkstatt", "kind": "workshop", "starts_at": "2099-03-10T18:00", "ends_at": "2099-03-10T20:00",
    "venue": "Beispielsaal", "description": "Beispiel", "takes_registration": "on",
}  # fmt: skip


@pytest.fixture
def kora() -> User:
    return person("kora", statewide=True, role="moderator")


def comes(made: Event, name: str, **words: Any) -> Registration:
    given = {"begins_at": made.starts_at, "name": name, "mail": f"{name}@example.org", "state": "seated", "confirmed_at": NOW}
    return Registration.objects.create(event=made, **(given | words))


def told() -> list[tuple[str, str]]:
    mail.outbox.clear()
    post.send_waiting()
    return sorted((m.to[0], m.subject) for m in mail.outbox)


def test_nobody_shows_a_draft_by_calling_it_off(client: Client) -> None:
    user = person("neu")
    Organisation(name="Beispiel e. V.", kind="association").found(user)
    client.force_login(user)
    organisation = Organisation.objects.get(name="Beispiel e. V.")
    assert client.post("/termine/eintragen/", GIVEN | {"organiser": organisation.pk}).status_code == 302
    made = Event.objects.get()
    assert client.post(f"{made.get_absolute_url()}absagen/").status_code == 403
    assert Client().get(made.get_absolute_url()).status_code == 404
    Event.objects.update(state="cancelled")
    assert Client().get(made.get_absolute_url()).status_code == 404, "never published, never shown"
    assert Client().get("/termine/").context["listed"] == []


def test_what_is_called_off_is_not_published_again(client: Client, kora: User) -> None:
    event(state="cancelled")
    client.force_login(kora)
    assert client.post("/termine/probe/veroeffentlichen/").status_code == 403
    assert Event.objects.get().state == "cancelled"


def test_of_what_is_called_off_nobody_hears_again(client: Client, kora: User) -> None:
    made = event(state="cancelled", capacity=1, rule="FREQ=WEEKLY")
    anna = comes(made, "anna")
    comes(made, "ben", state="waiting")
    seats.cancel(anna.pk)
    client.force_login(kora)
    changed = GIVEN | {"starts_at": "2099-05-09T19:00", "ends_at": "2099-05-09T20:00", "capacity": "9"}
    assert client.post("/termine/probe/bearbeiten/", changed).status_code == 302
    assert told() == []


def test_who_comes_moves_with_an_event(client: Client, kora: User) -> None:
    made = event(capacity=1)
    anna, ben, cem = comes(made, "anna"), comes(made, "ben", state="waiting"), comes(made, "cem", state="pending", confirmed_at=None)
    client.force_login(kora)
    moved = {"starts_at": "2099-05-09T19:00", "ends_at": "2099-05-09T20:00", "capacity": "1"}
    page = client.post("/termine/probe/bearbeiten/", GIVEN | moved, follow=True).content.decode()
    assert "Benachrichtigt: 2" in page
    for one in (anna, ben, cem):
        one.refresh_from_db()
        assert one.begins_at == at("2099-05-09T19:00")
    assert told() == [("anna@example.org", "Verlegt: Beispiel-Werkstatt"), ("ben@example.org", "Verlegt: Beispiel-Werkstatt")]
    assert "9. Mai 2099 19:00" in mail.outbox[0].body
    client.logout()
    made.starts_at = at("2099-05-09T19:00")
    assert signed_up(client, made, "dora").state == "waiting", "the seat is still taken"
    assert not Registration.objects.all().of_events_before(at("2099-04-30T12:00")).exists(), "not forgotten after the old day"


def test_nobody_is_left_behind_at_a_time_that_is_no_more(client: Client, kora: User) -> None:
    made = event(rule="FREQ=WEEKLY;COUNT=3")
    anna, ben = comes(made, "anna"), comes(made, "ben", begins_at=at("2099-03-17T18:00"))
    client.force_login(kora)
    same = GIVEN | {"rule": "FREQ=WEEKLY;COUNT=3"}
    for changed in ({"starts_at": "2099-03-11T18:00", "ends_at": "2099-03-11T20:00"}, {"rule": ""}, {"rule": "FREQ=MONTHLY"}):
        answer = client.post("/termine/probe/bearbeiten/", same | changed)
        assert (answer.status_code, "gibt es Anmeldungen" in answer.content.decode()) == (400, True), changed
    assert client.post("/termine/probe/bearbeiten/", same | {"rule": "FREQ=WEEKLY;COUNT=5"}).status_code == 302, "all are still there"
    assert client.post("/termine/probe/bearbeiten/", same | {"skipped": "17.03.2099"}).status_code == 302
    assert told() == [("ben@example.org", "Abgesagt: Beispiel-Werkstatt")]
    anna.refresh_from_db()
    ben.refresh_from_db()
    assert (anna.state, ben.state) == ("seated", "cancelled")


def test_the_administration_calls_nothing_off_and_deletes_nothing_people_come_to(client: Client, kora: User) -> None:
    made = event()
    comes(made, "anna")
    enter(client, kora)
    page = f"/admin/network/event/{made.pk}/change/"
    given = GIVEN | {
        "slug": "probe", "starts_at_0": "10.03.2099", "starts_at_1": "19:00", "ends_at_0": "10.03.2099", "ends_at_1": "20:00",
        "state": "cancelled", "skipped": "",
    }  # fmt: skip
    answer = client.post(page, given)
    assert answer.status_code == 302, answer.context["errors"]
    made.refresh_from_db()
    assert (made.state, made.starts_at) == ("published", at("2099-03-10T19:00"))
    assert told() == [("anna@example.org", "Verlegt: Beispiel-Werkstatt")]
    assert client.post(f"/admin/network/event/{made.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post("/admin/network/event/", {"action": "delete_selected", "_selected_action": [made.pk], "post": "yes"})
    assert Event.objects.filter(pk=made.pk).exists()
    Registration.objects.all().delete()
    assert client.post(f"/admin/network/event/{made.pk}/delete/", {"post": "yes"}).status_code == 302


def test_an_event_stays_with_those_who_still_belong(client: Client) -> None:
    ilse = person("ilse", town=Town.objects.get(slug="perleberg"), role="editor")
    made = event(entered_by=ilse)
    enter(client, ilse)
    assert client.get("/termine/probe/teilnehmende/").status_code == 200
    ilse.memberships.get().end()
    assert client.get("/termine/probe/teilnehmende/").status_code == 404
    assert client.post("/termine/probe/absagen/").status_code == 404
    Event.objects.update(state="draft")
    assert client.get(made.get_absolute_url()).status_code == 404


def test_colleagues_see_what_they_may_change_and_no_more(client: Client) -> None:
    founder, colleague = person("founder"), person("colleague")
    hidden, own = Organisation(name="Verborgene e. V.", kind="association"), Organisation(name="Beispiel e. V.", kind="association")
    hidden.found(person("other"))
    own.found(founder)
    own.people.create(user=colleague, confirmed_at=NOW)
    client.force_login(founder)
    form = client.get("/termine/eintragen/").content.decode()
    assert "Beispiel e. V." in form
    assert "Verborgene e. V." not in form
    assert client.post("/termine/eintragen/", GIVEN | {"organiser": hidden.pk}).status_code == 400
    assert client.post("/termine/eintragen/", GIVEN).status_code == 400, "else nobody would see the draft"
    client.post("/termine/eintragen/", GIVEN | {"organiser": own.pk})
    made = Event.objects.get()
    client.force_login(colleague)
    assert "Bearbeiten" in client.get(made.get_absolute_url()).content.decode()
    assert made.title in client.get("/termine/").content.decode()
    made.publish()
    page = client.get(made.get_absolute_url()).content.decode()
    assert ("Wer kommt" in page, "Bearbeiten" in page) == (True, False), "only coordinators change what is published"


def test_no_stranger_is_flooded_and_none_is_sent_the_words_of_another(client: Client) -> None:
    made = event()
    given = {"begins_at": made.starts_at.isoformat(), "name": "Frei\nhttps://evil.example\n", "mail": "victim@example.org", "consent": "on"}
    answers = [client.post("/termine/probe/", given) for _n in range(7)]
    assert [a.status_code for a in answers] == [302] * 5 + [429] * 2
    assert "victim@example.org" in answers[-1].content.decode(), "nothing typed is lost"
    assert "morgen" in answers[-1].content.decode()
    [*_all] = links()
    assert {m.to[0] for m in mail.outbox} == {"victim@example.org"}
    assert not [m for m in mail.outbox if "evil" in m.body]
    assert Registration.objects.get().name == "Frei https://evil.example"


def test_who_comes_back_tells_anew_what_they_need(client: Client) -> None:
    made = event()
    seats.register(made, made.starts_at, {"name": "Anna", "mail": "anna@example.org", "needs": ""})
    seats.cancel(seats.confirm(Registration.objects.get().pk).pk)
    again = seats.register(made, made.starts_at, {"name": "Anna B.", "mail": "anna@example.org", "needs": "Rampe"})
    again.refresh_from_db()
    assert (again.name, again.needs, again.state, again.confirmed_at) == ("Anna B.", "Rampe", "pending", None)
    seats.confirm(again.pk)
    seats.register(made, made.starts_at, {"name": "X", "mail": "anna@example.org", "needs": "nichts"})
    again.refresh_from_db()
    assert (again.name, again.needs) == ("Anna B.", "Rampe"), "a seat is changed by nobody who only knows the address"


def test_the_time_of_the_digest_survives_one_wrong_row() -> None:
    from network.news.digest import digest

    event(slug="gut", starts_at=at("2099-04-02T18:00"), ends_at=at("2099-04-02T20:00"))
    event(slug="falsch", rule="FREQ=WEEKLY;UNTIL=20991131")
    assert [e.slug for _t, e in digest(datetime.date(2099, 3, 1)).events] == ["gut"]

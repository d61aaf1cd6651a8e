"""News: the feed, and the monthly letter from ordering to ending it."""

from __future__ import annotations

import datetime
import re
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from lxml import etree

from network import post
from network.gathering.models import Event
from network.knowhow.models import Article, FundingProgramme
from network.news import digest
from network.news.models import NewsletterSubscription
from network.showcase.models import Showcase

pytestmark = pytest.mark.django_db
ATOM = {"a": "http://www.w3.org/2005/Atom"}
BERLIN = ZoneInfo("Europe/Berlin")
MONTH = datetime.date(2027, 7, 1)


def test_the_feed_has_all_kinds_newest_first(client: Client, settings: object) -> None:
    settings.PUBLIC_URL = "https://raum.example.org"  # type: ignore[attr-defined]
    Event.objects.create(
        slug="probe", title="Treffen <b>", kind="meeting", starts_at=timezone.now(), ends_at=timezone.now(), venue="Saal", description="x",
        state="published", published_at=timezone.now(),
    )  # fmt: skip
    Event.objects.create(
        slug="entwurf", title="Entwurf", kind="meeting", starts_at=timezone.now(), ends_at=timezone.now(), venue="Saal", description="x"
    )
    feed = etree.fromstring(client.get("/neues.atom").content)
    entries = feed.findall("a:entry", ATOM)
    titles = [e.findtext("a:title", namespaces=ATOM) for e in entries]
    assert titles[0] == "Termin: Treffen <b>"
    assert "Wissen: Im Denkmal bauen" in titles
    assert "Beispiel aus der Praxis: Hallo Perle" in titles
    assert "Termin: Entwurf" not in titles
    times = [e.findtext("a:updated", namespaces=ATOM) for e in entries]
    assert times == sorted(times, reverse=True)
    assert all(e.find("a:link", ATOM).get("href").startswith("https://raum.example.org/") for e in entries)


def ordered(client: Client, address: str) -> NewsletterSubscription:
    client.post("/rundbrief/", {"mail": address})
    post.send_waiting()
    link = re.search(r"(/rundbrief/bestaetigen/\S+/)", mail.outbox[-1].body)
    assert link
    assert client.get(link[1]).status_code == 200
    assert NewsletterSubscription.objects.get(mail=address).confirmed_at is None, "looking does not confirm"
    assert "jeden Monat" in client.post(link[1]).content.decode()
    return NewsletterSubscription.objects.get(mail=address)


def test_the_letter_is_ordered_confirmed_sent_once_and_ended(client: Client) -> None:
    ordered(client, "ilse@example.org")
    client.post("/rundbrief/", {"mail": "never@example.org"})
    Article.objects.filter(slug="denkmal").update(created_at=datetime.datetime(2027, 7, 31, 23, 30, tzinfo=BERLIN))
    Article.objects.filter(slug="betrieb").update(created_at=datetime.datetime(2027, 8, 1, 0, 30, tzinfo=BERLIN))
    post.send_waiting()
    mail.outbox.clear()
    assert (digest.send_letters(MONTH), digest.send_letters(MONTH)) == (1, 0)
    post.send_waiting()
    [letter] = mail.outbox
    assert (letter.to, letter.subject) == (["ilse@example.org"], "Raumwohlstand im Juli 2027")
    html = letter.alternatives[0][0]
    for body in (letter.body, html):
        assert "Im Denkmal bauen" in body
        assert "Tragfähig betreiben" not in body, "written in August"
        assert "31. August 2027" in body, "the deadline of Deutsche Stiftung Denkmalschutz"
        assert "<img" not in body
    stop = letter.extra_headers["List-Unsubscribe"].strip("<>")
    path = "/" + stop.split("/", 3)[3]
    assert path in html
    strict = Client(enforce_csrf_checks=True)
    assert strict.get(path).status_code == 200
    assert NewsletterSubscription.objects.filter(mail="ilse@example.org").exists(), "looking does not end it"
    assert strict.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert strict.post(path).status_code == 200
    assert not NewsletterSubscription.objects.filter(mail="ilse@example.org").exists()


def test_a_month_without_news_brings_no_letter(client: Client) -> None:
    ordered(client, "ilse@example.org")
    Showcase.objects.all().delete()
    Article.objects.all().delete()
    FundingProgramme.objects.all().delete()
    assert not digest.digest(MONTH)
    assert digest.send_letters(MONTH) == 0


def test_events_of_the_next_weeks_are_in_it_by_their_next_time() -> None:
    Event.objects.create(
        slug="immer",
        title="Immer",
        kind="online",
        starts_at=datetime.datetime(2026, 1, 14, 18, tzinfo=BERLIN),
        ends_at=datetime.datetime(2026, 1, 14, 19, tzinfo=BERLIN),
        rule="FREQ=MONTHLY;BYDAY=2WE",
        online_url="https://example.org",
        description="x",
        state="published",
    )
    assert [(t.isoformat(), e.title) for t, e in digest.digest(MONTH).events] == [("2027-08-11T18:00:00+02:00", "Immer")]


def test_wrong_addresses_and_links(client: Client) -> None:
    assert client.post("/rundbrief/", {"mail": "keine"}).status_code == 400
    for page in ("bestaetigen", "abbestellen"):
        assert client.get(f"/rundbrief/{page}/erfunden/").status_code == 410
        assert client.post(f"/rundbrief/{page}/erfunden/").status_code == 410


def test_the_letter_floods_no_stranger(client: Client) -> None:
    answers = [client.post("/rundbrief/", {"mail": "victim@example.org"}) for _n in range(5)]
    assert [a.status_code for a in answers] == [302] * 3 + [429] * 2
    assert "victim@example.org" in answers[-1].content.decode(), "nothing typed is lost"
    assert post.send_waiting() == 3
    for n in range(20):
        client.post("/rundbrief/", {"mail": f"{n}@example.org"})
    assert post.send_waiting() <= 10, "nor do many addresses help"

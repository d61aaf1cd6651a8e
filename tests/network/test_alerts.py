"""Mails about a search without an account: ordered, confirmed, told of new hits, renewed, ended; and nobody is bothered."""

from __future__ import annotations

import datetime
import re
from html import unescape

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from network import post
from network.alerts import sending
from network.alerts.models import Subscription
from network.alerts.tasks import alerts_at_once, alerts_of_the_week
from network.limits import Attempt
from network.post import Mail
from network.privacy import retention
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy

pytestmark = pytest.mark.django_db
SEARCH = "/benachrichtigen/?town=gransee"


def order(address: str = "ilse@example.org", search: str = SEARCH, **also: str) -> int:
    return Client().post(search, {"address": address, "frequency": "weekly"} | also).status_code


def sent() -> list[str]:
    """The bodies of the mails that were written since the last call."""
    mail.outbox.clear()
    post.send_waiting()
    return [m.body for m in mail.outbox]


def path_in(text: str, word: str) -> str:
    found = re.search(rf"/benachrichtigen/{word}/\S+", text)
    assert found, text
    return found[0]


def confirmed(**also: str) -> Subscription:
    assert order(**also) == 302
    path = path_in(sent()[0], "bestaetigen")
    assert Client().post(path).status_code == 200
    return Subscription.objects.get()


def hidden_in(slug: str, number: int) -> list[Vacancy]:
    """So many vacancies of a town, hidden from now on."""
    rows = list(
        Vacancy.objects.filter(publication="published", visibility="exact", basis="example", town__slug=slug).order_by("key")[:number]
    )
    Vacancy.objects.filter(pk__in=[v.pk for v in rows]).update(visibility="internal")
    return rows


def publish(*rows: Vacancy) -> None:
    Vacancy.objects.filter(pk__in=[v.pk for v in rows]).update(visibility="exact")


def test_nothing_is_sent_before_somebody_confirms() -> None:
    [fresh] = hidden_in("gransee", 1)
    assert "Gransee" in Client().get(SEARCH).content.decode()
    assert order() == 302
    [text] = sent()
    assert "Leerstände in Gransee" in text
    assert "innerhalb von sieben Tagen" in text
    path = path_in(text, "bestaetigen")
    assert Client().get(path).status_code == 200
    assert Subscription.objects.get().confirmed_at is None, "a program that opens links confirms nothing"
    publish(fresh)
    alerts_of_the_week()
    assert sent() == []
    assert "Bestätigt" in Client().post(path).content.decode()
    first = Subscription.objects.get()
    assert first.expires_on == timezone.localdate() + datetime.timedelta(days=365)
    assert Client().post(path).status_code == 200, "a second click changes nothing"
    assert sorted(first.known) == sorted(PublicVacancy.objects.filter(town_slug="gransee").values_list("key", flat=True))
    alerts_of_the_week()
    assert sent() == [], "what there is already is no news"


def test_new_hits_are_told_once_and_hidden_ones_never() -> None:
    shown, hidden = hidden_in("gransee", 2)
    confirmed()
    Vacancy.objects.filter(pk=hidden.pk).update(title="Anders als zuvor")
    alerts_of_the_week()
    assert sent() == []
    publish(shown)
    alerts_at_once()
    assert sent() == [], "this one is of the weekly kind"
    alerts_of_the_week()
    alerts_of_the_week()
    [text] = sent()
    [message] = mail.outbox
    assert message.subject == "1 neuer Leerstand zu Ihrer Suche"
    assert shown.slug in text
    assert hidden.slug not in text
    assert f"{post.base_url()}/leerstaende/?town=gransee" in text


def test_one_click_ends_it_and_nothing_is_kept() -> None:
    fresh = hidden_in("gransee", 1)
    confirmed(frequency="at_once")
    publish(*fresh)
    alerts_at_once()
    [text] = sent()
    [message] = mail.outbox
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = path_in(text, "abbestellen")
    assert path in message.extra_headers["List-Unsubscribe"]
    Vacancy.objects.filter(pk=fresh[0].pk).update(visibility="internal")
    alerts_at_once()
    publish(*fresh)
    alerts_at_once()
    assert Mail.objects.count() == 1, "one waits"
    strict = Client(enforce_csrf_checks=True)
    assert strict.get(path).status_code == 200
    assert Subscription.objects.count() == 1
    for _again in range(2):
        answer = strict.post(path, {"List-Unsubscribe": "One-Click"})
        assert "Ihre Adresse ist gelöscht" in answer.content.decode()
    assert not Subscription.objects.exists()
    assert not Mail.objects.exists()
    assert strict.get(path[:-2] + "x/").status_code == 410
    assert strict.get(path.replace("abbestellen", "verlaengern")).status_code == 410, "a link is good for its purpose alone"


def test_the_page_tells_nobody_whether_an_address_is_known() -> None:
    confirmed()
    answer = Client().post(SEARCH, {"address": "ilse@example.org", "frequency": "at_once"}, follow=True)
    other = Client().post(SEARCH, {"address": "otto@example.org", "frequency": "at_once"}, follow=True)
    one, two = (re.sub(r'nonce="[^"]+"', "", unescape(a.content.decode())) for a in (answer, other))
    assert one == two
    assert "Bitte sehen Sie in Ihr Postfach" in one
    known, fresh = sent()
    assert "schon an Ihre Adresse" in known
    assert "Zum Bestätigen" in fresh
    assert Subscription.objects.get(address="ilse@example.org").frequency == "weekly"


def test_an_address_or_a_connection_gets_only_so_many_a_day() -> None:
    assert [order(search=f"/benachrichtigen/?area={n}-") for n in (1, 2, 3, 4)] == [302, 302, 302, 429]
    assert [order(f"a{n}@example.org") for n in range(8)] == [302] * 6 + [429] * 2, "four of ten are used"
    kept = "".join(f"{a.day}{a.digest}" for a in Attempt.objects.all())
    assert "ilse" not in kept
    assert "127.0.0.1" not in kept


@pytest.mark.parametrize("address", ["", "ilse", "ilse@", "ilse@example.org\nBcc: a@b.c", "x" * 300 + "@example.org"])
def test_a_wrong_address_is_told_and_nothing_is_sent(address: str) -> None:
    assert order(address) == 400
    assert sent() == []


def test_a_wrong_or_endless_search_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Client().get("/benachrichtigen/?transit=Z").status_code == 400
    assert Client().get("/benachrichtigen/").status_code == 200
    monkeypatch.setattr(sending, "MOST_HITS", 100)
    refused = Client().get("/benachrichtigen/")
    assert refused.status_code == 400
    assert "höchstens 100 Treffern" in refused.content.decode()


def test_unconfirmed_ones_go_after_a_week_others_after_a_year_with_a_reminder() -> None:
    order()
    now = timezone.now()
    never = retention.BY_NAME["subscriptions never confirmed"]
    assert never.apply(now + datetime.timedelta(days=6)) == 0
    assert never.apply(now + datetime.timedelta(days=8)) == 1
    sent()
    one = confirmed()
    near_end = timezone.now() + datetime.timedelta(days=356)
    assert sending.remind(near_end) == 1
    assert sending.remind(near_end) == 0
    [text] = sent()
    path = path_in(text, "verlaengern")
    assert Client().get(path).status_code == 200
    one.refresh_from_db()
    assert one.reminded_on
    assert "Es geht weiter bis" in Client().post(path).content.decode()
    one.refresh_from_db()
    assert one.reminded_on is None
    assert retention.BY_NAME["subscriptions ended"].apply(timezone.now() + datetime.timedelta(days=367)) == 1
    assert not Subscription.objects.exists()
    assert Client().post(path).status_code == 200


def test_in_english_the_mails_are_english() -> None:
    assert order(search="/en" + SEARCH) == 302
    [text] = sent()
    assert "Gransee" in text
    assert "Guten Tag" not in text

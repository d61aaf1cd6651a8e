"""Searches of the map taken over: how long they may be, what they never replace, and whose words they become."""

from __future__ import annotations

from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from geo.errors import NotAllowed
from geo.models import Town
from network import post
from network.alerts import sending
from network.alerts.models import Subscription
from network.seeking.models import SpaceRequest
from tests.network.seekers import made

pytestmark = pytest.mark.django_db


def towns(number: int) -> str:
    return "&".join(f"town={slug}" for slug in Town.objects.current().order_by("slug").values_list("slug", flat=True)[:number])


@pytest.mark.parametrize("page", ["/benachrichtigen/", "/gesuche/neu/"])
def test_a_search_that_is_too_long_to_be_kept_says_so_where_it_is_taken_over(page: str) -> None:
    also = "&district=12060&district=12065"  # towns and districts together are no need of a request
    fits, over = f"{page}?{towns(20)}{also}", f"{page}?{towns(120)}{also}"
    client = Client()
    assert client.get(fits).status_code in (200, 302)
    for method in (client.get, client.post):
        refused = method(over, {"address": "ilse@example.org", "frequency": "weekly"} if method == client.post else None)
        assert refused.status_code == 400
        said = unescape(refused.content.decode())
        assert "<strong>town</strong>" in said
        assert "höchstens 1.000 Zeichen" in said
        assert 'href="/' in said.split("Ohne diese Angaben weiter")[0].rsplit("<a ", 1)[1], "leads on"
        assert "town=" not in said.split("Ohne diese Angaben weiter")[0].rsplit("<a ", 1)[1]
    assert not Subscription.objects.exists()


def test_a_search_of_the_map_never_replaces_what_was_typed_unasked() -> None:
    client = Client()
    assert client.get("/gesuche/neu/?area=100-200", follow=True).status_code == 200
    assert client.get("/gesuche/neu/?area=300-400", follow=True).redirect_chain, "nothing was typed yet: the newer search counts"
    assert 'value="300"' in client.get("/gesuche/neu/1/").content.decode()
    client.post("/gesuche/neu/5/", {"title": "Tanzhaus", "story": "Eine lange Geschichte", "go": "back"})
    for _twice in range(2):
        asked = client.get("/gesuche/neu/?area=500-600")
        assert asked.status_code == 200
        assert "Sie haben schon ein Gesuch angefangen" in asked.content.decode()
        assert "Eine lange Geschichte" in client.get("/gesuche/neu/5/").content.decode()
        assert 'value="300"' in client.get("/gesuche/neu/1/").content.decode()
    strict = Client(enforce_csrf_checks=True, headers={"cookie": client.cookies.output(header="", sep=";")})
    assert strict.post("/gesuche/neu/?area=500-600").status_code == 403
    assert client.post("/gesuche/neu/?area=500-600")["Location"] == "/gesuche/neu/1/"
    assert 'value="500"' in client.get("/gesuche/neu/1/").content.decode()
    assert "Eine lange Geschichte" not in client.get("/gesuche/neu/5/").content.decode()


def test_an_address_is_the_same_in_small_and_capital_letters() -> None:
    for address in ("Ilse@Example.org", "ilse@example.org"):
        sending.begin("search", address, "town=gransee", "weekly", "de")
    found = Subscription.objects.get()
    assert found.confirm()
    sending.begin("search", "ILSE@example.org", "town=gransee", "weekly", "de")
    assert Subscription.objects.get() == found
    assert set(post.Mail.objects.values_list("to", flat=True)) == {"ilse@example.org"}


def test_who_ordered_enough_for_today_keeps_what_was_typed() -> None:
    client = Client()
    given = {"address": "ilse@example.org", "frequency": "at_once"}
    answers = [client.post(f"/benachrichtigen/?area={n}-", given) for n in (1, 2, 3, 4)]
    assert [a.status_code for a in answers] == [302, 302, 302, 429]
    page = answers[3].content.decode()
    assert "Für heute sind es genug Anfragen." in page
    assert 'value="ilse@example.org"' in page
    assert " checked" in page.split('value="at_once"')[1].split(">")[0]


def test_a_request_speaks_the_language_it_was_written_in() -> None:
    owner = User.objects.create_user("ilse", "ilse@example.org")
    words = {"title": "A house for dancing", "story": "We dance.", "visibility": "named", "language": "en"}
    found = made(owner, **words)
    page = Client().get(found.get_absolute_url()).content.decode()
    assert '<h1 lang="en">A house for dancing</h1>' in page
    assert '<p class="story" lang="en">We dance.</p>' in page
    assert 'lang="en">A house for dancing</a>' in Client().get("/gesuche/").content.decode()


def test_only_what_runs_can_be_renewed_and_others_are_told_why() -> None:
    owner = User.objects.create_user("ilse", "ilse@example.org")
    found = made(owner)
    found.move("fulfilled")
    for state, said in (("fulfilled", "erfüllt"), ("draft", "Entwurf")):
        SpaceRequest.objects.filter(pk=found.pk).update(state=state)
        found.refresh_from_db()
        with pytest.raises(NotAllowed, match=f"„{said}“ lässt sich nicht verlängern"):
            found.renew()

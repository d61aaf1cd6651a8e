"""Matches of requests for space: they follow the register, say why, are mailed; states, reminders, ends."""

from __future__ import annotations

import datetime
import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from geo.errors import NotAllowed
from network import post
from network.seeking import mails, matches
from network.seeking.models import SpaceMatch
from network.seeking.states import MATCH_MOVES, REQUEST_MOVES, MatchState, RequestState, check_move
from network.seeking.tasks import match_requests
from tests.network.seekers import PLAIN, by_sql, made, workshops_of_150_to_300
from vacancies.models import Vacancy

pytestmark = pytest.mark.django_db


@pytest.fixture
def ilse() -> User:
    return User.objects.create_user("ilse", "ilse@example.org")


@pytest.fixture
def client() -> Client:
    return Client()


# --- matches ----------------------------------------------------------------------------------------------------------


def test_matches_follow_the_register(ilse: User) -> None:
    request = made(ilse)
    assert matches.renew() == 1
    assert matches.renew() == 0, "nothing has changed"
    best = request.matches.all().to_show()
    keys = [m.vacancy_id for m in best]
    assert len(keys) == matches.KEPT
    assert set(keys) <= workshops_of_150_to_300()
    assert not request.matches.all().untold().exists(), "what a request finds first is no news"
    gone, aside, asked = best[0], best[1], best[2]
    aside.move("declined", reason="price")
    asked.move("inquiry_sent")
    Vacancy.objects.filter(key__in=[gone.vacancy_id, asked.vacancy_id]).update(publication="archived")
    fresh = (
        Vacancy.objects.exclude(key__in=keys).filter(publication="published", visibility="exact").exclude(basis__in=("none", "baugb200"))[0]
    )
    Vacancy.objects.filter(pk=fresh.pk).update(target_uses=["workshop"], usable_m2=200, occupancy="vacant", disposal=["rent"])
    match_requests()
    now = set(request.matches.all().to_show().values_list("vacancy", flat=True))
    assert not {gone.vacancy_id, aside.vacancy_id, asked.vacancy_id} & now
    assert SpaceMatch.objects.filter(pk=gone.pk).count() == 0
    asked.refresh_from_db()
    assert (asked.state, asked.is_current) == ("inquiry_sent", False), "what is under way stays, but is shown no more"
    assert [m.vacancy_id for m in request.matches.all().put_aside()] == [aside.vacancy_id]
    assert len(now) == matches.KEPT


def test_hidden_vacancies_are_never_matched(ilse: User) -> None:
    hidden = Vacancy.objects.filter(publication="published", visibility="exact", town__slug="gransee")[0]
    Vacancy.objects.filter(pk=hidden.pk).update(visibility="internal", target_uses=["workshop"], usable_m2=200)
    town = {"regions": {"value": {"towns": ["gransee"]}, "importance": "must"}}
    request = made(ilse, town)
    matches.renew()
    assert hidden.key not in set(request.matches.values_list("vacancy", flat=True))
    assert matches.takers(hidden.key) == []
    assert set(request.matches.values_list("vacancy", flat=True)) <= by_sql(town_slug="gransee")


def test_both_ways_agree(ilse: User) -> None:
    one, other = made(ilse), made(ilse, {"target_uses": {"value": ["stage"], "importance": "must"}})
    matches.renew()
    for request in (one, other):
        for match in request.matches.all()[:3]:
            [(_r, same)] = [(r, m) for r, m in matches.takers(match.vacancy_id) if r == request]
            assert (round(same.score, 3), round(same.reliability, 3)) == (match.score, match.reliability)
    key = one.matches.all()[0].vacancy_id
    assert matches.count_takers(key) == {key: len(matches.takers(key))}


def test_the_page_of_matches_says_why_and_puts_aside(client: Client, ilse: User) -> None:
    client.force_login(ilse)
    request = made(ilse, {**PLAIN, "berlin": {"value": 1, "importance": "important"}, "three_phase": {"value": True, "importance": "nice"}})
    matches.renew()
    page = unescape(client.get(f"/gesuche/{request.key}/treffer/").content.decode())
    first = request.matches.all().to_show()[0]
    assert "dafür spricht: Nutzung" in page
    assert "dagegen: Fahrt nach Berlin" in page
    assert page.count("Belastbarkeit") >= matches.KEPT
    assert first.state == "viewed"
    client.post(f"/gesuche/{request.key}/treffer/{first.vacancy_id}/passt-nicht/", {"reason": "size"})
    first.refresh_from_db()
    assert (first.state, first.reason) == ("declined", "size")
    assert "Beiseitegelegt (1)" in client.get(f"/gesuche/{request.key}/treffer/").content.decode()
    wrong = client.post(f"/gesuche/{request.key}/treffer/{request.matches.all()[1].vacancy_id}/passt-nicht/", {"reason": "weil"})
    assert wrong.status_code == 400
    client.post(f"/gesuche/{request.key}/treffer/{first.vacancy_id}/passt-nicht/", {"back": ""})
    first.refresh_from_db()
    assert (first.state, first.reason) == ("viewed", "")


def test_a_sentence_says_for_against_and_unknown_in_both_languages() -> None:
    from django.utils import translation

    verdicts = {"for": ["area", "regions", "target_uses"], "against": ["budget"], "unknown": ["three_phase"]}
    assert matches.explain(75.4, verdicts) == (
        "Passt zu 75 % – dafür spricht: Fläche, Lage und Nutzung; dagegen: Preis; nicht bekannt: Starkstrom."
    )
    assert matches.explain(50, {"for": [], "against": [], "unknown": ["area"]}) == "Ob es passt, ist offen – nicht bekannt: Fläche."
    with translation.override("en"):
        assert matches.explain(75.4, verdicts).startswith("A 75 % fit")


# --- states -----------------------------------------------------------------------------------------------------------


def test_every_state_has_its_moves_and_refuses_the_others() -> None:
    for labels, moves in ((RequestState, REQUEST_MOVES), (MatchState, MATCH_MOVES)):
        assert set(moves) == set(labels.values)
        for now in labels.values:
            for to in labels.values:
                if to in moves[now]:
                    check_move(moves, labels, now, to)
                else:
                    with pytest.raises(NotAllowed, match="Möglich ist"):
                        check_move(moves, labels, now, to)


def test_states_are_noted_and_a_wrong_one_gives_a_clear_answer(client: Client, ilse: User) -> None:
    client.force_login(ilse)
    request = made(ilse)
    for to in ("paused", "paused", "active", "fulfilled"):
        assert client.post(f"/gesuche/{request.key}/stand/", {"to": to}).status_code == 302
    assert [h.state for h in request.history.all()] == ["active", "paused", "active", "fulfilled"]
    wrong = client.post(f"/gesuche/{request.key}/stand/", {"to": "paused"})
    assert wrong.status_code == 403
    assert "Von „erfüllt“ geht es nicht zu „pausiert“. Möglich ist: „aktiv“." in unescape(wrong.content.decode())
    assert client.post(f"/gesuche/{request.key}/stand/", {"to": "<b>"}).status_code == 400


def test_reminded_ten_days_before_ended_on_the_day_renewed_by_the_link(client: Client, ilse: User) -> None:
    request = made(ilse)
    request.renew(datetime.date(2026, 1, 31))
    assert request.expires_on == datetime.date(2026, 7, 31)
    assert mails.end_requests(datetime.date(2026, 7, 20)) == (0, 0)
    assert mails.end_requests(datetime.date(2026, 7, 21)) == (1, 0)
    assert mails.end_requests(datetime.date(2026, 7, 22)) == (0, 0), "reminded once"
    assert mails.end_requests(datetime.date(2026, 7, 31)) == (0, 1)
    request.refresh_from_db()
    assert request.state == "expired"
    post.send_waiting()
    reminder, end = mail.outbox
    assert (reminder.to, end.to) == (["ilse@example.org"],) * 2
    assert "läuft am 31. Juli 2026 ab" in reminder.body
    link = re.search(r"/gesuche/verlaengern/\S+", end.body)
    assert link
    assert client.get(link[0]).status_code == 200
    request.refresh_from_db()
    assert request.state == "expired", "opening the link changes nothing"
    assert "läuft weiter" in client.post(link[0]).content.decode()
    request.refresh_from_db()
    assert request.state == "active"
    assert client.get(link[0][:-3] + "x/").status_code == 410


def test_new_matches_are_mailed_once_to_those_who_want_them(client: Client, ilse: User) -> None:
    fresh = Vacancy.objects.filter(publication="published", visibility="exact", basis="example", town__slug="gransee")[0]
    Vacancy.objects.filter(pk=fresh.pk).update(visibility="internal")
    request = made(ilse, {"regions": {"value": {"towns": ["gransee"]}, "importance": "must"}}, notify="at_once")
    silent = made(ilse, {"regions": {"value": {"towns": ["gransee"]}, "importance": "must"}}, notify="never")
    match_requests()
    assert post.send_waiting() == 0
    Vacancy.objects.filter(pk=fresh.pk).update(visibility="exact", occupancy="vacant", disposal=["rent"])
    match_requests()
    match_requests()
    assert post.send_waiting() == 1
    [sent] = mail.outbox
    assert sent.subject == "1 neuer Treffer für Ihr Gesuch"
    assert fresh.slug in sent.body
    assert "Passt zu 100 % – dafür spricht: Lage." in sent.body
    stop = sent.extra_headers["List-Unsubscribe"].strip("<>")
    assert stop in sent.body
    path = stop[stop.index("/gesuche/") :]
    assert Client(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    request.refresh_from_db()
    assert request.notify == "never"
    assert silent.matches.count() == request.matches.count()

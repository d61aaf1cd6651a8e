"""Inquiries and agreements in the report's figures, against numbers counted by hand: by month, town size and use."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from geo.errors import NotAllowed
from geo.models import Town
from network.impact.report import BY_KEY, Counted, Period, as_csv
from network.inquiries import thread
from network.inquiries.models import Inquiry
from network.inquiries.steps import Side
from network.models import Membership
from tests.network.people import account, sign_in_with_app, with_app
from vacancies.models import Vacancy

pytestmark = pytest.mark.django_db
SMALL, LARGE = "gransee", "wittenberge"  # below 10,000 people and above
YEAR = Period(datetime.date(2026, 1, 1), datetime.date(2026, 9, 30))
Asked = list[tuple[str, int, str]]


def at(day: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(f"{day}T12:00:00+00:00")


@pytest.fixture
def houses() -> dict[str, list[Vacancy]]:
    """Six vacancies of shops in Gransee, six of crafts in Wittenberge; none of them is an example."""
    made: dict[str, list[Vacancy]] = {}
    for slug, use in ((SMALL, "retail"), (LARGE, "craft")):
        town = Town.objects.get(slug=slug)
        words: dict[str, Any] = {"town": town, "point": town.centre, "occupancy": "vacant", "former_use": use}
        made[slug] = [Vacancy.objects.create(title=f"Kanarienhaus {slug} {n}", **words) for n in range(6)]
    assert Town.objects.get(slug=SMALL).size_class != Town.objects.get(slug=LARGE).size_class
    return made


def ask(house: Vacancy, begun: str, ended: str = "", state: str = "agreed") -> Inquiry:
    """An inquiry of a new person; ended where a day is said."""
    name = f"p{User.objects.count()}"
    words: dict[str, Any] = {"state": state, "ended_at": at(ended)} if ended else {}
    if state == "declined" and ended:
        words["reason"] = "other"
    return Inquiry.objects.create(
        seeker=User.objects.create_user(name, f"{name}@example.org"), vacancy=house, created_at=at(begun), **words
    )


def told(key: str, period: Period = YEAR) -> tuple[Any, Any, Any, Any]:
    """Whole, months, sizes and uses of a figure: each as label, things, acts."""
    found = Counted(BY_KEY[key], period)
    parts = ([(label, g.things, g.acts) for label, g in part] for part in (found.months, found.sizes, found.uses))
    return (found.total and (found.total.things, found.total.acts), *parts)


def test_inquiries_count_houses_once_and_all_that_was_asked(houses: dict[str, list[Vacancy]]) -> None:
    """January: five shops, the first twice. March: five crafts, and once more the first shop. Next year: one that is not of the period."""
    for n in (0, 0, 1, 2, 3, 4):
        ask(houses[SMALL][n], "2026-01-15")
    for n in range(5):
        ask(houses[LARGE][n], "2026-03-31")
    ask(houses[SMALL][0], "2026-03-02")
    ask(houses[SMALL][5], "2025-12-31")
    ask(houses[LARGE][5], "2026-10-01")
    whole, months, sizes, uses = told("anfragen")
    assert whole == (10, 12)  # 5 + 5 houses; 6 + 5 + 1 inquiries
    assert months == [("Januar 2026", 5, 6), ("Februar bis September 2026", 5, 6)]  # nothing is left alone with fewer than five
    assert sum(n for _label, n, _acts in sizes) == 10
    assert sorted((things, acts) for _label, things, acts in sizes) == [(5, 5), (5, 7)]  # a house goes with all its inquiries
    assert uses == [("Handwerk, Werkstatt", 5, 5), ("Laden, Handel", 5, 7)]


def test_agreements_count_in_the_month_they_came_to_not_that_of_the_question(houses: dict[str, list[Vacancy]]) -> None:
    for n in range(5):
        ask(houses[SMALL][n], "2026-01-10", "2026-04-20")
    ask(houses[SMALL][5], "2026-01-10", "2026-04-30", state="declined")
    ask(houses[LARGE][0], "2026-01-10", "2026-05-01")
    ask(houses[LARGE][1], "2026-01-10")
    whole, months, _sizes, uses = told("vereinbarungen")
    assert whole == (6, 6)
    assert months == [("Januar bis September 2026", 6, 6)], "the one of May joins its neighbours"
    assert uses == [("andere Nutzungen", 6, 6)], "one craft would tell of one house"
    assert told("vereinbarungen", Period(datetime.date(2026, 4, 1), datetime.date(2026, 4, 30)))[0] == (5, 5)
    assert told("vereinbarungen", Period(datetime.date(2026, 1, 1), datetime.date(2026, 3, 31)))[0] is None


def test_an_agreement_counts_as_it_stands_now(houses: dict[str, list[Vacancy]]) -> None:
    """Six came to an agreement by the thread itself. What is set back afterwards counts no more; agreed anew, it counts when it was."""
    made = [ask(house, "2026-02-01") for house in houses[SMALL]]
    for inquiry in made:
        for state in ("forwarded", "agreed"):
            inquiry = thread.step(inquiry, Side.CONTACT, state)
        with pytest.raises(NotAllowed, match="beendet: vereinbart"):
            thread.step(inquiry, Side.CONTACT, "negotiating")
    Inquiry.objects.update(ended_at=at("2026-06-10"))
    assert told("vereinbarungen")[0] == (6, 6)
    Inquiry.objects.filter(pk=made[0].pk).update(state="negotiating", ended_at=None)
    assert told("vereinbarungen")[0] == (5, 5), "open again, though its thread tells of an agreement"
    Inquiry.objects.filter(pk=made[1].pk).update(state="declined", reason="other", ended_at=at("2026-07-01"))
    assert told("vereinbarungen") == (None, [], [], []), "four are too few to be told"
    again = thread.step(Inquiry.objects.get(pk=made[0].pk), Side.CONTACT, "agreed")
    Inquiry.objects.filter(pk=again.pk).update(ended_at=at("2026-08-03"))
    assert told("vereinbarungen")[:2] == ((5, 5), [("Januar bis September 2026", 5, 5)]), "twice agreed is one agreement"
    assert told("vereinbarungen", Period(datetime.date(2026, 8, 1), datetime.date(2026, 8, 31)))[0] is None


def test_what_is_no_longer_public_counts_and_is_not_told_apart(houses: dict[str, list[Vacancy]], client: Client) -> None:
    for house in houses[SMALL]:
        ask(house, "2026-02-01", "2026-03-05")
    for house in houses[LARGE][:4]:
        ask(house, "2026-02-01", "2026-03-05")
    before = told("vereinbarungen"), told("anfragen")
    Vacancy.objects.filter(pk__in=[h.pk for h in houses[SMALL][:3]]).update(publication="archived")
    Vacancy.objects.filter(pk=houses[LARGE][0].pk).update(publication="draft", visibility="internal")
    assert (told("vereinbarungen"), told("anfragen")) == before
    whole, months, sizes, uses = before[0]
    assert whole == (10, 10)
    for part in (months, sizes, uses):
        assert all(things >= 5 for _label, things, _acts in part), "never a group of fewer"
        assert sum(things for _label, things, _acts in part) == 10, "and nothing that could be worked out as what is missing"
    lines = as_csv(YEAR)
    erna = account("erna")
    Membership.objects.create(user=erna, statewide=True, role="moderator")
    sign_in_with_app(client, erna, with_app(erna))
    page = client.get("/schreibtisch/bericht/?von=2026-01-01&bis=2026-09-30").content.decode()
    public = Client().get("/ueberblick/wirkung/").content.decode()
    for text in (lines, page, public):
        for house in (*houses[SMALL], *houses[LARGE]):
            assert house.key not in text
        assert "Kanarienhaus" not in text
    few = Period(datetime.date(2026, 3, 1), datetime.date(2026, 3, 4))
    assert told("vereinbarungen", few) == (None, [], [], [])
    assert any(line.startswith("Vereinbarungen,gesamt,,unter 5") for line in as_csv(few).splitlines())

"""The map's own code and the server's bits give the ids and counts of the database, for hundreds of questions."""

from __future__ import annotations

import numpy as np
import pytest

from geo.criteria import Choice
from layers.publish.snapshot import store
from tests.browser.watching import Open, count, painted
from tests.contract.test_one_filter import BY_HAND, generated
from vacancies.filters import VacancyFilter
from vacancies.public import PublicVacancy
from vacancies.published import VACANCIES

pytestmark = [pytest.mark.django_db, pytest.mark.browser]
MORE = ("nearby=supermarket:15", "well_connected=true", "town_size=")
ODD = ("town_size=,", "town_size=,rural,", "well_connected=TRUE", "well_connected=0", "transit=C,", "transit=,", "nearby=,", "q=+")
FACETS = tuple(c for c in VacancyFilter.criteria if isinstance(c, Choice) and c.name != "town")
ASKED_OF_THE_DATABASE = 20  # questions whose counts the database is asked for as well: each costs it one pass over all rows

IN_THE_BROWSER = """
async (queries) => {
  const settings = JSON.parse(document.getElementById("map-settings").textContent);
  const { Hits } = await import("/static/js/hits.js");
  const hits = new Hits(settings);
  await hits.load();
  await hits.more();
  const keys = await hits.keys();
  const found = [];
  for (const query of queries) {
    const answer = await hits.ask(new URLSearchParams(query));
    found.push(answer && { keys: [...answer.rows].map((row) => keys[row]).sort(), counts: answer.counts });
  }
  return found;
}
"""


def test_browser_server_and_database_agree(open_page: Open) -> None:
    queries = [*BY_HAND, *MORE, *ODD, *generated(500, seed=815)]
    in_browser = open_page("/embed").evaluate(IN_THE_BROWSER, queries)
    snapshot = store.current(VACANCIES)  # only now: the server must not wait for what this transaction writes
    counter, some = snapshot.counter, 0
    for n, (query, seen) in enumerate(zip(queries, in_browser, strict=True)):
        wanted = VacancyFilter.parse(query)
        expected = sorted(PublicVacancy.objects.matching(wanted).order_by().values_list("key", flat=True))
        some += bool(expected)
        assert seen["keys"] == expected, query
        total, counts = counter.hits_by_option(wanted, FACETS)
        assert np.array_equal(counter.mask(wanted), snapshot.mask_of(expected)), query
        assert total == counter.count(wanted) == len(expected), query
        assert seen["counts"] == counts, query
        if n % (len(queries) // ASKED_OF_THE_DATABASE) == 0:
            assert (total, counts) == PublicVacancy.objects.all().hits_by_option(wanted, FACETS), query
    assert some > 250, "most questions should find something"


def test_what_is_not_allowed_is_left_to_the_server(open_page: Open) -> None:
    wrong = [
        *("transit=Z", "town_size=rural,huge", "area=x", "area=300-150", "berlin_max=0", "last_home=25:00", "verified_since=2026-02-31"),
        *("near=13,52", "near=a,b,c", "bbox=14,52,13,53", "polygon=1,2;3,4", "nearby=pub:10", "nearby=doctor:500", "transit=A&transit=B"),
    ]
    assert open_page("/embed").evaluate(IN_THE_BROWSER, wrong) == [None] * len(wrong)


def test_a_map_whose_rows_are_gone_takes_the_new_ones(open_page: Open) -> None:
    """What is withdrawn while a page is open answers 404, on opening as well as later."""
    page = open_page("/impressum/")
    page.route("**/zuerst.bin", lambda route: route.fulfill(status=404), times=1)
    page.goto("/")
    painted(page, count())
    page.route("**/treffer.bin*", lambda route: route.fulfill(status=404), times=1)
    page.locator("#f-q").fill("Wittenberge")
    painted(page, PublicVacancy.objects.matching(VacancyFilter.parse("q=Wittenberge")).count())

"""Feeds: the newest of a filter as Atom and JSON Feed, without account."""

from __future__ import annotations

import datetime
import json
from urllib.parse import urlsplit

import pytest
from django.test import Client
from lxml import etree

from geo.time_criteria import Day
from tests.browser.watching import rows
from vacancies.filters import VacancyFilter
from vacancies.models import Vacancy

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
QUERY = "town_size=rural&target_use=workshop"
CONDITION = "town_size_class = 'rural' AND 'workshop' = ANY(target_uses)"


def atom(client: Client, query: str = "", **headers: str) -> etree._Element:
    response = client.get(f"/leerstaende.atom?{query}", **headers)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    return etree.fromstring(response.content)


def links(feed: etree._Element) -> list[str]:
    return [urlsplit(e.find(f"{ATOM}link").get("href")).path for e in feed.iter(f"{ATOM}entry")]


def expected(condition: str) -> list[tuple]:
    dated = f"SELECT slug, verified_at FROM public_vacancy WHERE {condition} AND verified_at IS NOT NULL"
    return rows(f"{dated} ORDER BY verified_at DESC, key LIMIT 50")


def test_atom_holds_the_last_confirmed_of_the_filter(client: Client) -> None:
    feed = atom(client, QUERY)
    wanted = expected(CONDITION)
    assert len(wanted) == 50
    assert links(feed) == [f"/leerstaende/{slug}/" for slug, _day in wanted]
    assert [e.findtext(f"{ATOM}updated")[:10] for e in feed.iter(f"{ATOM}entry")] == [str(day) for _slug, day in wanted]
    assert feed.findtext(f"{ATOM}title") == VacancyFilter.parse(QUERY).sentence() == "Leerstände in Landgemeinden, geeignet als Werkstatt"
    ends = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert ends == {"alternate": f"http://testserver/leerstaende/?{QUERY}", "self": f"http://testserver/leerstaende.atom?{QUERY}"}
    assert feed.findtext(f"{ATOM}author/{ATOM}name")
    for entry in feed.iter(f"{ATOM}entry"):
        assert entry.findtext(f"{ATOM}title").startswith("Beispiel: ")
        assert "Beispiel: dieser Leerstand ist erfunden." in entry.findtext(f"{ATOM}summary")
        assert entry.findtext(f"{ATOM}id") == entry.find(f"{ATOM}link").get("href")


def test_json_feed_says_the_same(client: Client) -> None:
    response = client.get(f"/leerstaende.feed.json?{QUERY}")
    assert response["Content-Type"] == "application/feed+json; charset=utf-8"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert not response.cookies
    told, feed = json.loads(response.content), atom(client, QUERY)
    assert told["version"] == "https://jsonfeed.org/version/1.1"
    assert told["title"] == feed.findtext(f"{ATOM}title")
    assert told["feed_url"] == f"http://testserver/leerstaende.feed.json?{QUERY}"
    assert [i["url"] for i in told["items"]] == [i["id"] for i in told["items"]]
    assert [urlsplit(i["url"]).path for i in told["items"]] == links(feed)
    assert [i["content_html"] for i in told["items"]] == [e.findtext(f"{ATOM}summary") for e in feed.iter(f"{ATOM}entry")]
    assert datetime.datetime.fromisoformat(told["items"][0]["date_modified"]).utcoffset() is not None


def test_an_unconfirmed_row_has_no_date_and_is_left_out(client: Client) -> None:
    slug = expected(CONDITION)[0][0]
    key = rows("SELECT key FROM public_vacancy WHERE slug = %s", slug)[0][0]
    Vacancy.objects.filter(key=key).update(verified_at=None)
    assert f"/leerstaende/{slug}/" not in links(atom(client, QUERY))


def test_a_hidden_row_leaves_the_feed_at_once(client: Client) -> None:
    tag = client.get(f"/leerstaende.atom?{QUERY}")["ETag"]
    slug = expected(CONDITION)[0][0]
    key = rows("SELECT key FROM public_vacancy WHERE slug = %s", slug)[0][0]
    vacancy = Vacancy.objects.get(key=key)
    vacancy.visibility = "hidden"
    vacancy.save()
    response = client.get(f"/leerstaende.atom?{QUERY}", headers={"If-None-Match": tag})
    assert response.status_code == 200
    assert slug not in response.content.decode()


@pytest.mark.parametrize("ending", ["atom", "feed.json"])
def test_who_has_the_feed_gets_304(client: Client, ending: str) -> None:
    first = client.get(f"/leerstaende.{ending}?{QUERY}")
    again = client.get(f"/leerstaende.{ending}?{QUERY}", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]
    other = client.get(f"/leerstaende.{ending}?town=wittenberge", headers={"If-None-Match": first["ETag"]})
    assert other.status_code == 200
    english = client.get(f"/en/leerstaende.{ending}?{QUERY}", headers={"If-None-Match": first["ETag"]})
    assert english.status_code == 200
    assert "Example: " in english.content.decode()


@pytest.mark.parametrize("ending", ["atom", "feed.json"])
def test_an_invalid_filter_is_named(client: Client, ending: str) -> None:
    response = client.get(f"/leerstaende.{ending}?transit=Z")
    assert response.status_code == 400
    assert response.json()["errors"][0]["parameter"] == "transit"


def test_a_title_with_markup_stays_text(client: Client) -> None:
    slug = expected(CONDITION)[0][0]
    key = rows("SELECT key FROM public_vacancy WHERE slug = %s", slug)[0][0]
    Vacancy.objects.filter(key=key).update(title="<b>Hof</b> & Laden")
    entry = next(e for e in atom(client, QUERY).iter(f"{ATOM}entry") if slug in e.findtext(f"{ATOM}id"))
    assert "<b>Hof</b> & Laden" in entry.findtext(f"{ATOM}title")
    assert "<b>" not in entry.findtext(f"{ATOM}summary")


@pytest.mark.parametrize("page", ["/", "/leerstaende/"])
def test_pages_name_the_feed_of_their_filter(client: Client, page: str) -> None:
    text = client.get(f"{page}?town=wittenberge&sort=area").content.decode()
    assert '<link rel="alternate" type="application/atom+xml" title="Atom" href="/leerstaende.atom?town=wittenberge"' in text
    assert '<a href="/leerstaende.atom?town=wittenberge" type="application/atom+xml">Als Feed abonnieren' in text


def test_what_was_confirmed_since_a_day(client: Client) -> None:
    since = (datetime.date.today() - datetime.timedelta(days=30)).isoformat()
    wanted = VacancyFilter.parse(f"verified_since={since}")
    assert wanted.query_string() == f"verified_since={since}"
    days = {e.findtext(f"{ATOM}updated")[:10] for e in atom(client, f"verified_since={since}").iter(f"{ATOM}entry")}
    assert days
    assert min(days) >= since
    assert VacancyFilter.parse("verified_since=2026-05-01").sentence() == "Leerstände, seit 1. Mai 2026 bestätigt"
    page = client.get(f"/leerstaende/?verified_since={since}").content.decode()
    assert f'<input type="date" id="f-verified_since" name="verified_since" value="{since}"' in page


@pytest.mark.parametrize("value", ["2026-02-30", "1.5.2026", "20260501", "2026-W18-5", "0001-01-01", "9999-12-31", "٢٠٢٦-05-01"])
def test_what_is_no_day_is_refused(client: Client, value: str) -> None:
    response = client.get("/leerstaende/", {"verified_since": value})
    assert response.status_code == 400
    assert "zum Beispiel 2026-05-31" in response.content.decode()
    assert Day(name="d", label="", column="d", phrase="").dump(datetime.date(2026, 5, 1)) == ["2026-05-01"]

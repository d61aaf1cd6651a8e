"""What an address says of the page besides the filter: refused when it cannot be, and never a page without rows beside a count."""

from __future__ import annotations

import re

import pytest
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.http import QueryDict
from django.test import Client

from geo.criteria import Text
from layers.publish.rights import as_reader
from layers.publish.snapshot import store
from tests.browser.watching import rows
from vacancies.listing import LAYERS, PAGE_SIZE, Listing
from vacancies.models import Vacancy

pytestmark = pytest.mark.django_db
TOWN = "town=wittenberge"


@pytest.mark.parametrize("page", ["/", "/leerstaende/"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("at", "foo"),
        ("at", "//"),
        ("at", "11/52.9"),
        ("at", "99/52.9/11.7"),
        ("at", "11/91/11.7"),
        ("at", "11/52.9/nan"),
        ("at", "11/5.2.9/11.7"),
        ("sel", "nix"),
        ("sel", "a2b3c4d5"),
        ("layers", "klassen"),
        ("layers", "classes,bogus"),
        ("sel", "'; DROP"),
        ("view", "sideways"),
        ("surface", "foo"),
        ("surface", "foo,60,best"),
        ("surface", "berlin-hbf,999,best"),
        ("surface", "berlin-hbf,0,best"),
        ("surface", "berlin-hbf,60,worst"),
    ],
)
def test_what_cannot_be_is_named(client: Client, page: str, name: str, value: str) -> None:
    response = client.get(page, {"town": "wittenberge", name: value})
    assert response.status_code == 400
    assert f">{name}" in response.content.decode()
    assert f'href="{page}?{TOWN}"' in response.content.decode(), "the way out keeps the rest"


def test_what_the_map_writes_is_read(client: Client) -> None:
    key = rows("SELECT key FROM public_vacancy ORDER BY key LIMIT 1")[0][0]
    for value in (
        f"at=11/52.9931/11.7505&sel={key}",
        "at=8.5/52.4/-13",
        "surface=berlin-hbf,250,median&view=both",
        "at=&sel=&surface=&view=",
    ):
        assert client.get(f"/?{TOWN}&{value}").status_code == 200, value


def test_every_layer_of_the_map_may_be_named(client: Client) -> None:
    named = re.findall(r'type="checkbox" value="([a-z_]+)" data-kind', client.get("/").content.decode())
    assert named == list(LAYERS)
    assert client.get("/", {"layers": ",".join((*named, "remote.gone"))}).status_code == 200


def test_every_key_there_is_may_be_selected(client: Client) -> None:
    assert all(re.fullmatch("[a-z0-9]{8}", key) for key in Vacancy.objects.values_list("key", flat=True))


@pytest.mark.parametrize("sort", ["town", "newest", "area"])
def test_a_mark_beyond_the_rows_shows_the_page_at_that_end(client: Client, sort: str) -> None:
    """As when the rows after a mark have gone since the link was made."""

    low, high = {"town": ("A", "Zzz"), "newest": ("0001-01-01", "9998-01-01"), "area": ("0", "1000000")}[sort]
    first_end, last_end = (low, high) if sort == "town" else (high, low)

    def page(mark: str = "") -> Listing:
        return Listing.ask(QueryDict(f"{TOWN}&sort={sort}{mark}"))

    first, again, last = page(), page(f"&before={first_end}~0"), page(f"&after={last_end}~zzzzzzzz")
    assert PAGE_SIZE < first.total < 2 * PAGE_SIZE
    assert [v.key for v in again.rows] == [v.key for v in first.rows]
    assert (again.previous, again.following) == (first.previous, first.following)
    assert len(last.rows) == PAGE_SIZE
    assert {v.key for v in [*first.rows, *last.rows]} == {v.key for v in first.first(first.total)}
    assert last.previous
    assert not last.following
    assert Listing.ask(QueryDict("town_size=rural&central=oberzentrum&before=2020-01-01~0")).rows == []


def test_errors_of_tiles_and_the_maps_own_files_are_json(client: Client) -> None:
    for path in ("/kacheln/leerstaende/8/137/83.mvt", "/leerstaende.csv", "/leerstaende.feed.json"):
        response = client.get(f"{path}?transit=Z", headers={"Accept": "text/html,*/*"})
        assert (response.status_code, response["Content-Type"]) == (400, "application/json"), path
        assert response.json()["errors"][0]["parameter"] == "transit"


@pytest.mark.parametrize("area", ["near=11.75,52.0,900", "polygon=11.7,52.0;11.8,52.0;11.8,52.05;11.7,52.05", "bbox=11.7,52.0,11.8,52.05"])
def test_where_an_area_holds_nothing_the_nearest_outside_is_named(client: Client, area: str) -> None:
    """It lies in Saxony-Anhalt, and the nearest shop is not the nearest vacancy."""
    box = "ST_MakeEnvelope(11.7, 52.0, 11.8, 52.05)"
    shape = "ST_MakePoint(11.75, 52.0)" if area.startswith("near") else box
    place = f"ST_Transform(ST_SetSRID({shape}, 4326), 25833)"
    sql = "SELECT slug, ST_Distance(point, {}) / 1000 FROM public_vacancy WHERE former_use = 'retail' ORDER BY 2, key LIMIT 1"
    slug, km = rows(sql.format(place))[0]
    page = client.get(f"/?former_use=retail&{area}").content.decode()
    shown = f"{km:.1f}".replace(".", ",")
    assert re.search(rf'Am nächsten außerhalb: <a href="/leerstaende/{slug}/">[^<]+</a>, {shown}\xa0km entfernt', page)
    assert "Am nächsten außerhalb" not in client.get("/?former_use=retail&town_size=rural&central=oberzentrum").content.decode()


def test_a_question_that_the_database_gives_up_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words are asked of the database; a page waits for them no longer than the reader's limit."""
    monkeypatch.setattr(store, "as_reader", lambda: as_reader(1))
    monkeypatch.setattr(Text, "alternatives", lambda *_: [Q(key__in=RawSQL("SELECT pg_sleep(5)::text", ()))])
    response = client.get("/leerstaende/?q=Sommerfrische")
    assert (response.status_code, response["Retry-After"]) == (503, "30")
    assert "zu lange gedauert" in response.content.decode()

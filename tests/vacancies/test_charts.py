"""The charts of an answer: every bar and every cell tells what its link leads to, counted by SQL, with and without JavaScript."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

pytestmark = pytest.mark.django_db

CHOSEN = "town_size_class IN ('rural', 'small_town_s') AND 'workshop' = ANY(target_uses)"
QUERY = "town_size=rural&town_size=small_town_s&target_use=workshop"


def count(condition: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM public_vacancy WHERE {condition}")
        return cursor.fetchone()[0]


class Bars(HTMLParser):
    """Bars and cells of a page by their name (`town_size=rural`, `rural+D`): number, link, whether it is the current one."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, object]] = {}
        self.open: str | None = None
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("data-bar"):
            self.open, self.text = given["data-bar"], ""
            self.found[self.open or ""] = {"link": given["href"], "current": "aria-current" in given, "soft": "data-soft" in given}

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self.open is not None:
            self.found[self.open]["n"] = int(re.search(r"([\d.]+)\s*$", self.text.strip())[1].replace(".", ""))  # type: ignore[index]
            self.open = None

    def handle_data(self, data: str) -> None:
        self.text += data


def bars(client: Client, address: str) -> dict[str, dict[str, object]]:
    return Bars(client.get(address).content.decode()).found


def total(client: Client, address: str) -> int:
    return int(re.search(r'data-total="(\d+)"', client.get(address).content.decode())[1])  # type: ignore[index]


@pytest.mark.parametrize("page", ["/", "/leerstaende/"])
def test_bars_count_what_sql_counts_under_the_other_filters(client: Client, page: str) -> None:
    found = bars(client, f"{page}?{QUERY}")
    sizes = "'workshop' = ANY(target_uses) AND town_size_class = '{}'"
    for size in ("rural", "small_town_s", "small_town_l", "large_city_s"):
        assert found[f"town_size={size}"]["n"] == count(sizes.format(size)), size
    assert found["transit_is=D"]["n"] == count(f"{CHOSEN} AND transit_class = 'D'")
    assert found["transit_is=none"]["n"] == count(f"{CHOSEN} AND transit_class = ''") > 0
    assert found["former_use=industry"]["n"] == count(f"{CHOSEN} AND former_use = 'industry'")
    assert found["target_use=studio"]["n"] == count("town_size_class IN ('rural', 'small_town_s') AND 'studio' = ANY(target_uses)")
    assert found["rural+D"]["n"] == count("town_size_class = 'rural' AND transit_class = 'D' AND 'workshop' = ANY(target_uses)")
    assert found["medium_town_s+none"]["n"] == count(
        "town_size_class = 'medium_town_s' AND transit_class = '' AND 'workshop' = ANY(target_uses)"
    )


def test_the_cells_of_the_matrix_make_all_hits(client: Client) -> None:
    cells = {name: bar["n"] for name, bar in bars(client, "/leerstaende/?target_use=stage").items() if "+" in name}
    assert len(cells) > 30
    assert sum(cells.values()) == count("'stage' = ANY(target_uses)")  # type: ignore[arg-type]


def test_each_bar_leads_to_as_many_as_it_says(client: Client) -> None:
    address = "/leerstaende/?target_use=workshop&transit=E&sort=area"
    found = bars(client, address)
    for name in ("town_size=rural", "transit_is=D", "former_use=industry", "rural+D", "small_town_l+C"):
        link = unescape(str(found[name]["link"]))
        assert link.endswith("#verteilung"), "without JavaScript the browser unfolds the charts again"
        assert "sort=area" in link
        assert total(client, "/leerstaende/" + link.partition("#")[0]) == found[name]["n"], name
    assert all(bar["soft"] for bar in found.values())


def test_a_chosen_bar_is_marked_and_its_link_takes_it_off_again(client: Client) -> None:
    found = bars(client, f"/leerstaende/?{QUERY}")
    chosen = {name for name, bar in found.items() if bar["current"]}
    assert chosen == {"town_size=rural", "town_size=small_town_s", "target_use=workshop"}
    assert found["town_size=rural"]["link"] == "?town_size=small_town_s&target_use=workshop#verteilung"
    added = "?town_size=rural&town_size=small_town_s&town_size=small_town_l&target_use=workshop#verteilung"
    assert found["town_size=small_town_l"]["link"] == added
    cell = bars(client, "/leerstaende/?town_size=rural&transit_is=D")
    assert {name for name, bar in cell.items() if bar["current"]} == {"town_size=rural", "transit_is=D", "rural+D"}
    assert cell["rural+D"]["link"] == "?#verteilung"
    assert cell["rural+E"]["link"] == "?town_size=rural&transit_is=E#verteilung"


def test_what_gives_nothing_is_no_link_but_stands_there(client: Client) -> None:
    page = client.get("/leerstaende/?town_size=large_city_s").content.decode()
    assert count("town_size_class = 'large_city_s' AND transit_class = 'F'") == 0
    assert 'data-bar="large_city_s+F"' not in page
    assert 'data-bar="transit_is=F"' not in page
    assert re.search(r'class="none">\s*<span class="bar-line">\s*<span class="bar-label">F – sehr gering', page)


def test_a_chart_has_a_table_with_every_option_in_the_language_of_the_page(client: Client) -> None:
    rural = count("town_size_class = 'rural'")
    for prefix, number, word in (("", f"{rural:,}".replace(",", "."), "Als Tabelle"), ("/en", f"{rural:,}", "As a table")):
        page = client.get(f"{prefix}/leerstaende/").content.decode()
        table = re.search(r'<details id="table-town_size">(.*?)</details>', page, re.DOTALL)[1]  # type: ignore[index]
        assert word in table
        assert len(re.findall(r'<th scope="row">', table)) == 6
        assert f"<td>{number}</td>" in table
        uses = re.search(r'<details id="table-former_use">(.*?)</details>', page, re.DOTALL)[1]  # type: ignore[index]
        assert len(re.findall(r'<th scope="row">', uses)) == 21


def test_a_changed_answer_brings_its_charts_only_when_they_are_asked_for(client: Client) -> None:
    address = f"/leerstaende/?{QUERY}"
    answer = client.get(address, headers={"X-Part": "answer"}).content.decode()
    assert 'class="pictures"' in answer
    assert "data-bar" not in answer, "most people never unfold them"
    part = client.get(address, headers={"X-Part": "pictures"}).content.decode()
    assert Bars(part).found == bars(client, address)
    assert "<html" not in part
    assert "Güteklassen nach dem Fahrplan vom 20.04.2021." in part
    assert "VBB" in part


def test_an_empty_answer_has_no_charts(client: Client) -> None:
    assert 'class="pictures"' not in client.get("/leerstaende/?town_size=rural&central=oberzentrum").content.decode()


@pytest.mark.parametrize("step", range(6))
def test_the_number_in_a_cell_is_read_in_both_colour_schemes(step: int) -> None:
    """One sign is too little for axe to measure; the shades are the same by day and by night, so must their letters be."""
    css = (settings.BASE_DIR / "web/static/css/pictures.css").read_text()
    fixed = dict(re.findall(r"(--[\w-]+): (#\w+);", css))
    found = re.search(rf"\.shade-{step} {{ background: var\((--[\w-]+)\); color: (?:var\((--[\w-]+)\)|(#\w+));", css)
    assert found
    shade, name, written = found.groups()
    light, dark = sorted((luminance(fixed[shade]), luminance(written or fixed[name])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    text = colour.lstrip("#") if len(colour) == 7 else "".join(c * 2 for c in colour.lstrip("#"))
    parts = [int(text[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_exact_class_is_a_filter_of_its_own(client: Client) -> None:
    text = client.get("/leerstaende/?transit_is=D,none").content.decode()
    assert f'data-total="{count("transit_class IN ($$D$$, $$$$)")}"' in text
    assert "Leerstände mit ÖV-Güteklasse D oder keiner ÖV-Güteklasse" in text
    assert total(client, "/leerstaende/?transit_is=A&transit=C") == count("transit_class = 'A'")
    refused = client.get("/leerstaende/?transit_is=Z")
    assert refused.status_code == 400
    assert "transit_is" in refused.content.decode()
    header = client.get("/leerstaende.csv?town=wittenberge").getvalue().decode("utf-8-sig").splitlines()[0]
    assert "transit_class" in header
    assert "transit_is" not in header, "the files hold the class once"

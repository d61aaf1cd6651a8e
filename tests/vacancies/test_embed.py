"""Embedding in other people's pages, the code for it, and QR codes of addresses of this site."""

from __future__ import annotations

import html
import re

import pytest
import segno
from django.test import Client
from lxml import etree

from tests.browser.watching import count

pytestmark = pytest.mark.django_db


def ancestors(policy: str) -> str:
    return next(part for part in policy.split("; ") if part.startswith("frame-ancestors"))


@pytest.mark.parametrize("view", ["map", "list"])
def test_the_embedded_page_may_stand_in_any_frame_and_sets_no_cookie(client: Client, view: str) -> None:
    response = client.get(f"/embed?town=wittenberge&view={view}")
    text = response.content.decode()
    assert response.status_code == 200
    assert "X-Frame-Options" not in response
    assert ancestors(response["Content-Security-Policy"]) == "frame-ancestors *"
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert not response.cookies
    assert "<title>Leerstände in Wittenberge" in text
    assert "<header" not in text
    assert "<footer" not in text
    page = "/" if view == "map" else "/leerstaende/"
    assert f'<a href="{page}?town=wittenberge">Mehr auf Raumwohlstand' in text
    assert '<base target="_blank">' in text
    wanted = count("town_slug = 'wittenberge'")
    assert f"<strong>{wanted} Leerstände</strong>" in text


def test_the_embedded_list_pages_inside_its_frame(client: Client) -> None:
    text = client.get("/embed?district=12070&view=list").content.decode()
    following = html.unescape(re.search(r'<a href="(\?[^"]+)" target="_self" rel="next"', text)[1])  # type: ignore[index]
    second = client.get(f"/embed{following}").content.decode()
    keys = [set(re.findall(r'data-key="(\w+)"', page)) for page in (text, second)]
    assert len(keys[0]) == 20
    assert keys[1]
    assert not keys[0] & keys[1]


@pytest.mark.parametrize("page", ["/", "/leerstaende/", "/einbetten/", "/orte/wittenberge/", "/admin/login/"])
def test_all_other_pages_stay_out_of_strange_frames(client: Client, page: str) -> None:
    response = client.get(page)
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert ancestors(response["Content-Security-Policy"]) == "frame-ancestors 'self'"


@pytest.mark.parametrize("query", ["transit=Z", "view=3d", "sort=quer"])
@pytest.mark.parametrize("page", ["/embed", "/einbetten/"])
def test_an_invalid_filter_is_named(client: Client, page: str, query: str) -> None:
    response = client.get(f"{page}?{query}")
    assert response.status_code == 400
    assert query.partition("=")[0] in response.content.decode()


def test_the_builder_makes_the_code_of_what_it_shows(client: Client) -> None:
    text = client.get("/einbetten/?town=wittenberge&view=list&width=400&height=600").content.decode()
    code = html.unescape(re.search(r'<textarea id="code"[^>]*>(.*?)</textarea>', text, re.DOTALL)[1])  # type: ignore[index]
    frame = etree.HTML(code).find(".//iframe")
    assert frame.get("src") == "http://testserver/embed?town=wittenberge&view=list"
    assert (frame.get("width"), frame.get("height"), frame.get("title")) == ("400", "600", "Leerstände in Wittenberge")
    shown = etree.HTML(text).find(".//iframe[@id='preview']")
    assert shown.get("src") == "/embed?town=wittenberge&view=list"
    assert client.get(shown.get("src")).status_code == 200
    plain = client.get("/einbetten/").content.decode()
    assert "width=&quot;100%&quot; height=&quot;520&quot;" in plain


def test_a_quote_in_the_search_cannot_leave_the_code(client: Client) -> None:
    text = client.get("/einbetten/", {"q": '"><script>alert(1)</script>'}).content.decode()
    code = html.unescape(re.search(r'<textarea id="code"[^>]*>(.*?)</textarea>', text, re.DOTALL)[1])  # type: ignore[index]
    assert [e.tag for e in etree.HTML(code).find("body").iter()] == ["body", "iframe"]
    assert "alert(1)" in etree.HTML(code).find(".//iframe").get("title")
    assert "<script>alert" not in text


@pytest.mark.parametrize("size", ["width=100", "height=99999999", "width=-5", "height=viel", "width=٤٠٠"])
def test_an_impossible_size_is_refused(client: Client, size: str) -> None:
    response = client.get(f"/einbetten/?{size}")
    assert response.status_code == 400
    assert "Pixel von 240 bis 2000" in response.content.decode()


def test_a_qr_code_holds_the_address_of_this_site(client: Client) -> None:
    response = client.get("/qr.svg", {"for": "/leerstaende/?q=Bäckerei&town=wittenberge"})
    assert response["Content-Type"] == "image/svg+xml"
    assert response["X-Content-Type-Options"] == "nosniff"
    expected = segno.make_qr("http://testserver/leerstaende/?q=B%C3%A4ckerei&town=wittenberge", error="m")
    assert etree.fromstring(response.content).find("{*}path[@class='qrline']").get("d") in expected.svg_inline(border=2)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "https://example.org/",
        "//example.org/",
        "/\\example.org/",
        "///example.org",
        "\\\\example.org",
        "javascript:alert(1)",
        "leerstaende/",
        "/" + "x" * 600,
    ],
)
def test_a_qr_code_leads_nowhere_else(client: Client, path: str) -> None:
    response = client.get("/qr.svg", {"for": path})
    assert response.status_code == 400
    assert "ein Pfad dieser Seite" in response.content.decode()


def test_an_address_too_long_for_a_code_stands_alone(client: Client) -> None:
    few, many = (";".join(f"13.{i:04},52.{i:04}" for i in range(1, n)) + ";13.5,52.9" for n in (5, 90))
    for polygon, codes in ((few, 1), (many, 0)):
        found = etree.HTML(client.get("/leerstaende/", {"polygon": polygon}).content.decode()).find(".//div[@class='permalink']")
        assert "?polygon=13.0001,52.0001;" in found.find(".//a").text
        images = found.findall("img")
        assert len(images) == codes
        for image in images:
            assert client.get(image.get("src")).status_code == 200


def test_the_public_address_is_used_where_it_is_set(client: Client, settings) -> None:  # type: ignore[no-untyped-def]
    settings.PUBLIC_URL = "https://leerstand.example.org"
    text = client.get("/einbetten/?town=wittenberge").content.decode()
    assert "https://leerstand.example.org/embed?town=wittenberge&amp;amp;view=map" in text
    assert 'src="/embed?town=wittenberge&amp;view=map"' in text

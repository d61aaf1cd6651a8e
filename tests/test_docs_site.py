"""The documentation as pages: made strictly, complete where it comes from the program, and asking nobody else."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from lxml import html
from mkdocs.exceptions import Abort

from docs.site import build, reference
from layers.publish.collection import collections
from vacancies.filters import VacancyFilter

FOREIGN = re.compile(r"^(https?:)?//")
IN_STYLE = re.compile(r"(?:url\(|@import )[\"']?((?:https?:)?//[^)\"']+)")


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker, tmp_path_factory: pytest.TempPathFactory) -> Path:  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("docs")
    with django_db_blocker.unblock():
        build.build(folder)
    return folder


def pages(site: Path) -> dict[str, html.HtmlElement]:
    return {p.relative_to(site).as_posix(): html.fromstring(p.read_bytes()) for p in sorted(site.rglob("*.html"))}


def text_of(site: Path, page: str) -> str:
    return " ".join(html.fromstring((site / page / "index.html").read_bytes()).find(".//article").text_content().split())


def test_every_link_leads_somewhere(site: Path) -> None:
    found = pages(site)
    assert len(found) > 40
    broken, asked = [], 0
    for name, page in found.items():
        if name == "404.html":
            continue  # its addresses begin at the root of wherever it is put
        for element in page.iter("a", "img", "link", "script"):
            target = element.get("href") or element.get("src")
            if not target or FOREIGN.match(target) or target.startswith(("mailto:", "data:", "javascript:")):
                continue
            asked += 1
            path = unquote(urlsplit(target).path)
            there = (site / name).parent / path if path else site / name
            there = there / "index.html" if there.is_dir() else there
            anchor = unquote(urlsplit(target).fragment)
            if not there.exists():
                broken.append(f"{name}: {target}")
            elif anchor and not found[there.resolve().relative_to(site.resolve()).as_posix()].xpath("//*[@id=$id or @name=$id]", id=anchor):
                broken.append(f"{name}: {target} (no such heading)")
    assert asked > 2_000
    assert broken == []


def test_a_link_that_leads_nowhere_ends_the_build(site: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for part in reference.PARTS:
        monkeypatch.setitem(reference.PARTS, part, str)
    for wrong in ("[x](nowhere.md)", "[x](architecture.md#no-such-heading)", "![x](nowhere.png)"):
        monkeypatch.setitem(reference.PARTS, "tasks", lambda wrong=wrong: wrong)
        with pytest.raises(Abort, match="strict"):
            build.build(tmp_path)


def test_nobody_else_is_asked(site: Path) -> None:
    foreign = []
    for name, page in pages(site).items():
        loaded = [*page.xpath("//@src"), *page.xpath("//link[not(@rel='canonical')]/@href")]
        foreign += [f"{name}: {address}" for address in loaded if FOREIGN.match(address)]
    for style in site.rglob("*.css"):
        foreign += [f"{style.name}: {u}" for u in IN_STYLE.findall(style.read_text(encoding="utf-8"))]
    assert foreign == []


@pytest.mark.django_db
def test_filters_are_told_completely_and_truly(site: Path) -> None:
    told = text_of(site, "de/filter")
    for criterion in VacancyFilter.criteria:
        schema = criterion.schema()
        assert schema["label"] in told
        shown = re.search(rf"\b{criterion.name}= .*?Beispiel: (\?{criterion.name}=\S+) – ", told)
        assert shown, criterion.name
        wanted = VacancyFilter.parse(shown[1])
        assert wanted.values
        assert f"{shown[1]} – {' '.join(wanted.sentence().split())}." in told
        if criterion.name != "town":
            assert all(f"{o['value']} {o['label']}" in told for o in schema.get("options", []))


@pytest.mark.django_db
def test_layers_and_data_sets_are_told_completely(site: Path) -> None:
    services, data = text_of(site, "de/dienste"), text_of(site, "de/daten")
    for layer in collections():
        assert str(layer.title) in services
        for field in layer.fields:
            assert f"{field.name} {field.label}" in services
    for entry in reference.tomllib.loads((build.ROOT / "data" / "datasets.toml").read_text(encoding="utf-8")).values():
        assert entry["attribution"] in data
        assert entry["licence"] in data


def test_pages_say_their_language(site: Path) -> None:
    languages = {name: page.get("lang") for name, page in pages(site).items()}
    assert languages["index.html"] == languages["de/filter/index.html"] == languages["notebooks/05_coworking/index.html"] == "de"
    assert languages["architecture/index.html"] == languages["decisions/index.html"] == languages["operations/index.html"] == "en"


def test_every_page_of_the_repository_is_in_it(site: Path) -> None:
    known = {p.relative_to(site).parent.as_posix() for p in site.rglob("index.html")}
    for folder in ("docs", "docs/de", "docs/decisions", "notebooks"):
        for page in (build.ROOT / folder).glob("*.md"):
            name = build.place(page.relative_to(build.ROOT).as_posix()).removesuffix(".md").removesuffix("index") or "."
            assert name in known


def test_pictures_have_words(site: Path) -> None:
    for name, page in pages(site).items():
        for picture in page.xpath("//article//img"):
            assert len(picture.get("alt", "")) > 15, f"{name}: {picture.get('src')}"

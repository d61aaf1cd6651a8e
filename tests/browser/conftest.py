"""A real browser on the real pages. Every page it opens is watched: no request to another host, no error in the console."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.watching import Open, Watch, rows

WATCH_LIVE = """
addEventListener("DOMContentLoaded", () => {
  window.announced = [];
  const live = document.getElementById("live");
  const note = () => window.announced.push(live.textContent);
  if (live) new MutationObserver(note).observe(live, { childList: true, characterData: true, subtree: true });
});
"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def watch(site: str) -> Watch:
    return Watch(urlsplit(site).netloc)


@pytest.fixture
def open_page(browser: Browser, site: str, watch: Watch, db: None) -> Iterator[Open]:
    """Open a page of the site: `open_page("/", width=360, height=740, **context options)`."""
    contexts = []

    def do(path: str, width: int = 1280, height: int = 800, **options: object) -> Page:
        options = {"locale": "de-DE", "reduced_motion": "reduce"} | options
        context = browser.new_context(viewport={"width": width, "height": height}, base_url=site, **options)  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        context.on("request", watch.request)
        context.on("console", watch.console)
        context.on("weberror", lambda error: watch.complaints.append(str(error.error)))
        if options.get("java_script_enabled", True):
            context.add_init_script(WATCH_LIVE)
        contexts.append(context)
        page = context.new_page()
        page.goto(path)
        return page

    yield do
    for context in contexts:
        context.close()
    assert watch.foreign == []
    assert watch.complaints == []


@pytest.fixture
def vacancy(db: None) -> str:
    """The page of a vacancy with an exact place and a reach."""
    found = rows("SELECT slug FROM public_vacancy WHERE is_exact AND transit_class = 'B' ORDER BY key LIMIT 1")
    return f"/leerstaende/{found[0][0]}/"

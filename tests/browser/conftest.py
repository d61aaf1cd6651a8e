"""A real browser on the real pages. Every page it opens is watched: no request to another host, no error in the console."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.watching import Beside, Open, Watch, rows

Tabs = Callable[..., Page]
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


@pytest.fixture(scope="session")
def tabs(browser: Browser, site: str) -> Tabs:
    """One tab per kind of browser, kept for all tests: a new one begins with a process and an empty cache, a second a page."""
    kept: dict[str, Page] = {}

    def do(**options: object) -> Page:
        name = repr(sorted(options.items()))
        if name not in kept:
            context = browser.new_context(base_url=site, **options)  # type: ignore[arg-type]
            context.set_default_timeout(10_000)
            if options.get("java_script_enabled", True):
                context.add_init_script(WATCH_LIVE)
            kept[name] = context.new_page()
        return kept[name]

    return do


@pytest.fixture
def open_page(tabs: Tabs, watch: Watch, db: None) -> Iterator[Open]:
    """Open a page of the site: `open_page("/", width=360, height=740, **context options)`.

    The pages store nothing and set no cookies, so that a tab that has shown others is like a new one.
    """
    heard = {"request": watch.request, "console": watch.console, "weberror": watch.error}
    used: list[Page] = []

    def do(path: str, width: int = 1280, height: int = 800, **options: object) -> Page:
        page = tabs(**{"locale": "de-DE", "reduced_motion": "reduce"} | options)
        if page in used:
            page = page.context.new_page()
        else:
            used.append(page)
            for event, listener in heard.items():
                page.context.on(event, listener)  # type: ignore[call-overload]
        page.set_viewport_size({"width": width, "height": height})
        page.goto(path)
        return page

    yield do
    for tab in used:
        for page in tab.context.pages:
            if page != tab:
                page.close()
        for event, listener in heard.items():
            tab.context.remove_listener(event, listener)
        tab.context.clear_cookies()
        tab.goto("about:blank")
        tab.mouse.move(0, 0)
        tab.emulate_media(media="null", forced_colors="null")
    assert watch.foreign == []
    assert watch.complaints == []


@pytest.fixture
def vacancy(db: None) -> str:
    """The page of a vacancy with an exact place and a reach."""
    found = rows("SELECT slug FROM public_vacancy WHERE is_exact AND transit_class = 'B' ORDER BY key LIMIT 1")
    return f"/leerstaende/{found[0][0]}/"


@pytest.fixture
def beside(db: None) -> Iterator[Beside]:
    """Do something in a thread of its own, so that the server sees it; what was made is removed afterwards."""

    def done(do: Callable[..., Any], *words: Any) -> Any:
        try:
            return do(*words)
        finally:
            connection.close()

    def remove() -> None:
        from django.contrib.auth.models import User
        from django.contrib.sessions.models import Session
        from django.core.files.storage import default_storage

        from geo.models import Dataset
        from network.models import AdviceCase, ContactPoint, Inquiry, Mail, Report
        from vacancies.models import Photo, Vacancy

        for model in (AdviceCase, Report, Inquiry, Mail, Session):
            model.objects.all().delete()
        made = Vacancy.objects.real()
        for name in Photo.objects.filter(vacancy__in=made).values_list("file", flat=True):
            default_storage.delete(name)
        made.delete()
        Dataset.objects.filter(key__startswith="liste-").delete()
        ContactPoint.objects.filter(mailbox__endswith="@example.org").delete()
        User.objects.filter(is_superuser=False).delete()

    with ThreadPoolExecutor(1) as pool:
        yield lambda do, *words: pool.submit(done, do, *words).result()
        pool.submit(done, remove).result()

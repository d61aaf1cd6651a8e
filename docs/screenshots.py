"""Take the pictures in docs/screenshots anew: `./dev screenshots`, or `./dev screenshots map list` for some of them.

Serves the pages of the private database itself, on a free port, and asks them with Chromium at 360, 768 and 1280 px. The first
page of an exposé and pictures of the notebooks are taken once.
"""

from __future__ import annotations

import base64
import io
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import django
from PIL import Image
from playwright.sync_api import BrowserContext, Page, sync_playwright

from benchmarks.serving import served

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "screenshots"
WIDTHS = {360: 740, 768: 1024, 1280: 800}
LARGEST = 400 * 1024
HEIGHT_OF_LONG_PAGES = 1800
# name: address; {vacancy} is the page of an example with much to tell
PICTURES = {
    "map": "/",
    "filtered": "/?town_size=small_town_s,small_town_l&transit=C&target_use=workshop",
    "list": "/leerstaende/?town_size=rural&transit=D",
    "detail": "{vacancy}",
    "town": "/orte/wittenberge/",
    "district": "/landkreise/uckermark/",
    "overview": "/ueberblick/",
    "charts": "/leerstaende/?target_use=workshop#verteilung",
    "sources": "/datenquellen/",
    "admin": "/admin/vacancies/vacancy/add/",
    "services": "/ogc/?town_size=rural&transit=C",
    "empty": "/leerstaende/?town_size=rural&central=oberzentrum&target_use=stage",
    "request": "/gesuche/neu/1/",
    "showcases": "/beispiele/",
    "funding": "/foerderung/",
    "report": "/melden/",
    "english": "/en/?town_size=rural&transit=C",
}
# name: notebook, and which of its pictures
DRAWN = {"notebook-ranks": ("05_coworking", 2), "notebook-patterns": ("06_statistics", 2)}
SLICED = ("detail", "town", "district", "overview", "charts", "sources", "admin", "showcases", "funding")


@contextmanager
def signed_in() -> Iterator[dict[str, str]]:
    """A session of an administrator made for the pictures and deleted after them; yields its cookie."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
    from django.contrib.sessions.backends.db import SessionStore

    users = get_user_model()._default_manager
    user = users.create_superuser("screenshots", password=None)  # type: ignore[attr-defined]
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    try:
        yield {"name": settings.SESSION_COOKIE_NAME, "value": str(session.session_key)}
    finally:
        session.delete()
        user.delete()


def example_page() -> str:
    """Return the page of an example with much to tell: exact, in Wittenberge, well connected."""
    from vacancies.public import PublicVacancy

    rows = PublicVacancy.objects.filter(is_exact=True, well_connected=True, usable_m2__gt=200, rail_distance_m__lt=3000).exclude(summary="")
    row = rows.filter(town_slug="wittenberge").order_by("key").first() or rows.order_by("key").first()
    return row.get_absolute_url() if row else "/leerstaende/"


def settle(page: Page) -> None:
    """Wait until fonts, basemap and points are painted."""
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    if page.locator("#map[data-files]").count() and page.locator("#map").is_visible():
        page.wait_for_selector("#map[data-ready]", timeout=20_000)
    page.wait_for_timeout(200)


def take(context: BrowserContext, base: str, name: str, address: str) -> None:
    page = context.new_page()
    page.goto(base + address)
    settle(page)
    size = page.viewport_size
    assert size is not None
    height = page.evaluate("document.documentElement.scrollHeight")
    if name in SLICED and height > size["height"]:
        page.set_viewport_size({"width": size["width"], "height": min(height, HEIGHT_OF_LONG_PAGES)})
        page.wait_for_timeout(300)
    keep(Image.open(io.BytesIO(page.screenshot())), f"{name}-{size['width']}")
    page.close()


def printed(address: str) -> Image.Image:
    """Return the first page of a vacancy's exposé."""
    import pypdfium2

    with urlopen(f"{address}expose.pdf") as answer:  # noqa: S310 - our own address
        return pypdfium2.PdfDocument(answer.read())[0].render(scale=1.4).to_pil()


def drawn(notebook: str, number: int) -> Image.Image:
    """Run a notebook and return one of its pictures."""
    import nbformat
    from nbclient import NotebookClient

    book = nbformat.read(ROOT / "notebooks" / f"{notebook}.ipynb", as_version=4)
    NotebookClient(book, timeout=300, resources={"metadata": {"path": str(ROOT / "notebooks")}}).execute()
    found = [o["data"]["image/png"] for c in book.cells for o in c.get("outputs", []) if "image/png" in o.get("data", {})]
    return Image.open(io.BytesIO(base64.b64decode(found[number])))


def keep(picture: Image.Image, name: str) -> None:
    target = FOLDER / f"{name}.png"
    picture.convert("RGB").quantize(256, kmeans=2, dither=Image.Dither.NONE).save(target, optimize=True)
    kilobytes = target.stat().st_size / 1024
    print(f"  {target.relative_to(ROOT)}  {kilobytes:.0f} kB", flush=True)
    if target.stat().st_size > LARGEST:
        sys.exit(f"{target.name} is larger than {LARGEST // 1024} kB.")


def main(wanted: list[str]) -> int:
    known = (*PICTURES, "expose", *DRAWN)
    unknown = set(wanted) - set(known)
    if unknown:
        print(f"There is no picture „{', '.join(sorted(unknown))}“; there are {', '.join(known)}.")
        return 2
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with served() as base:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's event loop runs in this thread
        django.setup()
        vacancy = example_page()
        if not wanted or "expose" in wanted:
            keep(printed(base + vacancy), "expose")
        for name, (notebook, number) in DRAWN.items():
            if not wanted or name in wanted:
                keep(drawn(notebook, number), name)
        with signed_in() as cookie, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for width, height in WIDTHS.items():
                context = browser.new_context(viewport={"width": width, "height": height}, locale="de-DE", reduced_motion="reduce")
                context.add_cookies([{**cookie, "url": base}])  # type: ignore[list-item, typeddict-item]
                for name, address in PICTURES.items():
                    if not wanted or name in wanted:
                        take(context, base, name, address.format(vacancy=vacancy))
                context.close()
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

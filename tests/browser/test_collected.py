"""Scripts as they are served: collected, made small, named by their content."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
JS = Path(__file__).resolve().parents[2] / "web" / "static" / "js"


def test_every_module_is_smaller_and_still_runs(browser: Browser, tmp_path: Path, settings: Any) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "config.storage.HashedStaticStorage"}}
    settings.STATICFILES_DIRS = [JS.parent]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    call_command("collectstatic", interactive=False, verbosity=0)
    names = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
    modules = sorted(path.name for path in JS.glob("*.js"))
    assert len(modules) > 20
    page = browser.new_page()
    page.route("**/*", lambda route: _serve(route, tmp_path))
    page.goto("http://raum.test/")
    for name in modules:
        served = names[f"js/{name}"]
        text = (tmp_path / served).read_text()
        written = (JS / name).read_text()
        assert len(written) / 3 < len(text) < len(written)
        assert text.count("export") == len(re.findall(r"^export", written, re.MULTILINE)), name
        imports = re.findall(r"""(?:from|import\()\s*["']\./([\w.]+)["']""", text)
        assert all((tmp_path / "js" / i).exists() for i in imports), f"{name}: modules import each other by their hashed names"
        problem = page.evaluate("(address) => import(address).then(() => '', (error) => error.name)", f"http://raum.test/{served}")
        assert problem != "SyntaxError", name
    page.close()


def _serve(route: Any, folder: Path) -> None:
    path = folder / route.request.url.removeprefix("http://raum.test/")
    if path.is_file():
        route.fulfill(body=path.read_bytes(), content_type="text/javascript")
    else:
        route.fulfill(body="<!doctype html><html lang='de'><title>leer</title></html>", content_type="text/html")


def test_the_scripts_of_the_map_are_no_more_than_what_was_promised(settings: Any) -> None:
    """65 kB gzip with Leaflet: everything that the page loads before anybody presses a button."""
    from benchmarks.map import scripts_of_the_map

    assert sum(len(gzip.compress(text, 9)) for text in scripts_of_the_map()) <= 65_000

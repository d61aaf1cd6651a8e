"""`./dev cite`: OGC's own conformance suites against our services, where they can be had; writes docs/conformance.md.

The suite for WFS 2.0 (ets-wfs20, Open Geospatial Consortium, Apache License 2.0) comes through Maven. Those for WMS 1.3
and OGC API Features are not in Maven's central repository; with their jars in the folder of `RW_CITE_JARS` they run, too.
"""

from __future__ import annotations

import collections
import datetime
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from benchmarks.serving import ROOT, served

REPORT = ROOT / "docs" / "conformance.md"
MOST_NAMED = 60


@dataclass(frozen=True)
class Suite:
    """A suite: its jar, the arguments it wants, and the Maven coordinates where it has some."""

    title: str
    jar: str
    argument: str
    path: str
    coordinates: str = ""


SUITES = (
    Suite(
        "WFS 2.0",
        "ets-wfs20",
        "wfs",
        "/ogc/wfs?service=WFS&request=GetCapabilities&version=2.0.0",
        "org.opengis.cite:ets-wfs20:1.25:jar:aio",
    ),
    Suite("OGC API Features 1.0", "ets-ogcapi-features10", "iut", "/ogc/features/"),
    Suite("WMS 1.3", "ets-wms13", "capabilities-url", "/ogc/wms?service=WMS&request=GetCapabilities&version=1.3.0"),
)


@dataclass
class Outcome:
    """What a suite found: how many tests passed, failed, were left out; and what failed, with its reason."""

    counts: collections.Counter[str] = field(default_factory=collections.Counter)
    failed: list[tuple[str, str]] = field(default_factory=list)


def jar_of(suite: Suite, folder: Path) -> Path | None:
    """Return the suite's jar: from RW_CITE_JARS, from an earlier run, or through Maven; None where it cannot be had."""
    for place in (os.environ.get("RW_CITE_JARS"), str(folder)):
        found = sorted(Path(place).glob(f"{suite.jar}-*aio.jar")) if place else []
        if found:
            return found[-1]
    if not suite.coordinates or not shutil.which("mvn"):
        return None
    subprocess.run(
        ["mvn", "-B", "-q", "dependency:copy", f"-Dartifact={suite.coordinates}", f"-DoutputDirectory={folder}"], check=True, cwd=folder
    )
    return next(iter(sorted(folder.glob(f"{suite.jar}-*aio.jar"))), None)


def run(suite: Suite, jar: Path, base: str, folder: Path) -> Outcome:
    """Run one suite against the service and return what it found."""
    address = escape(base + suite.path)
    properties = folder / f"{suite.jar}.xml"
    doctype = '<!DOCTYPE properties SYSTEM "http://java.sun.com/dtd/properties.dtd">'
    properties.write_text(f'{doctype}<properties version="1.0"><entry key="{suite.argument}">{address}</entry></properties>')
    out = folder / suite.jar
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    subprocess.run(["java", "-jar", jar, "-o", out, properties], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found = Outcome()
    for result in sorted(out.rglob("testng-results.xml")):
        for method in ElementTree.parse(result).iter("test-method"):  # noqa: S314 - written by the suite just now
            if method.get("is-config") == "true" and method.get("status") == "PASS":
                continue
            status = method.get("status", "?")
            found.counts[status] += 1
            if status == "FAIL":
                message = " ".join((method.findtext(".//message") or "").split())
                found.failed.append((f"{(method.get('signature') or '').split('(')[0]}", message[:300]))
    return found


def main() -> int:
    from django.conf import settings

    folder = Path(settings.DATA_DIR) / "cite"
    folder.mkdir(parents=True, exist_ok=True)
    if not shutil.which("java"):
        sys.exit("Java is missing; install it with: sudo apt-get install -y default-jre-headless maven")
    lines = ["# Conformance", "", f"OGC's own suites, run by `./dev cite` on {datetime.date.today()} against the example data.", ""]
    failures = 0
    with served() as base:
        for suite in SUITES:
            jar = jar_of(suite, folder)
            if jar is None:
                print(f"  {suite.title}: the suite {suite.jar} cannot be had here; put its jar into RW_CITE_JARS")
                lines += [f"- **{suite.title}**: not run; the suite `{suite.jar}` is not in a package registry.", ""]
                continue
            found = run(suite, jar, base, folder)
            failures += found.counts["FAIL"]
            said = f"{found.counts['PASS']} passed, {found.counts['FAIL']} failed, {found.counts['SKIP']} left out"
            print(f"  {suite.title}: {said}")
            lines += [f"- **{suite.title}** (`{jar.name}`): {said}."]
            lines += [f"  - `{name}`: {message}" for name, message in found.failed[:MOST_NAMED]]
            lines += [""]
    REPORT.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    print(f"  written to {REPORT.relative_to(ROOT)}")
    return 1 if failures else 0


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    sys.exit(main())

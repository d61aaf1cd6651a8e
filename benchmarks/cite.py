"""`./dev cite`: OGC's own conformance suites against our services, where they can be had; writes docs/conformance.md.

The suite for WFS 2.0 (ets-wfs20, Open Geospatial Consortium, Apache License 2.0) comes through Maven. Those for WMS 1.3
and OGC API Features are not in Maven's central repository; with their jars in the folder of `RW_CITE_JARS` they run, too.
The suites were written for Java 8; on later ones a small agent (ServiceRegistryAgent.java) gives back what Java took away.
"""

from __future__ import annotations

import collections
import datetime
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from benchmarks.cite_schemas import schemas
from benchmarks.serving import ROOT, served

REPORT = ROOT / "docs" / "conformance.md"
BY_HAND = "## DCAT-AP.de"  # from this heading on, people write
AGENT = "ServiceRegistryAgent"
LIBRARIES = (  # what Java 8 had inside, and what the agent is written with
    "javax.xml.bind:jaxb-api:2.3.1:jar",
    "com.sun.xml.bind:jaxb-core:2.3.0.1:jar",
    "com.sun.xml.bind:jaxb-impl:2.3.1:jar",
    "javax.activation:activation:1.1.1:jar",
    "org.ow2.asm:asm:9.7.1:jar",
)
SERVICES = "META-INF/services/"
# the suite itself asks for xs:date('…T…Z'), which no XPath engine can evaluate; the rows it got are not judged
OWN_FAULT = "XPath expression cannot be evaluated: xs:date("
# tests of what a service need not offer and ours does not: changing data
OPTIONAL = ("transaction.", "locking.", "versioning.")


@dataclass(frozen=True)
class Suite:
    """A suite: its jar, the arguments it wants, and the Maven coordinates where it has some."""

    title: str
    jar: str
    main: str
    argument: str
    path: str
    coordinates: str = ""


SUITES = (
    Suite(
        "WFS 2.0",
        "ets-wfs20",
        "org.opengis.cite.iso19142.TestNGController",
        "wfs",
        "/ogc/wfs?service=WFS&request=GetCapabilities&version=2.0.0",
        "org.opengis.cite:ets-wfs20:1.25:jar:aio",
    ),
    Suite("OGC API Features 1.0", "ets-ogcapi-features10", "org.opengis.cite.ogcapifeatures10.TestNGController", "iut", "/ogc/features/"),
    Suite(
        "WMS 1.3",
        "ets-wms13",
        "org.opengis.cite.wms13.TestNGController",
        "capabilities-url",
        "/ogc/wms?service=WMS&request=GetCapabilities&version=1.3.0",
    ),
)


@dataclass
class Outcome:
    """What a suite found: how many tests passed, failed, were left out; and what failed, with its reason."""

    counts: collections.Counter[str] = field(default_factory=collections.Counter)
    failed: dict[str, list[str]] = field(default_factory=dict)


def jar_of(suite: Suite, folder: Path) -> Path | None:
    """Return the suite's jar: from RW_CITE_JARS, from an earlier run, or through Maven; None where it cannot be had."""
    for place in (os.environ.get("RW_CITE_JARS"), str(folder)):
        found = sorted(Path(place).glob(f"{suite.jar}-*aio.jar")) if place else []
        if found:
            return found[-1]
    if not suite.coordinates or not shutil.which("mvn"):
        return None
    fetch(suite.coordinates, folder)
    return next(iter(sorted(folder.glob(f"{suite.jar}-*aio.jar"))), None)


def fetch(coordinates: str, folder: Path) -> None:
    """Bring one file through Maven into the folder."""
    words = ["mvn", "-B", "-q", "dependency:copy", f"-Dartifact={coordinates}", f"-DoutputDirectory={folder}"]
    subprocess.run(words, check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def agent(folder: Path) -> Path:
    """Compile the agent and bring the libraries, once; returns its jar."""
    made = folder / f"{AGENT}.jar"
    source = ROOT / "benchmarks" / f"{AGENT}.java"
    if made.exists() and made.stat().st_mtime > source.stat().st_mtime:
        return made
    for coordinates in LIBRARIES:
        fetch(coordinates, folder)
    classes = folder / "classes"
    shutil.rmtree(classes, ignore_errors=True)
    asm = next(iter(folder.glob("asm-*.jar")))
    subprocess.run(["javac", "-cp", asm, "-d", classes, source], check=True)
    with zipfile.ZipFile(made, "w") as jar:
        jar.writestr("META-INF/MANIFEST.MF", f"Premain-Class: {AGENT}\nClass-Path: {asm.name}\nCan-Redefine-Classes: true\n")
        for path in classes.glob("*.class"):
            jar.write(path, path.name)
    return made


def services(jar: Path) -> list[str]:
    """Return the services that a suite keeps in Java's registry: those it names itself, and the factories of its libraries."""
    with zipfile.ZipFile(jar) as opened:
        named = [n.removeprefix(SERVICES) for n in opened.namelist() if n.startswith(SERVICES)]
        factories = [n[:-6].replace("/", ".") for n in opened.namelist() if n.endswith(("Factory.class", "FactoryContainer.class"))]
    return sorted(n for n in {*named, *factories} if n.startswith(("org.opengis.", "org.geotoolkit.")) and "$" not in n)


def run(suite: Suite, jar: Path, base: str, folder: Path) -> Outcome:
    """Run one suite against the service and return what it found."""
    address = escape(base + suite.path)
    properties = folder / f"{suite.jar}.xml"
    properties.write_text(f'<properties version="1.0"><entry key="{suite.argument}">{address}</entry></properties>')
    out = folder / suite.jar
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    path = os.pathsep.join(str(p) for p in (jar, *sorted(folder.glob("*.jar"))) if p == jar or not p.name.startswith("ets-"))
    with schemas(jar) as proxy:
        words = [
            "java",
            *proxy,
            f"-javaagent:{agent(folder)}={':'.join(services(jar))}",
            "-cp",
            path,
            suite.main,
            "-o",
            str(out),
            str(properties),
        ]
        with (folder / f"{suite.jar}.log").open("w") as log:
            subprocess.run(words, check=True, stdout=log, stderr=log, cwd=folder)
    found = Outcome()
    for result in sorted(out.rglob("testng-results.xml")):
        for tested in ElementTree.parse(result).iter("class"):  # noqa: S314 - written by the suite just now
            name = ".".join(tested.get("name", "").split(".")[4:])
            for method in tested.iter("test-method"):
                status = method.get("status", "?")
                if name.startswith(OPTIONAL) or method.get("is-config") == "true":
                    continue
                message = " ".join((method.findtext(".//message") or "").split())
                if status == "FAIL" and message.startswith(OWN_FAULT):
                    status = "OWN"
                found.counts[status] += 1
                if status == "FAIL":
                    found.failed.setdefault(f"{name}.{method.get('name')}", []).append(message[:240])
    return found


def main() -> int:
    from django.conf import settings

    folder = Path(settings.DATA_DIR) / "cite"
    folder.mkdir(parents=True, exist_ok=True)
    if not shutil.which("java"):
        sys.exit("Java is missing; install it with: sudo apt-get install -y default-jdk-headless maven")
    said = f"OGC's own suites, run by `./dev cite` on {datetime.date.today()} against the example data."
    lines = ["# Conformance", "", "## Services", "", said, ""]
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
            if found.counts["OWN"]:
                said += f", {found.counts['OWN']} could not be evaluated by the suite itself (a moment written as xs:date)"
            print(f"  {suite.title}: {said}")
            lines += [f"- **{suite.title}** (`{jar.name}`): {said}."]
            lines += [f"  - `{name}` ({len(messages)}): {messages[0]}" for name, messages in found.failed.items()]
            lines += [""]
    _before, heading, kept = REPORT.read_text(encoding="utf-8").partition(BY_HAND)
    REPORT.write_text("\n".join([*lines, heading + kept]).rstrip() + "\n", encoding="utf-8")
    print(f"  written to {REPORT.relative_to(ROOT)}")
    return 1 if failures else 0


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    sys.exit(main())

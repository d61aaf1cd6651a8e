"""One prepared database for all tests: real towns, the real timetable, the examples, reach. Tests roll back what they add.

It is built once per state of code and data, kept as a template, and cloned for each worker.
"""

from __future__ import annotations

import gc
import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connections

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "template_raum_tests_"
SHOWING = {"admin", "context", "errors", "feeds", "forms", "listing", "rights", "sitemaps", "urls", "views"}  # modules that write no rows
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # the browser's event loop runs in the test's thread


def _digest() -> str:
    """Return a hash over everything the prepared database is made from."""
    kinds = ("geo", "layers", "vacancies", "network", "config")
    files = [p for k in kinds for p in (ROOT / k).rglob("*") if p.suffix in {".py", ".sql"} and p.stem not in SHOWING]
    files += [p for p in (ROOT / "data").rglob("*") if p.is_file() and "raw" not in p.parts and "build" not in p.parts]
    made = hashlib.sha256()
    for path in sorted(files):
        made.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return made.hexdigest()[:12]


def _server() -> psycopg.Connection:
    given = settings.DATABASES["default"]
    keys = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    return psycopg.connect(dbname="postgres", autocommit=True, **{k: given[v] for k, v in keys.items() if given.get(v)})


def pytest_configure(config: pytest.Config) -> None:
    """Build the template in the main process, before any worker starts; passwords of tests are hashed quickly everywhere."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # the static middleware warns without it
    name = PREFIX + _digest()
    with _server() as server:
        known = [row[0] for row in server.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [PREFIX + "%"])]
        if name not in known:
            for old in known:
                server.execute(f'DROP DATABASE "{old}" WITH (FORCE)')
            base = os.environ.get("RW_TEST_TEMPLATE", "template1")
            server.execute(f'CREATE DATABASE "{name}_new" TEMPLATE "{base}"')
            url = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}_new"
            command = [sys.executable, "-W", "ignore", str(ROOT / "manage.py"), "bootstrap", "--no-static", "--complete"]
            subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=True, stdout=subprocess.DEVNULL)
            server.execute(f'ALTER DATABASE "{name}_new" RENAME TO "{name}"')
    os.environ["RW_TEST_READY"] = name


def pytest_collection_finish() -> None:
    """What is loaded by now stays: Python need not look through it for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    connections.databases["default"]["TEST"]["TEMPLATE"] = os.environ["RW_TEST_READY"]
    connections["default"].settings_dict["TEST"]["TEMPLATE"] = os.environ["RW_TEST_READY"]


@pytest.fixture(scope="session")
def database_url(django_db_setup: None) -> str:
    """The test database's address, for other processes."""
    return os.environ["DATABASE_URL"].rpartition("/")[0] + "/" + str(connections["default"].settings_dict["NAME"])


@pytest.fixture(scope="session", autouse=True)
def helpers_end(django_db_setup: None) -> Iterator[None]:
    """MapServer's helpers and the server's threads keep connections to the test database, which could not be dropped."""
    yield
    from layers.publish.mapserver import engine

    engine.close()
    name = connections["default"].settings_dict["NAME"]
    others = "FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
    connections.close_all()
    with _server() as server:
        server.execute(f"SELECT pg_terminate_backend(pid) {others}", [name])
        for _wait in range(100):
            if not server.execute(f"SELECT 1 {others}", [name]).fetchone():
                break
            time.sleep(0.05)


@pytest.fixture(scope="session")
def site(django_db_setup: None) -> Iterator[str]:
    """The pages, served from a thread out of the prepared database; tests that use it only read."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIServer, get_internal_wsgi_application
    from django.test.testcases import QuietWSGIRequestHandler

    assert issubclass(ThreadedWSGIServer, WSGIServer)
    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietWSGIRequestHandler)
    server.daemon_threads = True
    server.set_app(StaticFilesHandler(get_internal_wsgi_application()))
    settings.ALLOWED_HOSTS.append("127.0.0.1")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session", autouse=True)
def plain_static_files() -> Iterator[None]:
    """Static files by their own names: the hashed ones need collectstatic. For the whole run: a browser asks between tests, too."""
    from django.test import override_settings

    plain = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    with override_settings(STORAGES=settings.STORAGES | plain):
        yield


@pytest.fixture(autouse=True)
def places_for_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test may look at the head of a file and leave the rest: it would keep its place for downloads from the tests after it."""
    from layers.publish import views
    from layers.publish.ows.gate import Gate

    monkeypatch.setattr(views, "GATE", Gate(slots=100))


@pytest.fixture(autouse=True)
def german() -> Iterator[None]:
    """Every test begins in German; a request for an English page would leave its language behind."""
    from django.utils import translation

    with translation.override("de"):
        yield

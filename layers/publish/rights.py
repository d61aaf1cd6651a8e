"""The second wall: services read as a role of the database that sees the public views and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import connection, transaction

from geo.scope import SETTING
from layers.publish.collection import is_internal, scope

TIMEOUT_MS = 20_000
# many ask at once: starting helpers of the database costs more (10 ms) than they save, and takes them from others
ALONE = "max_parallel_workers_per_gather"


US = f"RESET ROLE; SET LOCAL statement_timeout = DEFAULT; SET LOCAL {ALONE} = DEFAULT; SET LOCAL {SETTING} = ''"


@contextmanager
def as_reader(timeout_ms: int = TIMEOUT_MS) -> Iterator[None]:
    """Ask the database as the reader's role within one transaction; a query that takes longer is cancelled.

    Where internal layers are on offer, it is the role that sees the register's views besides: of their rows those in the scope of the
    person who asks. Base tables answer "permission denied". Inside another such block the inner holds to its end, then the outer again.
    Answers that are streamed must be read inside.
    """
    role, towns = (settings.REGISTER_ROLE, scope().words) if is_internal() else (settings.READER_ROLE, "")
    here = f"SET LOCAL statement_timeout = {int(timeout_ms)}; SET LOCAL {ALONE} = 0; SET LOCAL {SETTING} = '{towns}'; SET LOCAL ROLE {role}"
    before = getattr(connection, "_reading_as", US)
    alone = not connection.in_atomic_block  # then all of it ends with the transaction
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(here)
        connection._reading_as = here
        try:
            yield
        finally:
            connection._reading_as = before
        if not alone:  # what surrounds this goes on as before; after an error its rollback sees to that
            with connection.cursor() as cursor:
                cursor.execute(before)


@contextmanager
def one_state() -> Iterator[None]:
    """Have every question in here see the rows as they are at the first one; within another transaction, as that one sees them."""
    alone = not connection.in_atomic_block
    with transaction.atomic():
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def read_by_reader(pieces: Iterable[bytes], timeout_ms: int = TIMEOUT_MS) -> Iterator[bytes]:
    """Yield the pieces of an answer, read as the reader's role while they are sent."""
    with as_reader(timeout_ms):
        yield from pieces


def reader_dsn(timeout_ms: int = TIMEOUT_MS) -> str:
    """Return the libpq words with which another program (MapServer) connects as the reader.

    Where internal layers are on offer: as the role of the register. Where the installation gives the role no sign-in of its own
    (RW_READER_URL), it signs in as we do and takes the role at once.
    """
    ours = connection.settings_dict
    given = urlsplit(settings.READER_URL)
    own = bool(settings.READER_URL) and not is_internal()
    role = settings.REGISTER_ROLE if is_internal() else settings.READER_ROLE
    options = f"-c statement_timeout={int(timeout_ms)} -c {ALONE}=0" + ("" if own else f" -c role={role}")
    options += f" -c {SETTING}={scope().words}" if is_internal() else ""
    words = {
        "dbname": ours["NAME"],
        "host": unquote(given.hostname or "") if own else ours.get("HOST"),
        "port": str(given.port or "") if own else ours.get("PORT"),
        "user": unquote(given.username or "") if own else ours.get("USER"),
        "password": unquote(given.password or "") if own else ours.get("PASSWORD"),
        "options": options,
        "application_name": "raum_reader",
    }
    return " ".join(f"{key}='{_escaped(str(value))}'" for key, value in words.items() if value)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")

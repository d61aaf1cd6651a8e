"""An edit while the snapshot is made: what stands under a name is what the name says, whatever is changed or undone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connection

from layers.publish.snapshot import store
from vacancies.published import VACANCIES

pytestmark = pytest.mark.django_db


@pytest.fixture
def others(database_url: str) -> Iterator[psycopg.Connection]:
    """Somebody else's connection, outside the test's transaction; what it writes into the history is taken out again."""
    with psycopg.connect(database_url.replace("postgis:", "postgresql:"), autocommit=True) as other:
        last = other.execute("SELECT max(pgh_id) FROM vacancies_vacancyevent").fetchone()
        yield other
        other.execute("DELETE FROM vacancies_vacancyevent WHERE pgh_id > %s", last)


def test_an_edit_while_a_snapshot_is_made_is_not_kept_under_the_name_of_before(
    others: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, before = others.execute("SELECT key, usable_m2 FROM public_vacancy WHERE usable_m2 > 0 ORDER BY key LIMIT 1").fetchone()

    def usable(m2: int) -> None:
        others.execute("UPDATE vacancies_vacancy SET usable_m2 = %s WHERE key = %s", (m2, key))

    def on_the_map() -> int:
        try:
            found = store.current(VACANCIES)
            column = found.table.columns["usable_m2"][found.mask_of([key])]
            return int(column[0]) + found.table.low["usable_m2"] - 1
        finally:
            connection.close()

    write = store._write
    with ThreadPoolExecutor(1) as request:  # a thread's connection is in no transaction, as those of the server are
        try:
            usable(1111)
            monkeypatch.setattr(store, "_write", lambda *words: (usable(2222), write(*words)))
            assert request.submit(on_the_map).result() in (1111, 2222)
            monkeypatch.setattr(store, "_write", write)
            usable(1111)
            assert request.submit(on_the_map).result() == 1111
            usable(2222)
            assert request.submit(on_the_map).result() == 2222
        finally:
            usable(before)

"""The second wall: the services' roles read the views made for them and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import pytest
from django.db import connection
from django.db.utils import OperationalError, ProgrammingError

from geo import public_views
from geo.scope import Scope
from layers.publish.collection import Collection, collections, internal_collections, offering
from layers.publish.rights import as_reader, reader_dsn

pytestmark = pytest.mark.django_db


def tables() -> list[str]:
    """Every table there is, but PostGIS's list of coordinate systems."""
    return sorted(set(connection.introspection.table_names()) - {"spatial_ref_sys"})


@pytest.mark.parametrize("offer", [collections, internal_collections])
def test_every_table_is_shut_to_both_roles(offer: Callable[[], tuple[Collection, ...]]) -> None:
    assert len(tables()) > 25
    layers = offer()
    with offering(layers) if offer is internal_collections else nullcontext():
        for name in tables():
            with pytest.raises(ProgrammingError, match="permission denied"), as_reader(), connection.cursor() as cursor:
                cursor.execute(f'SELECT 1 FROM "{name}" LIMIT 1')


def test_the_public_reads_public_views_and_the_register_stays_shut() -> None:
    with as_reader():
        for layer in collections():
            layer.rows().order_by(layer.key).first()
    for layer in internal_collections():
        with pytest.raises(ProgrammingError, match="permission denied"), as_reader():
            layer.rows().first()
        with offering((layer,), Scope(everywhere=True)), as_reader():
            assert layer.rows().first()
        with offering((layer,)), as_reader():
            assert not layer.rows().exists(), "without a scope there is nothing"
    assert [n for n in public_views.names() if not n.startswith("public_")] == ["register_vacancy"]


@pytest.mark.parametrize(
    "statement", ["DELETE FROM vacancies_vacancy", "CREATE TABLE mine (n int)", "SELECT pg_read_file('/etc/hostname')"]
)
def test_the_role_writes_nothing_and_reads_no_file(statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), as_reader(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_query_without_end_is_stopped_and_the_role_is_given_back() -> None:
    with pytest.raises(OperationalError, match="statement timeout"), as_reader(timeout_ms=50), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")
    with as_reader():
        pass
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user = session_user, current_setting('statement_timeout')")
        assert cursor.fetchone() == (True, "0")


def test_another_program_signs_in_as_the_role(settings) -> None:  # type: ignore[no-untyped-def]
    import psycopg

    for given in (settings.READER_URL, ""):
        settings.READER_URL = given
        with psycopg.connect(reader_dsn()) as other:
            assert other.execute("SELECT current_user").fetchone() == (settings.READER_ROLE,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                other.execute("SELECT 1 FROM vacancies_vacancy")

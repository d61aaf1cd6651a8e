"""What docs/operations.md promises and nothing else tests."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection

from geo.models import Dataset, Town

TRIGGERS = "SELECT tgname FROM pg_trigger WHERE tgrelid = 'vacancies_vacancy'::regclass AND NOT tgisinternal ORDER BY tgname"


def _triggers() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS)
        return [row[0].rpartition("_")[0] for row in cursor.fetchall()]


@pytest.mark.django_db
def test_a_trigger_lost_by_a_restore_comes_back_with_the_next_migrate() -> None:
    """pg_restore cannot create the history trigger: with an empty search path `geometry = geometry` is ambiguous."""
    whole = [
        "pgtrigger_delete_delete",
        "pgtrigger_insert_insert",
        "pgtrigger_moved_loses_reach",
        "pgtrigger_point_in_town",
        "pgtrigger_update_update",
    ]
    assert _triggers() == whole
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS.replace("ORDER", "AND tgname LIKE 'pgtrigger_update%%' ORDER"))
        cursor.execute(f"DROP TRIGGER {cursor.fetchone()[0]} ON vacancies_vacancy")
    assert _triggers() == whole[:4]
    call_command("migrate", verbosity=0)
    assert _triggers() == whole


@pytest.mark.django_db
@pytest.mark.parametrize(("valid_on", "population"), [("2025-12-31", 1), ("2016-01-01", 16_925)])
def test_an_update_leaves_newer_towns_of_the_operator_alone(valid_on: str, population: int) -> None:
    """After load_towns with newer files the checksum differs from the project's own; bootstrap once took that for outdated."""
    Dataset.objects.filter(key="municipal-boundaries").update(valid_on=valid_on, sha256="another file")
    Town.objects.filter(slug="wittenberge").update(population=1)
    call_command("bootstrap", no_demo=True, no_static=True)
    assert Town.objects.get(slug="wittenberge").population == population

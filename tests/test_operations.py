"""What docs/operations.md promises and nothing else tests."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection

TRIGGERS = "SELECT tgname FROM pg_trigger WHERE tgrelid = 'vacancies_vacancy'::regclass AND NOT tgisinternal ORDER BY tgname"


def _triggers() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS)
        return [row[0].rpartition("_")[0] for row in cursor.fetchall()]


@pytest.mark.django_db
def test_a_trigger_lost_by_a_restore_comes_back_with_the_next_migrate() -> None:
    """pg_restore cannot create the history trigger: with an empty search path `geometry = geometry` is ambiguous."""
    whole = ["pgtrigger_insert_insert", "pgtrigger_point_in_town", "pgtrigger_update_update"]
    assert _triggers() == whole
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS.replace("ORDER", "AND tgname LIKE 'pgtrigger_update%%' ORDER"))
        cursor.execute(f"DROP TRIGGER {cursor.fetchone()[0]} ON vacancies_vacancy")
    assert _triggers() == whole[:2]
    call_command("migrate", verbosity=0)
    assert _triggers() == whole

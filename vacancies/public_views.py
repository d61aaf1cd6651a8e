"""The public views in the database, made from vacancies/sql/*.sql in the order of their names.

Views are derived, so they are no migrations: they are dropped before tables change and made anew when a file differs
from what is in the database. The files' hash is kept as the first view's comment.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from django.db import connections, transaction

FILES = sorted((Path(__file__).parent / "sql").glob("*.sql"))
NAMES = [name for path in FILES for name in re.findall(r"^CREATE VIEW (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)]


def _digest() -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in FILES)).hexdigest()


def drop(using: str = "default") -> None:
    """Drop every public view that is there."""
    with connections[using].cursor() as cursor:
        for name in reversed(NAMES):
            cursor.execute(f"DROP VIEW IF EXISTS {name} CASCADE")


def create(using: str = "default") -> bool:
    """Make the views when they are missing or differ from their files; returns whether they were made."""
    digest = _digest()
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT obj_description(to_regclass(%s), 'pg_class')", [NAMES[0]])
        if cursor.fetchone() == (digest,):
            return False
        drop(using)
        for path in FILES:
            cursor.execute(path.read_text(encoding="utf-8"))
        cursor.execute(f"COMMENT ON VIEW {NAMES[0]} IS '{digest}'")
    return True

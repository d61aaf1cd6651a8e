"""The views that services read, made from the `sql/*.sql` of every app, and the two roles that read them and nothing else.

The reader's role reads the views called `public_*`; the register's role the others, too (`register_*`: what is not for the
public). Views are derived, so they are no migrations: they are dropped before tables change and made anew when a file differs
from what is in the database. The files' hash is kept as the first view's comment. `:zone` in a file is the zone in which days
begin and end (TIME_ZONE): what a session calls today depends on who opened it.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, transaction
from django.db.utils import ProgrammingError
from psycopg import sql

VIEW = re.compile(r"^CREATE VIEW (\w+)", re.MULTILINE)


@cache
def files() -> list[Path]:
    """Return the SQL files, the apps below first: in the order of INSTALLED_APPS, then by name."""
    return [p for app in apps.get_app_configs() for p in sorted((Path(app.path) / "sql").glob("*.sql"))]


@cache
def names() -> list[str]:
    """Return the names of all public views, in the order they are made."""
    return [name for path in files() for name in VIEW.findall(path.read_text(encoding="utf-8"))]


def _statements() -> list[str]:
    zone = sql.Literal(settings.TIME_ZONE).as_string()
    return [path.read_text(encoding="utf-8").replace(":zone", zone) for path in files()]


def _digest() -> str:
    return hashlib.sha256("".join((settings.READER_ROLE, " ", settings.REGISTER_ROLE, *_statements())).encode()).hexdigest()


def drop(using: str = "default") -> None:
    """Drop every public view that is there."""
    with connections[using].cursor() as cursor:
        for name in reversed(names()):
            cursor.execute(f"DROP VIEW IF EXISTS {name} CASCADE")


def create(using: str = "default") -> bool:
    """Make the views when they are missing or differ from their files; returns whether they were made."""
    digest = _digest()
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT obj_description(to_regclass(%s), 'pg_class')", [names()[0]])
        if cursor.fetchone() == (digest,):
            return False
        drop(using)
        for statement in _statements():
            cursor.execute(statement)
        grant(cursor)
        cursor.execute(f"COMMENT ON VIEW {names()[0]} IS '{digest}'")
    return True


def grant(cursor: Any) -> None:
    """Let the reader's role read the public views and the register's role all; the roles are made when they are missing.

    Raises
    ------
    ImproperlyConfigured
        When the database user may not make roles; the text has the commands to type.
    """
    public = [name for name in names() if name.startswith("public_")]
    for role, views in ((settings.READER_ROLE, public), (settings.REGISTER_ROLE, names())):
        _make(cursor, role)
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
        cursor.execute(f"GRANT SELECT ON {', '.join(views)} TO {role}")


def _make(cursor: Any, role: str) -> None:
    make = f"CREATE ROLE {role} LOGIN NOINHERIT"
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
    if not cursor.fetchone():
        try:
            with transaction.atomic():
                cursor.execute(f"DO $$ BEGIN {make}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$")
        except ProgrammingError as error:
            command = f"{make}; GRANT {role} TO CURRENT_USER"
            raise ImproperlyConfigured(f"the database user may not make the role {role}; let an administrator run: {command}") from error
    cursor.execute("SELECT rolsuper OR pg_has_role(current_user, %s, 'MEMBER') FROM pg_roles WHERE rolname = current_user", [role])
    if not cursor.fetchone()[0]:
        cursor.execute(f"GRANT {role} TO CURRENT_USER")


def before_migrations(plan: list[Any], using: str, **_more: Any) -> None:
    """Drop the views when a migration is about to run: a table cannot change under a view."""
    if plan:
        drop(using)


def after_migrations(using: str, **_more: Any) -> None:
    """Make the views anew when they are missing or differ."""
    create(using)

"""`manage.py bootstrap`: tables, reference data, examples, static files and the first administrator, in one process."""

from __future__ import annotations

import secrets
import time
import tomllib
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.utils import OperationalError

from geo import sources as geo_sources
from geo.models import Dataset, Town
from geo.sources import checksum
from layers import sources as layer_sources
from layers.models import TransitStop
from layers.reach import runs
from layers.remote.hosts import register
from layers.tasks import complete_run, soon
from network.contacts import seeds as contact_seeds
from network.knowhow import loading
from vacancies import demo
from vacancies.models import Vacancy

POSTGRES, POSTGIS = 150_000, (3, 3)


class Command(BaseCommand):
    help = "Brings the database up to date: migrations, towns, timetable, examples, reach, static files, administrator."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="load no fictional examples")
        parser.add_argument("--complete", action="store_true", help="compute travel times at once, not in the background")
        parser.add_argument("--no-static", action="store_true", help="leave the static files alone")

    def handle(self, *args: Any, **options: Any) -> None:
        self.check_database()
        self.step("tables", lambda: call_command("migrate", verbosity=0, skip_checks=True))
        self.step("413 towns with boundaries", self.load_towns)
        self.step("timetable of April 2021", layer_sources.load_own_timetable)
        self.step("entries of remote services, switched off", register)
        self.step("contacts with their sources", contact_seeds.load)
        self.step("know-how, funding, showcases", loading.load)
        if not options["no_demo"] and not Vacancy.objects.exists() and not Dataset.objects.filter(key="examples").exists():
            self.step("fictional vacancies (Beispiele)", demo.load)
        self.step("transit access", runs.ensure)
        if options["complete"]:
            self.step("travel times, surfaces, areas", lambda: runs.ensure(parts=runs.PARTS))
        elif not runs.is_complete():
            soon(complete_run)
            self.stdout.write("  travel times follow in the background, about a minute after the start")
        self.analyze()
        if not options["no_static"]:
            self.step("static files", self.collect_static)
        self.stdout.write(
            f"  {Town.objects.current().count():,} towns, {TransitStop.objects.count():,} stops, "
            f"{Vacancy.objects.count():,} vacancies ({Vacancy.objects.examples().count():,} of them fictional)"
        )
        self.first_administrator()

    def step(self, name: str, do: Callable[[], object]) -> None:
        """Do one thing and say how long it took."""
        start = time.monotonic()
        self.stdout.write(f"  {name} …", ending="")
        self.stdout.flush()
        do()
        self.stdout.write(f" {time.monotonic() - start:.1f} s")

    def check_database(self) -> None:
        """Refuse a server that is too old, with its version."""
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT installed_version, default_version FROM pg_available_extensions WHERE name = 'postgis'")
                found = cursor.fetchone()
                version = connection.pg_version  # type: ignore[attr-defined]
        except OperationalError as error:
            raise CommandError(f"the database does not answer: {error}") from error
        if version < POSTGRES:
            raise CommandError(f"PostgreSQL {version // 10_000} is too old; 15 or later is needed")
        if found is None:
            raise CommandError("PostGIS is not installed on the database server; 3.3 or later is needed")
        number = found[0] or found[1]
        if tuple(int(n) for n in number.split(".")[:2]) < POSTGIS:
            raise CommandError(f"PostGIS {number} is too old; 3.3 or later is needed")

    def load_towns(self) -> None:
        """Load the project's own towns, unless the operator has loaded newer ones."""
        own = tomllib.loads((geo_sources.DATA / "datasets.toml").read_text(encoding="utf-8"))["municipal-boundaries"]
        if not Dataset.objects.filter(key="municipal-boundaries", valid_on__gt=own["valid_on"]).exists():
            geo_sources.load_own()

    def analyze(self) -> None:
        """Count what is in the tables, where nobody has yet: until then the planner takes each for a few rows."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_class WHERE relname IN ('vacancies_vacancy', 'geo_town') AND reltuples < 0")
            if cursor.fetchone():
                self.step("statistics for the planner", lambda: cursor.execute("ANALYZE"))

    def collect_static(self) -> None:
        """Collect the static files when one of them changed."""
        files = sorted(p for folder in ("web/static", "data/basemap") for p in (settings.BASE_DIR / folder).rglob("*") if p.is_file())
        digest = checksum(*files, settings.BASE_DIR / "requirements" / "base.txt")
        stamp = settings.STATIC_ROOT / ".stamp"
        if stamp.exists() and stamp.read_text() == digest:
            return
        call_command("collectstatic", verbosity=0, interactive=False, skip_checks=True)
        stamp.write_text(digest)

    def first_administrator(self) -> None:
        """Create the administrator and show the password, once; give those of before an address to sign in with."""
        users = get_user_model()._default_manager
        for known in [u for u in users.filter(is_superuser=True, email="") if u.has_usable_password()]:
            self.stdout.write(f"\n  {known.get_username()} signs in with the address {self.give_address(known)} from now on\n")
        if users.filter(is_superuser=True).exists():
            return
        password = secrets.token_urlsafe(12)
        address = self.give_address(users.create_superuser("admin", password=password))  # type: ignore[attr-defined]
        self.stdout.write(f"\n  Sign-in for the administration (shown only now): {address} / {password}\n")

    def give_address(self, user: Any) -> str:
        """Let a person sign in by an address of this machine, until they enter their own."""
        user.email = f"{user.get_username().lower()}@localhost"
        user.save(update_fields=["email"])
        EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
        return str(user.email)

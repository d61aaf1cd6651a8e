"""Entries nobody confirms: the municipality is reminded once a month, and in the end they are no longer public."""

from __future__ import annotations

import datetime
import itertools
import shutil
import time
from collections.abc import Iterable

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django import app

from geo.models import Town
from network import post
from network.intake.keeping import YEAR, back_to_review
from network.intake.models import WARNED_BEFORE, StaleReminder
from network.intake.uploads import KEPT_S
from network.members import Membership
from vacancies.models import Vacancy

NAMED = 20  # entries a mail names


@app.periodic(cron="13 6 * * *")
@app.task(name="remind_of_stale", queueing_lock="remind_of_stale", lock="stale")
def remind_of_stale(timestamp: int = 0) -> None:  # noqa: ARG001 - when it was due
    """Remind municipalities, and take back from the public what was announced and is still unconfirmed."""
    today = timezone.localdate()
    unpublish(today)
    remind(today)


def remind(today: datetime.date) -> int:
    """Write to the municipalities that were not written to this month; returns to how many."""
    stale = Vacancy.objects.real().unconfirmed_since(today - YEAR).select_related("town").defer("town__geom")
    by_town = itertools.groupby(sorted(stale, key=lambda v: (v.town_id, v.last_seen_on)), key=lambda v: v.town)
    reminded = set(StaleReminder.objects.all().of_month(today).values_list("town", flat=True))
    return sum(_write(town, list(rows), today) for town, rows in by_town if town.pk not in reminded)


@transaction.atomic
def _write(town: Town, rows: list[Vacancy], today: datetime.date) -> bool:
    people = keepers_of(town)
    if not people:
        return False
    announced = [v for v in rows if (gone := _gone_on(v)) and gone <= today + WARNED_BEFORE]
    StaleReminder.objects.create(town=town, month=today.replace(day=1), announced=[v.key for v in announced])
    context = {
        "town": town,
        "count": len(rows),
        "named": rows[:NAMED],
        "more": max(0, len(rows) - NAMED),
        "announced": announced[:NAMED],
        "gone_on": today + WARNED_BEFORE,
        "link": post.base_url() + reverse("stale_list"),
    }
    for email, language in people:
        post.write(email, "stale_reminder", context, language=language)
    return True


def _gone_on(vacancy: Vacancy) -> datetime.date | None:
    """The day from which the entry has been unconfirmed for too long to be public; None: never."""
    return vacancy.last_seen_on + relativedelta(months=settings.UNPUBLISH_MONTHS) if settings.UNPUBLISH_MONTHS else None  # type: ignore[attr-defined]


def keepers_of(town: Town) -> Iterable[tuple[str, str]]:
    """Return address and language of those who keep the register of a town; where there is nobody, of the contact point."""
    held = Membership.objects.all().at(town).who_edit()
    own = held.of_places() or held
    found = {m.user.email: m.user.person.language if hasattr(m.user, "person") else "de" for m in own if m.user.email}
    return sorted(found.items())


def unpublish(today: datetime.date) -> int:
    """Send back to review what is unconfirmed for longer than settings.UNPUBLISH_MONTHS and was announced; returns how many."""
    if not settings.UNPUBLISH_MONTHS:
        return 0
    overdue = Vacancy.objects.real().unconfirmed_since(today - relativedelta(months=settings.UNPUBLISH_MONTHS))
    announced = StaleReminder.objects.all().warned_long_enough_by(today)
    return back_to_review(overdue.with_keys(sorted(announced)))


@app.periodic(cron="*/15 * * * *")
@app.task(name="forget_uploads", queueing_lock="forget_uploads", lock="uploads")
def forget_uploads(timestamp: int = 0) -> None:  # noqa: ARG001 - when it was due
    """Delete lists that were handed in more than an hour ago."""
    if settings.UPLOADS.is_dir():
        for folder in settings.UPLOADS.iterdir():
            if folder.stat().st_mtime < time.time() - KEPT_S:
                shutil.rmtree(folder, ignore_errors=True)

"""When a layer's public rows last changed: for ETag, Last-Modified and UPDATESEQUENCE.

The time must not tell of rows that are hidden: it moves only when the public rows themselves differ. Whether they may
differ is asked cheaply (the collection's stamp, which may see everything); whether they do, by a digest over them. Of an internal
layer each scope has a version of its own, over the rows in it: it does not tell when others edit theirs.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from django.utils import timezone
from psycopg import Cursor

from layers.publish.collection import Collection, is_internal, scope
from layers.publish.rights import as_reader

DIGEST_MS = 60_000


@dataclass(frozen=True)
class Stamp:
    """A collection's stamp as one statement that answers with a text; the database keeps it prepared."""

    sql: str
    values: tuple[Any, ...] = ()

    def __call__(self) -> str:
        with connection.cursor(), Cursor(connection.connection) as cursor:  # Django's own looks after the connection
            return str(cursor.execute(self.sql, self.values, prepare=True).fetchone()[0])


class PublishedVersion(models.Model):
    """What is known of a layer's public rows: the stamp they were read at, their digest, and since when it holds."""

    name = models.CharField(max_length=60, primary_key=True)
    stamp = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    changed_at = models.DateTimeField()

    class Meta:
        app_label = "layers"

    def __str__(self) -> str:
        return f"{self.name} {self.changed_at:%Y-%m-%dT%H:%M:%SZ}"

    @property
    def state(self) -> str:
        """What is computed from the rows is kept under this, and nobody is shown it.

        A digest comes back when an edit is undone, a stamp never: what was read between the edits is not taken for what is there now.
        """
        return hashlib.sha256(f"{self.name} {self.stamp} {self.digest}".encode()).hexdigest()

    def etag(self, *also: str) -> str:
        """Return a strong entity tag of the layer's public rows and whatever else shapes the answer."""
        text = "\n".join((self.name, self.digest, *also))
        return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def since(*times: datetime.datetime, counted_from: str = "") -> datetime.datetime:
    """Return since when an answer is as it is: the last of these times, or the midnight before the day that it counts from."""
    if counted_from:
        day = datetime.date.fromisoformat(counted_from)
        times += (datetime.datetime.combine(day, datetime.time(), timezone.get_default_timezone()),)
    return max(times)


def changed_at(collection: Collection) -> datetime.datetime:
    """Return since when the layer's public rows are as they are (UTC, whole seconds)."""
    return version(collection).changed_at


def version(collection: Collection) -> PublishedVersion:
    """Return the layer's version, brought up to date when its stamp moved."""
    return versions([collection])[collection.name]


def versions(collections: Iterable[Collection]) -> dict[str, PublishedVersion]:
    """Return the versions of layers by name; layers with the same stamp ask it once."""
    layers = tuple(collections)
    stamps = {ask: ask() for ask in {c.stamp for c in layers}}
    asked = [c for c in layers if not _read_at(c, stamps[c.stamp])]
    if asked:
        found = {v.name: v for v in PublishedVersion.objects.filter(name__in=[_name(c) for c in asked])}
        _known.update({_key(c): _renewed(c, stamps[c.stamp], found.get(_name(c)) or _known.get(_key(c))) for c in asked})
    return {c.name: _known[_key(c)] for c in layers}


_known: dict[tuple[str, str], PublishedVersion] = {}  # by database and name: what was read last, good as long as the stamp is


def _key(collection: Collection) -> tuple[str, str]:
    return str(connection.settings_dict["NAME"]), _name(collection)


def _read_at(collection: Collection, stamp: str) -> PublishedVersion | None:
    """Return the layer's version if it was read at this stamp, without asking the database."""
    found = _known.get(_key(collection))
    return found if found and found.stamp == stamp else None


def _name(collection: Collection) -> str:
    """Return what the version is kept under."""
    return f"{collection.name}@{scope().digest}" if is_internal() else collection.name


def _renewed(collection: Collection, stamp: str, before: PublishedVersion | None) -> PublishedVersion:
    if before and before.stamp == stamp:
        return before
    digest = digest_of(collection)
    now = timezone.now().replace(microsecond=0)
    since = before.changed_at if before and before.digest == digest else now
    made = {"stamp": stamp, "digest": digest, "changed_at": since}
    return PublishedVersion.objects.update_or_create(name=_name(collection), defaults=made)[0]


def latest(collections: Iterable[Collection]) -> datetime.datetime:
    """Return when one of the layers last changed."""
    return max(v.changed_at for v in versions(collections).values())


def update_sequence(collections: Iterable[Collection]) -> str:
    """Return the time of the last change as ISO 8601, e.g. `2026-11-25T20:15:00Z`."""
    return sequence_of(latest(collections))


def sequence_of(time: datetime.datetime) -> str:
    """Return a time as ISO 8601 in UTC."""
    return f"{time.astimezone(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"


def etag(collection: Collection, *also: str) -> str:
    """Return a strong entity tag of the layer's public rows and whatever else shapes the answer."""
    return version(collection).etag(*also)


def digest_of(collection: Collection) -> str:
    """Return a digest over the public rows, independent of their order: the sum of the rows' 64-bit hashes, and their number.

    Where no row is hidden, the stamp says as much and costs nothing.
    """
    internal = is_internal()
    if not collection.hides or (internal and scope().everywhere):
        return hashlib.sha256(collection.stamp().encode()).hexdigest()
    view = connection.ops.quote_name(collection.view)
    with as_reader(DIGEST_MS) if internal else nullcontext(), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), coalesce(sum(hashtextextended(r::text, 0)::numeric), 0) FROM {view} r")  # noqa: S608 - our own name
        found = cursor.fetchone()
    return hashlib.sha256(repr((*found, scope().words) if internal else found).encode()).hexdigest()

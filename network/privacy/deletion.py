"""Deleting what is held of a person, in every place, and the log that deletes it again after a backup was restored.

The log is a file outside the database (`settings.DELETION_LOG`): the moment and a digest of each address, nothing else. It is written
before the deletion is through: a deletion without its line would come back with the next restore.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from operator import methodcaller
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from geo.errors import InvalidFile, NotAllowed
from network.merging.models import Merge
from network.privacy.holding import Anonymise, Delete, Holding
from network.privacy.holdings import HOLDINGS, histories_of
from network.privacy.subjects import Subject
from network.reports.forgetting import forget_picture


@dataclass(frozen=True)
class Step:
    """What deletion does to the rows of one model."""

    holding: Holding
    rows: int

    @property
    def ends(self) -> bool:
        return isinstance(self.holding.end, Delete)


def preview(who: Subject) -> list[Step]:
    """Return what deletion would do, without what is not held."""
    counted = ((h, h.rows(who).count()) for h in HOLDINGS)
    return [Step(h, n) for h, n in counted if n]


@transaction.atomic
def delete(who: Subject, until: datetime.datetime | None = None, *, log: bool = True) -> dict[str, int]:
    """Delete or anonymise all that is held of a person; returns how many rows of each model.

    With `until`, rows that began later stay: they are of a time after the deletion that is done again.

    Raises
    ------
    NotAllowed
        When nobody would be left to administrate.
    """
    if who.user is not None and until is not None and who.user.date_joined > until:
        who = Subject(None, who.addresses)
    _check_somebody_is_left(who.user)
    done: dict[str, int] = {}
    for holding in HOLDINGS:
        rows = holding.rows(who)
        if until is not None and holding.begun:
            rows = rows.filter(Q(**{f"{holding.begun}__lte": until}) | Q(**{holding.begun: None}))
        if found := _end(holding, rows):
            done[holding.model] = found
    _forget_jobs(who)
    _forget_sessions(who)
    _forget_merges(who)
    if log and done:
        note(who.addresses or ((who.user.email,) if who.user and who.user.email else ()))
    return done


def _check_somebody_is_left(user: User | None) -> None:
    if user is not None and user.is_superuser and not User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk).exists():
        raise NotAllowed(
            _("Dieses Konto verwaltet die ganze Installation als einziges. Geben Sie diese Aufgabe zuerst einem anderen Konto.")
        )


def _end(holding: Holding, rows: QuerySet[Any]) -> int:
    keys = list(rows.values_list("pk", flat=True))
    if not keys:
        return 0
    rows = rows.model._default_manager.filter(pk__in=keys)
    if holding.first:
        before = import_string(holding.first) if "." in holding.first else methodcaller(holding.first)
        for row in rows:
            before(row)
    if isinstance(holding.end, Delete):
        _delete_files(holding, rows)
        rows.delete()
        forget_history(holding.of_model, keys)
    elif isinstance(holding.end, Anonymise):
        if holding.end.values:
            rows.update(**holding.end.values)
        forget_history(holding.of_model, keys, holding.end.values)
    else:
        return 0
    return len(keys)


def _delete_files(holding: Holding, rows: QuerySet[Any]) -> None:
    """Delete the files of rows once the deletion is through, but for pictures that a vacancy shows."""
    for name in holding.files():
        for row in rows.exclude(**{name: ""}):
            forget_picture(getattr(row, name))


def forget_history(model: type[Model], keys: list[Any], values: dict[str, Any] | None = None) -> int:
    """Delete the earlier states of rows, or, given values, write these over what they say; returns how many states."""
    found = 0
    for history in histories_of(model):
        states = history._default_manager.filter(pgh_obj_id__in=keys)
        if values is None:
            found += states.delete()[0]
        else:
            known = {f.name for f in history._meta.get_fields()}
            found += states.update(**{name: value for name, value in values.items() if name in known})
    return found


def _forget_jobs(who: Subject) -> None:
    """Delete the queue's jobs, done or waiting, whose arguments name an address."""
    with connection.cursor() as cursor:
        for address in who.addresses:
            cursor.execute("DELETE FROM procrastinate_jobs WHERE position(lower(%s) IN lower(args::text)) > 0", [address])


def _forget_sessions(who: Subject) -> None:
    """Delete the sessions that were left behind by a change of password: whose they are stands inside them alone."""
    if who.user is None:
        return
    model, own = import_module(settings.SESSION_ENGINE).SessionStore.get_model_class(), str(who.user.pk)
    left = [s.pk for s in model.objects.iterator() if s.get_decoded().get("_auth_user_id") == own]
    model.objects.filter(pk__in=left).delete()


def _forget_merges(who: Subject) -> None:
    """Forget what was before merges of entries that named an address; they can be undone no more."""
    for address in who.addresses:
        Merge.objects.all().naming(address).update(before={})


def digest_of(address: str, key: str | None = None) -> str:
    """Return what stands for an address in the log; without the secret key nobody can try addresses out."""
    return hmac.new((key or settings.SECRET_KEY).encode(), b"deletion " + address.strip().lower().encode(), hashlib.sha256).hexdigest()


def note(addresses: Iterable[str]) -> None:
    """Add lines to the log."""
    path = Path(settings.DELETION_LOG)
    path.parent.mkdir(parents=True, exist_ok=True)
    now = timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    with path.open("a", encoding="ascii") as file:
        file.write("".join(f"{now} {digest_of(address)}\n" for address in addresses))
    path.chmod(0o600)


def read_log(path: Path) -> dict[str, datetime.datetime]:
    """Return when which digest was deleted last; raises `InvalidFile` naming the line that cannot be read."""
    found: dict[str, datetime.datetime] = {}
    for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        day, _space, digest = line.strip().partition(" ")
        try:
            when = datetime.datetime.strptime(day, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.UTC)
            if len(bytes.fromhex(digest)) != 32:
                raise ValueError(digest)
        except ValueError as error:
            raise InvalidFile(_("Zeile {n} ist keine Zeile eines Löschprotokolls.").format(n=n)) from error
        found[digest] = max(when, found.get(digest, when))
    return found


def shorten_log(before: datetime.datetime) -> int:
    """Delete lines of which no backup knows any more; returns how many."""
    path = Path(settings.DELETION_LOG)
    if not path.exists():
        return 0
    lines = path.read_text(encoding="ascii").splitlines(keepends=True)
    kept = [line for line in lines if line[:20] >= before.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")]
    if len(kept) < len(lines):
        other = path.with_suffix(".new")
        other.write_text("".join(kept), encoding="ascii")
        other.chmod(0o600)
        other.replace(path)
    return len(lines) - len(kept)


def addresses_held() -> Iterator[str]:
    """Yield every address that stands anywhere, some of them more than once."""
    for holding in HOLDINGS:
        for path in (*holding.address.split(), *(("email",) if holding.model in ("account.EmailAddress", "auth.User") else ())):
            yield from holding.of_model._default_manager.exclude(**{path: ""}).values_list(path, flat=True).distinct()


def apply_log(path: Path) -> dict[str, int]:
    """Delete again what the log says was deleted; returns how many rows of each model."""
    log, done = read_log(path), dict[str, int]()
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    for address in {a.strip().lower() for a in addresses_held()}:
        when = max((log[d] for d in (digest_of(address, key) for key in keys) if d in log), default=None)
        if when is not None:
            holder = User.objects.filter(emailaddress__email__iexact=address, emailaddress__verified=True).first()
            who = Subject.of(holder) if holder and holder.date_joined <= when else Subject.by(address)
            for model, n in delete(who, when, log=False).items():
                done[model] = done.get(model, 0) + n
    return done

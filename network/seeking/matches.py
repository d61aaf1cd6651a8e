"""Keeps the matches of requests in step with the register, and says which requests a vacancy would fit."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from geo.errors import InvalidParameters
from layers.publish.snapshot import store
from network import matching
from network.matching import Asked, Candidates, Hits, Match, Verdict
from network.seeking import needs
from network.seeking.candidates import Ground, ground
from network.seeking.models import SpaceMatch, SpaceRequest
from network.seeking.states import MatchState
from vacancies.filters import VacancyFilter
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy
from vacancies.published import VACANCIES

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

KEPT = 20  # matches of a request
BATCH = 500  # requests whose matches are written in one transaction
SIDES = {"for": Verdict.FOR, "against": Verdict.AGAINST, "unknown": Verdict.UNKNOWN}


def rows_meeting(found: Ground, query: str) -> Candidates:
    """Return the candidates that meet a search on the map, too; all of them for an empty one."""
    if not query:
        return found.rows
    keys = _meeting(query)
    return found.rows.only(np.array([key in keys for key in found.rows.keys], bool))


def count(wanted: dict[str, Any], query: str = "") -> Hits:
    """Return how many vacancies a request leaves."""
    found = ground()
    return matching.count(needs.wishes(wanted, found), rows_meeting(found, query))


def _meeting(query: str, keys: Collection[str] | None = None) -> set[str]:
    """Return which vacancies, of all or of some, meet a search on the map; none where its words are no longer allowed."""
    try:
        met = PublicVacancy.objects.matching(VacancyFilter.parse(query))
    except InvalidParameters:  # a municipality that is gone
        return set()
    return set((met if keys is None else met.filter(key__in=keys)).values_list("key", flat=True))


def renew(requests: Iterable[SpaceRequest] | None = None) -> int:
    """Match requests with the register as it is now, by default those that were matched with another state; returns how many."""
    done = 0
    state = store.name_now(VACANCIES)
    waiting = list(SpaceRequest.objects.all().not_matched_with(state) if requests is None else requests)
    for begin in range(0, len(waiting), BATCH):
        done += _renew_batch(waiting[begin : begin + BATCH])
    return done


def _renew_batch(batch: list[SpaceRequest]) -> int:
    found = ground()
    with transaction.atomic():
        pks = [r.pk for r in batch]
        locked = list(SpaceRequest.objects.active().filter(pk__in=pks).select_for_update().order_by("pk"))
        aside: dict[int, int] = {}
        for pk in (
            SpaceMatch.objects.filter(request__in=locked)
            .exclude(state__in=(MatchState.SUGGESTED, MatchState.VIEWED))
            .values_list("request", flat=True)
        ):
            aside[pk] = aside.get(pk, 0) + 1
        length = KEPT + max(aside.values(), default=0)
        plain = [r for r in locked if not r.query]
        told = {r.pk: (found.rows, m) for r, m in zip(plain, _best(plain, found, found.rows, length), strict=True)}
        for r in locked:
            if r.query:
                rows = rows_meeting(found, r.query)
                told[r.pk] = (rows, _best([r], found, rows, length)[0])
        for request in locked:
            _write(request, *told[request.pk])
        SpaceRequest.objects.filter(pk__in=[r.pk for r in locked]).update(matched_with=found.state)
    return len(locked)


def _best(requests: list[SpaceRequest], found: Ground, rows: Candidates, length: int) -> list[list[Match]]:
    return matching.best([needs.wishes(r.needs, found) for r in requests], rows, length)


def _write(request: SpaceRequest, rows: Candidates, matches: list[Match]) -> None:
    """Write the matches of one request; what nobody has touched and fits no more goes, the rest is marked."""
    known = {m.vacancy_id: m for m in SpaceMatch.objects.filter(request=request)}  # type: ignore[attr-defined]
    kept, fresh = [], 0
    for match in matches:
        old = known.get(rows.keys[match.row])
        if old is None or old.state in (MatchState.SUGGESTED, MatchState.VIEWED):
            fresh += 1
            if fresh > KEPT:
                continue
        kept.append(match)
    now = {rows.keys[m.row] for m in kept}
    SpaceMatch.objects.filter(request=request).untouched().exclude(vacancy__in=now).delete()
    SpaceMatch.objects.filter(request=request).exclude(vacancy__in=now).update(is_current=False)
    made = [
        SpaceMatch(
            request=request,
            vacancy_id=rows.keys[m.row],
            score=round(m.score, 3),
            points=m.rank[1],
            reliability=round(m.reliability, 3),
            verdicts={side: m.named(verdict) for side, verdict in SIDES.items()},
            is_current=True,
            told_at=None if request.matched_with else timezone.now(),  # what a request finds first stands on its page
        )
        for m in kept
    ]
    changed = ("score", "points", "reliability", "verdicts", "is_current")
    SpaceMatch.objects.bulk_create(made, update_conflicts=True, unique_fields=("request", "vacancy"), update_fields=changed)


@dataclass
class _Asked:
    """All active requests made ready for the vacancies as they are."""

    state: str
    requests: list[int]
    asked: Asked


_known: list[_Asked] = []


def _all_asked() -> _Asked:
    found = ground()
    state = f"{found.state} {SpaceRequest.objects.all().stamp()}"
    if not _known or _known[0].state != state:
        active = list(SpaceRequest.objects.active().order_by("pk"))
        asked = Asked.of([needs.wishes(r.needs, found) for r in active], found.rows)
        _known[:] = [_Asked(state, [r.pk for r in active], asked)]
    return _known[0]


def _row_of(asked: _Asked, key: str) -> int | None:
    keys = asked.asked.candidates.keys
    low = int(np.searchsorted(np.asarray(keys), key)) if keys else 0
    return low if low < len(keys) and keys[low] == key else None


def takers(key: str) -> list[tuple[SpaceRequest, Match]]:
    """Return the active requests that a public vacancy would fit, best first."""
    every = _all_asked()
    row = _row_of(every, key)
    if row is None:
        return []
    found = [(every.requests[n], match) for n, match in every.asked.takers(row)]
    whole = SpaceRequest.objects.active().select_related("organisation").in_bulk([pk for pk, _match in found])
    return [(whole[pk], m) for pk, m in found if pk in whole and (not whole[pk].query or _meeting(whole[pk].query, [key]))]


def count_takers(*keys: str) -> dict[str, int]:
    """Return how many active requests each of some vacancies would fit; 0 for one that is not public."""
    counted = dict.fromkeys(keys, 0)
    if not keys or not SpaceRequest.objects.active().exists():
        return counted
    every = _all_asked()
    rows = {key: row for key in keys if (row := _row_of(every, key)) is not None}
    met = {pk: _meeting(query, rows) for pk, query in SpaceRequest.objects.active().exclude(query="").values_list("pk", "query")}
    for key, row in rows.items():
        if not met:
            counted[key] = every.asked.count_takers(row)
        else:
            fitting = (every.requests[n] for n, _match in every.asked.takers(row))
            counted[key] = sum(1 for pk in fitting if pk not in met or key in met[pk])
    return counted


def explain(score: float, verdicts: dict[str, list[str]]) -> str:
    """Return why a vacancy fits, as one sentence."""
    said = {side: _listed([str(needs.BY_NAME[name].label) for name in verdicts[side] if name in needs.BY_NAME]) for side in SIDES}
    known = said["for"] or said["against"]
    begin = _("Passt zu {score} %").format(score=round(score)) if known else _("Ob es passt, ist offen")
    parts = []
    if said["for"]:
        parts.append(_("dafür spricht: {needs}").format(needs=said["for"]))
    if said["against"]:
        parts.append(_("dagegen: {needs}").format(needs=said["against"]))
    if said["unknown"]:
        parts.append(_("nicht bekannt: {needs}").format(needs=said["unknown"]))
    return f"{begin}{' – ' if parts else ''}{'; '.join(parts)}."


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else _("{first} und {last}").format(first=", ".join(words[:-1]), last=words[-1]) if words else ""


def may_see_takers(user: User | AnonymousUser, key: str) -> bool:
    """Whether a person keeps the register's row of a vacancy, and so sees which requests it would fit."""
    return user.has_perm("vacancies.view_vacancy") and Vacancy.objects.visible_to(user).filter(key=key).exists()

"""The page that compares two kept runs, and its layer and table as files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from geo.errors import InvalidParameter, InvalidParameters, RaumError
from layers.models import ReachRun
from layers.reach.whatif.compare import MEASURES
from layers.reach.whatif.compare_words import LABELS
from vacancies.comparison import WITHIN, WhatIf, about, label

PAGE_SIZE = 50
SORTS = (*MEASURES, "name", "vacancies")
NAMES = ("a", "b", "minuten", "sort", "seite")
LOW, HIGH = 5, 360
LAST_PAGE = 9_999


@dataclass(frozen=True)
class CompareQuestion:
    """Which runs are compared (before, after), the minutes that count, the order, and the page of vacancies."""

    runs: Sequence[ReachRun]
    before: ReachRun | None
    after: ReachRun | None
    within: int = WITHIN
    sort: str = MEASURES[0]
    page: int = 1

    @classmethod
    def parse(cls, given: QueryDict) -> CompareQuestion:
        """Read `a`, `b` (numbers of runs), `minuten`, `sort` and `seite`.

        Without runs the newest scenario is compared with the live run; where there is none, the live run with the last one.

        Raises
        ------
        InvalidParameters
            For every parameter that is unknown or not allowed.
        """
        runs = list(ReachRun.objects.exclude(finished_at=None).select_related("dataset").order_by("-live", "-is_scenario", "-started_at"))
        errors = [
            InvalidParameter(n, given[n][:60], _("erlaubt: {values}").format(values=", ".join(NAMES))) for n in given if n not in NAMES
        ]
        known = {str(r.pk): r for r in runs}
        chosen: dict[str, ReachRun] = {}
        for name in ("a", "b"):
            text = given.get(name, "")
            if text in known:
                chosen[name] = known[text]
            elif text:
                errors.append(
                    InvalidParameter(name, text[:60], _("die Nummer einer Berechnung: {values}").format(values=", ".join(known) or "–"))
                )
        before, after = _completed(runs, chosen.get("a"), chosen.get("b"))
        if before and before == after and len(runs) > 1:
            errors.append(InvalidParameter("b", str(before.pk), _("eine andere Berechnung als a")))
        if given.get("sort", SORTS[0]) not in SORTS:
            errors.append(InvalidParameter("sort", given["sort"][:60], _("erlaubt: {values}").format(values=", ".join(SORTS))))
        numbers = {"minuten": (WITHIN, LOW, HIGH), "seite": (1, 1, LAST_PAGE)}
        found: dict[str, int] = {}
        for name, (default, low, high) in numbers.items():
            text = given.get(name, str(default))
            if not re.fullmatch(r"[0-9]{1,4}", text) or not low <= int(text) <= high:
                errors.append(InvalidParameter(name, text[:60], _("eine ganze Zahl von {low} bis {high}").format(low=low, high=high)))
            else:
                found[name] = int(text)
        if errors:
            raise InvalidParameters(errors)
        return cls(runs, before, after, found["minuten"], given.get("sort", SORTS[0]), found["seite"])

    @cached_property
    def found(self) -> WhatIf | None:
        """The comparison; None when there are not two runs."""
        return WhatIf.of_runs(self.before, self.after, self.within) if self.before and self.after and self.before != self.after else None

    def link(self, **changed: object) -> str:
        """Return the query string of this question with something changed."""
        whole = {"a": self.before.pk if self.before else "", "b": self.after.pk if self.after else "", "minuten": self.within}
        query = QueryDict(mutable=True)
        for name, value in (whole | {"sort": self.sort} | changed).items():
            query[name] = str(value)
        return "?" + query.urlencode()

    def choices(self) -> list[dict[str, Any]]:
        """Return every run with the links that take it as before and as after."""
        return [
            {
                "run": run,
                "label": label(run),
                "about": about(run),
                "is_before": run == self.before,
                "is_after": run == self.after,
                # taking the other one's place swaps them, so that no link leads to an error
                "as_before": self.link(a=run.pk, **({"b": self.before.pk} if run == self.after and self.before else {})),
                "as_after": self.link(b=run.pk, **({"a": self.after.pk} if run == self.before and self.after else {})),
            }
            for run in self.runs
        ]

    def columns(self) -> list[dict[str, Any]]:
        """Return the columns of the table of towns with the links that sort by them."""
        measures = self.found.by_town.measures if self.found else []
        labels = {"name": gettext_lazy("Gemeinde"), "vacancies": gettext_lazy("Leerstände")} | {m: LABELS[m] for m in measures}
        return [{"name": n, "label": text, "link": self.link(sort=n), "is_sorted": n == self.sort} for n, text in labels.items()]


def _completed(runs: Sequence[ReachRun], before: ReachRun | None, after: ReachRun | None) -> tuple[ReachRun | None, ReachRun | None]:
    """Return both runs, the one that is not chosen taken from the list (the live one, scenarios, former ones)."""
    if not before and not after:
        if len(runs) > 1 and not runs[1].is_scenario:
            return runs[1], runs[0]
        return (*runs[:2], None, None)[:2]  # type: ignore[return-value]
    return before or next((r for r in runs if r != after), None), after or next((r for r in runs if r != before), None)


@require_safe
def compare_page(request: HttpRequest) -> HttpResponse:
    """Two kept runs: sentence, towns and vacancies that gain or lose."""
    asked = CompareQuestion.parse(request.GET)
    context: dict[str, Any] = {"asked": asked, "found": asked.found, "choices": asked.choices(), "page": "compare"}
    context["has_scenario"] = any(r.is_scenario for r in asked.runs)
    if asked.found:
        last = max(-(-asked.found.changed_vacancies // PAGE_SIZE), 1)
        if asked.page > last:
            allowed = _("eine ganze Zahl von {low} bis {high}").format(low=1, high=last)
            raise InvalidParameters([InvalidParameter("seite", str(asked.page), allowed)])
        context |= {
            "columns": asked.columns(),
            "measures": [LABELS[m] for m in asked.found.by_vacancy.measures],
            "towns": asked.found.town_rows(asked.sort),
            "rows": asked.found.vacancy_rows(asked.sort, (asked.page - 1) * PAGE_SIZE, PAGE_SIZE),
            "query": asked.link(),
            "previous": asked.link(seite=asked.page - 1) if asked.page > 1 else "",
            "following": asked.link(seite=asked.page + 1) if asked.page < last else "",
            "last": last,
            "window": asked.after.parameters.get("window") if asked.after else None,
        }
    return render(request, "compare.html", context)


@require_safe
def compare_geojson(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(_two(request).geojson(), content_type="application/geo+json")
    response["Content-Disposition"] = 'inline; filename="vergleich.geojson"'
    return response


@require_safe
def compare_csv(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(_two(request).csv(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="vergleich.csv"'
    return response


def _two(request: HttpRequest) -> WhatIf:
    found = CompareQuestion.parse(request.GET).found
    if found is None:
        raise RaumError(_("Zum Vergleichen braucht es zwei Berechnungen; es gibt nur eine oder keine."))
    return found

"""The question "what do I reach from here": its parameters, checked, and its answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from geo.beside import Beside
from geo.errors import InvalidParameter, InvalidParameters
from layers.models import ReachRun

LIMITS = (30, 45, 60, 90, 120)
IDLE_S, LONGEST_S = 1_800, 60
TRAVELLERS = Beside(1, IDLE_S, LONGEST_S)  # has the timetable and compiled code at hand, 250 MB of them


@dataclass(frozen=True)
class OutwardQuestion:
    """When one sets out (minutes after midnight) and how long one travels at most (minutes)."""

    departure_min: int = 8 * 60
    limit_min: int = 60

    @classmethod
    def parse(cls, given: QueryDict) -> OutwardQuestion:
        """Read `um` (HH:MM) and `minuten` (5 to 180).

        Raises
        ------
        InvalidParameters
        """
        errors = []
        clock = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", given.get("um") or "08:00")
        if clock is None:
            errors.append(InvalidParameter("um", given["um"][:60], _("eine Uhrzeit wie 22:30")))
        minutes = given.get("minuten") or "60"
        if not re.fullmatch(r"\d{1,3}", minutes) or not 5 <= int(minutes) <= 180:
            errors.append(InvalidParameter("minuten", minutes[:60], _("eine ganze Zahl von {low} bis {high}").format(low=5, high=180)))
        if errors or clock is None:
            raise InvalidParameters(errors)
        return cls(int(clock[1]) * 60 + int(clock[2]), int(minutes))

    @property
    def clock(self) -> str:
        return f"{self.departure_min // 60:02}:{self.departure_min % 60:02}"

    def answer(self, run: ReachRun, point: Any) -> dict[str, Any] | None:
        """Return the answer for a point in the storage CRS, None when the run has no travel times."""
        return TRAVELLERS.read(reached, run.pk, point.x, point.y, self.departure_min, self.limit_min)


def reached(run_id: int, x: float, y: float, departure_min: int, limit_min: int) -> dict[str, Any] | None:
    """Return what `layers.reach.outward` says."""
    from layers.reach.outward import outward

    return outward(ReachRun.objects.get(pk=run_id), x, y, departure_min, limit_min)

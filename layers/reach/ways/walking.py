"""Walking from places to facilities, with streets or without: one interface, and `method` says which it was. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

WALK_KMH = 4.5  # the walking speed of all layers
WALK_M_S = WALK_KMH / 3.6
DETOUR = 1.3  # streets are longer than the crow flies
CROW_FLY = f"crow-fly×{DETOUR}"


@dataclass(frozen=True)
class Nearest:
    """Seconds to the nearest facility (inf: none within the limit) and its index (-1), one entry per place or node."""

    seconds: Any
    facility: Any


class Walking(Protocol):
    """What callers ask, whether streets are loaded or not.

    Places and facilities are (n, 2) arrays of metres in EPSG:25833.
    """

    @property
    def method(self) -> str:
        """How the seconds came about; goes to the `method` column and to the page."""

    @property
    def attribution(self) -> str:
        """What must stand beside the result, '' when nothing."""

    def methods(self, places: Any) -> list[str]:
        """Return for each place how its seconds come about: streets need not be everywhere."""

    def seconds(self, places: Any, facilities: Any, limit_s: float = np.inf) -> Nearest:
        """Return the seconds from every place to its nearest facility."""


def crow_fly_seconds(metres: Any) -> Any:
    """Return the walking seconds for metres as the crow flies: × 1.3 at 4.5 km/h."""
    return np.asarray(metres, float) * DETOUR / WALK_M_S


@dataclass(frozen=True)
class CrowFly:
    """Walking without streets. It crosses rivers and rails that have no bridge there."""

    method: str = CROW_FLY
    attribution: str = ""

    def methods(self, places: Any) -> list[str]:
        """Return the method for each place; it is everywhere the same."""
        return [self.method] * len(places)

    def seconds(self, places: Any, facilities: Any, limit_s: float = np.inf) -> Nearest:
        """Return the seconds from every place to its nearest facility, as the crow flies × 1.3."""
        from scipy.spatial import cKDTree  # half a second to load, and most starts compute nothing

        places, facilities = np.reshape(np.asarray(places, float), (-1, 2)), np.reshape(np.asarray(facilities, float), (-1, 2))
        sound = np.isfinite(facilities).all(axis=1)
        index = np.flatnonzero(sound)
        answer = Nearest(np.full(len(places), np.inf), np.full(len(places), -1))
        known = np.isfinite(places).all(axis=1)
        if not len(index) or not known.any():
            return answer
        metres, found = cKDTree(facilities[sound]).query(places[known])
        seconds = crow_fly_seconds(metres)
        near = seconds <= limit_s
        answer.seconds[known] = np.where(near, seconds, np.inf)
        answer.facility[known] = np.where(near, index[found], -1)
        return answer

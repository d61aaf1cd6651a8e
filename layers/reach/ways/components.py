"""How a mode's network hangs together, and what is cut off. Pure: no database, no clock, no network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layers.reach.streets import StreetGraph, labels


@dataclass(frozen=True)
class Part:
    """A part of the network: nodes, metres of street, and a point in it (EPSG:25833)."""

    nodes: int
    length_m: float
    x: float
    y: float


@dataclass(frozen=True)
class Components:
    """How a mode's network hangs together: each part can be crossed from everywhere to everywhere.

    Attributes
    ----------
    main : Part
    cut_off : list of Part
        The other parts with streets, the longest first.
    between_m : float
        Metres of street that lead from one part to another only one way.
    """

    main: Part
    cut_off: list[Part]
    between_m: float

    @property
    def main_share(self) -> float:
        """Share of the street metres that the main part holds, 0 to 1."""
        total = self.main.length_m + self.between_m + sum(p.length_m for p in self.cut_off)
        return self.main.length_m / total if total else 0.0


def components(graph: StreetGraph, mode: str) -> Components:
    """Return the parts of the network that a mode cannot leave: islands, yards behind a barrier, ends of an extract."""
    label, of_edge, metres, main = labels(graph, mode)
    nodes = np.bincount(label, minlength=len(metres))
    where = np.zeros(len(metres), np.int64)
    where[label[::-1]] = np.arange(len(label))[::-1]

    def part(i: int) -> Part:
        return Part(int(nodes[i]), float(metres[i]), float(graph.x[where[i]]), float(graph.y[where[i]]))

    others = [i for i in np.argsort(-metres, kind="stable") if metres[i] > 0 and i != main]
    return Components(part(main), [part(i) for i in others], float(graph.length_m[of_edge == -2].sum()))

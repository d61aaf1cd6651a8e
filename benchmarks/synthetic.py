"""Snapshots of any size: the rows there are, repeated beside each other with small shifts, so that they stay as clustered as they were."""

from __future__ import annotations

import numpy as np

from geo.columnar import CM, Table
from layers.publish.snapshot.packing import morton
from vacancies.geometry import GRID_M

SHIFT_M = 3_000  # within which a copy lies from its original
LAND_M = 300_000  # width of a Brandenburg
PER_LAND = 250_000  # rows above which further copies of the land are laid side by side


def scaled(table: Table, rows: int, seed: int = 1) -> Table:
    """Return a table of so many rows drawn from another, in Morton order."""
    dice = np.random.default_rng(seed)
    drawn = dice.integers(0, len(table), rows)
    lands = -(-rows // PER_LAND)
    land = dice.integers(0, lands, rows)
    across = int(np.ceil(np.sqrt(lands)))
    shift = dice.normal(0, SHIFT_M * CM / 2, (2, rows))
    x = table.x[drawn] + shift[0] - (land % across) * LAND_M * CM
    y = table.y[drawn] + shift[1] - (land // across) * LAND_M * CM
    x, y = (np.round(v).astype(np.int32) for v in (x, y))
    columns = {name: column[drawn] for name, column in table.columns.items()}
    if "is_exact" in columns:  # the others lie in the middle of their cell, as the public view has them
        coarse = columns["is_exact"] + table.low["is_exact"] - 1 != 1
        cell = int(GRID_M * CM)
        x[coarse], y[coarse] = (v[coarse] // cell * cell + cell // 2 for v in (x, y))
    order = np.argsort(morton(x, y), kind="stable")
    columns = {name: column[order] for name, column in columns.items()}
    return Table(x[order], y[order], columns, table.low, table.values)

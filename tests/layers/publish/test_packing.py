"""The file of columns: what is written is read again, in whatever way each column packs best."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.columnar import Table
from layers.publish.snapshot.packing import FEW, pack, unpack


def table(rows: int, seed: int) -> Table:
    """Columns that differ in how they pack best: smooth, near another, few values, noise."""
    dice = np.random.default_rng(seed)
    smooth = (np.arange(rows) // 7 % 60_000).astype(np.uint16)
    near = (smooth + dice.integers(0, 3, rows)).astype(np.uint16)
    few = np.array([1, 70_000, 2**30], np.uint32)[dice.integers(0, 3, rows)]
    noise = dice.integers(0, 256, rows).astype(np.uint8)
    x, y = (dice.integers(-(2**30), 2**30, rows).astype(np.int32) for _axis in "xy")
    columns = {"smooth": smooth, "near": near, "few": few, "noise": noise}
    return Table(x, y, columns, {"smooth": 5, "near": 2, "few": 1, "noise": 0}, {"noise": ("a", "b")})


def said(content: bytes) -> dict[str, set[str]]:
    import json

    directory = json.loads(content[8 : 8 + int.from_bytes(content[4:8], "little")])
    return {c["name"]: {"list", "steps", "from"} & set(c) for c in directory["columns"]}


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([0, 1, 5, FEW - 1, FEW, FEW + 1, 9_001]), st.integers(0, 2**16))
def test_what_is_written_is_read_again(rows: int, seed: int) -> None:
    made = table(rows, seed)
    first = pack(made, ["smooth"], positions=True)
    rest = pack(made, ["near", "few", "noise"], positions=False, known=["smooth"])
    read = unpack(rest, unpack(first))
    assert (read["x"][0] == made.x).all()
    assert (read["y"][0] == made.y).all()
    for name, column in made.columns.items():
        assert (read[name][0] == column).all(), name
        assert read[name][1] == made.low[name]


def test_each_column_is_written_in_the_way_that_packs_best() -> None:
    made = table(9_000, 1)
    assert said(pack(made, made.columns, positions=True)) == {
        "x": {"steps"},
        "y": {"steps"},
        "smooth": {"steps"},
        "near": {"from"},
        "few": {"list"},
        "noise": set(),
    }


def test_a_file_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="not a snapshot of version"):
        unpack(b"RWS\x01" + pack(table(3, 1), [], positions=True)[4:])

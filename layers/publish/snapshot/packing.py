"""The file of columns: written, read, put in order. Pure: arrays in, bytes out.

A file is `RWS`, one version byte, the length of the directory (uint32), the directory (JSON), and the columns one after the
other, each as byte planes: first the lowest byte of every row, then the next. Positions are differences of neighbours,
zigzag coded. Numbers are little-endian.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from geo.columnar import Table

VERSION = 1
MAGIC = b"RWS" + bytes([VERSION])
POSITION = ("x", "y")


def narrow(numbers: np.ndarray, missing: int) -> tuple[np.ndarray, int]:
    """Return whole numbers as a column of the smallest unsigned type, and its smallest number; 0 stands for `missing`."""
    known = numbers != missing
    low = int(numbers[known].min()) if known.any() else 0
    span = int(numbers[known].max()) - low + 1 if known.any() else 0
    return np.where(known, numbers.astype(np.int64) - low + 1, 0).astype(_smallest(span)), low


def narrow_set(bits: np.ndarray, missing: int) -> np.ndarray:
    """Return sets as a column of the smallest unsigned type; unknown is empty."""
    known = np.where(bits == missing, 0, bits)
    return known.astype(_smallest(int(known.max()) if len(known) else 0))


def _smallest(most: int) -> type[np.unsignedinteger[Any]]:
    return np.uint8 if most < 2**8 else np.uint16 if most < 2**16 else np.uint32


def morton(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the place of each point on the Z-order curve (uint64): neighbours on the curve are neighbours on the ground."""

    def spread(v: np.ndarray) -> np.ndarray:
        v = (v.astype(np.int64) - int(v.min()) if len(v) else v).astype(np.uint64) & np.uint64(0xFFFFFFFF)
        steps = (
            (16, 0x0000FFFF0000FFFF),
            (8, 0x00FF00FF00FF00FF),
            (4, 0x0F0F0F0F0F0F0F0F),
            (2, 0x3333333333333333),
            (1, 0x5555555555555555),
        )
        for shift, keep in steps:
            v = (v | (v << np.uint64(shift))) & np.uint64(keep)
        return v

    return spread(x) | (spread(y) << np.uint64(1))


def _planes(column: np.ndarray) -> bytes:
    return np.ascontiguousarray(column.view(np.uint8).reshape(len(column), column.itemsize).T).tobytes()


def _differences(numbers: np.ndarray) -> np.ndarray:
    steps = np.diff(numbers.astype(np.int64), prepend=0)
    return ((steps << 1) ^ (steps >> 63)).astype(np.uint32)


def pack(table: Table, names: Iterable[str], positions: bool) -> bytes:
    """Return columns of a table as a file; with positions, `x` and `y` come first."""
    listed: list[dict[str, Any]] = []
    blobs: list[bytes] = []
    for name in (*(POSITION if positions else ()), *names):
        column = _differences(getattr(table, name)) if name in POSITION else np.asarray(table.columns[name])
        entry: dict[str, Any] = {"name": name, "bytes": column.itemsize, "low": table.low.get(name, 0)}
        if table.values.get(name):
            entry["values"] = list(table.values[name])
        listed.append(entry)
        blobs.append(_planes(column))
    directory = json.dumps({"rows": len(table), "columns": listed}, separators=(",", ":"), ensure_ascii=False).encode()
    return b"".join((MAGIC, len(directory).to_bytes(4, "little"), directory, *blobs))


def unpack(content: bytes) -> tuple[dict[str, np.ndarray], dict[str, dict[str, Any]]]:
    """Return the columns of a file and their entries in the directory.

    Raises
    ------
    ValueError
        When the bytes are not such a file, or one of another version.
    """
    if content[:4] != MAGIC:
        raise ValueError(f"not a snapshot of version {VERSION}")
    start = 8 + int.from_bytes(content[4:8], "little")
    directory = json.loads(content[8:start])
    rows, columns = directory["rows"], {}
    for entry in directory["columns"]:
        width = entry["bytes"]
        planes = np.frombuffer(content, np.uint8, rows * width, start).reshape(width, rows)
        column = np.ascontiguousarray(planes.T).view(f"<u{width}").reshape(rows)
        start += rows * width
        if entry["name"] in POSITION:
            steps = column.astype(np.int64)
            column = np.cumsum((steps >> 1) ^ -(steps & 1)).astype(np.int32)
        columns[entry["name"]] = column
    return columns, {entry["name"]: entry for entry in directory["columns"]}

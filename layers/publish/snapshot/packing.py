"""The file of columns: written, read, put in order. Pure: arrays in, bytes out.

A file is `RWS`, one version byte, the length of the directory (uint32), the directory (JSON), and the columns one after the
other, each as byte planes: first the lowest byte of every row, then the next. A column stands as it is, or (`list`) as places on
a list of its numbers, or (`steps`) as differences of neighbours, or (`from`) as differences from another column; differences are
zigzag coded. Numbers are little-endian.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from geo.columnar import Table

VERSION = 2
MAGIC = b"RWS" + bytes([VERSION])
POSITION = ("x", "y")
FEW = 2_000  # rows below which it is not worth looking for a better way to write a column
NEAR = 8  # columns before one that it is compared with
SAMPLE = 8_192  # rows on which the ways are tried


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


def _zigzag(numbers: np.ndarray) -> np.ndarray:
    folded = (numbers << 1) ^ (numbers >> 63)
    return folded.astype(_smallest(int(folded.max()) if len(folded) else 0))


def _unfolded(folded: np.ndarray) -> np.ndarray:
    wide = folded.astype(np.int64)
    return (wide >> 1) ^ -(wide & 1)


def _written(column: np.ndarray, low: int, others: Mapping[str, tuple[np.ndarray, int]]) -> tuple[np.ndarray, dict[str, Any]]:
    """Return a column in the way that packs best, and what the directory says of it.

    As it is; as places on the list of its numbers; as steps from row to row; or as the distance from another column. Tried on
    a stretch of rows, so that it costs little.
    """
    wide = column.astype(np.int64)
    ways: list[tuple[np.ndarray, dict[str, Any]]] = [(column, {})]
    if len(column) < FEW:
        return ways[0]
    numbers, places = np.unique(column, return_inverse=True)
    if column.itemsize > 1 and len(numbers) <= 256:
        ways.append((places.astype(np.uint8), {"list": numbers.tolist()}))
    ways.append((_zigzag(np.diff(wide, prepend=0)), {"steps": 1}))
    ways += [(_zigzag(wide + low - given - other_low), {"from": name}) for name, (given, other_low) in others.items()]
    stretch = slice((len(column) - SAMPLE) // 2, (len(column) + SAMPLE) // 2) if len(column) > SAMPLE else slice(None)
    sizes = [len(zlib.compress(_planes(way[stretch]), 6)) + 3 * len(said.get("list", ())) for way, said in ways]
    return ways[int(np.argmin(sizes))]


def pack(table: Table, names: Iterable[str], positions: bool, known: Iterable[str] = ()) -> bytes:
    """Return columns of a table as a file; with positions, `x` and `y` come first.

    Columns may be written as their distance from those before them, and from those `known` from a file read earlier.
    """
    listed: list[dict[str, Any]] = []
    blobs: list[bytes] = []
    others = {name: (table.columns[name].astype(np.int64), table.low.get(name, 0)) for name in known}
    for name in POSITION if positions else ():
        column = _zigzag(np.diff(getattr(table, name).astype(np.int64), prepend=0)).astype(np.uint32)
        listed.append({"name": name, "bytes": 4, "low": 0, "steps": 1})
        blobs.append(_planes(column))
    for name in names:
        column, low = np.asarray(table.columns[name]), table.low.get(name, 0)
        written, said = _written(column, low, dict([*others.items()][-NEAR:]))
        entry: dict[str, Any] = {"name": name, "bytes": written.itemsize, "low": low, **said}
        if table.values.get(name):
            entry["values"] = list(table.values[name])
        others[name] = (column.astype(np.int64), low)
        listed.append(entry)
        blobs.append(_planes(written))
    directory = json.dumps({"rows": len(table), "columns": listed}, separators=(",", ":"), ensure_ascii=False).encode()
    return b"".join((MAGIC, len(directory).to_bytes(4, "little"), directory, *blobs))


def unpack(content: bytes, known: Mapping[str, tuple[np.ndarray, int]] | None = None) -> dict[str, tuple[np.ndarray, int]]:
    """Return the columns of a file, each with its smallest number (int64 arrays; the browser's snapshot.js does the same).

    Raises
    ------
    ValueError
        When the bytes are not such a file, or one of another version.
    """
    if content[:4] != MAGIC:
        raise ValueError(f"not a snapshot of version {VERSION}")
    start = 8 + int.from_bytes(content[4:8], "little")
    directory = json.loads(content[8:start])
    rows, columns = directory["rows"], dict(known or {})
    for entry in directory["columns"]:
        width = entry["bytes"]
        planes = np.frombuffer(content, np.uint8, rows * width, start).reshape(width, rows)
        column = np.ascontiguousarray(planes.T).view(f"<u{width}").reshape(rows).astype(np.int64)
        start += rows * width
        if "list" in entry:
            column = np.array(entry["list"], np.int64)[column]
        elif "steps" in entry:
            column = np.cumsum(_unfolded(column))
        elif "from" in entry:
            other, other_low = columns[entry["from"]]
            column = _unfolded(column) + other + other_low - entry["low"]
        columns[entry["name"]] = (column, entry["low"])
    return columns

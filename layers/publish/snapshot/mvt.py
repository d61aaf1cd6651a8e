"""Vector tiles from a snapshot's arrays, as ST_AsMVT writes them from rows. Pure.

Mapbox Vector Tile 2.1, one layer of points that all have the same properties. The messages of all features are written beside
each other, a row each; a mask says which bytes of a row count, because numbers are as long as they need.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

EXTENT = 4096  # units along a tile's edge
BUFFER = 64  # units beyond the edge whose rows are in the tile, too
CELL = 64  # units along the edge of a cell that rows are gathered in
WORLD_BITS = 32  # the world's width is 2³² steps
EXTENT_BITS = 12
# keys of the messages' fields: number · 8 + wire type
LAYER = FEATURES_KEYS = 0x1A
NAME, FEATURE, VALUE, LAYER_EXTENT, LAYER_VERSION = 0x0A, 0x12, 0x22, 0x28, 0x78
TAGS, KIND, GEOMETRY = 0x12, 0x18, 0x22
TEXT, NUMBER = 0x0A, 0x28
POINT, MOVE_TO_ONE = 1, 9

Part = tuple[np.ndarray, np.ndarray]  # bytes (rows, width) and which of them count


@dataclass(frozen=True)
class Property:
    """A property of the features: which of the values each has, and the values, texts (bytes, UTF-8) or whole numbers from 0 on."""

    name: str
    places: np.ndarray
    values: np.ndarray


def in_tile(world: tuple[np.ndarray, np.ndarray], z: int, x: int, y: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the numbers of the rows in a tile and a little around it, and where they are in it.

    Parameters
    ----------
    world : two uint32 arrays
        Web Mercator from the north-west, the world's width = 2³².
    z, x, y : int
        The tile, y from the north.

    Returns
    -------
    rows, x, y : int arrays
        Row numbers ascending; units of the tile (0 … `EXTENT`, y from the north), at most `BUFFER` beyond.
    """
    unit = 2.0 ** (WORLD_BITS - EXTENT_BITS - z)
    near = np.ones(len(world[0]), bool)
    for axis, place in zip(world, (x, y), strict=True):
        near &= axis >= int((place * EXTENT - BUFFER - 1) * unit)
        near &= axis <= int(((place + 1) * EXTENT + BUFFER + 1) * unit)
    rows = np.flatnonzero(near)
    units = [np.rint((axis[rows] + 0.5) / unit - place * EXTENT).astype(np.int64) for axis, place in zip(world, (x, y), strict=True)]
    inside = np.ones(len(rows), bool)
    for axis in units:
        inside &= (axis >= -BUFFER) & (axis <= EXTENT + BUFFER)
    return rows[inside], units[0][inside], units[1][inside]


def gathered(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the middles of the cells that hold points, and how many points each holds."""
    across = (EXTENT + 2 * BUFFER) // CELL + 1
    counts = np.bincount((y + BUFFER) // CELL * across + (x + BUFFER) // CELL)
    cells = np.flatnonzero(counts)
    lines, columns = np.divmod(cells, across)
    return columns * CELL - BUFFER + CELL // 2, lines * CELL - BUFFER + CELL // 2, counts[cells]


def encode(name: str, x: np.ndarray, y: np.ndarray, properties: Sequence[Property]) -> bytes:
    """Return a tile of one layer of points; nothing where there are none."""
    if not len(x):
        return b""
    n, base = len(x), 0
    tags: list[Part] = []
    for number, known in enumerate(properties):
        tags += [_constant(n, number), _varints(known.places + base)]
        base += len(known.values)
    spot = [_constant(n, MOVE_TO_ONE), _varints(_zigzag(x)), _varints(_zigzag(y))]
    body = _beside(_message(TAGS, _beside(*tags)), _constant(n, KIND, POINT), _message(GEOMETRY, _beside(*spot)))
    content = [
        _bytes(NAME, name.encode()),
        _flat(_message(FEATURE, body)),
        *(_bytes(FEATURES_KEYS, p.name.encode()) for p in properties),
        *(_flat(_message(VALUE, _value(p.values))) for p in properties),
        bytes((LAYER_EXTENT,)) + _flat(_varints(np.array([EXTENT]))),
        bytes((LAYER_VERSION, 2)),
    ]
    return _bytes(LAYER, b"".join(content))


def _zigzag(numbers: np.ndarray) -> np.ndarray:
    return (numbers << 1) ^ (numbers >> 63)


def _varints(numbers: np.ndarray) -> Part:
    """Return numbers (0 … 2²⁸ − 1) seven bits to a byte, the lowest first; the highest bit says that more follow."""
    left = numbers[:, None] >> np.array([0, 7, 14, 21])
    more = np.column_stack([left[:, 1:] > 0, np.zeros(len(numbers), bool)])
    return ((left & 127) | (more << 7)).astype(np.uint8), np.column_stack([np.ones(len(numbers), bool), more[:, :-1]])


def _constant(rows: int, *content: int) -> Part:
    part = np.broadcast_to(np.array(content, np.uint8), (rows, len(content)))
    return part, np.ones(part.shape, bool)


def _beside(*parts: Part) -> Part:
    return np.hstack([part for part, _kept in parts]), np.hstack([kept for _part, kept in parts])


def _message(key: int, body: Part) -> Part:
    """Return each row's message with its key and length."""
    return _beside(_constant(len(body[0]), key), _varints(body[1].sum(axis=1)), body)


def _value(values: np.ndarray) -> Part:
    if values.dtype.kind != "S":
        return _beside(_constant(len(values), NUMBER), _varints(values))
    width = values.dtype.itemsize
    letters = np.ascontiguousarray(values).view(np.uint8).reshape(len(values), width)
    kept = np.arange(width) < np.char.str_len(values)[:, None]
    return _message(TEXT, (letters, kept))


def _flat(part: Part) -> bytes:
    return bytes(part[0][part[1]].tobytes())


def _bytes(key: int, content: bytes) -> bytes:
    return bytes((key,)) + _flat(_varints(np.array([len(content)]))) + content

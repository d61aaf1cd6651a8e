"""Snapshots read from the database and kept as files, one folder per state of the public rows.

A folder is made when it is first asked for, by one process while others wait, and put in place at once. Folders of earlier
states are removed then: what is withdrawn is served no longer. What they hold depends on public rows alone, order included.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import brotli
import numpy as np
from django.conf import settings
from django.db import connection
from django.db.models import BinaryField, F, Func, IntegerField, Value
from django.db.models.functions import Cast, Coalesce

from geo.columnar import CM, Column, Table, columns_of, place_of
from geo.filtering import FilterSet
from geo.positions import X, Y
from layers.publish.collection import Collection
from layers.publish.rights import as_reader, one_state
from layers.publish.snapshot.counting import Counter
from layers.publish.snapshot.packing import VERSION, morton, narrow, narrow_set, pack
from layers.publish.snapshot.spots import world_of
from layers.publish.version import digest_of, version

TIMEOUT_MS = 600_000
MISSING = -(2**31)
KEY_BYTES = 12
FILES = ("kriterien.json", "zuerst.bin", "dann.bin", "kennungen.bin")  # criteria; positions and first columns; all others; keys
HEAD_BYTES, RECORD_BYTES = 19, 2  # of PostgreSQL's binary COPY: the head, and what each record begins with


@dataclass
class Snapshot:
    """One state of a layer's public rows."""

    layer: Collection
    name: str
    folder: Path
    table: Table
    keys: np.ndarray
    world: tuple[np.ndarray, np.ndarray]  # Web Mercator, the world's width = 2³²

    @cached_property
    def counter(self) -> Counter:
        return Counter(self.table, self._asked)

    def _asked(self, wanted: FilterSet) -> np.ndarray:
        rows = self.layer.rows().order_by().values_list(self.layer.key, flat=True)
        with as_reader():
            found = [[list(rows.filter(q)) for q in criterion.alternatives(value)] for criterion, value in wanted.active()]
        return np.logical_and.reduce([self.mask_of([key for keys in either for key in keys]) for either in found])

    def mask_of(self, keys: list[str]) -> np.ndarray:
        """Return which rows have one of the keys (bool)."""
        if not keys:
            return np.zeros(len(self.table), bool)
        wanted = np.sort(np.array([k.encode() for k in keys], dtype=self.keys.dtype))
        return wanted[np.minimum(np.searchsorted(wanted, self.keys), len(wanted) - 1)] == self.keys


def current(layer: Collection) -> Snapshot:
    """Return the snapshot of the layer's rows as they are now; it is made if nobody has asked for it yet."""
    name = name_now(layer)
    return _at_hand(layer, name) or _kept(_opened(layer, name))


def at_hand(layer: Collection, digest: str) -> Snapshot | None:
    """Return the snapshot of the state with this digest if it is there already."""
    return _at_hand(layer, _name(layer, digest))


def _at_hand(layer: Collection, name: str) -> Snapshot | None:
    known, folder = _open.get(layer.name), _home(layer) / name
    if not folder.exists():
        return None
    try:
        return known if known and known.folder == folder else _kept(_read(layer, name, folder))
    except FileNotFoundError:  # rows changed meanwhile
        return None


def _kept(snapshot: Snapshot) -> Snapshot:
    _open[snapshot.layer.name] = snapshot
    return snapshot


def name_now(layer: Collection) -> str:
    """Return the name of the snapshot of the rows as they are now, made or not."""
    return _name(layer, version(layer).digest)


_open: dict[str, Snapshot] = {}
_names: dict[tuple[str, str, int], str] = {}  # by layer, digest and criteria


def _name(layer: Collection, digest: str) -> str:
    """Return the state's name: the rows, the format, and what the columns stand for."""
    known = (layer.name, digest, id(layer.filter.criteria))
    if known not in _names:
        said = [(c.name, c.values) for part in _columns(layer) for c in part], _criteria(layer)
        _names.clear()
        _names[known] = hashlib.sha256(f"{digest} {VERSION} {said}".encode()).hexdigest()[:20]
    return _names[known]


def _columns(layer: Collection) -> tuple[list[Column], list[Column]]:
    """Return the columns of the first part, and all others."""
    assert layer.snapshot
    by_criterion = [(c.name, columns_of(c)) for c in layer.filter.criteria]
    first = [c for name, found in by_criterion if name in layer.snapshot.first for c in found]
    first += [Column(name, Cast(F(name), IntegerField())) for name in layer.snapshot.also]
    drawn = tuple(c.value for c in layer.style.classes if c.value is not None)
    first = [c for c in first if c.name != layer.style.column]  # every class is drawn, also those that nobody asks for
    first.append(Column(layer.style.column, place_of(layer.style.column, drawn), drawn))
    known = {c.name for c in first}
    rest = {c.name: c for _name, found in by_criterion for c in found if c.name not in known}
    return first, list(rest.values())


def _criteria(layer: Collection) -> list[dict[str, Any]]:
    """Return what the browser must know of the criteria: their description without words."""
    words = ("label", "group", "help", "unit")
    kept = [{k: v for k, v in told.items() if k not in words} for told in layer.filter.schema()]
    return [told | ({"options": [{"value": o["value"]} for o in told["options"]]} if "options" in told else {}) for told in kept]


def _home(layer: Collection) -> Path:
    return Path(settings.DATA_DIR) / "snapshots" / str(connection.settings_dict["NAME"]) / layer.name


def _opened(layer: Collection, name: str) -> Snapshot:
    home = _home(layer)
    folder = home / name
    if not folder.exists():
        home.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time(home / "lock"):
            if not folder.exists():
                name = _make(layer, home)
    return _read(layer, name, home / name)


def _make(layer: Collection, home: Path) -> str:
    """Make the snapshot of the rows as they are now and drop earlier ones; returns its name, which an edit may have changed by now."""
    with tempfile.TemporaryDirectory(prefix="new-", dir=home) as new, one_state():
        name = _name(layer, digest_of(layer))
        made = Path(new) / "made"
        made.mkdir()
        _write(layer, made)
        if not (home / name).exists():
            made.rename(home / name)
    for old in home.iterdir():
        if old.is_dir() and old.name != name:
            shutil.rmtree(old, ignore_errors=True)
    return name


def tighten() -> int:
    """Pack the files of all snapshots once more, by Brotli; returns how many were packed.

    It saves an eighth and takes a second per 10,000 rows, which nobody who waits for the map should pay.
    """
    packed = 0
    for path in sorted((Path(settings.DATA_DIR) / "snapshots").glob("*/*/*/*.gz")):
        tight = path.with_suffix(".br")
        if path.parent.name.startswith("new-") or tight.exists():
            continue
        try:
            part = tight.with_suffix(".part")
            part.write_bytes(brotli.compress(gzip.decompress(path.read_bytes())))
            part.rename(tight)
        except FileNotFoundError:  # rows changed meanwhile: the folder is gone
            continue
        packed += 1
    return packed


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(layer: Collection, folder: Path) -> None:
    first, rest = _columns(layer)
    table, keys = read_rows(layer, [*first, *rest])
    contents = (
        json.dumps(_criteria(layer), separators=(",", ":"), sort_keys=True).encode(),
        pack(table, [c.name for c in first], positions=True),
        pack(table, [c.name for c in rest], positions=False, known=[c.name for c in first]),
        b"\n".join(keys.tolist()),
    )
    for name, content in zip(FILES, contents, strict=True):
        (folder / f"{name}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
    world = world_of(table)
    arrays = {"x": table.x, "y": table.y, "world_x": world[0], "world_y": world[1], "keys": keys}
    arrays |= {f"column {name}": column for name, column in table.columns.items()}
    _write_arrays(arrays, folder / "table")
    (folder / "table.json").write_text(json.dumps({"low": dict(table.low), "values": dict(table.values)}))


def _write_arrays(arrays: dict[str, np.ndarray], path: Path) -> None:
    """Write arrays one after the other, so that all processes share them in memory; where they begin stands beside."""
    listed = {}
    with path.open("wb") as file:
        for name, array in arrays.items():
            file.write(bytes(-file.tell() % 64))
            listed[name] = (file.tell(), array.dtype.str, len(array))
            array.tofile(file)
    path.with_suffix(".places.json").write_text(json.dumps(listed))


def _read(layer: Collection, name: str, folder: Path) -> Snapshot:
    told = json.loads((folder / "table.json").read_text())
    listed = json.loads((folder / "table.places.json").read_text())
    whole = np.memmap(folder / "table", mode="r") if any(n for _at, _kind, n in listed.values()) else np.zeros(0, np.uint8)
    arrays = {
        key: np.frombuffer(whole, dtype=kind, count=n, offset=at) if n else np.zeros(0, kind) for key, (at, kind, n) in listed.items()
    }
    columns = {key.removeprefix("column "): array for key, array in arrays.items() if key.startswith("column ")}
    values = {key: tuple(v) for key, v in told["values"].items()}
    table = Table(arrays["x"], arrays["y"], columns, told["low"], values)
    return Snapshot(layer, name, folder, table, arrays["keys"], (arrays["world_x"], arrays["world_y"]))


def read_rows(layer: Collection, columns: list[Column]) -> tuple[Table, np.ndarray]:
    """Return a layer's public rows as a table in Morton order, and their keys (bytes); read by one binary COPY."""
    key = Func(F(layer.key), Value(KEY_BYTES), function="rpad", output_field=IntegerField())
    made: dict[str, Any] = {f"c{i}": Coalesce(c.expression, MISSING, output_field=IntegerField()) for i, c in enumerate(columns)}
    made["x_"] = Func(X(layer.geometry) * CM, template="round(%(expressions)s)::int", output_field=IntegerField())
    made["y_"] = Func(Y(layer.geometry) * CM, template="round(%(expressions)s)::int", output_field=IntegerField())
    made["key_"] = Func(key, template="convert_to(%(expressions)s, 'UTF8')", output_field=BinaryField())
    names = ["key_", "x_", "y_", *(f"c{i}" for i in range(len(columns)))]
    sql, values = layer.rows().order_by().annotate(**made).values_list(*names).query.sql_with_params()
    with as_reader(TIMEOUT_MS), connection.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT binary)", values) as copy:
        content = b"".join(bytes(piece) for piece in copy)
    shape: list[tuple[str, str]] = [("fields", ">i2"), ("key_bytes", ">i4"), ("key_", f"S{KEY_BYTES}")]
    for name in names[1:]:
        shape += [(f"{name}_bytes", ">i4"), (name, ">i4")]
    kind = np.dtype(shape)
    count = (len(content) - HEAD_BYTES - RECORD_BYTES) // kind.itemsize
    assert HEAD_BYTES + count * kind.itemsize + RECORD_BYTES == len(content), "every field has its fixed width"
    rows = np.frombuffer(content, kind, count, HEAD_BYTES)
    keys = np.char.rstrip(rows["key_"])
    x, y = rows["x_"].astype(np.int32), rows["y_"].astype(np.int32)
    order = np.lexsort((keys, morton(x, y)))
    numbers: dict[str, np.ndarray] = {}
    low: dict[str, int] = {}
    for i, column in enumerate(columns):
        given = rows[f"c{i}"].astype(np.int64)[order]
        numbers[column.name], low[column.name] = (narrow_set(given, MISSING), 1) if column.is_set else narrow(given, MISSING)
    table = Table(x[order], y[order], numbers, low, {c.name: c.values for c in columns if c.values})
    return table, keys[order]

"""Shows pictures of a remote WMS without the reader's browser speaking to it: checked parameters, a bounded cache, no error to see."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import math
import os
import struct
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.utils.translation import gettext as _

from geo import crs
from geo.errors import InvalidParameter, InvalidParameters, RemoteFailed
from layers.remote.fetching import Limits, address, fetch
from layers.remote.hosts import allowed_hosts
from layers.remote.layer import RemoteLayer

LIMITS = Limits(connect_s=5, total_s=10, most_bytes=5_000_000)
MAX_SIDE = 1_024
REST_S = 60  # a service that failed is left alone for so long
PRUNE_EVERY = 200  # pictures written between two looks at the cache's size
KEPT = 0.8  # of the allowed bytes, after the oldest were removed
SIGNATURE = b"\x89PNG\r\n\x1a\n"
WORLD = 20_037_508.342789244
CRS_NAME = f"EPSG:{crs.MERCATOR}"
FIXED = {  # parameters that map programs send along; only these values are allowed
    "service": {"WMS"},
    "request": {"GETMAP"},
    "version": {"1.3.0", "1.1.1"},
    "format": {"IMAGE/PNG"},
    "transparent": {"TRUE", "FALSE"},
    "styles": {""},
}
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Picture:
    """What a map asks for: box in EPSG:3857 (west, south, east, north, metres) and size in pixels."""

    box: tuple[float, float, float, float]
    width: int
    height: int

    @classmethod
    def parse(cls, given: Mapping[str, str], layer: RemoteLayer) -> Picture:
        """Read the parameters of a GetMap request.

        Raises
        ------
        InvalidParameters
            With every parameter that is not allowed.
        """
        errors: list[InvalidParameter] = []
        raw = {name.lower(): value for name, value in given.items()}
        fixed = FIXED | {"layers": {layer.layer.upper(), ""}, "crs": {CRS_NAME}, "srs": {CRS_NAME}}
        for name in raw.keys() - fixed.keys() - {"bbox", "width", "height"}:
            errors.append(InvalidParameter(name[:40], raw[name][:40], _("unbekannter Parameter; bekannt sind: bbox, width, height, crs")))
        for name, allowed in fixed.items():
            if raw.get(name, next(iter(allowed))).upper() not in allowed:
                errors.append(InvalidParameter(name, raw[name][:40], _("erlaubt: {values}").format(values=", ".join(sorted(allowed)))))
        sides = {}
        for name in ("width", "height"):
            text = raw.get(name, "")
            if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_SIDE):
                errors.append(InvalidParameter(name, text[:40], _("eine ganze Zahl von {low} bis {high}").format(low=1, high=MAX_SIDE)))
            else:
                sides[name] = int(text)
        box = _box(raw.get("bbox", ""))
        if box is None:
            errors.append(InvalidParameter("bbox", raw.get("bbox", "")[:60], _("West,Süd,Ost,Nord in Metern (EPSG:3857)")))
        if errors or box is None:
            raise InvalidParameters(errors)
        return cls(box, sides["width"], sides["height"])

    @property
    def is_here(self) -> bool:
        """Whether the box touches our region."""
        west, south, east, north = crs.transformer(crs.STORAGE, crs.MERCATOR).transform_bounds(*crs.EXTENT, densify_pts=21)
        return self.box[0] <= east and self.box[2] >= west and self.box[1] <= north and self.box[3] >= south

    @property
    def name(self) -> str:
        """The name under which it is kept."""
        return ",".join(f"{v:.2f}" for v in self.box) + f",{self.width},{self.height}"


def _box(text: str) -> tuple[float, float, float, float] | None:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        return None
    numbers = (west, south, east, north)
    if not all(math.isfinite(n) and abs(n) <= 2 * WORLD for n in numbers) or west >= east or south >= north:
        return None
    return numbers


def picture(layer: RemoteLayer, asked: Picture) -> tuple[bytes, bool]:
    """Return a PNG of the asked size, and whether it is the real one: from the cache, from the service, or transparent.

    A picture that is too old is asked for again; when that fails, the old one is better than none.
    """
    if not asked.is_here:
        return transparent(asked.width, asked.height), True
    settled = f"{layer.url}|{layer.layer}|{layer.version}|{asked.name}"
    digest = hashlib.sha256(settled.encode()).hexdigest()
    folder = Path(settings.REMOTE_TILES) / layer.key
    path = folder / digest[:2] / f"{digest}.png"
    fresh = layer.refresh_days * 86_400
    if (kept := _kept(path, fresh)) is not None:
        return kept, True
    resting = folder / "failed"
    if _age(resting) < REST_S:
        return _old_or_nothing(path, asked)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _alone(folder / f"lock-{digest[:2]}"):
        if (kept := _kept(path, fresh)) is not None:  # another one fetched it meanwhile
            return kept, True
        if _age(resting) < REST_S:
            return _old_or_nothing(path, asked)
        try:
            body = _drawn(layer, asked)
        except RemoteFailed as error:
            log.warning("remote layer %s: %s", layer.key, error)
            resting.touch()
            return _old_or_nothing(path, asked)
        _keep(path, body)
    if int(digest[:8], 16) % PRUNE_EVERY == 0:
        prune(Path(settings.REMOTE_TILES), settings.REMOTE_TILES_BYTES)
    return body, True


def _drawn(layer: RemoteLayer, asked: Picture) -> bytes:
    """Ask the service for a picture.

    Raises
    ------
    RemoteFailed
        When the answer is not a PNG of the asked size.
    """
    url = address(
        layer.url,
        service="WMS",
        version=layer.version,
        request="GetMap",
        layers=layer.layer,
        styles="",
        format="image/png",
        transparent="TRUE",
        width=str(asked.width),
        height=str(asked.height),
        bbox=",".join(f"{v:.2f}" for v in asked.box),
        **{"crs" if layer.version == "1.3.0" else "srs": CRS_NAME},
    )
    answer = fetch(url, allowed_hosts(), LIMITS)
    if answer.content_type != "image/png" or not answer.body.startswith(SIGNATURE) or answer.body[12:16] != b"IHDR":
        raise RemoteFailed(f"no picture but {quote(answer.content_type, safe='/')}: {answer.body[:200]!r}")
    size = struct.unpack(">II", answer.body[16:24])
    if size != (asked.width, asked.height):
        raise RemoteFailed(f"a picture of {size[0]} × {size[1]} pixels instead of {asked.width} × {asked.height}")
    return answer.body


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return math.inf


def _kept(path: Path, fresh_s: float) -> bytes | None:
    if _age(path) > fresh_s:
        return None
    try:
        return path.read_bytes()
    except OSError:
        return None


def _old_or_nothing(path: Path, asked: Picture) -> tuple[bytes, bool]:
    old = _kept(path, math.inf)
    return (old, False) if old is not None else (transparent(asked.width, asked.height), False)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let one process and thread at a time do what follows; the kernel frees the lock of one that dies."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _keep(path: Path, body: bytes) -> None:
    """Write a file that others see whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix="new-")
    with os.fdopen(handle, "wb") as file:
        file.write(body)
    Path(name).replace(path)


def prune(folder: Path, most_bytes: int) -> int:
    """Remove the oldest pictures until the cache is well below its bound; return how many went."""
    found = []
    for path in folder.glob("*/*/*.png"):
        try:
            status = path.stat()
        except OSError:
            continue  # another process was faster
        found.append((status.st_mtime, status.st_size, path))
    total = sum(size for _mtime, size, _path in found)
    if total <= most_bytes:
        return 0
    gone = 0
    for _mtime, size, path in sorted(found):
        if total <= KEPT * most_bytes:
            break
        path.unlink(missing_ok=True)
        total -= size
        gone += 1
    return gone


def transparent(width: int, height: int) -> bytes:
    """Return a PNG in which nothing is to be seen: one bit per pixel, whose one colour is transparent."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\x00" + bytes(-(-width // 8))) * height
    head = struct.pack(">IIBBBBB", width, height, 1, 3, 0, 0, 0)
    return (
        SIGNATURE
        + part(b"IHDR", head)
        + part(b"PLTE", bytes(3))
        + part(b"tRNS", b"\x00")
        + part(b"IDAT", zlib.compress(rows))
        + part(b"IEND", b"")
    )

"""Pictures that MapServer does not make: errors as pictures, and maps cut out of larger ones.

MapServer leaves out a sign whose middle lies beyond the edge, so that signs are cut where tiles meet. A map with signs is
therefore drawn larger by a margin and cut.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable

from PIL import Image, ImageDraw, ImageFont

from layers.publish.mapserver.mapfile import FONT, INK, RAW

WHITE = (255, 255, 255)
MARGIN = 16  # pixels


def blank(width: int, height: int, kind: str, transparent: bool, text: str = "") -> bytes:
    """Return a picture of the size asked for, empty or with a sentence; `kind` is a MIME type."""
    jpeg = kind == "image/jpeg"
    clear = transparent and not jpeg
    picture = Image.new("RGBA" if clear else "RGB", (width, height), (*WHITE, 0) if clear else WHITE)
    if text:
        font = ImageFont.truetype(str(FONT), 13)
        lines = textwrap.wrap(text, max(width // 7, 8))[: max(height // 18, 1)]
        ImageDraw.Draw(picture).multiline_text((6, 4), "\n".join(lines), INK, font)
    out = io.BytesIO()
    picture.save(out, "JPEG" if jpeg else "PNG")
    return out.getvalue()


def widened(told: Iterable[tuple[str, str]], upright: bool) -> list[tuple[str, str]]:
    """Return a GetMap's parameters for the picture with its margin.

    Parameters
    ----------
    upright : bool
        Whether BBOX has the axis of the picture's height first.
    """
    keys = dict(told)
    sizes = int(keys["width"]), int(keys["height"])
    first, second = reversed(sizes) if upright else sizes
    a1, b1, a2, b2 = (float(v) for v in keys["bbox"].split(",")[:4])
    more_a, more_b = MARGIN * (a2 - a1) / first, MARGIN * (b2 - b1) / second
    box = ",".join(repr(v) for v in (a1 - more_a, b1 - more_b, a2 + more_a, b2 + more_b))
    larger = {"bbox": box, "width": str(sizes[0] + 2 * MARGIN), "height": str(sizes[1] + 2 * MARGIN), "format": RAW}
    return [*(keys | larger).items()]


def cut(body: bytes, kind: str) -> bytes:
    """Return the picture without its margin; `kind` is the MIME type asked for."""
    whole = Image.open(io.BytesIO(body))
    picture = whole.crop((MARGIN, MARGIN, whole.width - MARGIN, whole.height - MARGIN))
    out = io.BytesIO()
    if kind == "image/jpeg":
        picture.convert("RGB").save(out, "JPEG", quality=88)
    elif "8bit" in kind:
        picture.quantize(256, method=Image.Quantize.FASTOCTREE).save(out, "PNG", compress_level=4)
    else:
        picture.save(out, "PNG", compress_level=4)
    return out.getvalue()

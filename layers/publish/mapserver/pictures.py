"""Errors as pictures, for clients that ask for them so (EXCEPTIONS=INIMAGE or BLANK)."""

from __future__ import annotations

import io
import textwrap

from PIL import Image, ImageDraw, ImageFont

from layers.publish.mapserver.mapfile import FONT, INK

WHITE = (255, 255, 255)


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

"""A figure as a picture of its own: bars in SVG, and the same as PNG. Labels and numbers go in, bytes come out."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from html import escape
from pathlib import Path

WIDTH, LEFT, RIGHT, STEP, HEAD, FOOT = 900, 270, 80, 34, 92, 56  # units of the picture
LONGEST = 40  # letters of a label


def svg(title: str, unit: str, rows: Sequence[tuple[str, int]], source: str) -> str:
    """Return bars with their labels and numbers; title and what is counted above, where it is from below."""
    most = max((n for _label, n in rows), default=0)
    height = HEAD + STEP * max(1, len(rows)) + FOOT
    told = "; ".join(f"{label}: {n}" for label, n in rows)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" '
        f'aria-labelledby="t d" font-family="Figtree, sans-serif">',
        f'<title id="t">{escape(title)}</title><desc id="d">{escape(unit)}. {escape(told)}</desc>',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="24" y="40" font-size="24" font-weight="700" fill="#143d2f">{escape(title)}</text>',
        f'<text x="24" y="68" font-size="16" fill="#51605a">{escape(unit)}</text>',
    ]
    for place, (label, n) in enumerate(rows):
        y = HEAD + STEP * place
        width = round((WIDTH - LEFT - RIGHT) * n / most) if most else 0
        short = label if len(label) <= LONGEST else label[: LONGEST - 1] + "…"
        parts.append(f'<text x="{LEFT - 12}" y="{y + 20}" font-size="14" text-anchor="end" fill="#1c2a25">{escape(short)}</text>')
        parts.append(f'<rect x="{LEFT}" y="{y + 5}" width="{width}" height="20" fill="#1f5a45"/>')
        parts.append(f'<text x="{LEFT + width + 8}" y="{y + 20}" font-size="14" font-weight="700" fill="#1c2a25">{n}</text>')
    parts.append(f'<text x="24" y="{height - 20}" font-size="13" fill="#51605a">{escape(source)}</text></svg>')
    return "\n".join(parts)


def png(picture: str, fonts: Path) -> bytes:
    """Return a picture that `svg` made, in pixels, with the letters of a folder of fonts."""
    import typst

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "figure.svg").write_text(picture, encoding="utf-8")
        (folder / "figure.typ").write_text(f'#set page(width: auto, height: auto, margin: 0pt)\n#image("figure.svg", width: {WIDTH}pt)\n')
        known = typst.Fonts(include_system_fonts=False, font_paths=[str(fonts)])
        made: bytes = typst.compile(str(folder / "figure.typ"), root=str(folder), font_paths=known, format="png", ppi=120.0)
        return made

"""The letters of the pages as TrueType for paper: typst reads no WOFF2. Needs fonttools and brotli; makes web/print/fonts.

Each WOFF2 becomes a family of its own, because typst takes one file per family: the extended letters are a fallback.
"""

from __future__ import annotations

from pathlib import Path

from fontTools.ttLib import TTFont

WEB = Path(__file__).resolve().parents[2] / "web"
FAMILIES = {"figtree": "Figtree", "figtree-ext": "Figtree Ext", "bricolage": "Bricolage", "bricolage-ext": "Bricolage Ext"}
FAMILY_NAMES = (1, 16)  # of the OpenType table `name`: family, typographic family


def main() -> None:
    target = WEB / "print" / "fonts"
    target.mkdir(parents=True, exist_ok=True)
    for stem, family in FAMILIES.items():
        font = TTFont(WEB / "static" / "fonts" / f"{stem}.woff2", recalcTimestamp=False)
        font.flavor = None
        for record in list(font["name"].names):
            if record.nameID in FAMILY_NAMES:
                font["name"].setName(family, record.nameID, record.platformID, record.platEncID, record.langID)
        font.save(target / f"{stem}.ttf")


if __name__ == "__main__":
    main()

"""A PDF as those read it who see it, hear it or scan it: by libraries that know nothing of how it was made."""

from __future__ import annotations

import io
import itertools
import weakref
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import pikepdf
import pypdfium2 as pdfium
import zxingcpp
from django.test import Client
from PIL import Image

UA = "{http://www.aiim.org/pdfua/ns/id/}part"


class Tag:
    """An element of the structure tree: its kind, its attributes, those below it."""

    def __init__(self, raw: Any) -> None:
        self.kind = str(raw.S).removeprefix("/")
        self.alt, self.language = (str(raw[n]) if n in raw else "" for n in ("/Alt", "/Lang"))
        kids = raw.get("/K", [])
        listed = kids if isinstance(kids, pikepdf.Array) else [kids]
        self.below = [Tag(k) for k in listed if isinstance(k, pikepdf.Dictionary) and "/S" in k]

    def walk(self) -> Iterator[Tag]:
        yield self
        for tag in self.below:
            yield from tag.walk()

    def all(self, kind: str) -> list[Tag]:
        return [tag for tag in self.walk() if tag.kind == kind]


class Pdf:
    """One document, as a client gets it."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.inner = pikepdf.open(io.BytesIO(raw))
        self.seen = pdfium.PdfDocument(raw)
        weakref.finalize(self, self.seen.close)

    @classmethod
    def get(cls, client: Client, address: str) -> Pdf:
        response = client.get(address)
        assert response.status_code == 200, response.content[:500]
        assert response["Content-Type"] == "application/pdf"
        return cls(response.content)

    @cached_property
    def tags(self) -> Tag:
        root = self.inner.Root.StructTreeRoot.K
        return Tag(root[0] if isinstance(root, pikepdf.Array) else root)

    @cached_property
    def pages(self) -> list[str]:
        """The text of each page on one line, hyphens at the end of a line and zero-width spaces taken out."""
        texts = [page.get_textpage().get_text_range() for page in self.seen]
        return [" ".join(t.replace("\ufffe\r\n", "").replace("\ufffe", "").replace("\u200b", "").split()) for t in texts]

    @property
    def text(self) -> str:
        return " ".join(self.pages)

    def headings(self) -> list[int]:
        return [int(tag.kind[1:]) for tag in self.tags.walk() if tag.kind[0] == "H" and tag.kind[1:].isdigit()]

    def links(self) -> list[str]:
        found = [a for page in self.inner.pages for a in page.get("/Annots", [])]
        return list(dict.fromkeys(str(a.A.URI) for a in found if "/A" in a and "/URI" in a.A))

    def picture(self, page: int = 0, scale: float = 2) -> Image.Image:
        return self.seen[page].render(scale=scale).to_pil().convert("RGB")

    def codes(self) -> list[str]:
        """What a phone reads from the pages' QR codes."""
        return [code.text for n in range(len(self.seen)) for code in zxingcpp.read_barcodes(self.picture(n, 3))]

    def is_accessible(self) -> None:
        """Check what PDF/UA asks for and a machine can tell: title, language, order of headings, alternative texts, table heads."""
        root = self.inner.Root
        assert root.MarkInfo.Marked
        assert root.ViewerPreferences.DisplayDocTitle
        assert str(root.Lang) in ("de", "en")
        assert str(self.inner.docinfo["/Title"])
        with self.inner.open_metadata() as metadata:
            assert metadata[UA] == "1"
        levels = self.headings()
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), levels
        assert all(tag.alt for tag in self.tags.all("Figure") if not tag.all("Figure")[1:])
        for table in self.tags.all("Table"):
            heads, rows = table.all("TH"), table.all("TR")
            assert heads
            assert {len(row.below) for row in rows} == {len(heads)}, "every row has a cell below every head"
        for tag in self.tags.all("L"):
            assert {item.kind for item in tag.below} == {"LI"}

    def stays_on_paper(self, margin: float = 28) -> None:
        """Check that no letter stands outside the margins (points)."""
        for page in self.seen:
            width, height = page.get_size()
            texts = page.get_textpage()
            for n in range(texts.count_chars()):
                left, bottom, right, top = texts.get_charbox(n)
                if right > left:
                    assert margin <= left, texts.get_text_range(n, 40)
                    assert right <= width - margin, texts.get_text_range(max(n - 40, 0), 41)
                    assert 14 <= bottom <= top <= height - 20

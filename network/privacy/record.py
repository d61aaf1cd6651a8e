"""The record of processing (Art. 30 GDPR) as far as the program knows it: made from the registry, so that nothing held is missing."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.utils import translation

from network.privacy.holdings import HOLDINGS

BEGIN, END = "<!-- from the registry: begin -->", "<!-- from the registry: end -->"


def page() -> Path:
    return Path(settings.BASE_DIR) / "docs" / "de" / "datenschutz" / "verzeichnis.md"


def table() -> str:
    """Return what is held, in German, as Markdown: a table for each purpose."""
    with translation.override("de"):
        parts = []
        for purpose in dict.fromkeys(h.why for h in HOLDINGS):
            told = f"Betroffene: {purpose.people}. Grundlage: {purpose.basis}. Wer es sieht: {purpose.seen_by}."
            parts += [f"### {purpose.name}", "", told, ""]
            parts += ["| Bestand | Angaben | Frist | Beim Löschen |", "|---|---|---|---|"]
            for holding in (h for h in HOLDINGS if h.why == purpose):
                fields = ", ".join(holding.labels().values())
                parts.append(f"| {holding.name} (`{holding.model}`) | {fields} | {holding.lasts} | {holding.end} |")
            parts.append("")
        return "\n".join(parts)


def written(text: str) -> str:
    """Return the page's text with the tables as they are now."""
    head, _begin, rest = text.partition(BEGIN)
    return f"{head}{BEGIN}\n\n{table()}\n{END}{rest.partition(END)[2]}"

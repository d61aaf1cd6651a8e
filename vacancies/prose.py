"""Texts that people write, as HTML that can hold nothing but text."""

from __future__ import annotations

import markdown_it
from django.utils.safestring import SafeString, mark_safe

MARKDOWN = markdown_it.MarkdownIt("commonmark", {"html": False, "linkify": False})


def as_html(body: str) -> SafeString:
    """Return Markdown as HTML; raw HTML in it stays text, and links lead to no scripts."""
    return mark_safe(MARKDOWN.render(body))  # noqa: S308 - raw HTML is switched off in the renderer

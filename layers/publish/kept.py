"""Answers written to their end before they are sent: what is large waits in a file for a slow client, and holds nothing else."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable

from django.http import FileResponse

IN_MEMORY = 4_000_000  # bytes


def kept(parts: Iterable[bytes], content_type: str) -> FileResponse:
    """Return an answer of the parts, which are read here and now."""
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the response closes it
    file.writelines(parts)
    file.seek(0)
    return FileResponse(file, content_type=content_type)

"""A remote platform as a source: its OGC API Features names the layer's GeoParquet file, which the platform filters. No Django."""

from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import requests
import shapely

from geo.errors import Busy, InvalidParameter, InvalidParameters, RemoteFailed
from raumwohlstand.frames import GEOMETRY, LayerFrame, frame_of
from raumwohlstand.question import Question

TIMEOUT_S = 120
MEDIA_TYPE = "application/vnd.apache.parquet"
ABOUT = b"raumwohlstand"
LANGUAGES = ("de", "en")


class Remote:
    """A platform at an address; it validates every question and sends public rows alone.

    Parameters
    ----------
    address : str
        Of its map: `https://raum.example` or with a path.
    language : str
        In which labels and errors come: `de` or `en`.

    Raises
    ------
    InvalidParameter
        When the address is none, or the language another.
    """

    def __init__(self, address: str, language: str = "de") -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidParameter("address", address[:60], "the address of a platform, as in https://raum.example")
        if language not in LANGUAGES:
            raise InvalidParameter("language", language[:60], ", ".join(LANGUAGES))
        self.address = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self.language = language
        self._files: dict[str, str] = {}

    def read(self, question: Question) -> LayerFrame:
        """Return the rows that a question asks for, all of them in one file."""
        with question.in_its_words():
            file = pq.ParquetFile(io.BytesIO(self._asked(self._file_of(question.layer), question.pairs)))
        try:
            described = json.loads(file.schema_arrow.metadata[ABOUT])
        except (KeyError, TypeError):
            raise RemoteFailed(f"{self.address} sends files that do not describe themselves; it runs an older version") from None
        names = question.names(described["kinds"])
        table = file.read(columns=[*names, GEOMETRY]).select([*names, GEOMETRY])
        if question.mask is not None:
            shapely.prepare(question.mask)
            inside = shapely.intersects(question.mask, shapely.from_wkb(table[GEOMETRY].to_numpy()))
            table = table.filter(pa.array(inside))
        return frame_of(table, described)

    def _file_of(self, layer: str) -> str:
        """Return the address of a layer's file, as the collection in the platform's OGC API names it (link relation `enclosure`)."""
        if layer not in self._files:
            address = f"{self.address}/ogc/features/collections/{layer}"
            try:
                links = json.loads(self._asked(address, (("f", "json"),)))["links"]
                wanted = ("enclosure", MEDIA_TYPE, self.language)
                named = [x["href"] for x in links if (x["rel"], x.get("type"), x.get("hreflang")) == wanted]
            except (ValueError, KeyError, TypeError):
                raise RemoteFailed(f"{address} is no collection; expected the address of a Raumwohlstand") from None
            if not named:
                raise RemoteFailed(f"{address} names no GeoParquet file; the platform runs an older version")
            self._files[layer] = named[0]
        return self._files[layer]

    def _asked(self, address: str, pairs: tuple[tuple[str, str], ...]) -> bytes:
        try:
            answer = requests.get(address, params=pairs, timeout=TIMEOUT_S)
        except requests.RequestException as error:
            raise RemoteFailed(f"{address} does not answer: {type(error).__name__}") from None
        if answer.status_code == 400:
            raise _refused(address, answer)
        if answer.status_code == 503:
            seconds = answer.headers.get("Retry-After", "")
            raise Busy(f"{self.address} is at work for others; please try again", int(seconds) if seconds.isdecimal() else 30)
        if answer.status_code != 200:
            raise RemoteFailed(f"{address} answers {answer.status_code}; expected the address of a Raumwohlstand")
        return answer.content


def _refused(address: str, answer: requests.Response) -> Exception:
    """Return the platform's own error as ours: parameter, value, and what is allowed."""
    try:
        listed: list[dict[str, Any]] = answer.json()["errors"]
        return InvalidParameters([InvalidParameter(e["parameter"], e["value"], e["allowed"]) for e in listed])
    except (ValueError, KeyError, TypeError):
        return RemoteFailed(f"{address} answers 400 without saying why")

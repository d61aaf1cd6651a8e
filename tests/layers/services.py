"""What tests of the services share: asking them, and pictures as arrays."""

from __future__ import annotations

import io
import re
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.http import HttpResponse
from django.test import Client
from PIL import Image

from tests.layers.remote_server import needs_mapserver as needs_mapserver

OWN = ("layers", "styles", "format", "width", "height", "bbox", "crs", "srs", "transparent", "bgcolor", "exceptions", "sld_body")
STATE = (230_000, 5_690_000, 490_000, 5_950_000)  # EPSG:25833


def wms(client: Client, request: str, version: str = "1.3.0", **keys: Any) -> HttpResponse:
    """Ask the WMS; None leaves a key out."""
    given = {"SERVICE": "WMS", "VERSION": version, "REQUEST": request} | keys
    return client.get("/ogc/wms?" + urlencode({k: v for k, v in given.items() if v is not None}))


def get_map(client: Client, version: str = "1.3.0", **keys: Any) -> HttpResponse:
    """Ask for a map of the whole state unless told otherwise."""
    word = "CRS" if version == "1.3.0" else "SRS"
    usual = {"LAYERS": "leerstaende", "STYLES": "", "FORMAT": "image/png", "WIDTH": 256, "HEIGHT": 256, "BBOX": box(*STATE)}
    return wms(client, "GetMap", version, **{**usual, word: "EPSG:25833", **{k.upper() if k in OWN else k: v for k, v in keys.items()}})


def box(*values: float) -> str:
    return ",".join(f"{v:.6f}" for v in values)


def pixels(response: HttpResponse) -> np.ndarray:
    """Return the picture as height × width × RGBA."""
    assert response.status_code == 200, response.content[:500]
    assert response["Content-Type"].startswith("image/"), response.content[:500]
    return np.asarray(Image.open(io.BytesIO(response.content)).convert("RGBA"))


def colour(text: str) -> tuple[int, ...]:
    return tuple(int(text[i : i + 2], 16) for i in (1, 3, 5))


def is_report(response: HttpResponse, code: str = "") -> bool:
    """Whether it is a report of the standard, with a 4xx or 503 and perhaps this code."""
    body = response.content.decode(errors="replace")
    fine = (400 <= response.status_code < 500 or response.status_code == 503) and "html" not in response["Content-Type"]
    named = re.search(r'(?:code|exceptionCode)="(\w+)"', body)
    return fine and "xception" in body and (not code or (named is not None and named[1] == code))

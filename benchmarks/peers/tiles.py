"""django-vectortiles in this process and tipg beside it: tiles of the public vacancies with the same two columns."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from benchmarks.peers.ogc import _wait, environment_of
from benchmarks.serving import ROOT, free_port


def beside(name: str, folder: Path) -> None:
    """Make the packages of requirements/peer_<name>.txt importable here, from a folder of their own."""
    place = folder / name
    if not place.exists():
        uv, listed = ROOT / ".venv" / "bin" / "uv", ROOT / "requirements" / f"peer_{name}.txt"
        subprocess.run([uv, "pip", "install", "-q", "--target", place, "--no-deps", "-r", listed], check=True)
    sys.path.append(str(place))


def vectortiles(folder: Path) -> Callable[[int, int, int], bytes]:
    """Return what makes a tile by django-vectortiles' view, over the same model."""
    beside("vectortiles", folder)
    from vectortiles import VectorLayer
    from vectortiles.views import MVTView

    from vacancies.public import PublicVacancy

    class Layer(VectorLayer):
        queryset = PublicVacancy.objects.order_by()
        id, geom_field, tile_fields = "leerstaende", "point", ("key", "transit_class")

    from django.test import RequestFactory

    view, factory = MVTView.as_view(layer_classes=[Layer]), RequestFactory()
    return lambda z, x, y: view(factory.get("/"), z=z, x=x, y=y).content


@contextmanager
def tipg(url: str, folder: Path) -> Iterator[str]:
    """Serve the database of `url` by tipg; yields where it listens, host:port."""
    given = urlsplit(url)
    host, user, name = unquote(given.netloc.rpartition("@")[2]), given.username or "", given.path.lstrip("/")
    settings = {
        **os.environ,
        "PGHOST": host,
        "DATABASE_URL": f"postgresql://{user}@{quote(host, safe='')}/{name}",
        "TIPG_MAX_FEATURES_PER_TILE": "100000",
    }
    settings.pop("PYTHONPATH", None)
    where = f"127.0.0.1:{free_port()}"
    command = [environment_of("tipg", folder) / "uvicorn", "tipg.main:app", "--port", where.rpartition(":")[2], "--log-level", "error"]
    running = subprocess.Popen(command, env=settings)
    try:
        _wait(f"http://{where}/collections/public.public_vacancy/items?limit=1&f=geojson&geom-column=point")
        yield where
    finally:
        running.terminate()
        running.wait(timeout=20)


def fetched(where: str, path: str) -> Callable[[], bytes]:
    """Return what asks an address over a connection that stays open."""
    open_now = http.client.HTTPConnection(where, timeout=60)

    def ask() -> bytes:
        try:
            open_now.request("GET", path, headers={"Accept-Encoding": "identity"})
            answer = open_now.getresponse()
        except http.client.RemoteDisconnected:  # others took so long that the server gave the connection up
            open_now.close()
            return ask()
        content = answer.read()
        assert answer.status == 200, f"{path}: {answer.status} {content[:200]!r}"
        return content

    return ask

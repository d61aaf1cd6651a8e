"""A server that plays the remote service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.layers import remote_server as remote


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[remote.Server]:
    server = remote.Server(tmp_path_factory.mktemp("mapserver"))
    server.serve_layers()
    yield server
    server.close()


@pytest.fixture
def server(served: remote.Server, settings: Any, tmp_path: Path) -> remote.Server:
    settings.REMOTE_INTERNAL_HOSTS = [served.host]
    settings.REMOTE_TILES = tmp_path / "tiles"
    served.answers.clear()
    served.asked.clear()
    return served

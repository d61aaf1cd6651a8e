"""What the public is told of the platform's work is counted once a day, however often it is looked at."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from network.impact import report

pytestmark = pytest.mark.django_db


def test_figures_are_counted_once_a_day_in_every_language(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[str] = []
    real = report._settled

    def settled(figure: Any, day: datetime.date) -> Any:
        counted.append(f"{figure.key} {day}")
        return real(figure, day)

    monkeypatch.setattr(report, "_settled", settled)
    cache.clear()
    client, asked = Client(), []
    for path in ("/ueberblick/wirkung/", "/ueberblick/wirkung/", "/en/ueberblick/wirkung/"):
        with CaptureQueriesContext(connection) as found:
            assert client.get(path).status_code == 200, path
        asked.append(len(found))
    assert len(counted) == len(report.FIGURES)
    assert asked[1] == asked[2] <= asked[0] - len(report.FIGURES), asked
    tomorrow = datetime.date.today() + datetime.timedelta(days=1)
    assert [f.key for f, _whole, _until in report.in_public(tomorrow)] == [f.key for f in report.FIGURES]
    assert len(counted) == 2 * len(report.FIGURES)

"""A day begins and ends where the buildings are: whoever asks, and whatever was kept of the day before."""

from __future__ import annotations

import datetime

import pytest
from dateutil.relativedelta import relativedelta
from django.db import connection
from django.test import Client

from geo import time_criteria
from layers.publish.extents import extent
from tests.layers.services import needs_mapserver
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy
from vacancies.published import VACANCIES
from vacancies.register import RegisterVacancy

pytestmark = pytest.mark.django_db
TODAY = datetime.date.today()


def as_seen_in(zone: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL TIME ZONE '{zone}'")


def test_a_notice_is_over_on_the_day_here_whatever_day_a_session_has() -> None:
    """26 hours lie between the two zones: their days differ at every moment."""
    notices = list(Vacancy.objects.filter(publication="published", visibility="exact", is_example=True).order_by("key")[:9])
    for n, vacancy in enumerate(notices):
        day = TODAY - datetime.timedelta(days=27 + n)
        Vacancy.objects.filter(pk=vacancy.pk).update(is_example=False, basis="baugb200", notice_on=day, objected=False)
        vacancy.notice_on = day
    over = {v.key for v in notices if v.notice_on + relativedelta(months=1) <= TODAY}
    assert 0 < len(over) < len(notices)
    for zone in ("Etc/GMT+12", "Etc/GMT-14", "UTC"):
        as_seen_in(zone)
        assert set(PublicVacancy.objects.filter(key__in=[v.key for v in notices]).values_list("key", flat=True)) == over, zone
        assert VACANCIES.stamp().endswith(str(TODAY)), "the version asks the same day"


def test_the_register_tells_the_day_of_a_change_as_it_was_here() -> None:
    vacancy = Vacancy.objects.order_by("key").first()
    Vacancy.objects.filter(pk=vacancy.pk).update(updated_at=datetime.datetime(2026, 6, 30, 22, 30, tzinfo=datetime.UTC))
    for zone in ("Etc/GMT+12", "UTC"):
        as_seen_in(zone)
        assert RegisterVacancy.objects.get(key=vacancy.key).changed_on == datetime.date(2026, 7, 1)


RECENT = "verified_months_max=1"
WFS = f"/ogc/wfs?service=WFS&version=2.0.0&{RECENT}"


@pytest.mark.parametrize(
    "address",
    [
        f"/ogc/features/collections/leerstaende/items?f=json&limit=1&{RECENT}",
        f"{WFS}&request=GetFeature&typenames=raum:leerstaende&count=1",
        f"{WFS}&request=GetCapabilities",
        pytest.param(f"/ogc/wms?service=WMS&version=1.3.0&request=GetCapabilities&{RECENT}", marks=needs_mapserver),
        f"/kacheln/leerstaende/6/34/20.mvt?{RECENT}",
        f"/leerstaende.csv?{RECENT}",
        f"/leerstaende.atom?{RECENT}",
    ],
)
def test_an_answer_that_counts_from_today_is_not_that_of_yesterday(client: Client, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    first = client.get(address)
    known, body = {"If-None-Match": first["ETag"]}, first.getvalue()
    assert client.get(address, headers=known).status_code == 304
    monkeypatch.setattr(time_criteria, "today", lambda: TODAY + datetime.timedelta(days=400))
    later = client.get(address, headers=known)
    assert later.status_code == 200
    assert later["ETag"] != first["ETag"]
    assert later.getvalue() != body, "nothing was confirmed within the last month"
    if "Last-Modified" in first:
        assert client.get(address, headers={"If-Modified-Since": first["Last-Modified"]}).status_code == 200


def test_a_box_that_counts_from_today_is_not_that_of_yesterday(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = VACANCIES.parse(RECENT)
    assert extent(VACANCIES, wanted)
    monkeypatch.setattr(time_criteria, "today", lambda: TODAY + datetime.timedelta(days=400))
    assert extent(VACANCIES, wanted) is None

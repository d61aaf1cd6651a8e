"""`as_of`: rows as they were public on a day, from real history, and never more than is public today."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator

import pandas as pd
import pytest
from dateutil.relativedelta import relativedelta
from django.db import connection
from django.test import Client
from geopandas.testing import assert_geodataframe_equal

import raumwohlstand as rw
from geo.errors import InvalidParameters
from tests.browser.watching import rows
from vacancies.models import Vacancy
from vacancies.past import PastVacancy
from vacancies.public import PublicVacancy

pytestmark = pytest.mark.django_db
TODAY = datetime.date.today()
NOW = [f.name for f in PublicVacancy._meta.concrete_fields]


def days_ago(n: int) -> datetime.date:
    return TODAY - datetime.timedelta(days=n)


def at_noon(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(11), datetime.UTC)


def happened(vacancy: Vacancy, day: datetime.date, **changes: object) -> None:
    """Change a vacancy as an editor does; the history's own trigger writes it down, and only its time is put back."""
    Vacancy.objects.filter(pk=vacancy.pk).update(**changes)
    with connection.cursor() as cursor:
        last = "SELECT max(pgh_id) FROM vacancies_vacancyevent WHERE pgh_obj_id = %s"
        cursor.execute(f"UPDATE vacancies_vacancyevent SET pgh_created_at = %s WHERE pgh_id = ({last})", [at_noon(day), vacancy.pk])
        assert cursor.rowcount == 1


@pytest.fixture(autouse=True)
def began_long_ago() -> None:
    """The examples entered the register a year ago."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE vacancies_vacancyevent SET pgh_created_at = %s", [at_noon(days_ago(365))])


@pytest.fixture
def vacancy() -> Vacancy:
    plain = "is_exact AND town_slug = 'wittenberge' AND smallest_divisible_m2 IS NULL AND occupancy = 'vacant'"
    key = rows(f"SELECT key FROM public_vacancy WHERE {plain} ORDER BY key LIMIT 1")[0][0]
    return Vacancy.objects.get(key=key)


def on(day: datetime.date, vacancy: Vacancy, **asked: object) -> pd.Series | None:
    found = rw.vacancies(town=vacancy.town.slug, as_of=day, **asked)
    return found.loc[vacancy.key] if vacancy.key in found.index else None


def test_today_is_what_is_public_now(vacancy: Vacancy) -> None:
    happened(vacancy, days_ago(30), usable_m2=4321)
    assert_geodataframe_equal(rw.vacancies(as_of=TODAY), rw.vacancies())
    columns = ", ".join(f.column for f in PublicVacancy._meta.concrete_fields)
    past = f"SELECT {columns} FROM public_vacancy_past WHERE shown_from <= current_date AND shown_until > current_date"
    for one, other in (("public_vacancy", past), (past, "public_vacancy")):
        first, second = (q if q.startswith("SELECT") else f"SELECT {columns} FROM {q}" for q in (one, other))
        difference = f"SELECT to_jsonb(a)::text FROM ({first}) a EXCEPT SELECT to_jsonb(b)::text FROM ({second}) b"
        assert rows(difference) == []


def test_each_day_shows_the_state_at_its_end(vacancy: Vacancy) -> None:
    happened(vacancy, days_ago(100), usable_m2=100, condition="ruin", occupancy="vacant", verified_at=days_ago(100))
    happened(vacancy, days_ago(50), usable_m2=200)
    happened(vacancy, days_ago(50), usable_m2=250)
    happened(vacancy, days_ago(10), condition="ready")
    seen = {n: on(days_ago(n), vacancy) for n in (101, 100, 51, 50, 11, 10, 0)}
    assert {n: (row["usable_m2"], row["condition"]) for n, row in seen.items() if n != 101} == {
        100: (100, "ruin"),
        51: (100, "ruin"),
        50: (250, "ruin"),
        11: (250, "ruin"),
        10: (250, "ready"),
        0: (250, "ready"),
    }
    assert seen[50]["verified_at"].date() == days_ago(100)
    assert seen[101]["usable_m2"] == vacancy.usable_m2 or pd.isna(seen[101]["usable_m2"])


def test_filters_ask_the_state_of_the_day(vacancy: Vacancy) -> None:
    happened(vacancy, days_ago(100), usable_m2=777, target_uses=["stage"])
    happened(vacancy, days_ago(20), usable_m2=888, target_uses=["storage"])
    assert on(days_ago(60), vacancy, usable_m2=(777, 777), use="stage") is not None
    assert on(days_ago(60), vacancy, usable_m2=(888, 888)) is None
    assert on(days_ago(20), vacancy, usable_m2=(888, 888), use="storage") is not None
    assert on(days_ago(20), vacancy, use="stage") is None


def test_months_count_back_from_the_day(vacancy: Vacancy) -> None:
    """Empty since 25 months today: two months ago it was not yet empty for 24."""
    since = TODAY - relativedelta(months=25)
    happened(vacancy, days_ago(200), vacant_since=since.replace(day=1), vacant_since_precision="month", verified_at=days_ago(200))
    assert on(TODAY, vacancy, vacant_months_min=24) is not None
    assert on(days_ago(92), vacancy, vacant_months_min=24) is None
    assert on(days_ago(92), vacancy, vacant_months_min=20) is not None
    assert on(TODAY, vacancy, verified_months_max=3) is None
    assert on(days_ago(150), vacancy, verified_months_max=3) is not None


@pytest.mark.parametrize(
    "then",
    [
        {"publication": "draft"},
        {"visibility": "members"},
        {"objected": True},
        {"visibility": "internal"},
        {"is_example": False, "basis": "baugb200", "notice_on": TODAY - datetime.timedelta(days=62)},
    ],
)
def test_what_was_not_public_then_is_not_there(vacancy: Vacancy, then: dict[str, object]) -> None:
    was = {name: getattr(vacancy, name) for name in then}
    happened(vacancy, days_ago(60), **then)
    happened(vacancy, days_ago(5), **was)
    assert on(days_ago(61), vacancy) is not None
    assert on(days_ago(60), vacancy) is None
    assert on(days_ago(5), vacancy) is not None


def test_a_notice_counts_a_month_from_then(vacancy: Vacancy) -> None:
    day = datetime.date(TODAY.year - 1, 3, 10)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE vacancies_vacancyevent SET pgh_created_at = %s", [at_noon(day)])
    happened(vacancy, day, is_example=False, basis="baugb200", notice_on=day)
    assert on(datetime.date(TODAY.year - 1, 4, 9), vacancy) is None
    assert on(datetime.date(TODAY.year - 1, 4, 10), vacancy) is not None


@pytest.mark.parametrize("now", [{"publication": "archived"}, {"visibility": "internal"}, {"objected": True}])
def test_what_is_not_public_today_does_not_come_out(vacancy: Vacancy, now: dict[str, object]) -> None:
    assert on(days_ago(30), vacancy) is not None
    Vacancy.objects.filter(pk=vacancy.pk).update(**now)
    assert on(days_ago(30), vacancy) is None
    assert rows("SELECT 1 FROM public_vacancy_past WHERE key = %s", vacancy.key) == []


def test_what_is_deleted_does_not_come_out(vacancy: Vacancy) -> None:
    vacancy.delete()
    assert on(days_ago(30), vacancy) is None


@pytest.mark.parametrize(("then", "now"), [("exact", "coarse"), ("coarse", "exact"), ("coarse", "coarse")])
def test_a_position_is_exact_only_when_it_was_and_is(vacancy: Vacancy, then: str, now: str) -> None:
    happened(vacancy, days_ago(60), visibility=then)
    happened(vacancy, days_ago(5), visibility=now)
    row = on(days_ago(30), vacancy)
    assert row is not None
    assert not row["is_exact"]
    assert (row["title"], row["street"], row["house_no"], row["postcode"], row["locality"]) == ("", "", "", "", "")
    x, y = vacancy.point.coords
    assert (row.geometry.x, row.geometry.y) == (x // 500 * 500 + 250, y // 500 * 500 + 250)
    assert on(days_ago(30), vacancy, q=vacancy.street) is None, "an address that was hidden is not found, either"


def test_texts_and_positions_are_those_of_today(vacancy: Vacancy) -> None:
    """A text may have been changed because it said too much."""
    happened(vacancy, days_ago(90), title="Haus der Familie Geheim", summary="Frau Geheim zog aus", street="Geheimweg", vacant_since=None)
    happened(vacancy, days_ago(2), title="Wohnhaus", summary="Am Anger", street="Anger")
    row = on(days_ago(60), vacancy)
    assert row is not None
    assert (row["title"], row["summary"], row["street"]) == ("Wohnhaus", "Am Anger", "Anger")
    assert on(days_ago(60), vacancy, q="Geheim") is None
    assert "Geheim" not in json.dumps(rows("SELECT to_jsonb(p) FROM public_vacancy_past p WHERE key = %s", vacancy.key))


def test_prices_owners_and_monuments_show_when_they_might_then_and_may_now(vacancy: Vacancy) -> None:
    open_ = {"price_is_public": True, "owner_type": "company", "monument": "building"}
    happened(vacancy, days_ago(90), **open_, price_eur=90_000)
    happened(vacancy, days_ago(60), price_is_public=False, price_eur=60_000, owner_type="private", monument="ground")
    happened(vacancy, days_ago(30), **open_, price_eur=30_000)
    shown = {n: on(days_ago(n), vacancy) for n in (75, 45, 15)}
    assert {n: (row["price_eur"], row["owner_type"], row["monument"]) for n, row in shown.items() if n != 45} == {
        75: (90_000, "company", "building"),
        15: (30_000, "company", "building"),
    }
    assert pd.isna(shown[45]["price_eur"])
    assert (shown[45]["owner_type"], shown[45]["monument"]) == ("unknown", "unknown")
    Vacancy.objects.filter(pk=vacancy.pk).update(price_is_public=False, owner_type="heirs", monument="ground")
    row = on(days_ago(75), vacancy)
    assert row is not None
    assert pd.isna(row["price_eur"])
    assert (row["owner_type"], row["monument"]) == ("unknown", "unknown")


def test_hidden_rows_and_columns_change_nothing_in_the_past(vacancy: Vacancy) -> None:
    before = rw.vacancies(as_of=days_ago(30))
    hidden = Vacancy.objects.exclude(key__in=PublicVacancy.objects.values("key"))
    assert hidden.exists()
    hidden.update(title="geheim", usable_m2=1, smallest_divisible_m2=None)
    Vacancy.objects.update(notes="geheim", parcels=["geheim 1"], certainty=3, contamination="confirmed")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE vacancies_vacancyevent SET pgh_created_at = %s WHERE pgh_label = 'update'", [at_noon(days_ago(90))])
    assert_geodataframe_equal(rw.vacancies(as_of=days_ago(30)), before)
    hidden.delete()
    assert_geodataframe_equal(rw.vacancies(as_of=days_ago(30)), before)


@pytest.fixture
def served(client: Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[rw.Remote]:
    """A remote platform whose answers come from this test's transaction."""
    source = rw.Remote("http://testserver")

    def get(address: str, params: list[tuple[str, str]], **_options: object) -> object:
        from urllib.parse import urlencode

        response = client.get(f"{address.removeprefix('http://testserver')}?{urlencode(params)}")
        body = response.getvalue() if response.streaming else response.content
        answer = type("Answer", (), {"status_code": response.status_code, "content": body, "headers": response.headers})
        answer.json = staticmethod(lambda: json.loads(body))
        return answer

    monkeypatch.setattr("raumwohlstand.remote.requests.get", get)
    return source


def test_a_remote_platform_gives_the_same_past(vacancy: Vacancy, served: rw.Remote) -> None:
    happened(vacancy, days_ago(100), usable_m2=777, visibility="coarse")
    happened(vacancy, days_ago(20), usable_m2=888, visibility="exact")
    for asked in (
        {"as_of": days_ago(60)},
        {"as_of": str(days_ago(60)), "usable_m2": (777, 777)},
        {"where": f"as_of={days_ago(10)}&transit=C"},
    ):
        here, there = rw.vacancies(**asked), rw.vacancies(**asked, source=served)
        assert len(here)
        assert_geodataframe_equal(here, there)
        assert here.attrs == there.attrs
    assert rw.vacancies(as_of=pd.Timestamp(days_ago(60))).attrs["as_of"] == str(days_ago(60))
    assert "Texte, Lage, Ort und Erreichbarkeit von heute" in rw.vacancies(as_of=days_ago(60)).attrs["note"]
    assert rw.vacancies().attrs["as_of"] == ""


@pytest.mark.parametrize("remote", [False, True])
@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        (TODAY + datetime.timedelta(days=1), f"bis heute, {TODAY}"),
        (TODAY - datetime.timedelta(days=366), f"ein Tag von {TODAY - datetime.timedelta(days=365)}"),
        ("2026-02-30", "zum Beispiel 2026-05-31"),
        ("yesterday", "zum Beispiel 2026-05-31"),
        (["2026-05-01", "2026-05-02"], "nur ein Wert erlaubt"),
    ],
)
def test_a_wrong_day_is_an_error_that_says_what_is_allowed(value: object, allowed: str, remote: bool, served: rw.Remote) -> None:
    with pytest.raises(InvalidParameters) as caught:
        rw.vacancies(as_of=value, **({"source": served} if remote else {}))
    assert [e.name for e in caught.value.errors] == ["as_of"]
    assert allowed in caught.value.errors[0].allowed


def test_a_layer_without_history_does_not_know_the_word() -> None:
    with pytest.raises(InvalidParameters, match="as_of"):
        rw.towns(as_of=TODAY)


@pytest.mark.parametrize("ending", ["csv", "geojson", "gpkg", "xlsx", "parquet"])
def test_files_tell_the_day_and_are_not_kept(client: Client, vacancy: Vacancy, ending: str) -> None:
    happened(vacancy, days_ago(100), usable_m2=777)
    happened(vacancy, days_ago(20), usable_m2=888)
    day = days_ago(60)
    response = client.get(f"/leerstaende.{ending}?town=wittenberge&as_of={day}")
    body = response.getvalue() if response.streaming else response.content
    assert response.status_code == 200
    assert str(day) in response["Content-Disposition"]
    assert "ETag" not in response
    if ending in ("csv", "geojson"):
        assert b"777" in body
        assert vacancy.key.encode() in body


def test_states_of_a_day_have_unique_keys(vacancy: Vacancy) -> None:
    for n in (90, 60, 60, 30):
        happened(vacancy, days_ago(n), usable_m2=n)
    for n in (91, 90, 60, 45, 0):
        keys = list(PastVacancy.objects.filter(shown_from__lte=days_ago(n), shown_until__gt=days_ago(n)).values_list("key", flat=True))
        assert len(keys) == len(set(keys)) == PublicVacancy.objects.count()
    assert {f.name for f in PastVacancy._meta.concrete_fields} == {*NOW, "shown_from", "shown_until"}

"""The register refuses contradictions, keeps history, and makes coarse what is coarse."""

from __future__ import annotations

import datetime

import pytest
from django.contrib.gis.geos import Point
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import translation

from geo.models import Town
from vacancies.geometry import grid_centre
from vacancies.models import Vacancy, slug_for

pytestmark = pytest.mark.django_db


def vacancy(**values: object) -> Vacancy:
    town = Town.objects.get(name="Luckenwalde")
    return Vacancy(**{"town": town, "point": town.centre, **values})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"occupancy": "let", "vacant_since": datetime.date(2019, 1, 1)}, "nicht „leer seit“"),
        ({"usable_m2": 1_000_001}, "zwischen 1 und 1.000.000"),
        ({"usable_m2": 100, "smallest_divisible_m2": 200}, "größer als die Nutzfläche"),
        ({"publication": "published", "visibility": "exact"}, "Grundlage der Veröffentlichung"),
        ({"basis": "owner_consent"}, "Datum und Fassung"),
        ({"basis": "baugb200"}, "einen Monat vorher"),
        ({"is_example": True}, "nicht vermischt"),
        ({"vacant_since": datetime.date(2999, 1, 1)}, "in der Zukunft"),
        ({"point": Point(500_000, 5_700_000, srid=25833)}, "liegt nicht in der Gemeinde Luckenwalde"),
    ],
)
def test_contradictions_are_refused_with_a_sentence(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        vacancy(slug="x", **values).full_clean()
    assert message in str(caught.value)


@pytest.mark.parametrize("values", [{"usable_m2": 2_000_000}, {"point": Point(500_000, 5_700_000, srid=25833)}, {"is_example": True}])
def test_the_database_refuses_them_too(values: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        vacancy(**values).save()


def test_nothing_is_public_by_default() -> None:
    made = vacancy()
    made.save()
    assert not Vacancy.objects.public().filter(key=made.key).exists()


def test_section_200_waits_a_month_and_stops_at_an_objection() -> None:
    today = datetime.date.today()
    made = vacancy(publication="published", visibility="exact", basis="baugb200", notice_on=today - datetime.timedelta(days=20))
    made.save()
    public = Vacancy.objects.public().filter(key=made.key)
    assert not public.exists()
    Vacancy.objects.filter(pk=made.pk).update(notice_on=today - datetime.timedelta(days=32))
    assert public.exists()
    Vacancy.objects.filter(pk=made.pk).update(objected=True)
    assert not public.exists()


def test_coarse_rows_come_out_at_the_centre_of_their_cell() -> None:
    made = vacancy(publication="published", visibility="coarse", basis="municipal_property", street="Am Herrenhaus", title="Gut")
    made.save()
    public = Vacancy.objects.public().get(key=made.key)
    assert (public.point.x, public.point.y) == grid_centre(made.point.x, made.point.y)
    assert (public.point.x % 500, public.point.y % 500) == (250, 250)
    assert public.street == public.title == ""
    assert "Herrenhaus" not in public.search_text


def test_history_keeps_bulk_and_raw_changes() -> None:
    made = vacancy(title="eins")
    made.save()
    Vacancy.objects.filter(pk=made.pk).update(title="zwei")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE vacancies_vacancy SET title = 'drei' WHERE id = %s", [made.pk])
    titles = list(made.events.order_by("pgh_id").values_list("title", flat=True))  # type: ignore[attr-defined]
    assert titles == ["eins", "zwei", "drei"]


def test_examples_are_marked_plentiful_and_everywhere() -> None:
    examples = Vacancy.objects.examples()
    assert examples.count() >= 3_000
    assert examples.values("town").distinct().count() == 413
    assert Vacancy.objects.real().count() == 0
    assert not examples.exclude(basis="example").exists()


def test_examples_are_the_same_every_time_and_go_by_one_command() -> None:
    before = dict(Vacancy.objects.values_list("key", "title"))
    call_command("load_demo", "--remove")
    assert Vacancy.objects.count() == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM vacancies_vacancyevent")
        assert cursor.fetchone() == (0,)
    call_command("load_demo")
    assert dict(Vacancy.objects.values_list("key", "title")) == before
    call_command("load_demo")
    assert Vacancy.objects.count() == len(before)


def test_examples_beside_real_vacancies_need_a_yes() -> None:
    vacancy().save()
    with pytest.raises(CommandError, match="holds 1 real vacancies"):
        call_command("load_demo")
    call_command("load_demo", "--yes")


def test_an_address_does_not_depend_on_the_editors_language() -> None:
    with translation.override("en"):
        assert slug_for("craft", "Luckenwalde", "abcd2345") == "handwerk-luckenwalde-abcd2345"

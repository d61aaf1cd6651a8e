"""Many rows at once: the same checks as one by one, made with each statement so that the time stays proportional."""

from __future__ import annotations

import pytest
from django.contrib.gis.geos import Point
from django.db import IntegrityError, connection, transaction

from geo.copying import copy_in, copy_over
from geo.models import Town
from vacancies.models import Vacancy, new_key

pytestmark = pytest.mark.django_db


def vacancy(**values: object) -> Vacancy:
    town = Town.objects.get(name="Luckenwalde")
    key = new_key()
    return Vacancy(**{"town": town, "point": town.centre, "key": key, "slug": f"x-{key}", **values})


def test_a_missing_data_set_is_noticed_at_once_and_later_checks_wait_again() -> None:
    with pytest.raises(IntegrityError, match="dataset_id"), transaction.atomic():
        copy_in(Vacancy, [vacancy(dataset_id=-1)])  # checks put off to the end would let this pass here
    made = vacancy()
    copy_in(Vacancy, [made])
    with transaction.atomic():
        waiting = vacancy(dataset_id=-1)
        waiting.save()  # Django's own way: looked at when the transaction ends
        waiting.delete()
    assert Vacancy.objects.filter(key=made.key).exists()


def test_copy_over_writes_the_named_fields_and_the_history() -> None:
    rows = [vacancy(title=f"alt {n}") for n in range(3)]
    copy_in(Vacancy, rows)
    stored = list(Vacancy.objects.filter(key__in=[r.key for r in rows]).order_by("title"))
    for n, v in enumerate(stored):
        v.title, v.notes, v.target_uses, v.usable_m2 = f"neu {n}", "ungenannt", ["studio"], 10 + n
        v.imported, v.point = {"a": [n]}, Point(v.point.x + n, v.point.y, srid=25833)
    copy_over(Vacancy, stored, ["title", "target_uses", "usable_m2", "imported", "point"])
    again = list(Vacancy.objects.filter(pk__in=[v.pk for v in stored]).order_by("title"))
    got = [(v.title, v.notes, v.target_uses, v.usable_m2, v.imported, v.point.x) for v in again]
    assert got == [(f"neu {n}", "", ["studio"], 10 + n, {"a": [n]}, stored[n].point.x) for n in range(3)]
    assert [e.title for e in again[0].events.order_by("pgh_id")] == ["alt 0", "neu 0"]  # type: ignore[attr-defined]


def test_copy_over_refuses_what_a_constraint_refuses_and_changes_nothing() -> None:
    copy_in(Vacancy, rows := [vacancy(usable_m2=5), vacancy(usable_m2=6)])
    stored = list(Vacancy.objects.filter(key__in=[r.key for r in rows]))
    stored[0].usable_m2, stored[1].usable_m2 = 7, 2_000_000
    with pytest.raises(IntegrityError, match="usable_area_plausible"), transaction.atomic():
        copy_over(Vacancy, stored, ["usable_m2"])
    assert sorted(Vacancy.objects.filter(pk__in=[v.pk for v in stored]).values_list("usable_m2", flat=True)) == [5, 6]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname = 'vacancies_vacancy_new'")
        assert cursor.fetchone() == (0,)

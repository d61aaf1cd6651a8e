"""Which lists the public rows' sources name: as long as one row of theirs is public, and never one for internal use."""

from __future__ import annotations

import pytest

from geo.models import Dataset
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy
from vacancies.published import INTERNAL_LICENCE, VACANCIES

pytestmark = pytest.mark.django_db


def test_a_list_is_named_as_long_as_it_has_public_rows_and_may_be_named() -> None:
    stadt = Dataset.objects.create(key="liste-stadt", title="Liste der Stadt", licence="dl-de/by-2-0", attribution="© Stadt")
    assert "liste-stadt" not in VACANCIES.source_keys
    key = PublicVacancy.objects.order_by("key").values_list("key", flat=True)[0]
    Vacancy.objects.filter(key=key).update(dataset=stadt)
    assert "liste-stadt" in VACANCIES.source_keys
    Dataset.objects.filter(pk=stadt.pk).update(licence=INTERNAL_LICENCE)
    assert "liste-stadt" not in VACANCIES.source_keys
    Dataset.objects.filter(pk=stadt.pk).update(licence="dl-de/by-2-0")
    assert "liste-stadt" in VACANCIES.source_keys
    Vacancy.objects.filter(key=key).update(visibility="internal")
    assert "liste-stadt" not in VACANCIES.source_keys

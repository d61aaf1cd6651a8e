"""The snapshot follows the rows: a new one for every change, nothing of the old one left, the same rows as everywhere."""

from __future__ import annotations

import gzip

import brotli
import pytest
from django.test import Client

from layers.publish.snapshot import store
from layers.publish.version import version
from layers.tasks import tighten_snapshots
from tests.contract.snapshots import address, keys_on_map
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy
from vacancies.published import VACANCIES

pytestmark = pytest.mark.django_db


def test_rows_that_change_make_a_new_snapshot_and_the_old_one_is_gone(client: Client) -> None:
    old = address()
    assert client.get(f"{old}kennungen.bin").status_code == 200
    key = PublicVacancy.objects.filter(town_slug="wittenberge").values_list("key", flat=True)[0]
    assert key in keys_on_map(client, "town=wittenberge")
    Vacancy.objects.filter(key=key).update(publication="draft")
    assert address() != old
    assert key not in keys_on_map(client, "town=wittenberge")
    assert client.get(f"{old}kennungen.bin").status_code == 404, "what is withdrawn is served no longer"


def test_parts_may_be_kept_for_ever_and_answers_to_wrong_filters_say_so(client: Client) -> None:
    for file in store.FILES:
        response = client.get(f"{address()}{file}")
        assert response["Cache-Control"] == "private, max-age=31536000, immutable", "no cache of others keeps what is withdrawn"
        again = client.get(f"{address()}{file}", headers={"If-None-Match": response["ETag"]})
        assert again.status_code == 304
        assert response["Content-Encoding"] == "gzip"
    assert client.get(f"{address()}treffer.bin?vacant_months_min=12")["Cache-Control"] == "no-cache", "it depends on the day"
    response = client.get(f"{address()}treffer.bin?area=x")
    assert response.status_code == 400
    assert "area" in response.content.decode()


def test_a_file_packed_once_more_is_the_same_file_and_smaller(client: Client) -> None:
    Vacancy.objects.filter(key=PublicVacancy.objects.values("key")[:1]).update(publication="draft")
    assert store.at_hand(VACANCIES, version(VACANCIES).digest) is None
    tighten_snapshots()
    assert store.at_hand(VACANCIES, version(VACANCIES).digest), "made without a visitor"
    assert store.tighten() == 0, "once"
    for file in store.FILES:
        plain, tight = (client.get(f"{address()}{file}", headers={"Accept-Encoding": c}) for c in ("gzip, deflate", "gzip, br;q=0.9"))
        assert (plain["Content-Encoding"], tight["Content-Encoding"]) == ("gzip", "br")
        assert plain["ETag"] != tight["ETag"]
        assert "Accept-Encoding" in tight["Vary"]
        contents = plain.getvalue(), tight.getvalue()
        assert gzip.decompress(contents[0]) == brotli.decompress(contents[1])
        assert len(contents[1]) < len(contents[0])


def test_a_view_wider_than_a_screen_is_refused(client: Client) -> None:
    """Gathering the whole land cell by cell would be an answer of any size."""
    seen = client.get(f"{address()}antwort.json?sicht=7,134,80,142,88").json()
    assert sum(spot[2] for spot in seen["spots"]) == seen["total"] == PublicVacancy.objects.count()
    for view in ("10.9,0,0,256,256", "7,0,0,256", "99,0,0,1,1", "7,nan,0,1,1", ""):
        assert client.get(f"{address()}antwort.json?sicht={view}").status_code == 400, view


def test_what_is_kept_beside_rows_is_of_that_state_alone_even_when_an_edit_is_undone(client: Client) -> None:
    """The digest comes back when an edit is undone; what was counted in between must not."""
    first = version(VACANCIES)
    wanted = Vacancy.objects.filter(key=PublicVacancy.objects.order_by("key").values("key")[:1])
    kept = wanted.get().usable_m2
    for m2 in ((kept or 0) + 1, kept):
        wanted.update(usable_m2=m2)
    again = version(VACANCIES)
    assert again.digest == first.digest
    assert again.state != first.state

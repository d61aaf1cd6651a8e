"""Two organisations become one: nothing is lost silently, and the way back is open for thirty days."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.serializers import serialize
from django.test import Client
from django.utils import timezone

from geo.errors import NotAllowed
from geo.models import Town
from network.merging import merge as merging
from network.models import AdviceCase, AdviceOffer, Event, Membership, Merge, Organisation, OrganisationMember, Seed, WirSpace
from network.privacy import retention
from tests.network.people import account, sign_in_with_app, with_app
from tests.network.seekers import made

pytestmark = pytest.mark.django_db
FIELDS = merging.KINDS["organisation"].fields


@pytest.fixture
def erna() -> User:
    user = account("erna")
    Membership.objects.create(user=user, statewide=True, role="moderator")
    return user


@pytest.fixture
def two() -> tuple[Organisation, Organisation]:
    keep = Organisation(name="Beispiel e. V.", kind="association", url="https://beispiel.example")
    drop = Organisation(name="Beispiel eV", kind="cooperative", offers="Werkbänke", municipality=Town.objects.get(slug="gransee"))
    ilse, otto = account("ilse"), account("otto")
    keep.found(ilse)
    drop.found(otto)
    keep.ask_to_join(otto)  # asked here, is the contact there
    answers: dict[str, Any] = {"audience": "owner", "phase": "plan", "topics": ["property"], "consent_text_version": "x"}
    AdviceCase.objects.create(question="?", client_mail="a@example.org", confirmed_at=timezone.now(), organisation=drop, **answers)
    now = timezone.now()
    Event.objects.create(slug="fest", title="Fest", kind="festival", starts_at=now, ends_at=now, venue="Hof", organiser=drop)
    made(otto, organisation=drop)
    offer = AdviceOffer.objects.first()
    assert offer
    AdviceOffer.objects.filter(pk=offer.pk).update(provider=drop)
    return keep, drop


def chosen(row: Organisation, **other: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in FIELDS} | other


def everything() -> dict[str, Any]:
    tables = (Organisation, OrganisationMember, AdviceCase, Event, AdviceOffer, WirSpace, Seed)
    return {m.__name__: sorted(serialize("json", [row]) for row in m._default_manager.all()) for m in tables}


def test_what_pointed_to_one_points_to_the_other(two: Any, erna: User) -> None:
    keep, drop = two
    moving = {m.label: (m.n, m.twice) for m in merging.preview("organisation", keep, drop)}
    assert moving == {
        "Personen der Organisationen": (1, 1),
        "Beratungsfälle": (1, 0),
        "Termine": (1, 0),
        "Gesuche": (1, 0),
        "Beratungsangebote": (1, 0),
    }
    done = merging.merge("organisation", keep, drop, chosen(keep, offers="Werkbänke"), erna)
    assert not Organisation.objects.filter(pk=drop.pk).exists()
    keep.refresh_from_db()
    assert (keep.name, keep.kind, keep.offers, keep.municipality) == ("Beispiel e. V.", "association", "Werkbänke", None)
    related = (keep.advice_cases, keep.events, keep.space_requests, keep.advice_offers)
    assert [r.count() for r in related] == [1, 1, 1, 1]
    people = {p.user.username: (p.role, bool(p.confirmed_at)) for p in keep.people.all()}
    assert people == {"ilse": ("contact", True), "otto": ("contact", True)}  # the stronger of both
    assert (done.by, done.name, done.dropped_name) == (erna, "Beispiel e. V.", "Beispiel eV")


def test_undone_everything_is_as_it_was(two: Any, erna: User) -> None:
    keep, drop = two
    before = everything()
    done = merging.merge("organisation", keep, drop, chosen(drop), erna)
    assert everything() != before
    merging.undo(done)
    assert everything() == before
    with pytest.raises(NotAllowed, match="nicht mehr zurücknehmen"):
        merging.undo(done)


def test_what_was_changed_since_stays_when_it_is_undone(two: Any, erna: User) -> None:
    keep, drop = two
    done = merging.merge("organisation", keep, drop, chosen(drop), erna)
    Organisation.objects.filter(pk=keep.pk).update(url="https://neu.example")
    User.objects.get(username="otto").delete()
    merging.undo(done)
    keep.refresh_from_db()
    assert (keep.name, keep.url) == ("Beispiel e. V.", "https://neu.example")
    assert list(Organisation.objects.get(pk=drop.pk).people.all()) == []  # who left does not come back


def test_after_thirty_days_nothing_of_before_is_kept(two: Any, erna: User) -> None:
    keep, drop = two
    done = merging.merge("organisation", keep, drop, chosen(keep), erna)
    Merge.objects.update(at=timezone.now() - datetime.timedelta(days=30, minutes=1))
    done.refresh_from_db()
    with pytest.raises(NotAllowed, match="zu lange her"):
        merging.undo(done)
    assert retention.BY_NAME["what was before merges"].apply(timezone.now()) == 1
    done.refresh_from_db()
    assert done.before == {}


def test_what_a_file_said_goes_along(two: Any, erna: User) -> None:
    keep, drop = two
    seed = Seed.objects.create(
        table=Organisation._meta.db_table, key="beispiel", row=drop.pk, said={}, sources="x", checked_at="2026-01-01"
    )
    done = merging.merge("organisation", keep, drop, chosen(keep), erna)
    seed.refresh_from_db()
    assert seed.row == keep.pk
    assert Organisation.objects.all().actors().contains(keep)
    merging.undo(done)
    seed.refresh_from_db()
    assert seed.row == drop.pk


def test_refused_before_anything_is_changed(two: Any, erna: User, monkeypatch: Any) -> None:
    keep, drop = two
    before = everything()
    other = Organisation.objects.create(name="Anderer Verein", kind="association")
    for rows, values, says in (
        ((keep, keep), chosen(keep), "zwei verschiedene"),
        ((keep, drop), chosen(keep, name=other.name), "gibt es schon"),
        ((keep, Organisation(pk=0, name="weg")), chosen(keep), "nicht mehr da"),
    ):
        with pytest.raises(NotAllowed, match=says):
            merging.merge("organisation", *rows, values, erna)
    column = OrganisationMember._meta.get_field("organisation")
    relation = next(r for r in Organisation._meta.related_objects if r.field is column)
    monkeypatch.setattr(relation, "one_to_one", True)
    with pytest.raises(NotAllowed, match="lässt sich nicht mitnehmen"):
        merging.merge("organisation", keep, drop, chosen(keep), erna)
    other.delete()
    assert everything() == before


def test_by_the_pages_once_however_often_it_is_sent(two: Any, erna: User, client: Client) -> None:
    keep, drop = two
    sign_in_with_app(client, erna, with_app(erna))
    same = client.get(f"/schreibtisch/zusammenfuehren/?keep={keep.key}&drop={keep.key}")
    assert same.status_code == 400
    page = client.get(f"/schreibtisch/zusammenfuehren/?keep={keep.key}&drop={drop.key}", follow=True)
    text = page.content.decode()
    assert "1 davon steht bei beiden und wird eins" in text
    assert "Welche Angabe bleibt?" in text
    path = page.redirect_chain[-1][0]
    assert client.post(path, {"name": "drop"}).status_code == 400  # not every choice is made
    answers = {"name": "drop", "kind": "keep", "url": "keep", "offers": "drop", "municipality": "drop"}
    assert "ist in „Beispiel eV“ aufgegangen" in client.post(path, answers, follow=True).content.decode()
    assert client.post(path, answers).status_code == 404
    [done] = Merge.objects.all()
    assert "zurücknehmen" in client.get("/schreibtisch/zusammenfuehren/").content.decode()
    assert client.post(f"/schreibtisch/zusammengefuehrt/{done.pk}/zuruecknehmen/").status_code == 302
    assert client.post(f"/schreibtisch/zusammengefuehrt/{done.pk}/zuruecknehmen/").status_code == 403

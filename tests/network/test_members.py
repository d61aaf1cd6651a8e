"""Memberships: one tenant each, what they cover, and what the administration lets their people see and change."""

from __future__ import annotations

import datetime
import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from geo.models import District, Town
from network.models import Membership, Organisation
from vacancies.models import Vacancy

pytestmark = pytest.mark.django_db
LIST = "/admin/vacancies/vacancy/"


def towns_of(user: User | AnonymousUser, role: str = "viewer") -> set[str]:
    """The towns by the two ways that must agree."""
    members = Membership.objects.all()
    towns, scope = set(members.towns_of(user, role).values_list("ags8", flat=True)), members.scope_of(user, role)
    assert towns == set(Town.objects.within(scope).values_list("ags8", flat=True)) if scope else not towns
    return towns


@pytest.fixture
def person() -> User:
    return User.objects.create_user("renate", password="ein-langes-passwort")


@pytest.fixture
def gransee() -> Town:
    return Town.objects.get(slug="gransee")


def test_each_kind_covers_what_it_says(person: User, gransee: Town) -> None:
    assert towns_of(person) == set()
    held = Membership.objects.create(user=person, town=gransee)
    assert towns_of(person) == {"12065100"}
    Membership.objects.filter(pk=held.pk).update(town=None, admin_union="Gransee und Gemeinden")
    assert len(towns_of(person)) == 5, "Gransee, Großwoltersdorf, Schönermark, Sonnenberg, Stechlin"
    Membership.objects.filter(pk=held.pk).update(admin_union="", district=gransee.district)
    assert len(towns_of(person)) == 19, "the towns of Oberhavel"
    Membership.objects.create(user=person, town=Town.objects.get(slug="bad-saarow"))
    assert len(towns_of(person)) == 20, "together"
    Membership.objects.filter(pk=held.pk).update(district=None, statewide=True)
    assert len(towns_of(person)) == Town.objects.count()


def test_superusers_see_all_and_who_may_not_sign_in_nothing(person: User) -> None:
    person.is_superuser = True
    assert len(towns_of(person)) == Town.objects.count()
    person.is_active = False
    assert towns_of(person) == set()
    person.is_superuser = False
    Membership.objects.create(user=person, statewide=True)
    assert towns_of(person) == set()
    assert towns_of(AnonymousUser()) == set()


def test_roles_hold_what_those_before_hold_and_days_end_them(person: User, gransee: Town) -> None:
    held = Membership.objects.create(user=person, town=gransee, role="moderator")
    assert [bool(towns_of(person, r)) for r in ("viewer", "editor", "moderator", "manager", "admin")] == [True, True, True, False, False]
    today = timezone.localdate()
    for days, holds in ((1, True), (0, False), (-1, False)):
        Membership.objects.filter(pk=held.pk).update(ends_on=today + datetime.timedelta(days=days))
        assert bool(towns_of(person)) is holds
    with pytest.raises(ValueError, match="emperor"):
        towns_of(person, "emperor")


@pytest.mark.parametrize(
    "kinds",
    [(), ("town", "district"), ("town", "admin_union"), ("admin_union", "statewide"), ("town", "admin_union", "district", "statewide")],
)
def test_a_membership_is_of_exactly_one(kinds: tuple[str, ...], person: User, gransee: Town) -> None:
    given = {"town": gransee, "admin_union": "Gransee und Gemeinden", "district": gransee.district, "statewide": True}
    made = Membership(user=person, **{kind: given[kind] for kind in kinds})
    with pytest.raises(ValidationError, match="genau eines"):
        made.full_clean()
    with pytest.raises(IntegrityError, match="membership_of_one_tenant"), transaction.atomic():
        made.save()


def test_nobody_is_member_twice_and_an_amt_must_exist(person: User, gransee: Town) -> None:
    Membership.objects.create(user=person, town=gransee)
    with pytest.raises(IntegrityError, match="membership_once"), transaction.atomic():
        Membership.objects.create(user=person, town=gransee, role="admin")
    with pytest.raises(ValidationError, match="gibt es nicht"):
        Membership(user=person, admin_union="Amt Erfunden").full_clean()


def test_the_administration_makes_members_and_organisations(admin_client: Client, person: User, gransee: Town) -> None:
    page = admin_client.get("/admin/network/membership/add/").content.decode()
    assert '<option value="Gransee und Gemeinden">' in page
    given = {"user": "ilse@example.org", "admin_union": "Gransee und Gemeinden", "role": "editor"}
    assert "kein bestätigtes Konto" in admin_client.post("/admin/network/membership/add/", given).content.decode()
    EmailAddress.objects.create(user=person, email="ilse@example.org", verified=True)
    assert admin_client.post("/admin/network/membership/add/", {**given, "district": District.objects.all()[0].pk}).status_code == 200
    assert not Membership.objects.exists(), "of two"
    assert admin_client.post("/admin/network/membership/add/", given).status_code == 302
    assert Membership.objects.get().tenant == "Amt Gransee und Gemeinden"
    assert "Amt Gransee und Gemeinden" in admin_client.get("/admin/network/membership/").content.decode()
    made = {"name": "Beispiel eG", "kind": "social_enterprise", "municipality": gransee.pk, "offers": "Werkstatt", "visibility": "internal"}
    made |= {"people-TOTAL_FORMS": 0, "people-INITIAL_FORMS": 0}
    assert admin_client.post("/admin/network/organisation/add/", made).status_code == 302
    assert Organisation.objects.get(name="Beispiel eG").is_verified is False


def test_only_the_contact_point_gives_memberships(client: Client, person: User, gransee: Town) -> None:
    held = Membership.objects.create(user=person, town=gransee, role="admin")
    client.force_login(person)
    for page in ("", "add/", f"{held.pk}/change/"):
        assert client.get(f"/admin/network/membership/{page}").status_code in (302, 403), page
    Membership.objects.filter(pk=held.pk).update(town=None, statewide=True)
    assert client.get("/admin/network/membership/add/").status_code == 200


def chosen_from(client: Client, model: str, field: str) -> int:
    """What the administration answers to the field of a form that is typed into."""
    app, name = model.split(".")
    return client.get("/admin/autocomplete/", {"app_label": app, "model_name": name, "field_name": field, "term": "Gran"}).status_code


def test_the_contact_point_can_fill_in_its_own_forms(client: Client, person: User, gransee: Town) -> None:
    held = Membership.objects.create(user=person, statewide=True, role="moderator")
    client.force_login(person)
    assert chosen_from(client, "vacancies.vacancy", "town") == 200
    for model, field in (
        ("event", "town"),
        ("event", "organiser"),
        ("organisation", "municipality"),
        ("showcase", "town"),
        ("wirspace", "town"),
    ):
        assert chosen_from(client, f"network.{model}", field) == 200, (model, field)
    Membership.objects.update(role="admin")
    assert chosen_from(client, "network.membership", "town") == 200
    colleague = User.objects.create_user("neu", "neu@example.org")
    EmailAddress.objects.create(user=colleague, email="neu@example.org", verified=True)
    given = {"user": "NEU@example.org", "town": gransee.pk, "role": "viewer"}
    assert client.post("/admin/network/membership/add/", given).status_code == 302
    made = Membership.objects.get(user=colleague)
    assert client.post(f"/admin/network/membership/{made.pk}/change/", given | {"user": person.email, "role": "editor"}).status_code == 302
    made.refresh_from_db()
    assert (made.user, made.role) == (colleague, "editor"), "another person is another membership"
    assert client.get("/admin/auth/user/").status_code == 403, "the accounts of others are nobody's list"
    assert held.pk


def signed_in(client: Client, person: User, role: str, town: Town) -> None:
    Membership.objects.create(user=person, town=town, role=role)
    client.force_login(person)


@pytest.mark.parametrize(("role", "edits"), [("viewer", False), ("editor", True), ("admin", True)])
def test_staff_see_and_change_vacancies_of_their_towns_alone(client: Client, person: User, gransee: Town, role: str, edits: bool) -> None:
    signed_in(client, person, role, gransee)
    own, foreign = gransee.vacancies.first(), Vacancy.objects.exclude(town=gransee).first()
    shown = client.get(LIST).context["cl"]
    assert {v.pk for v in shown.queryset} == set(gransee.vacancies.values_list("pk", flat=True))
    assert client.get(f"{LIST}{foreign.pk}/change/").status_code == 302, "as if it were not there"
    assert client.get(f"{LIST}{foreign.pk}/history/").status_code == 302
    page = client.get(f"{LIST}{own.pk}/change/")
    assert (page.status_code, 'name="_save"' in page.content.decode()) == (200, edits)
    assert client.get(f"{LIST}add/").status_code == (200 if edits else 403)
    assert client.get(f"{LIST}{own.pk}/delete/").status_code == (200 if edits else 403)
    chosen = {"action": "archive", "_selected_action": [own.pk, foreign.pk]}
    client.post(LIST, chosen, follow=True)
    own.refresh_from_db()
    foreign.refresh_from_db()
    assert (own.publication == "archived", foreign.publication == "archived") == (edits, False)


def test_where_one_only_looks_nothing_is_archived_or_moved(client: Client, person: User, gransee: Town) -> None:
    signed_in(client, person, "editor", gransee)
    other = Town.objects.get(slug="bad-saarow")
    Membership.objects.create(user=person, town=other, role="viewer")
    looked_at, own = other.vacancies.first(), gransee.vacancies.first()
    assert looked_at
    assert own
    text = client.post(LIST, {"action": "archive", "_selected_action": [looked_at.pk, own.pk]}, follow=True).content.decode()
    assert "1 Leerstand blieb, wie er war" in text
    looked_at.refresh_from_db()
    assert looked_at.publication != "archived"
    assert client.post(f"{LIST}{looked_at.pk}/change/", {"title": "meins"}).status_code == 403
    form = client.get(f"{LIST}{own.pk}/change/").context["adminform"].form
    assert set(form.fields["town"].queryset) == {gransee}


@pytest.mark.parametrize("role", ["viewer", "editor", "moderator"])
def test_no_button_of_the_account_leads_to_a_closed_door(client: Client, person: User, gransee: Town, role: str) -> None:
    signed_in(client, person, role, gransee)
    links = set(re.findall(r'class="button" href="(/[^"]*)"', client.get("/konto/").content.decode()))
    assert {"/gesuche/meine/", "/admin/"} <= links
    assert [link for link in sorted(links) if client.get(link).status_code == 403] == []
    assert ("/register/einlesen/" in links, "/pruefen/" in links) == (role != "viewer", role == "moderator")

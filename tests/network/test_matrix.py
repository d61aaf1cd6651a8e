"""Every address × every role, by the table of `addresses.py`; an address without a line there fails with its name."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from allauth.account.internal.userkit import user_id_to_str
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.base import BaseHandler
from django.db import transaction
from django.test import RequestFactory
from django.urls import NoReverseMatch, URLPattern, get_resolver, reverse
from django.utils import timezone

from geo.models import Town
from network import post
from network.intake import uploads
from network.mailing import sending
from network.merging import merge
from network.models import (
    AdviceCase,
    AdviceOffer,
    AppPassword,
    Article,
    Assignment,
    ContactPoint,
    Event,
    FundingProgramme,
    Inquiry,
    Invitation,
    Mailing,
    Membership,
    Organisation,
    OwnBuilding,
    OwnerContact,
    Report,
    Showcase,
    SpaceRequest,
    Subscription,
    WirSpace,
)
from network.owners.access import SAID
from network.privacy import consents
from network.reports import receiving
from network.seeking import mails
from tests.network.addresses import ADDRESSES
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy

ROLES = ("viewer", "editor", "moderator", "manager", "admin")
KEPT = (AdviceOffer, Article, FundingProgramme, Showcase, WirSpace)
OWN, FOREIGN = "gransee", "bad-saarow"
WHO = ("nobody", "person", "contact", *(f"own {r}" for r in ROLES), *(f"foreign {r}" for r in ROLES), "coordinator", "superuser")
EVERYBODY = set(WHO)
MOST = ("nobody", "person", "contact", "own admin", "coordinator", "superuser")  # each role may all that those before may


def who_may(word: str) -> set[str]:
    """The people a word lets in."""
    if ", " in word:
        return set().union(*(who_may(w) for w in word.split(", ")))
    anywhere, role = word.startswith("any "), word.removeprefix("any ")
    if role in ROLES:
        held = ROLES[ROLES.index(role) :]
        return {"coordinator", "superuser"} | {f"{where} {r}" for r in held for where in (("own", "foreign") if anywhere else ("own",))}
    return {
        "public": EVERYBODY,
        "account": EVERYBODY - {"nobody"},
        "door": {"nobody"},
        "contact": {"contact"},
        "asking": {"person"},
        "coordinator": {"coordinator", "superuser"},
        "superuser": {"superuser"},
        "self": {"own viewer"},
        "uploader": {"own editor"},
        "program": set[str](),
        "nothing there": set[str](),
    }[word]


def asked_of(word: str) -> tuple[str, ...]:
    """Whom to ask: everybody where roles matter; else those who may most of their kind."""
    if word == "public":
        return ("nobody",)
    if word == "superuser":
        return ("nobody", "own admin", "coordinator")  # that superusers may is Django's own
    return WHO if word.removeprefix("any ") in ROLES or word in ("self", "uploader") else MOST


def names() -> dict[str, list[str]]:
    """Every name of the URL map with the parameters of its address, German addresses; without a name the pattern stands for it."""

    def walk(resolver: Any, pattern: str, space: str, taken: list[str]) -> Iterator[tuple[str, list[str]]]:
        for part in resolver.url_patterns:
            held = [*taken, *part.pattern.converters, *getattr(getattr(part.pattern, "regex", None), "groupindex", ())]
            whole = pattern + str(part.pattern)
            if isinstance(part, URLPattern):
                yield space + (part.name or whole), list(dict.fromkeys(held))
            else:
                yield from walk(part, whole, f"{space}{part.namespace}:" if part.namespace else space, held)

    found = dict(walk(get_resolver(), "", "", []))
    return {name: parameters for name, parameters in found.items() if not _is_catch_all(name)}


def _is_catch_all(name: str) -> bool:
    """Addresses of Django's administration without a name: old ones that lead on to the change page, and all that are wrong."""
    return name.startswith("admin:admin/")


def line_of(name: str) -> tuple[str, str] | None:
    word = next((word for pattern, word in ADDRESSES.items() if fnmatchcase(name, pattern)), None)
    return (word, "GET") if isinstance(word, str) else word


@dataclass
class World:
    """One of each thing, in the own town, and a session of each person."""

    sessions: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    usual: dict[str, Any] = field(default_factory=dict)


def signed_in(user: User, vacancy: Vacancy) -> str:
    """A session with a second factor and a purpose said: what is left is the right."""
    store, now = SessionStore(), time.time()
    store["_auth_user_id"], store["_auth_user_backend"] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
    store["_auth_user_hash"] = user.get_session_auth_hash()
    store["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": now, "reauthenticated": True}]
    store["account_authentication_methods_user"] = user_id_to_str(user)
    store[SAID] = {vacancy.key: ["outreach", now]}
    store.create()
    return str(store.session_key)


@pytest.fixture
def world(db: None, settings: Any, tmp_path: Path) -> World:
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "nicht-freigegeben.jpg").write_bytes(b"picture")
    own, foreign = Town.objects.get(slug=OWN), Town.objects.get(slug=FOREIGN)
    vacancy = Vacancy.objects.filter(town=own).first()
    other = PublicVacancy.objects.filter(town_slug=FOREIGN)[0]
    assert vacancy
    people = {
        who: User.objects.create_user(who.replace(" ", "-"), f"{who.replace(' ', '-')}@example.org") for who in WHO if who != "nobody"
    }
    User.objects.update(password="known to nobody")
    for who, user in people.items():
        user.refresh_from_db()
        where, _space, role = who.partition(" ")
        if role:
            Membership.objects.create(user=user, town=own if where == "own" else foreign, role=role)
    Membership.objects.create(user=people["coordinator"], statewide=True, role="admin")
    User.objects.filter(pk=people["superuser"].pk).update(is_superuser=True, is_staff=True)
    organisation = Organisation(name="Beispiel e. V.", kind="association")
    organisation.found(people["contact"])
    asking = organisation.people.create(user=people["person"])
    owner = OwnerContact.objects.create(vacancy=vacancy, name="Erna Beispiel")
    invitation = Invitation(town=own, email="neu@example.org", invited_by=people["own admin"])
    invitation.save()
    photo = vacancy.photos.create(file="nicht-freigegeben.jpg", creator="Beispiel", licence="CC0", is_public=False)
    held, _secret = AppPassword.objects.create_for(people["own viewer"], "QGIS")
    membership = Membership.objects.get(user=people["own viewer"])
    report = Report(kind="new", town=own, point=vacancy.point, photo="nicht-freigegeben.jpg", email="melder@example.org")
    report.save()
    receiving.confirm(report)
    building = OwnBuilding.objects.create(user=people["own viewer"], vacancy=vacancy, stated_role="owner")
    settings.UPLOADS = tmp_path / "uploads"
    listed = SimpleUploadedFile("liste.csv", b"strasse;lon;lat\nDorfstr. 1;13.16;53.0\n")
    handed_in = uploads.keep(listed, people["own editor"])
    public = PublicVacancy.objects.first()
    assert public
    made = World({who: signed_in(user, vacancy) for who, user in people.items()})
    made.usual = {"slug": "x", "key": "x", "name": "x", "extension": "csv", "ending": "atom", "section": "orte", "z": 8, "x": 137, "y": 83}
    made.usual |= {"file": "kriterien.json", "uidb36": "1", "pk": 1}
    vacancies = {"key": vacancy.key}
    wanted = SpaceRequest.objects.create(owner=people["own viewer"], title="Beispiel")
    wanted.move("active")
    match = wanted.matches.create(vacancy=vacancy, score=50, points=0, reliability=0, verdicts={"for": [], "against": [], "unknown": []})
    alert = Subscription.objects.create(kind="search", address="neu@example.org")
    event = Event.objects.create(
        slug="beispiel", title="Beispiel", kind="visit", starts_at=timezone.now(), ends_at=timezone.now(), venue="Saal", state="published"
    )
    answers = {"client_mail": "ilse@example.org", "consent_text_version": "x", "confirmed_at": timezone.now()}
    case = AdviceCase.objects.create(audience="owner", phase="plan", topics=["property"], question="Beispiel", **answers)
    double, third = (Organisation.objects.create(name=name, kind="association") for name in ("Beispiel eV", "Beispiel"))
    stays = {name: getattr(double, name) for name in merge.KINDS["organisation"].fields}
    merged = merge.merge("organisation", double, third, stays, people["coordinator"])
    task = Assignment.objects.create(list="termine-entwurf", row="1", assignee=people["coordinator"])
    letter = Mailing.objects.create(audience="organisations", subject="Beispiel", text="Beispiel", author=people["coordinator"])
    office = ContactPoint.objects.create(name="Bauamt", function="building", mailbox="bauamt@example.org")
    office.towns.add(own)
    inquiry = Inquiry.objects.create(seeker=people["own viewer"], vacancy=vacancy, contact=office)
    made.parameters = {
        "contact_verify": {"token": post.seal("contact_verify", office.key, office.mailbox)},
        "contact_*": {"key": office.key},
        "inquiry_new": {"slug": other.slug},
        "inquiry_answer": {"token": post.seal("inquiry_answer", inquiry.key, office.pk)},
        "inquiry*": {"key": inquiry.key},
        "request_renew": {"token": mails.seal("request_renew", wanted.key)},
        "request_silent": {"token": mails.seal("request_silent", wanted.key)},
        "request_step": {"step": 1},
        "request_count": {"step": 1},
        "request_*": {"key": wanted.key, "step": 1, "vacancy": match.vacancy_id},  # type: ignore[attr-defined]
        "space_request": {"key": wanted.key},
        "vacancy_takers": {"slug": vacancy.slug},
        **{name: {"token": post.seal(name, alert.pk, alert.address)} for name in ("alert_confirm", "alert_stop", "alert_renew")},
        "data_of_address*": {"token": post.seal("data", "neu@example.org")},
        "consent_text": {"name": "gesuch-oeffentlich", "version": 1},
        "withdraw_consent": {"pk": consents.give(people["own viewer"], "gesuch-oeffentlich").pk},
        "event*": {"slug": event.slug},
        "advice_*": {"key": case.key},
        "owner*": vacancies | {"pk": owner.pk},
        "desk_list": {"name": "veraltete-leerstaende"},
        "desk_csv": {"name": "veraltete-leerstaende"},
        "desk_assign": {"name": "organisationen-pruefen", "row": organisation.pk},
        "desk_finish": {"pk": task.pk},
        "desk_request": {"key": wanted.key},
        "merge_compare": {"keep": organisation.key, "drop": double.key},
        "merge_compare_contacts": {"keep": office.key, "drop": ContactPoint.objects.create(name="Bauamt 2", function="building").key},
        "merge_undo": {"pk": merged.pk},
        "mailing_stop": {"token": post.seal(sending.STOP, "neu@example.org")},
        "mailing*": {"pk": letter.pk},
        "report_picture": {"figure": "objekte", "part": "monat", "extension": "svg"},
        "organisation*": {"key": organisation.key},
        "change_organisation": {"key": organisation.key},
        "*_person": {"pk": asking.pk},
        "member": {"pk": membership.pk},
        "end_membership": {"pk": membership.pk},
        "resign": {"pk": membership.pk},
        "withdraw_invitation": {"pk": invitation.pk},
        "revoke_app_password": {"pk": held.pk},
        "invitation": {"token": post.seal("invitation", invitation.pk)},
        "photo": {"name": photo.file.name},
        "report_confirm": {"token": post.seal("report", report.key, report.email)},
        "report_tap": {"slug": public.slug, "word": "steht-noch-leer"},
        "report_wrong": {"slug": public.slug},
        "report_*": {"key": report.key},
        "own_building_*": {"pk": building.pk},
        "intake_*": {"token": handed_in.token},
        "register_export": {"extension": "csv"},
        "layer_style": {"name": "leerstaende", "extension": "qml"},
        "download": {"name": "leerstaende", "extension": "geojson"},
        "vector_tile": {"name": "leerstaende"},
        "snapshot_tile": {"name": "x"},
        "snapshot_*": {"name": "0" * 20},
        "internal_download": {"name": "register"},
        "admin:vacancies_vacancy_*": {"object_id": vacancy.pk},
        "admin:network_organisation_*": {"object_id": organisation.pk},
        "admin:network_membership_*": {"object_id": membership.pk},
        "admin:network_contactpoint_*": {"object_id": office.pk},
        "admin:network_inquiry_*": {"object_id": inquiry.pk},
        "admin:network_event_*": {"object_id": event.pk},
        **{f"admin:network_{m._meta.model_name}_*": {"object_id": m._default_manager.first().pk} for m in KEPT},
        "admin:view_on_site": {"content_type_id": ContentType.objects.get_for_model(Vacancy).pk, "object_id": vacancy.pk},
        "admin:app_list": {"app_label": "vacancies"},
        "admin:auth_user_*": {"object_id": people["person"].pk, "id": people["person"].pk},
        "admin:auth_group_*": {"object_id": Group.objects.create(name="Beispiel").pk},
        "admin:*": {"object_id": 0},
    }
    return made


def address(world: World, name: str, parameters: list[str]) -> str:
    special = next((given for pattern, given in world.parameters.items() if fnmatchcase(name, pattern)), {})
    given = {p: special.get(p, world.usual.get(p)) for p in parameters}
    try:
        return reverse(name, kwargs=given)
    except NoReverseMatch as error:
        raise AssertionError(f"{name}: say in `World.parameters` what {parameters} are to be ({error})") from error


def came_in(handler: BaseHandler, world: World, who: str, method: str, path: str) -> tuple[bool, str]:
    """Whether a person reaches what is at an address, and what was answered; what the request did is undone."""
    request = RequestFactory().generic(method, path)
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
    if who in world.sessions:
        request.COOKIES[settings.SESSION_COOKIE_NAME] = world.sessions[who]
    with transaction.atomic():
        answer = handler.get_response(request)
        transaction.set_rollback(True)
    to = answer.get("Location", "")
    doors = ("/konto/anmelden/", "/konto/bestaetigen/", "/konto/zweiter-faktor/", "/admin/login/")
    away = to == "/admin/" or (to == "/konto/" and method == "GET") or to.startswith(doors)
    return not away and answer.status_code not in (401, 403, 404), f"{answer.status_code} {to}".strip()


def is_as_said(name: str, word: str, who: str, found: bool, answer: str) -> bool:
    if answer.startswith(("405", "500")):
        return False
    if word == "public":  # what is at such an address may be missing; nobody is asked who they are
        return not answer.startswith(("401", "403", "302 /konto/anmelden/"))
    if word == "superuser":  # of rows that are not there: others must be refused before that is said
        refused = answer.startswith(("403", "302 /konto/anmelden/", "302 /admin/login/"))
        return who == "superuser" or refused or (name.endswith("_history") and answer == "302 /admin/")
    return found == (who in who_may(word))


def test_every_address_has_a_line() -> None:
    missing = sorted(name for name in names() if line_of(name) is None)
    assert not missing, f"say in tests/network/addresses.py who may come to {', '.join(missing)}"
    known = names()
    stale = [pattern for pattern in ADDRESSES if not any(fnmatchcase(name, pattern) for name in known)]
    assert not stale, f"no address has the name of these lines of tests/network/addresses.py: {stale}"


def test_each_role_reaches_what_the_table_says_and_nothing_else(world: World) -> None:
    handler, wrong, asked = BaseHandler(), [], 0
    handler.load_middleware()
    for name, parameters in names().items():
        word, method = line_of(name) or ("superuser", "GET")
        path = address(world, name, parameters)
        for who in asked_of(word):
            found, answer = came_in(handler, world, who, method, path)
            asked += 1
            if not is_as_said(name, word, who, found, answer):
                wrong.append(f"{method} {path} ({name}, “{word}”): {who} got {answer}")
    assert not wrong, "\n" + "\n".join(wrong)
    assert asked > 700

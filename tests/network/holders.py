"""Somebody of whom there is a row in every model that can hold something of a person, and the search for what is left of them."""

from __future__ import annotations

import datetime
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone

from geo.models import District, Town
from network import post
from network.inquiries.thread import begin
from network.models import (
    AdviceCase,
    AppPassword,
    Assignment,
    ContactPoint,
    Event,
    IdleNotice,
    InquiryBlock,
    Invitation,
    Mailing,
    Membership,
    Merge,
    NewsletterSubscription,
    Organisation,
    OwnBuilding,
    OwnerContact,
    OwnerView,
    Person,
    Report,
    Subscription,
)
from network.privacy import consents
from network.reports.receiving import hand_in
from network.seeking.models import SpaceRequest
from tests.network.people import PASSWORD, account, sign_in, sign_in_with_app, with_app
from vacancies.models import Vacancy

TABLES = ("network_", "auth_user", "account_", "mfa_", "usersessions_", "django_admin_log", "procrastinate_", "vacancies_")


def everything_of(name: str, town: str = "gransee") -> User:
    """A person with something in every model; `name` stands in all of it."""
    user = account(name)
    user.first_name, user.last_name, user.last_login = name, name, timezone.now()
    user.save()
    place = Town.objects.get(slug=town)
    vacancy = Vacancy.objects.filter(town=place).order_by("key").first()
    assert vacancy
    Person.objects.create(user=user, display_name=name)
    Membership.objects.create(user=user, town=place, role="moderator")
    organisation = Organisation(name=f"Beispiel {user.pk} e. V.", kind="association", visibility="public")
    organisation.found(user)
    Organisation.objects.filter(pk=organisation.pk).update(is_verified=True)
    AppPassword.objects.create_for(user, f"QGIS von {name}")
    Invitation(town=place, email=f"eingeladen-von-{user.pk}@example.net", invited_by=user).save()
    Invitation(town=place, email=user.email.upper(), invited_by=User.objects.filter(is_superuser=True).first() or user).save()
    OwnerContact.objects.create(vacancy=vacancy, name=name, email=user.email, note=f"{name} bittet um Rückruf")
    OwnerView.objects.all().note(user, vacancy, "outreach")
    request = SpaceRequest.objects.create(owner=user, title=f"Werkstatt von {name}", story=name, organisation=organisation)
    request.move("active")
    nothing: dict[str, list[str]] = {"for": [], "against": [], "unknown": []}
    request.matches.create(vacancy=vacancy, score=50, points=0, reliability=0, verdicts=nothing)
    Subscription.objects.create(kind="digest", address=user.email)
    consents.give(user, "gesuch-oeffentlich", request.key)
    consents.give(user.email, "gesuch-oeffentlich", "per E-Mail")
    words = {"audience": "owner", "phase": "search", "topics": ["property"], "plan": name, "question": name, "consent_text_version": "1"}
    case = AdviceCase.objects.create(client=user, client_name=name, client_mail=user.email, **words)
    case.entries.create(kind="note", text=name, author=user)
    when = {"starts_at": timezone.now(), "ends_at": timezone.now()}
    event = Event.objects.create(
        slug=f"termin-{user.pk}",
        title="Treffen",
        venue="Beispielhaus",
        published_at=timezone.now(),
        kind="",
        entered_by=user,
        state="published",
        **when,
    )
    event.registrations.create(begins_at=timezone.now(), name=name, mail=user.email)
    NewsletterSubscription.objects.create(mail=user.email)
    hand_in(Report(kind="vacancy", town=place, street=name, seen=name, note=name), user)
    own = OwnBuilding.objects.create(user=user, vacancy=vacancy, stated_role="owner")
    draft = Vacancy.objects.create(town=place, point=place.centre, source="owner", summary=f"Scheune von {name}")
    OwnBuilding.objects.create(user=user, vacancy=draft, stated_role="owner")
    own.consents.create(text_version="1", text="Beispiel", visibility="coarse")
    begin(user, vacancy, f"{name} sucht eine Werkstatt.")
    InquiryBlock.objects.create(user=user)
    elsewhere = District.objects.exclude(pk=place.district_id).first()  # so that nobody's inquiries are sent there
    agreed = {"person": name, "consent_on": timezone.localdate(), "consent_version": "1"}
    ContactPoint.objects.create(
        name=f"Beispielstelle {user.pk}", function="culture", mailbox=user.email, district=elsewhere, verified_at=timezone.now(), **agreed
    )
    Assignment.objects.create(list="wartelisten", row=str(user.pk), assignee=user)
    letter = Mailing.objects.create(audience="organisations", subject="Beispiel", text="Beispiel", author=user)
    letter.recipients.create(address=user.email, why="Beispiel", written_at=timezone.now())
    Merge.objects.create(kind="organisation", kept=0, dropped=0, name="Beispiel", dropped_name="Beispiel", by=user)
    IdleNotice.objects.create(user=user)
    user.secret = with_app(user)  # type: ignore[attr-defined]
    post.write(user.email, "account_idle", {"on": datetime.date(2026, 1, 1), "login": name})
    EmailConfirmation.objects.create(email_address=EmailAddress.objects.get(user=user), key=f"key-{user.pk}", sent=timezone.now())
    store = SessionStore()
    store["_auth_user_id"], store["typed"] = str(user.pk), name
    store.create()
    UserSession.objects.create(user=user, ip="192.0.2.7", user_agent=f"Browser von {name}", session_key=store.session_key)
    about = {"content_type": ContentType.objects.get_for_model(User), "object_id": str(user.pk), "object_repr": name, "action_flag": CHANGE}
    LogEntry.objects.create(user=user, change_message=name, **about)
    with connection.cursor() as cursor:
        job = "INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES ('default', 'a', jsonb_build_object('to', %s::text))"
        cursor.execute(job, [user.email])
    return user


def enter(client: Client, user: User) -> None:
    """Sign in, with the app where there is one, and say the password once more."""
    if hasattr(user, "secret"):
        sign_in_with_app(client, user, user.secret)
    else:
        sign_in(client, user)
    client.post("/konto/bestaetigen/", {"password": PASSWORD})


def tables_naming(word: str) -> set[str]:
    """The tables in which a word stands anywhere, sessions opened."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith(TABLES):
                cursor.execute(f"SELECT 1 FROM {table} t WHERE t::text ILIKE %s LIMIT 1", [f"%{word}%"])
                found |= {table} if cursor.fetchone() else set()
    if any(word in str(s.get_decoded()) for s in Session.objects.all()):
        found.add("django_session")
    return found


def counts_of(user: User) -> dict[str, Any]:
    """How many rows each holding has of a person."""
    from network.privacy.holdings import HOLDINGS
    from network.privacy.subjects import Subject

    return {h.model: h.rows(Subject.of(user)).count() for h in HOLDINGS}

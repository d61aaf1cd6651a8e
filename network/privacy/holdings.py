"""What is held of a person: one line for each model. Export, deletion and the record of processing follow from it.

A model belongs to a person by paths to their account (`of`), by paths to their e-mail address (`address`), or both. `shows` are the
fields of an export; `end` says what deletion does. A model without a person stands in `OF_NOBODY` with the reason. A test names every
model that is missing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from network.privacy.holding import WITH_ACCOUNT, Anonymise, Holding, Keep
from network.privacy.purposes import (
    ACCOUNT,
    ADVICE,
    ALERTS,
    EVENTS,
    MEDIATION,
    ORGANISATIONS,
    OWN_BUILDINGS,
    OWNERS,
    PROOF,
    REGISTER,
    REPORTS,
    SEEKING,
)
from network.privacy.subjects import Subject


def sessions(who: Subject) -> QuerySet[Any]:
    """The sessions of a person; whose they are is noted when somebody signs in."""
    noted = apps.get_model("usersessions.UserSession").objects.filter(user=who.user)
    return import_module(settings.SESSION_ENGINE).SessionStore.get_model_class().objects.filter(pk__in=noted.values("session_key"))


def changes(who: Subject) -> QuerySet[Any]:
    """What a person changed in the administration, and what others changed of their account: both name them."""
    model = apps.get_model("admin.LogEntry")
    if who.user is None:
        return model.objects.none()
    about = Q(content_type=ContentType.objects.get_for_model(User), object_id=str(who.user.pk))
    for name in ("network.Membership", "network.OrganisationMember", "network.Person"):
        rows = apps.get_model(name).objects.filter(user=who.user)
        about |= Q(
            content_type=ContentType.objects.get_for_model(rows.model), object_id__in=[str(pk) for pk in rows.values_list("pk", flat=True)]
        )
    for address in who.addresses:  # e-mail addresses in the administration are named by themselves, the deleted ones, too
        about |= Q(object_repr__icontains=address) | Q(change_message__icontains=address)
    return model.objects.filter(Q(user=who.user) | about)


def messages(who: Subject) -> QuerySet[Any]:
    """What a person wrote in their inquiries; what others answered is theirs."""
    model = apps.get_model("network.InquiryMessage")
    return model.objects.all().of_seeker().filter(inquiry__seeker=who.user) if who.user else model.objects.none()


def drafts(who: Subject) -> QuerySet[Any]:
    """The buildings that a person entered, as long as the municipality has not taken them into the register."""
    model = apps.get_model("network.OwnBuilding")
    return model.objects.all().drafts_of(who.user) if who.user else apps.get_model("vacancies.Vacancy").objects.none()


HOLDINGS = (
    Holding("sessions.Session", ACCOUNT, shows="expire_date", kept=_("bis zur Abmeldung, höchstens zwei Wochen"), find=sessions),
    Holding("admin.LogEntry", REGISTER, shows="action_time object_repr change_message", find=changes),
    Holding("network.Mail", ACCOUNT, address="to", shows="to subject text created_at", kept=_("bis sie gesendet ist, höchstens drei Tage")),
    Holding(
        "network.Subscription",
        ALERTS,
        address="address",
        shows="kind address query language frequency created_at confirmed_at expires_on last_sent_at",
        kept=_("bis zum Abbestellen, ohne Verlängerung zwölf Monate; unbestätigt sieben Tage"),
    ),
    Holding(
        "network.Invitation",
        REGISTER,
        of="accepted_by",
        address="email",
        leaves="invited_by",
        shows="email role ends_on created_at accepted_at withdrawn_at",
        kept=_("{invitation_days} Tage nach ihrem Ende"),
    ),
    Holding(
        "network.OwnerContact",
        OWNERS,
        address="email",
        shows="vacancy_id name organisation address phone email rank note created_at updated_at",
        kept=_("bis der Leerstand {closed_vacancy_months} Monate archiviert ist"),
    ),
    Holding(
        "network.OwnerView",
        PROOF,
        of="user",
        address="who",
        shows="at vacancy_key purpose act",
        kept=_("{owner_log_months} Monate"),
        end=Keep(
            _(
                "Wer Eigentümerdaten angesehen hat, muss {owner_log_months} Monate nachweisbar sein (Art. 5 Abs. 2 DSGVO)."
                " Danach wird es gelöscht."
            )
        ),
    ),
    Holding(
        "network.SpaceMatch",
        SEEKING,
        of="request__owner",
        shows="vacancy_id score verdicts state reason is_current first_seen told_at",
        kept=_("wie das Gesuch"),
    ),
    Holding(
        "network.CaseEntry",
        ADVICE,
        of="case__client",
        address="case__client_mail",
        shows="kind text created_at",
        kept=_("wie der Beratungsfall"),
        leaves="author",
    ),
    Holding(
        "network.AdviceCase",
        ADVICE,
        of="client",
        address="client_mail",
        shows="key audience phase topics town building plan question tried until client_name client_mail consent_text_version"
        " created_at confirmed_at state state_since",
        kept=_("{advice_days} Tage nach ihrem Abschluss; unbestätigt drei Tage"),
        leaves="adviser",
    ),
    Holding(
        "network.Assignment",
        REGISTER,
        of="assignee",
        shows="due_on note created_at",
        kept=_("bis sie erledigt ist"),
        leaves="created_by",
    ),
    Holding("network.Mailing", REGISTER, of="author", shows="audience subject text created_at sent_at", end=Anonymise({"author": None})),
    Holding("network.MailingRecipient", ALERTS, address="address", shows="address why written_at", kept=_("zwölf Monate nach dem Versand")),
    Holding("network.Merge", REGISTER, of="by", shows="kind name dropped_name at undone_at", end=Anonymise({"by": None})),
    Holding(
        "network.Registration",
        EVENTS,
        address="mail",
        shows="event begins_at name mail needs state created_at confirmed_at",
        kept=_("{event_days} Tage nach dem Termin; unbestätigt drei Tage"),
    ),
    Holding(
        "network.Event",
        EVENTS,
        of="entered_by",
        shows="slug title starts_at created_at",
        kept=WITH_ACCOUNT,
        end=Anonymise({"entered_by": None}),
    ),
    Holding(
        "network.NewsletterSubscription",
        ALERTS,
        address="mail",
        shows="mail created_at confirmed_at last_month",
        kept=_("bis zum Abbestellen; unbestätigt drei Tage"),
    ),
    Holding(
        "network.ReportStep",
        REPORTS,
        of="report__user",
        address="report__email",
        shows="before after reason at",
        kept=_("wie die Meldung"),
        leaves="by",
    ),
    Holding(
        "network.Report",
        REPORTS,
        of="user",
        address="email",
        shows="key kind state town street house_no postcode former_use vacant_since_year seen note email received_at decided_at",
        kept=_("unbestätigt {report_unconfirmed_months} Monate; Angaben zur Person {report_address_months} Monate nach der Entscheidung"),
    ),
    Holding(
        "network.BuildingConsent",
        PROOF,
        of="own_building__user",
        shows="own_building_id text_version text visibility given_at withdrawn_at",
        kept=_("wie der Eintrag"),
    ),
    Holding(
        "vacancies.Vacancy",
        OWN_BUILDINGS,
        shows="key town street house_no postcode former_use occupancy condition usable_m2 vacant_since summary target_uses disposal"
        " created_at",
        kept=_("bis die Gemeinde es ins Register übernimmt oder das Konto gelöscht wird"),
        find=drafts,
    ),
    Holding(
        "network.OwnBuilding",
        OWN_BUILDINGS,
        of="user",
        shows="id vacancy_id stated_role created_at",
        first="withdraw_consent",
    ),
    Holding(
        "network.InquiryMessage",
        MEDIATION,
        shows="text state at",
        kept=_("wie die Anfrage"),
        end=Anonymise({"author": None}),
        leaves="author",
        find=messages,
    ),
    Holding(
        "network.Inquiry",
        MEDIATION,
        of="seeker",
        shows="key vacancy_id topic state reason shares_address created_at ended_at",
        kept=_("{inquiry_months} Monate nach ihrem Ende"),
        end=Anonymise(),
        leaves="taken_by",
        first="network.inquiries.thread.anonymise",
    ),
    Holding("network.InquiryBlock", MEDIATION, of="user", shows="at", leaves="by"),
    Holding(
        "network.ContactPoint",
        MEDIATION,
        address="mailbox",
        shows="name function mailbox phone person consent_on",
        kept=_("solange die Stelle zuständig ist; der Name, solange die Person zustimmt"),
        end=Anonymise({"mailbox": "", "phone": "", "person": "", "consent_on": None, "consent_version": "", "is_stale": True}),
    ),
    Holding("network.StateChange", SEEKING, of="request__owner", shows="state at", kept=_("wie das Gesuch")),
    Holding(
        "network.SpaceRequest",
        SEEKING,
        of="owner",
        shows="key organisation title story seeker_type team_size equity starts_on duration needs query visibility"
        " notify language state renewed_on expires_on created_at updated_at",
        kept=_("{request_months} Monate nach der letzten Änderung, wenn es beendet oder Entwurf ist"),
    ),
    Holding("network.OrganisationMember", ORGANISATIONS, of="user", shows="organisation role asked_at confirmed_at"),
    Holding("network.Membership", REGISTER, of="user", shows="town admin_union district statewide role ends_on"),
    Holding(
        "network.AppPassword",
        ACCOUNT,
        of="user",
        shows="label created_at last_used_on revoked_at",
        kept=_("{revoked_days} Tage nach dem Widerruf"),
    ),
    Holding(
        "network.Consent",
        PROOF,
        of="user",
        address="address",
        shows="text version language digest about given_at withdrawn_at",
        kept=_("{consent_months} Monate nach dem Widerruf"),
    ),
    Holding("network.IdleNotice", ACCOUNT, of="user", shows="sent_at"),
    Holding("network.Person", ACCOUNT, of="user", shows="display_name language"),
    Holding("mfa.Authenticator", ACCOUNT, of="user", shows="type created_at last_used_at"),
    Holding(
        "usersessions.UserSession",
        ACCOUNT,
        of="user",
        shows="created_at ip user_agent last_seen_at",
        kept=_("bis zur Abmeldung; die Netzadresse nach sieben Tagen gekürzt"),
    ),
    Holding("account.EmailConfirmation", ACCOUNT, of="email_address__user", shows="sent", kept=_("bis zur Bestätigung")),
    Holding("account.EmailAddress", ACCOUNT, of="user", shows="email verified primary"),
    Holding(
        "auth.User",
        ACCOUNT,
        of="pk",
        shows="username email first_name last_name date_joined last_login",
        first="network.inquiries.thread.forget_author",
        kept=_("{idle_account_months} Monate nach der letzten Anmeldung; unbestätigt {unconfirmed_days} Tage"),
    ),
)  # in the order of deletion: what leads to a person goes last


def of_model(name: str) -> Holding | None:
    """Return the line of a model, None where there is none."""
    return next((h for h in HOLDINGS if h.model == name), None)


def histories_of(model: type[Model]) -> list[type[Model]]:
    """Return the tables that keep earlier states of a model's rows."""
    return [m for m in apps.get_models() if any(f.name == "pgh_obj" and f.related_model is model for f in m._meta.get_fields())]

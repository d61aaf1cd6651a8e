"""How long what is kept: one line for each kind, run every night, reported without change by `retention --dry-run`."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from allauth.account.models import EmailAddress
from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import DateTimeField, Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast, Coalesce, Greatest
from django.utils import timezone
from procrastinate.contrib.django import app

from network import post
from network.advice import desk as advice
from network.advice.models import AdviceCase
from network.alerts.models import Subscription
from network.gathering import seats
from network.gathering.models import Registration
from network.inquiries import jobs
from network.inquiries.models import Inquiry
from network.invitations.models import LASTS, Invitation
from network.limits import Attempt
from network.mailing.models import MailingRecipient
from network.merging import merge
from network.merging.models import Merge
from network.models import AppPassword
from network.news import digest
from network.news.models import NewsletterSubscription
from network.owners.models import OwnerContact, OwnerView
from network.people.models import Person
from network.privacy.deletion import delete, forget_history, shorten_log
from network.privacy.holdings import histories_of
from network.privacy.leaving import leave
from network.privacy.models import Consent, IdleNotice
from network.privacy.subjects import Subject
from network.reports import forgetting
from network.reports.models import Report
from network.seeking import publicity
from network.seeking.models import SpaceRequest
from network.seeking.states import RequestState
from network.signin.tasks import forget_sign_ins
from vacancies.choices import Publication
from vacancies.models import Vacancy

log = logging.getLogger("raum.retention")
EMPTY = {"notes": "", "vacancy_cause": "", "imported": {}, "parcels": []}  # what a closed vacancy loses, in its history, too
NOTICE = datetime.timedelta(days=30)  # between the reminder and the deletion of an idle account


def _months(name: str) -> relativedelta:
    return relativedelta(months=settings.RETENTION[name])


def _days(name: str) -> relativedelta:
    return relativedelta(days=settings.RETENTION[name])


def with_activity() -> QuerySet[User]:
    """Accounts with the moment they were last used: by signing in, on a device, or by a program."""
    seen = Greatest(
        "date_joined",
        "last_login",
        Max("usersession__last_seen_at"),
        Cast(Max("app_passwords__last_used_on"), DateTimeField()),
    )
    return User.objects.annotate(last_active=seen)


def idle_accounts(now: datetime.datetime) -> QuerySet[User]:
    """Those not used for as long as accounts are kept, but for those that administrate the installation."""
    return with_activity().filter(is_superuser=False, last_active__lt=now - _months("idle_account_months"))


def to_remind(now: datetime.datetime) -> QuerySet[User]:
    """Accounts that will be idle in thirty days and were not told since they were last used."""
    soon = with_activity().filter(is_superuser=False, last_active__lt=now + NOTICE - _months("idle_account_months"))
    return soon.exclude(idle_notice__sent_at__gt=F("last_active"))


def to_delete(now: datetime.datetime) -> QuerySet[User]:
    """Idle accounts that were told thirty days ago."""
    return idle_accounts(now).filter(idle_notice__sent_at__lte=now - NOTICE, idle_notice__sent_at__gt=F("last_active"))


def unconfirmed(now: datetime.datetime) -> QuerySet[User]:
    """Sign-ups whose address nobody confirmed."""
    addresses = EmailAddress.objects.filter(user=OuterRef("pk"))
    rows = User.objects.filter(last_login=None, date_joined__lt=now - _days("unconfirmed_days"))
    return rows.filter(Exists(addresses), ~Exists(addresses.filter(verified=True)))


def ended_invitations(now: datetime.datetime) -> QuerySet[Invitation]:
    before = now - _days("invitation_days")
    never = Q(accepted_at=None, withdrawn_at=None, created_at__lt=before - LASTS)
    return Invitation.objects.filter(Q(accepted_at__lt=before) | Q(withdrawn_at__lt=before) | never)


def ended_requests(now: datetime.datetime) -> QuerySet[SpaceRequest]:
    over = (RequestState.DRAFT, RequestState.WITHDRAWN, RequestState.EXPIRED, RequestState.FULFILLED)
    return SpaceRequest.objects.filter(state__in=over, updated_at__lt=now - _months("request_months"))


def closed_vacancies(now: datetime.datetime) -> QuerySet[Vacancy]:
    """Vacancies archived for so long that what was noted of them is no longer needed, and of which something is noted still."""
    [history] = histories_of(Vacancy)
    states = history._default_manager.filter(pgh_obj=OuterRef("pk"))
    open_last = states.exclude(publication=Publication.ARCHIVED).order_by("-pgh_created_at").values("pgh_created_at")[:1]
    begin = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    archived = states.filter(publication=Publication.ARCHIVED, pgh_created_at__gt=Coalesce(OuterRef("open_last"), begin))
    first = archived.order_by("pgh_created_at").values("pgh_created_at")[:1]
    something = ~Q(notes="", vacancy_cause="", imported={}, parcels=[])
    rows = Vacancy.objects.filter(publication=Publication.ARCHIVED).annotate(open_last=Subquery(open_last))
    rows = rows.annotate(closed_at=Coalesce(Subquery(first), "updated_at")).filter(closed_at__lt=now - _months("closed_vacancy_months"))
    owned = OwnerContact.objects.filter(vacancy=OuterRef("pk"))
    return rows.filter(something | Exists(owned) | Exists(states.filter(something)))


def _delete_rows(rows: QuerySet[Any]) -> None:
    rows.delete()


def _leave(rows: QuerySet[User]) -> None:
    for user in rows:
        leave(user)


def _forget(rows: QuerySet[User]) -> None:
    for user in rows:
        delete(Subject(user), log=False)


def _remind(rows: QuerySet[User]) -> None:
    for user in rows:
        with transaction.atomic():
            IdleNotice.objects.update_or_create(user=user, defaults={"sent_at": timezone.now()})
            if user.email:
                context = {"on": timezone.localdate() + NOTICE, "login": post.base_url() + "/konto/anmelden/"}
                post.write(user.email, "account_idle", context, language=Person.objects.all().of(user).language)


def _anonymise(rows: QuerySet[Vacancy]) -> None:
    for vacancy in rows.only("pk"):
        with transaction.atomic():
            OwnerContact.objects.filter(vacancy=vacancy).delete()
            Vacancy.objects.filter(pk=vacancy.pk).update(**EMPTY)
            forget_history(Vacancy, [vacancy.pk], EMPTY)


@dataclass(frozen=True)
class Rule:
    """What goes when: rows that are due at a moment, and what is done with them."""

    name: str
    due: Callable[[datetime.datetime], QuerySet[Any]]
    act: Callable[[QuerySet[Any]], None] = _delete_rows

    def apply(self, now: datetime.datetime) -> int:
        """Do it; returns how many rows it reached. Those that fail are logged by their keys, and stay due."""
        keys = list(self.due(now).values_list("pk", flat=True))
        if not keys or self._act(now, keys):
            return len(keys)
        failed = [key for key in keys if not self._act(now, [key])]  # each by itself, so that none keeps the others
        log.error("retention: %s failed for %s", self.name, ", ".join(str(key) for key in failed))
        return len(keys) - len(failed)

    def _act(self, now: datetime.datetime, keys: list[Any]) -> bool:
        try:
            with transaction.atomic():
                self.act(self.due(now).filter(pk__in=keys))
        except Exception as error:  # whatever it is: the other rows and rules wait for nothing. Its text may name the person
            log.warning("retention: %s: %s", self.name, type(error).__name__)
            return False
        return True


RULES = (
    Rule("idle accounts reminded", to_remind, _remind),
    Rule("idle accounts deleted", to_delete, _leave),
    Rule("unconfirmed sign-ups", unconfirmed, _forget),
    Rule("invitations", ended_invitations),
    Rule("requests for space", ended_requests, publicity.forget),
    Rule("subscriptions never confirmed", lambda now: Subscription.objects.all().never_confirmed(now)),
    Rule("subscriptions ended", lambda now: Subscription.objects.all().expiring_on(timezone.localdate(now))),
    Rule("revoked app passwords", lambda now: AppPassword.objects.filter(revoked_at__lt=now - _days("revoked_days"))),
    Rule("withdrawn consents", lambda now: Consent.objects.all().withdrawn_before(now - _months("consent_months"))),
    Rule("looks at owners' data", lambda now: OwnerView.objects.all().overdue(now)),
    Rule("advice never confirmed", lambda now: AdviceCase.objects.all().never_confirmed(now - advice.CONFIRM_WITHIN)),
    Rule("advice cases", lambda now: AdviceCase.objects.all().ended_before(now - _days("advice_days"))),
    Rule("registrations never confirmed", lambda now: Registration.objects.all().never_confirmed(now - seats.CONFIRM_WITHIN)),
    Rule("registrations", lambda now: Registration.objects.all().of_events_before(now - _days("event_days")), seats.forget),
    Rule("letters never confirmed", lambda now: NewsletterSubscription.objects.all().never_confirmed(now - digest.CONFIRM_WITHIN)),
    Rule("addresses of letters to several", lambda now: MailingRecipient.objects.all().forgettable(now)),
    Rule("inquiries", lambda now: Inquiry.objects.all().over(now), jobs.forget),
    Rule("reports never confirmed", lambda now: Report.objects.all().never_confirmed(now), forgetting.forget),
    Rule("who reported", lambda now: Report.objects.all().with_needless_address(now), forgetting.forget_who),
    Rule("connections of reports", lambda now: Report.objects.all().with_needless_connection(now), forgetting.forget_connection),
    Rule("attempts", lambda now: Attempt.objects.all().before(timezone.localdate(now))),
    Rule("what was before merges", lambda now: Merge.objects.all().too_old_to_undo(now), merge.forget),
    Rule("mails that nobody takes", lambda now: post.Mail.objects.filter(created_at__lt=now - post.KEPT_TRYING)),
    Rule("sessions", lambda now: _session_model().objects.filter(expire_date__lt=now)),
    Rule("closed vacancies", closed_vacancies, _anonymise),
)

BY_NAME = {rule.name: rule for rule in RULES}


def _session_model() -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore.get_model_class()


def due(now: datetime.datetime | None = None) -> dict[str, int]:
    """Return how many rows each rule would reach now."""
    return {rule.name: rule.due(now or timezone.now()).count() for rule in RULES}


def run(now: datetime.datetime | None = None) -> dict[str, int]:
    """Apply every rule; returns how many rows each reached. What one night leaves, the next one takes."""
    now = now or timezone.now()
    done = {rule.name: rule.apply(now) for rule in RULES}
    done["lines of the deletion log"] = shorten_log(now - _days("backup_days"))
    forget_sign_ins()
    return done


def line(counts: dict[str, int]) -> str:
    """Return the counts in one line, without what is nothing."""
    return ", ".join(f"{name}: {n}" for name, n in counts.items() if n) or "nothing"


@app.periodic(cron="23 2 * * *")
@app.task(name="retention", queueing_lock="retention", lock="people")
def retention(timestamp: int = 0) -> None:  # noqa: ARG001 - when it was due
    """Delete what has been kept long enough; where something of it is left, the job counts as failed."""
    now = timezone.now()
    log.warning("retention: %s", line(run(now)))
    if any((left := due(now)).values()):
        raise RuntimeError(f"retention left {line(left)}")

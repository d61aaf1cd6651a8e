"""What a moderator decides of a report, what it changes in the register, and how the last decision is taken back."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib.gis.geos import Point
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import CASCADE
from django.utils import timezone
from django.utils.translation import gettext as _

from geo.errors import NotAllowed
from layers.models import VacancyReach
from network import post
from network.reports.models import DECIDED, Kind, Report, State
from vacancies import choices as c
from vacancies.models import Photo, Vacancy

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# What people may propose to change of a vacancy.
CITIZENS_MAY = ("former_use", "occupancy", "condition", "vacant_since", "usable_m2")


class Conflict(Exception):
    """Somebody else has taken a step with the report meanwhile."""


@transaction.atomic
def decide(
    report: Report,
    outcome: State,
    by: User,
    *,
    version: int,
    reason: str = "",
    vacancy: Vacancy | None = None,
    fields: Iterable[str] = (),
    point: Point | None = None,
) -> Report:
    """Decide a report, bring the register up to date and tell the reporter; all or nothing.

    Parameters
    ----------
    version : int
        Of the report as the moderator saw it.
    vacancy : Vacancy, optional
        With `merged`: the one that the report means.
    fields : iterable of str, optional
        With `correction_applied` of wrong statements: which of the proposed ones to take over.
    point : Point, optional
        With `accepted`: where it stands, for a report that has an address alone.

    Raises
    ------
    Conflict
        When the report is no longer as the moderator saw it.
    NotAllowed
        For an outcome that the kind does not have, or where something needed for it is missing.
    ValidationError
        When the register refuses what was proposed.
    """
    own = Report.objects.select_for_update(of=("self",)).select_related("vacancy").get(pk=report.pk)
    if own.version != version:
        raise Conflict
    if outcome not in own.outcomes:
        raise NotAllowed(_("So lässt sich diese Meldung nicht entscheiden: „{word}“.").format(word=State(outcome).label))
    if own.state == State.EMAIL_CONFIRMED:
        own.go(State.IN_REVIEW, by)
    own.undo = _apply(own, outcome, vacancy, list(fields), point)
    own.go(outcome, by, reason)
    if own.email and outcome != State.SPAM:
        again = own.steps.filter(after__in=DECIDED).count() > 1
        post.write(own.email, "report_decided", {"report": own, "reason": reason, "again": again}, language=own.language)
    return own


def _apply(report: Report, outcome: State, other: Vacancy | None, fields: list[str], point: Point | None) -> dict[str, Any]:
    """Change the register as decided; returns what to do to take it back."""
    if outcome == State.ACCEPTED:
        return _publish_own(report) if report.kind == Kind.OWN else _make_draft(report, point)
    if outcome == State.MERGED:
        if other is None:
            raise NotAllowed(_("Bitte wählen Sie den Leerstand, der gemeint ist."))
        return _merge(report, other)
    if outcome == State.CORRECTION_APPLIED:
        if report.vacancy is None:
            raise NotAllowed(_("Den Leerstand dieser Meldung gibt es nicht mehr."))
        return {"changed": change(report.vacancy, _corrections(report, fields)), "vacancy": report.vacancy.key}
    return {}


def _corrections(report: Report, fields: list[str]) -> dict[str, Any]:
    if report.kind == Kind.STILL_VACANT:
        return {"verified_at": timezone.localdate().isoformat()}
    if report.kind == Kind.NOT_VACANT:
        return {"publication": c.Publication.ARCHIVED}
    chosen = {name: value for name, value in report.proposed.items() if name in fields}
    if report.proposed and not chosen:
        raise NotAllowed(_("Bitte wählen Sie mindestens eine Angabe, die übernommen werden soll."))
    return chosen


def _make_draft(report: Report, point: Point | None) -> dict[str, Any]:
    """Enter what was reported; as a draft that nobody outside sees."""
    place = report.point or point
    if place is None:
        raise NotAllowed(_("Bitte geben Sie an, wo das Gebäude steht: Die Adresse allein ist nicht im Verzeichnis."))
    since = datetime.date(report.vacant_since_year, 1, 1) if report.vacant_since_year else None
    vacancy = Vacancy(
        **{name: getattr(report, name) for name in ("town", "street", "house_no", "postcode", "former_use")},
        point=place,
        vacant_since=since,
        vacant_since_precision=c.DatePrecision.ESTIMATE,
        occupancy=c.Occupancy.VACANT,
        source=c.Source.CITIZEN,
        notes=_("Meldung {key}").format(key=report.key),  # what it says stays with it: reporters may have it deleted
    )
    vacancy.full_clean(exclude=["slug"])
    vacancy.save()
    report.vacancy = vacancy
    return {"made": vacancy.key, "photo": _keep_photo(report, vacancy), "as_it_was": vacancy.updated_at.isoformat()}


def _publish_own(report: Report) -> dict[str, Any]:
    """Publish the building that its owner entered, with what they consented to."""
    if report.vacancy is None:
        raise NotAllowed(_("Dieser Eintrag wurde inzwischen gelöscht."))
    return {"changed": change(report.vacancy, {"publication": c.Publication.PUBLISHED}), "vacancy": report.vacancy.key}


def _merge(report: Report, other: Vacancy) -> dict[str, Any]:
    from network.own_buildings.models import OwnBuilding

    before = report.vacancy
    found: dict[str, Any] = {"vacancy": other.key, "photo": _keep_photo(report, other)}
    if report.kind == Kind.OWN and before is not None and before.pk != other.pk:
        found |= {"before": before.key, "changed": {}, "archived": change(before, {"publication": c.Publication.ARCHIVED})}
        found["moved"] = OwnBuilding.objects.all().move(before, other)
    report.vacancy = other
    return found


def _keep_photo(report: Report, vacancy: Vacancy) -> int | None:
    """Give the vacancy the report's picture, not released."""
    if not report.photo:
        return None
    words = {"alt_text": _("Bild aus einer Meldung"), "creator": _("Bürger:in (Meldung)"), "licence": _("nicht freigegeben")}
    return Photo.objects.create(vacancy=vacancy, file=report.photo.name, is_public=False, **words).pk


def plain(value: Any) -> Any:
    """Return a field's value as JSON has it."""
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def change(vacancy: Vacancy, values: dict[str, Any]) -> dict[str, list[Any]]:
    """Write plain values into a vacancy, checked; returns field → [before, after]. Raises `ValidationError`."""
    changed: dict[str, list[Any]] = {}
    if not values:  # what was told in words is put right by hand
        return changed
    for name, value in values.items():
        before = plain(getattr(vacancy, name))
        setattr(vacancy, name, Vacancy._meta.get_field(name).to_python(value))
        changed[name] = [before, plain(getattr(vacancy, name))]
    vacancy.full_clean(exclude=["slug"])
    vacancy.save(update_fields=[*values, "updated_at"])
    return changed


@transaction.atomic
def take_back(report: Report, by: User, *, version: int, reason: str = "") -> Report:
    """Undo the decision of a report: the register is as before, the report waits again.

    Raises
    ------
    Conflict
        When the report is no longer as the moderator saw it.
    NotAllowed
        When there is no decision, or what it changed was changed again since.
    """
    own = Report.objects.select_for_update(of=("self",)).select_related("vacancy").get(pk=report.pk)
    if own.version != version:
        raise Conflict
    if not own.is_decided:
        raise NotAllowed(_("Diese Meldung ist nicht entschieden; zurückzunehmen gibt es nichts."))
    _revert(own)
    own.undo, own.owner_informed_on = {}, None
    own.go(State.IN_REVIEW, by, reason or _("Entscheidung zurückgenommen"))
    return own


def _revert(report: Report) -> None:
    from network.own_buildings.models import OwnBuilding

    done, vacancy = report.undo, report.vacancy
    if done.get("photo"):
        Photo.objects.filter(pk=done["photo"]).delete()
    if done.get("made") and vacancy is not None:
        edited = vacancy.publication != c.Publication.DRAFT or vacancy.updated_at.isoformat() != done["as_it_was"]
        if edited or _is_built_upon(vacancy):
            raise NotAllowed(_("Der Entwurf wurde inzwischen bearbeitet. Bitte archivieren Sie ihn im Register, wenn er nicht stimmt."))
        report.vacancy = None
        vacancy.delete()
    if done.get("before") and vacancy is not None:
        earlier = Vacancy.objects.get(key=done["before"])
        OwnBuilding.objects.all().move_back(done["moved"], vacancy, earlier, report.decided_at)
        _put_back(earlier, done["archived"])
        report.vacancy = earlier
    if done.get("changed") and vacancy is not None:
        _put_back(vacancy, done["changed"])


def _is_built_upon(vacancy: Vacancy) -> bool:
    """Whether anything that people added would be deleted with a vacancy: owners, pictures, inquiries, whatever comes to be."""
    links = [f for f in Vacancy._meta.get_fields(include_hidden=True) if f.auto_created and f.is_relation and not f.concrete]
    theirs = [f for f in links if f.on_delete is CASCADE and f.related_model is not VacancyReach]  # type: ignore[union-attr]
    return any(f.related_model._base_manager.filter(**{f.field.name: vacancy}).exists() for f in theirs)  # type: ignore[union-attr]


def _put_back(vacancy: Vacancy, changed: dict[str, list[Any]]) -> None:
    if any(plain(getattr(vacancy, name)) != after for name, (_before, after) in changed.items()):
        raise NotAllowed(_("Der Leerstand wurde inzwischen weiter geändert; bitte berichtigen Sie ihn im Register."))
    try:
        change(vacancy, {name: before for name, (before, _after) in changed.items()})
    except ValidationError as error:
        raise NotAllowed(" ".join(error.messages)) from error


@transaction.atomic
def note_owner_informed(report: Report, day: datetime.date) -> None:
    """Note when the owner was told that their building is in the register (Art. 14 GDPR)."""
    own = Report.objects.select_for_update(of=("self",)).get(pk=report.pk)
    if own.state != State.ACCEPTED:
        raise NotAllowed(_("Zu informieren ist erst, wenn die Meldung angenommen ist."))
    own.owner_informed_on = day
    own.save(update_fields=["owner_informed_on"])

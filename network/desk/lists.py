"""The lists of the desk, one declaration each: what is in it, who sees it, its columns, where a row is handled."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min, Q
from django.db.models.functions import Coalesce
from django.db.models.query import QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from geo.models import Town
from network.advice.models import AdviceCase
from network.contacts.models import ContactPoint
from network.gathering.models import Event
from network.ical import ZONE
from network.inquiries.models import Inquiry
from network.intake.keeping import YEAR
from network.knowhow.models import FundingProgramme
from network.members import Role
from network.organisations.models import Organisation
from network.reports.models import Report
from network.seeking.models import SpaceMatch, SpaceRequest
from vacancies.models import Vacancy

UNSEEN_DAYS, STALE_DAYS, DEADLINE_DAYS, ANSWER_DAYS = 30, 365, 60, 7


@dataclass(frozen=True)
class Column:
    """A column of a list: its heading, the words of a row, and for a number the page that lists exactly what it counts."""

    label: Any
    tell: Callable[[Any], Any]
    link: Callable[[Any], str] | None = None


@dataclass(frozen=True)
class DeskList:
    """A list of the desk.

    Parameters
    ----------
    key : str
        Its name in addresses.
    rows : callable of a moment
        The rows then, as a QuerySet.
    since : str
        The column that says since when a row waits; with `is_ahead`, when something comes.
    columns : sequence of Column
        The first is the row's heading.
    link : callable
        Where a row is handled; '' where there is no page for it.
    town : str
        The path to the row's municipality; '' for rows that are of no place.
    for_tenants : str
        The role that a member of a municipality, an Amt or a district needs to see the rows there; '' for the contact point alone.
    """

    key: str
    title: Any
    help: Any
    rows: Callable[[datetime.datetime], QuerySet[Any]]
    since: str
    columns: Sequence[Column]
    link: Callable[[Any], str]
    act: Any
    town: str = ""
    for_tenants: str = ""
    is_ahead: bool = False


def _day(moment: datetime.datetime) -> datetime.date:
    return moment.astimezone(ZONE).date()


def _ago(moment: datetime.datetime, days: int) -> datetime.date:
    return _day(moment) - datetime.timedelta(days=days)


def _when(moment: datetime.datetime) -> str:
    return date_format(moment.astimezone(ZONE), "SHORT_DATETIME_FORMAT")


def _closing(now: datetime.datetime) -> QuerySet[Any]:
    """Programmes whose next last day is near; that of a yearly one is reckoned, so its rows are found one by one."""
    day = _day(now)
    near = {p.pk: d for p in FundingProgramme.objects.all().open_on(day).with_deadline() if (d := p.deadline(day))}
    last = day + datetime.timedelta(days=DEADLINE_DAYS)
    return FundingProgramme.objects.all().due(day, {pk: d for pk, d in near.items() if d <= last})


def _stale_towns(now: datetime.datetime) -> QuerySet[Any]:
    """Municipalities with vacancies that nobody has confirmed for twelve months: `stale` of them, the oldest from `stale_since`."""
    stale = Q(vacancies__in=Vacancy.objects.all().unconfirmed_since(_day(now) - YEAR).values("pk"))
    seen = Coalesce("vacancies__verified_at", "vacancies__created_at__date")
    towns = Town.objects.current().filter(stale).defer("geom").select_related("district").defer("geom", "district__geom")
    return towns.annotate(stale=Count("vacancies", filter=stale), stale_since=Min(seen, filter=stale)).order_by("stale_since", "name")


def _without_contact(_now: datetime.datetime) -> QuerySet[Any]:
    """Municipalities with published vacancies that no contact in the directory is responsible for, but that of the whole state."""
    listed = ContactPoint.objects.all().listed()
    published = Q(vacancies__publication="published")
    covered = Q(pk__in=listed.exclude(towns=None).values("towns")) | Q(district__in=listed.exclude(district=None).values("district"))
    covered |= Q(admin_union__in=listed.exclude(admin_union="").values("admin_union"))
    towns = Town.objects.current().filter(published).exclude(covered).select_related("district").defer("geom", "district__geom")
    counted = {"objects_n": Count("vacancies", filter=published), "oldest": Min("vacancies__created_at", filter=published)}
    return towns.annotate(**counted).order_by("oldest", "name")


def _published_in(town: Town) -> str:
    """The page of the published vacancies of a town, public or not, as the administration lists them."""
    return f"{reverse('admin:vacancies_vacancy_changelist')}?{urlencode({'town__id__exact': town.pk, 'publication__exact': 'published'})}"


def _unconfirmed_in(town: Town) -> str:
    return f"{reverse('stale_list')}?{urlencode({'ort': town.slug})}"


def _percent(request: SpaceRequest) -> str:
    best: float | None = request.best_score  # type: ignore[attr-defined]
    return "" if best is None else f"{best:.0f}"


LISTS: tuple[DeskList, ...] = (
    DeskList(
        key="gesuche-ohne-treffer",
        title=_("Gesuche ohne passenden Raum"),
        help=_("Aktive Gesuche, zu denen kein Leerstand passt oder der beste unter 50 von 100 Punkten bleibt."),
        rows=lambda _now: SpaceRequest.objects.all().unmatched(),
        since="activated_at",
        columns=(
            Column(_("Gesuch"), lambda r: r.public_title),
            Column(_("Wünsche"), lambda r: r.sentence),
            Column(_("Wer sucht"), lambda r: r.get_seeker_type_display()),
            Column(_("beste Punktzahl"), _percent),
        ),
        link=lambda r: reverse("desk_request", args=[r.key]),
        act=_("Wünsche ansehen"),
    ),
    DeskList(
        key="ungesehene-treffer",
        title=_("Treffer, die niemand angesehen hat"),
        help=_("Vorschläge zu aktiven Gesuchen, die seit 30 Tagen nicht angesehen wurden."),
        rows=lambda now: SpaceMatch.objects.all().unseen_since(_ago(now, UNSEEN_DAYS)),
        since="first_seen",
        columns=(
            Column(_("Leerstand"), lambda m: m.vacancy),
            Column(_("Gemeinde"), lambda m: m.vacancy.town),
            Column(_("Gesuch"), lambda m: m.request.public_title),
            Column(_("Punkte"), lambda m: f"{m.score:.0f}"),
        ),
        link=lambda m: reverse("desk_request", args=[m.request.key]),
        act=_("Gesuch ansehen"),
        town="vacancy__town",
    ),
    DeskList(
        key="anfragen-ohne-antwort",
        title=_("Anfragen ohne Antwort"),
        help=_("Offene Anfragen, in denen die Suchenden seit mindestens sieben Tagen auf Antwort warten."),
        rows=lambda now: Inquiry.objects.all().unanswered_since(_ago(now, ANSWER_DAYS)),
        since="waiting_since",
        columns=(
            Column(_("Leerstand"), lambda i: i.vacancy),
            Column(_("Gemeinde"), lambda i: i.vacancy.town),
            Column(_("Stelle"), lambda i: i.contact_name),
            Column(_("Stand"), lambda i: i.get_state_display()),
        ),
        link=lambda i: i.get_absolute_url(),
        act=_("Anfrage öffnen"),
        town="vacancy__town",
        for_tenants=Role.MANAGER,
    ),
    DeskList(
        key="ohne-ansprechstelle",
        title=_("Gemeinden mit Leerständen ohne Ansprechstelle"),
        help=_("Veröffentlichte Leerstände, für die im Verzeichnis nur die Kontaktstelle zuständig ist, je Gemeinde."),
        rows=_without_contact,
        since="oldest",
        columns=(
            Column(_("Gemeinde"), lambda t: t),
            Column(_("Landkreis"), lambda t: t.district),
            Column(_("Leerstände"), lambda t: t.objects_n, _published_in),
        ),
        link=lambda t: f"{reverse('contact_add')}?{urlencode({'area': f'town:{t.ags8}'})}",
        act=_("Ansprechstelle eintragen"),
        town="pk",
        for_tenants=Role.MANAGER,
    ),
    DeskList(
        key="veraltete-kontakte",
        title=_("Veraltete Kontakte"),
        help=_("Kontakte, die jemand als veraltet gemeldet oder seit zwölf Monaten niemand bestätigt hat."),
        rows=lambda now: ContactPoint.objects.all().to_renew(_ago(now, STALE_DAYS)),
        since="since",
        columns=(
            Column(_("Stelle"), lambda k: k.name),
            Column(_("Gebiet"), lambda k: k.area),
            Column(_("gemeldet"), lambda k: k.reported_at.astimezone(ZONE).date() if k.reported_at else ""),
        ),
        link=lambda k: reverse("contact_change", args=[k.key]),
        act=_("Kontakt ändern"),
    ),
    DeskList(
        key="meldungen",
        title=_("Meldungen, die auf Prüfung warten"),
        help=_("Hinweise auf Leerstände, deren Adresse bestätigt ist und die noch niemand entschieden hat."),
        rows=lambda _now: Report.objects.all().waiting().with_rows(),
        since="received_at",
        columns=(
            Column(_("Meldung"), lambda r: r.get_kind_display()),
            Column(_("Gemeinde"), lambda r: r.town),
            Column(_("Stand"), lambda r: r.get_state_display()),
        ),
        link=lambda r: reverse("report_desk", args=[r.key]),
        act=_("Meldung prüfen"),
        town="town",
        for_tenants=Role.MANAGER,
    ),
    DeskList(
        key="veraltete-leerstaende",
        title=_("Gemeinden mit unbestätigten Leerständen"),
        help=_("Veröffentlichte Leerstände, die seit zwölf Monaten niemand bestätigt hat, je Gemeinde."),
        rows=_stale_towns,
        since="stale_since",
        columns=(
            Column(_("Gemeinde"), lambda t: t),
            Column(_("Landkreis"), lambda t: t.district),
            Column(_("unbestätigt"), lambda t: t.stale, _unconfirmed_in),
        ),
        link=_unconfirmed_in,
        act=_("Prüfliste öffnen"),
        town="pk",
        for_tenants=Role.MANAGER,
    ),
    DeskList(
        key="beratung-ohne-person",
        title=_("Beratungsfälle ohne Berater:in"),
        help=_("Bestätigte Anfragen, die noch niemand übernommen hat."),
        rows=lambda _now: AdviceCase.objects.all().unassigned().select_related("town").defer("town__geom"),
        since="confirmed_at",
        columns=(
            Column(_("Fall"), lambda c: c.question[:90]),
            Column(_("Themen"), lambda c: ", ".join(c.topic_labels)),
            Column(_("Gemeinde"), lambda c: c.town or ""),
            Column(pgettext_lazy("case", "fragt als"), lambda c: c.get_audience_display()),
        ),
        link=lambda c: c.get_absolute_url(),
        act=_("Fall öffnen"),
        town="town",
    ),
    DeskList(
        key="beratung-wartet",
        title=_("Beratungsfälle, die auf Antwort warten"),
        help=_("Fälle, in denen wir auf die Antwort der Ratsuchenden warten."),
        rows=lambda now: AdviceCase.objects.all().waiting_since(_day(now)).select_related("town", "adviser__person").defer("town__geom"),
        since="state_since",
        columns=(
            Column(_("Fall"), lambda c: c.question[:90]),
            Column(_("Themen"), lambda c: ", ".join(c.topic_labels)),
            Column(_("Gemeinde"), lambda c: c.town or ""),
            Column(_("berät"), lambda c: c.adviser.person if c.adviser and hasattr(c.adviser, "person") else c.organisation or ""),
        ),
        link=lambda c: c.get_absolute_url(),
        act=_("Fall öffnen"),
        town="town",
    ),
    DeskList(
        key="foerderfristen",
        title=_("Förderfristen in den nächsten 60 Tagen"),
        help=_("Programme, deren Antragsfrist bald endet; bei jährlichen Fristen die nächste."),
        rows=_closing,
        since="due_on",
        columns=(
            Column(_("Programm"), lambda p: p.name),
            Column(_("Geldgeber"), lambda p: p.funder),
            Column(_("geprüft am"), lambda p: date_format(p.checked_at, "SHORT_DATE_FORMAT")),
        ),
        link=lambda p: reverse("admin:network_fundingprogramme_change", args=[p.pk]),
        act=_("Programm bearbeiten"),
        is_ahead=True,
    ),
    DeskList(
        key="wartelisten",
        title=_("Termine mit Warteliste"),
        help=_("Kommende Termine, bei denen mehr Menschen dabei sein wollen, als Plätze da sind."),
        rows=lambda now: Event.objects.all().with_people_waiting(now).select_related("town").defer("town__geom"),
        since="next_waited",
        columns=(
            Column(_("Termin"), lambda e: e.title),
            Column(_("Beginn"), lambda e: _when(e.next_waited)),
            Column(_("Plätze"), lambda e: e.capacity or ""),
            Column(_("warten"), lambda e: e.waiting),
        ),
        link=lambda e: reverse("event_participants", args=[e.slug]),
        act=_("Anmeldungen ansehen"),
        town="town",
        is_ahead=True,
    ),
    DeskList(
        key="termine-entwurf",
        title=_("Termine, die noch nicht veröffentlicht sind"),
        help=_("Entwürfe, die jemand eingetragen hat und die auf Prüfung warten."),
        rows=lambda _now: Event.objects.all().drafts().select_related("town", "organiser").defer("town__geom"),
        since="created_at",
        columns=(
            Column(_("Termin"), lambda e: e.title),
            Column(_("Beginn"), lambda e: _when(e.starts_at)),
            Column(_("Gemeinde"), lambda e: e.town or ""),
            Column(_("veranstaltet von"), lambda e: e.organiser or ""),
        ),
        link=lambda e: e.get_absolute_url(),
        act=_("Entwurf öffnen"),
        town="town",
    ),
    DeskList(
        key="organisationen-pruefen",
        title=_("Organisationen, die zu prüfen sind"),
        help=_("Neu angelegte Organisationen, deren Angaben noch niemand geprüft hat."),
        rows=lambda _now: Organisation.objects.all().to_verify().select_related("municipality").defer("municipality__geom"),
        since="founded_at",
        columns=(
            Column(_("Organisation"), lambda o: o.name),
            Column(_("Art"), lambda o: o.get_kind_display()),
            Column(_("Sitz"), lambda o: o.municipality or ""),
            Column(_("Internetseite"), lambda o: o.url),
        ),
        link=lambda o: reverse("admin:network_organisation_change", args=[o.pk]),
        act=_("prüfen"),
        town="municipality",
    ),
)
BY_KEY = {one.key: one for one in LISTS}

"""Pages of events: parse, ask, render."""

from __future__ import annotations

import datetime
from functools import partial
from itertools import islice

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from geo.errors import NotAllowed
from network import ical
from network.finder import Finder
from network.gathering import seats
from network.gathering.calendars import entries_of
from network.gathering.filters import EventFilter
from network.gathering.forms import EventForm, RegistrationForm
from network.gathering.models import Event, EventQuerySet, enters_events
from network.signin.factor import second_factor_required
from network.trying import attempt

FORM = ["GET", "HEAD", "POST"]
PAST = 100  # events that the page of past ones shows


@require_safe
def events(request: HttpRequest) -> HttpResponse:
    finder, now = Finder(EventFilter, request.GET, also=("past",)), timezone.now()
    past = request.GET.get("past") == "1"
    shown = Event.objects.all().shown().matching(finder.wanted).select_related("town", "organiser")
    context = {
        "finder": finder,
        "past": past,
        "listed": gone(shown.over(now), now) if past else coming(shown.to_come(now), now),
        "may_enter": enters_events(request.user),
        "drafts": Event.objects.all().visible_to(request.user).drafts() if request.user.is_authenticated else (),
    }
    return render(request, "network/gathering/events.html", context)


Line = tuple[datetime.datetime, Event, int]


def gone(found: EventQuerySet, now: datetime.datetime) -> list[Line]:
    """Return the first events that have no more times to come, each with its first beginning."""
    return list(islice(((e.starts_at, e, 0) for e in found.iterator() if not e.coming(now)), PAST))


def coming(found: EventQuerySet, now: datetime.datetime) -> list[Line]:
    """Return each event that is not over with its next beginning and how many follow within a year, next first."""
    listed = [(times[0], event, len(times) - 1) for event in found if (times := event.coming(now))]
    return sorted(listed, key=lambda line: (line[0], line[1].pk))


@never_cache
@require_http_methods(FORM)
def event(request: HttpRequest, slug: str) -> HttpResponse:
    shown = get_object_or_404(Event.objects.all().visible_to(request.user).select_related("town", "organiser"), slug=slug)
    now = timezone.now()
    times = shown.open_for(now)
    form, status = RegistrationForm(request.POST or None, times=times) if times else None, 200
    if request.method == "POST":
        if form is None:
            raise NotAllowed(_("Zu diesem Termin kann man sich nicht anmelden."))
        asked, status = attempt(form, partial(seats.ask, shown, request))
        if asked:
            return redirect("registration_sent")
    every = Event.objects.all()
    context = {"event": shown, "times": shown.coming(now), "form": form, "mine": every.organised_by(request.user).contains(shown)}
    context |= {"edits": every.edited_by(request.user).contains(shown), "coordinates": request.user.has_perm("network.coordinate")}
    return render(request, "network/gathering/event.html", context, status=status)


@require_safe
def registration_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "network/gathering/sent.html")


@never_cache
@require_http_methods(FORM)
def registration_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Opened from the mail; only the button confirms, since programs that look into mails follow links."""
    found = seats.sealed(seats.CONFIRM, token, seats.CONFIRM_WITHIN)
    if request.method == "POST":
        found = seats.confirm(found.pk)
    return render(request, "network/gathering/confirm.html", {"registration": found, "begins": found.begins_at.astimezone(ical.ZONE)})


@never_cache
@require_http_methods(FORM)
def registration_cancel(request: HttpRequest, token: str) -> HttpResponse:
    found = seats.sealed(seats.CANCEL, token)
    if request.method == "POST":
        found = seats.cancel(found.pk)
    return render(request, "network/gathering/cancel.html", {"registration": found, "begins": found.begins_at.astimezone(ical.ZONE)})


@never_cache
@second_factor_required
@require_safe
def participants(request: HttpRequest, slug: str) -> HttpResponse:
    shown = get_object_or_404(Event.objects.all().organised_by(request.user), slug=slug)
    listed = shown.registrations.all().confirmed()
    return render(request, "network/gathering/participants.html", {"event": shown, "registrations": listed})


@never_cache
@login_required
@require_http_methods(FORM)
def enter(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Enter an event, or change one's own; after publishing only coordinators change it."""
    own = get_object_or_404(Event.objects.all().edited_by(request.user), slug=slug) if slug else None
    if own is None and not enters_events(request.user):
        raise NotAllowed(
            _("Termine tragen Menschen einer Organisation, einer Gemeinde, eines Amtes, eines Landkreises oder der Kontaktstelle ein.")
        )
    form = EventForm(request.user, request.POST or None, instance=own or Event(entered_by=request.user))
    if request.method == "POST" and form.is_valid():
        made = form.save(commit=False)
        told = seats.keep(made)
        later = _("Gespeichert. Sichtbar wird der Termin, sobald die Kontaktstelle ihn veröffentlicht.")
        messages.success(request, later if made.is_draft else _("Gespeichert. Benachrichtigt: {n}.").format(n=told))
        return redirect(made)
    return render(request, "network/gathering/enter.html", {"form": form, "event": own}, status=400 if form.errors else 200)


@login_required
@require_POST
def publish(request: HttpRequest, slug: str) -> HttpResponse:
    if not request.user.has_perm("network.coordinate"):
        raise NotAllowed(_("Termine veröffentlicht die Kontaktstelle."))
    shown = get_object_or_404(Event, slug=slug)
    shown.publish()
    return redirect(shown)


@login_required
@require_POST
def call_off(request: HttpRequest, slug: str) -> HttpResponse:
    shown = get_object_or_404(Event.objects.all().organised_by(request.user), slug=slug)
    told = seats.call_off(shown)
    messages.success(request, _("Der Termin ist abgesagt. Benachrichtigt: {n}.").format(n=told))
    return redirect(shown)


@require_safe
def event_calendar(request: HttpRequest, slug: str) -> HttpResponse:
    shown = get_object_or_404(Event.objects.all().shown().select_related("town"), slug=slug)
    return ical.answer(entries_of([shown]), shown.title, shown.slug)


@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """All events that are not over, to subscribe to; narrowed by the parameters of the page."""
    finder, now = Finder(EventFilter, request.GET), timezone.now()
    shown = Event.objects.all().shown().matching(finder.wanted).to_come(now).select_related("town")
    return ical.answer(entries_of(shown), _("Termine: Leerstand in Brandenburg"), "termine")

"""Pages of inquiries: one's own and those for one's office, the thread, and the page a contact opens by the link in a mail."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from geo.errors import InvalidParameter, NotAllowed
from network.inquiries import mails, thread
from network.inquiries.export import as_json
from network.inquiries.forms import ForwardForm, InquiryForm, MessageForm, StepForm
from network.inquiries.jobs import LISTED_DAYS
from network.inquiries.models import Inquiry, InquiryBlock
from network.inquiries.steps import Side, steps_of
from network.people.models import chosen_name
from network.seeking.states import MatchState
from network.trying import attempt
from vacancies.models import Vacancy
from vacancies.public import PublicVacancy


def side_of(request: HttpRequest, inquiry: Inquiry) -> str:
    """Return as whom a signed-in person speaks in a thread they see."""
    if inquiry.seeker_id == request.user.pk:
        return Side.SEEKER
    return Side.COORDINATOR if request.user.has_perm("network.coordinate") else Side.MEMBER


def of_inquiry(*, office: bool = False) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Return the decorator of a view `view(request, inquiry, side)` for those who see the thread; with `office` not for its seeker."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        @never_cache
        @login_required
        def guarded(request: HttpRequest, key: str) -> HttpResponse:
            found = get_object_or_404(Inquiry.objects.all().visible_to(request.user), key=key)
            side = side_of(request, found)
            if office and side == Side.SEEKER:
                raise NotAllowed(_("Diesen Schritt geht die Kommune oder die Kontaktstelle."))
            return view(request, found, side)

        return guarded

    return decorate


@never_cache
@login_required
@require_safe
def inquiries(request: HttpRequest) -> HttpResponse:
    """One's own inquiries, and those for one's municipality or the contact point."""
    everyone = Inquiry.objects.all()
    day = timezone.localdate() - datetime.timedelta(days=LISTED_DAYS)
    listed = everyone.unanswered_since(day) if request.user.has_perm("network.coordinate") else ()
    context = {"own": everyone.of(request.user), "kept": everyone.kept_by(request.user)[:200], "unanswered": listed}
    return render(request, "network/inquiries/inquiries.html", context | {"keeps": request.user.has_perm("network.moderate")})


@never_cache
@login_required
def new_inquiry(request: HttpRequest, slug: str) -> HttpResponse:
    """Write to who answers for a public vacancy."""
    shown = get_object_or_404(PublicVacancy, slug=slug)
    vacancy = Vacancy.objects.select_related("town__district").get(key=shown.key)
    if (known := Inquiry.objects.all().open_one(request.user, vacancy)) is not None:
        return redirect(known)
    thread.check_may_begin(request.user)
    form, status = InquiryForm(request.user, request.POST or None, initial={"request": request.GET.get("gesuch")}), 200
    if request.method == "POST":
        language = "en" if translation.get_language() == "en" else "de"
        begun, status = attempt(form, partial(thread.begin, request.user, vacancy, language=language))
        if begun:
            messages.success(request, _("Ihre Anfrage ist unterwegs. Antworten sehen Sie hier, und Sie bekommen eine E-Mail."))
            return redirect(begun[0])
    return render(request, "network/inquiries/new.html", {"form": form, "vacancy": shown}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@of_inquiry()
def inquiry(request: HttpRequest, found: Inquiry, side: str) -> HttpResponse:
    """The thread with what may be done next; a POST writes."""
    form, status = MessageForm(request.POST or None), 200
    if request.method == "POST":
        written, status = attempt(form, partial(thread.write, found, side, author=request.user, by=chosen_name(request.user)))
        if written:
            messages.success(request, _("Ihre Nachricht ist unterwegs."))
            return redirect(found)
    context = _thread(found, side) | {"form": form, "forward": ForwardForm()}
    context |= {"is_seeker": side == Side.SEEKER, "coordinates": side == Side.COORDINATOR}
    return render(request, "network/inquiries/inquiry.html", context, status=status)


def _thread(found: Inquiry, side: str) -> dict[str, Any]:
    """What the thread shows to a side."""
    rows, shown = found.messages.all().shown_to(side), PublicVacancy.objects.in_bulk([found.vacancy_id]).get(found.vacancy_id)
    prolongs = found.state == MatchState.RESERVED and side != Side.SEEKER
    steps = [*([(MatchState.RESERVED, _("Anhandgabe verlängern"))] if prolongs else []), *steps_of(side, found.state)]
    return {"inquiry": found, "side": side, "rows": rows, "steps": steps, "step_form": StepForm(), "vacancy": shown}


@require_POST
@of_inquiry()
def move_inquiry(request: HttpRequest, found: Inquiry, side: str) -> HttpResponse:
    """Give it the next state."""
    done = _step(request, found, side, author=request.user, by=chosen_name(request.user))
    messages.success(request, _("Neuer Stand: {state}.").format(state=done.get_state_display()))
    return redirect(found)


def _step(request: HttpRequest, found: Inquiry, side: str, **who: Any) -> Inquiry:
    """Take the step that a form names; raises for one that is not to be read or not open to the side."""
    form, to = StepForm(request.POST), request.POST.get("to", "")
    if to not in MatchState.values:
        raise InvalidParameter("to", to[:30], ", ".join(MatchState.values))
    if not form.is_valid():
        name = next(iter(form.errors))
        raise InvalidParameter(name, request.POST.get(name, "")[:30], " ".join(form.errors[name]))
    return thread.step(found, side, to, **who, **form.cleaned_data)


@require_POST
@of_inquiry(office=True)
def forward_inquiry(request: HttpRequest, found: Inquiry, side: str) -> HttpResponse:
    """Hand it to another contact."""
    form = ForwardForm(request.POST)
    if not form.is_valid():
        name = next(iter(form.errors))
        raise InvalidParameter(name, request.POST.get(name, "")[:30], " ".join(form.errors[name]))
    thread.forward(found, form.cleaned_data["contact"], form.cleaned_data["text"], side, request.user, chosen_name(request.user))
    messages.success(request, _("Die Anfrage ist weitergegeben."))
    return redirect(found)


@require_POST
@of_inquiry(office=True)
def take_inquiry(request: HttpRequest, found: Inquiry, side: str) -> HttpResponse:
    """Say that oneself sees to it."""
    thread.take_over(found, request.user)
    messages.success(request, _("Sie kümmern sich um diese Anfrage."))
    return redirect(found)


@require_POST
@of_inquiry()
def delete_inquiry(request: HttpRequest, found: Inquiry, side: str) -> HttpResponse:
    """Delete what one wrote; for the seeker."""
    if side != Side.SEEKER:
        raise NotAllowed(_("Löschen kann die Anfrage nur, wer sie gestellt hat."))
    thread.anonymise(found)
    messages.success(request, _("Ihre Nachrichten sind gelöscht, die Anfrage ist beendet."))
    return redirect("inquiries")


@require_POST
@of_inquiry(office=True)
def block_seeker(request: HttpRequest, found: Inquiry, side: str) -> HttpResponse:
    """Take no more inquiries from this person, or take them again; for coordinators."""
    if side != Side.COORDINATOR:
        raise NotAllowed(_("Sperren kann nur die Kontaktstelle."))
    if found.seeker is not None and "back" in request.POST:
        InquiryBlock.objects.all().lift(found.seeker)
        messages.success(request, _("Die Person kann wieder anfragen."))
    elif found.seeker is not None:
        InquiryBlock.objects.all().set(found.seeker, by=request.user)
        messages.success(request, _("Von dieser Person nehmen wir keine Anfragen mehr an."))
    return redirect(found)


@require_safe
@of_inquiry()
def export_inquiry(request: HttpRequest, found: Inquiry, side: str) -> HttpResponse:
    """The whole thread as JSON."""
    name = {"Content-Disposition": f'attachment; filename="anfrage-{found.key}.json"'}
    return JsonResponse(as_json(found, side), headers=name, json_dumps_params={"ensure_ascii": False, "indent": 2})


@require_safe
@of_inquiry()
def print_inquiry(request: HttpRequest, found: Inquiry, side: str) -> HttpResponse:
    """The whole thread as a page to print."""
    return render(request, "network/inquiries/print.html", _thread(found, side))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def answer_inquiry(request: HttpRequest, token: str) -> HttpResponse:
    """The contact's page: read, answer, take a step, without an account."""
    found, form, done, status = mails.opened(token), MessageForm(), "", 200
    if request.method == "POST" and "to" in request.POST:
        found = _step(request, found, Side.CONTACT, by=found.contact_name)
        done = _("Neuer Stand: {state}.").format(state=found.get_state_display())
    elif request.method == "POST":
        form = MessageForm(request.POST)
        written, status = attempt(form, partial(thread.write, found, Side.CONTACT, by=found.contact_name))
        if written:
            done, form = _("Ihre Antwort ist unterwegs."), MessageForm()
    context = _thread(Inquiry.objects.all().called(found.key) or found, Side.CONTACT) | {"form": form, "done": done}
    return render(request, "network/inquiries/answer.html", context, status=status)

"""Pages of advice: parse, ask, render."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from geo.errors import InvalidParameter
from network.advice import desk
from network.advice.forms import HandOverForm, IntakeForm, MessageForm, StateForm
from network.advice.models import AdviceCase, CaseEntry, State

FORM = ["GET", "HEAD", "POST"]


@never_cache
@require_http_methods(FORM)
def intake(request: HttpRequest) -> HttpResponse:
    signed_in = request.user.is_authenticated and bool(request.user.email)
    form = IntakeForm(request.POST or None, signed_in=signed_in, initial={"topics": request.GET.getlist("topic")})
    if request.method == "POST" and form.is_valid():
        case = desk.take_in(form.cleaned_data, request.user)
        return redirect(case if signed_in else "advice_sent")
    status = 400 if form.errors else 200
    return render(request, "network/advice/intake.html", {"form": form, "signed_in": signed_in}, status=status)


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    return render(request, "network/advice/sent.html")


@never_cache
@require_http_methods(FORM)
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Opened from the mail; programs that look into mails follow links, so only the button confirms."""
    case = desk.sealed_case(desk.CONFIRM, token, desk.CONFIRM_WITHIN)
    if request.method == "POST":
        desk.confirm(case)
        return redirect(desk.client_link(case))
    return render(request, "network/advice/confirm.html", {"case": case})


@never_cache
@require_http_methods(FORM)
def mine(request: HttpRequest, token: str) -> HttpResponse:
    """The client's page, by the link in the mails."""
    case = desk.sealed_case(desk.READ, token, desk.READ_WITHIN)
    form = MessageForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        desk.answer(case, form.cleaned_data["text"])
        messages.success(request, _("Ihre Antwort ist angekommen."))
        return redirect(request.path)
    context = {"case": case, "entries": case.entries.all().for_client(), "form": form}
    return render(request, "network/advice/mine.html", context, status=400 if form.errors else 200)


@never_cache
@login_required
@require_safe
def cases(request: HttpRequest) -> HttpResponse:
    seen = AdviceCase.objects.all().visible_to(request.user).select_related("town", "adviser", "organisation")
    context = {"open_cases": seen.open(), "done": seen.exclude(pk__in=seen.open())[:50], "coordinates": request.user.has_perm("network.coordinate")}
    return render(request, "network/advice/cases.html", context)


@never_cache
@login_required
@require_safe
def case(request: HttpRequest, key: str) -> HttpResponse:
    shown = get_object_or_404(AdviceCase.objects.all().visible_to(request.user), key=key)
    if not AdviceCase.objects.all().handled_by(request.user).contains(shown):
        return redirect(desk.client_link(shown))
    entries = shown.entries.select_related("author")
    context = {"case": shown, "entries": entries, "form": MessageForm(), "hand": HandOverForm()}
    return render(request, "network/advice/case.html", context)


def _handled(request: HttpRequest, key: str) -> AdviceCase:
    found: AdviceCase = get_object_or_404(AdviceCase.objects.all().handled_by(request.user), key=key)
    return found


@login_required
@require_POST
def move(request: HttpRequest, key: str) -> HttpResponse:
    shown, form = _handled(request, key), StateForm(request.POST)
    if not form.is_valid():
        raise InvalidParameter("state", request.POST.get("state", "")[:20], ", ".join(State.values))
    shown.move(form.cleaned_data["state"], request.user)
    return redirect(shown)


@login_required
@require_POST
def write(request: HttpRequest, key: str) -> HttpResponse:
    """A note for colleagues, or a message to the client by mail."""
    shown, form = _handled(request, key), MessageForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Bitte schreiben Sie etwas, höchstens 5.000 Zeichen."))
    elif request.POST.get("kind") == CaseEntry.Kind.TO_CLIENT:
        desk.write_to_client(shown, form.cleaned_data["text"], request.user)
        messages.success(request, _("Die Nachricht ist unterwegs."))
    else:
        shown.note(CaseEntry.Kind.NOTE, form.cleaned_data["text"], request.user)
    return redirect(shown)


@login_required
@require_POST
def hand_over(request: HttpRequest, key: str) -> HttpResponse:
    shown, form = _handled(request, key), HandOverForm(request.POST)
    if form.is_valid():
        desk.hand_over(shown, form.cleaned_data, request.user)
        messages.success(request, _("Der Fall ist übergeben."))
    else:
        messages.error(request, _("Bitte wählen Sie eine Person oder Organisation aus der Liste."))
    return redirect(shown if AdviceCase.objects.all().handled_by(request.user).contains(shown) else "advice_cases")

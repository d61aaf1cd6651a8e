"""Pages of advice: parse, ask, render."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from geo.errors import InvalidParameter
from network.advice import desk
from network.advice.forms import HandOverForm, IntakeForm, MessageForm, StateForm
from network.advice.models import AdviceCase, CaseEntry
from network.signin.factor import second_factor_required
from network.trying import attempt

FORM = ["GET", "HEAD", "POST"]


@never_cache
@require_http_methods(FORM)
def intake(request: HttpRequest) -> HttpResponse:
    account = request.user if request.user.is_authenticated and request.user.email else None
    form, status = IntakeForm(request.POST or None, account=account, initial={"topics": request.GET.getlist("topic")}), 200
    if request.method == "POST":
        case, status = attempt(form, partial(desk.take_in, request))
        if case:
            return redirect(case if account else "advice_sent")
    return render(request, "network/advice/intake.html", {"form": form, "signed_in": bool(account)}, status=status)


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
    form, status = MessageForm(request.POST or None), 200
    if request.method == "POST":
        answered, status = attempt(form, partial(desk.answer, case))
        if answered:
            messages.success(request, _("Ihre Antwort ist angekommen."))
            return redirect(request.path)
    context = {"case": case, "entries": case.entries.all().for_client(), "form": form}
    return render(request, "network/advice/mine.html", context, status=status)


@never_cache
@login_required
@require_safe
def cases(request: HttpRequest) -> HttpResponse:
    """One's own questions; who works on those of others needs a second factor to see them."""
    every = AdviceCase.objects.all()
    return (second_factor_required(_cases) if every.handled_by(request.user).exists() else _cases)(request)


def _cases(request: HttpRequest) -> HttpResponse:
    seen = AdviceCase.objects.all().visible_to(request.user).select_related("town", "adviser__person", "organisation")
    context = {"open_cases": seen.open(), "done": seen.exclude(pk__in=seen.open())[:50]}
    return render(request, "network/advice/cases.html", context | {"coordinates": request.user.has_perm("network.coordinate")})


@never_cache
@login_required
@require_safe
def case(request: HttpRequest, key: str) -> HttpResponse:
    shown = get_object_or_404(AdviceCase.objects.all().visible_to(request.user), key=key)
    if not AdviceCase.objects.all().handled_by(request.user).contains(shown):
        return redirect(desk.client_link(shown))
    return work(request, key)


def of_case(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return the view of a case for who works on it, with a second factor: it says who asks."""

    @wraps(view)
    @second_factor_required
    def guarded(request: HttpRequest, key: str) -> HttpResponse:
        return view(request, get_object_or_404(AdviceCase.objects.all().handled_by(request.user), key=key))

    return guarded


def _page(request: HttpRequest, shown: AdviceCase, status: int = 200, **forms: Form) -> HttpResponse:
    entries = shown.entries.select_related("author__person")
    context = {"case": shown, "entries": entries, "form": MessageForm(), "hand": HandOverForm(request.user)}
    return render(request, "network/advice/case.html", context | forms, status=status)


@of_case
def work(request: HttpRequest, shown: AdviceCase) -> HttpResponse:
    """The case with what may be done."""
    return _page(request, shown)


@of_case
@require_POST
def move(request: HttpRequest, shown: AdviceCase) -> HttpResponse:
    form = StateForm(request.POST)
    if not form.is_valid():
        raise InvalidParameter("state", request.POST.get("state", "")[:20], ", ".join(v for v, _label in form.fields["state"].choices))  # type: ignore[attr-defined]
    shown.move(form.cleaned_data["state"], request.user)
    return redirect(shown)


@of_case
@require_POST
def write(request: HttpRequest, shown: AdviceCase) -> HttpResponse:
    """A note for colleagues, or a message to the client by mail."""
    form, goes_out = MessageForm(request.POST), request.POST.get("kind") == CaseEntry.Kind.TO_CLIENT
    act = partial(desk.write_to_client, shown) if goes_out else partial(shown.note, CaseEntry.Kind.NOTE)
    written, status = attempt(form, partial(act, by=request.user))
    if written is None:
        return _page(request, shown, status, form=form)
    if goes_out:
        messages.success(request, _("Die Nachricht ist unterwegs."))
    return redirect(shown)


@of_case
@require_POST
def hand_over(request: HttpRequest, shown: AdviceCase) -> HttpResponse:
    form = HandOverForm(request.user, request.POST)
    handed, status = attempt(form, partial(desk.hand_over, shown, request.user))
    if handed is None:
        return _page(request, shown, status, hand=form)
    messages.success(request, _("Der Fall ist übergeben."))
    return redirect(shown if AdviceCase.objects.all().handled_by(request.user).contains(shown) else "advice_cases")

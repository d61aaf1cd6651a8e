"""Pages of letters to several: parse, ask, render."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from network import post
from network.desk.views import coordinator_required
from network.mailing import recipients, sending
from network.mailing.forms import MailingForm
from network.mailing.models import Mailing, MailingState
from network.signin.factor import second_factor_required

FORM, SHOWN = ["GET", "HEAD", "POST"], 50


@never_cache
@second_factor_required
@coordinator_required
@require_safe
def mailings(request: HttpRequest) -> HttpResponse:
    """Who wrote when to how many."""
    return render(request, "network/mailing/mailings.html", {"mailings": Mailing.objects.all().newest(SHOWN)})


@never_cache
@second_factor_required
@coordinator_required
@require_http_methods(FORM)
def write(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """A new letter, or a draft once more."""
    draft = get_object_or_404(Mailing, pk=pk, state=MailingState.DRAFT) if pk else Mailing(author=request.user)
    form = MailingForm(request.POST or None, instance=draft, initial={"audience": request.GET.get("an", "")})
    if request.method == "POST" and form.is_valid():
        return redirect("mailing", form.save().pk)
    return render(request, "network/mailing/write.html", {"form": form}, status=400 if form.errors else 200)


@never_cache
@second_factor_required
@coordinator_required
@require_safe
def mailing(request: HttpRequest, pk: int) -> HttpResponse:
    """The letter as it will arrive, and who would get it; nothing is sent from looking."""
    found = get_object_or_404(Mailing.objects.select_related("author__person", "district"), pk=pk)
    is_draft = found.state == MailingState.DRAFT
    context = {"mailing": found, "mail": sending.as_mail(found), "chosen": recipients.choose(found) if is_draft else None}
    return render(request, "network/mailing/mailing.html", context)


@second_factor_required
@coordinator_required
@require_POST
def test(request: HttpRequest, pk: int) -> HttpResponse:
    sending.test(get_object_or_404(Mailing, pk=pk), request.user)
    messages.success(request, _("Die Probe ist unterwegs an {address}.").format(address=request.user.email))
    return redirect("mailing", pk)


@second_factor_required
@coordinator_required
@require_POST
def send(request: HttpRequest, pk: int) -> HttpResponse:
    found, seen = get_object_or_404(Mailing, pk=pk), request.POST.get("seen", "")
    if found.state == MailingState.DRAFT and seen != recipients.choose(found).digest:
        messages.warning(request, sending.CHANGED)
        return redirect("mailing", pk)
    sent = sending.send(found, seen, request.user)
    messages.success(request, _("Das Schreiben geht an {n} Personen.").format(n=sent.n_recipients))
    return redirect("mailing", pk)


@csrf_exempt  # a mail program posts here by itself (RFC 8058); the sealed link is the proof
@never_cache
@require_http_methods(FORM)
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """No more letters; opened from the mail, so only the button or the mail program says so."""
    if request.method == "POST":
        sending.stop(token)
    else:
        post.unseal(sending.STOP, token)
    return render(request, "network/mailing/stop.html", {"done": request.method == "POST"})

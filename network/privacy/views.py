"""Pages by which people see, take with them and delete what is held of them; with an account, or by a link in a mail."""

from __future__ import annotations

import datetime

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from network import limits, post
from network.privacy import consents
from network.privacy.deletion import delete, preview
from network.privacy.export import export
from network.privacy.forms import AddressForm, LeaveForm, SureForm
from network.privacy.given import given_by
from network.privacy.leaving import leave
from network.privacy.models import Consent
from network.privacy.subjects import Subject, is_of_an_account
from vacancies.prose import as_html

LINK_LASTS = datetime.timedelta(hours=24)


@login_required
@require_safe
def consent_list(request: HttpRequest) -> HttpResponse:
    """What a person agreed to, and how to take it back."""
    return render(request, "network/privacy/consents.html", {"rows": given_by(request.user)})


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Consent.objects.all().of(request.user), pk=pk)
    consents.withdraw(request.user, found.text, found.about)
    messages.success(request, _("Die Einwilligung ist widerrufen. Was darauf beruhte, ist beendet."))
    return redirect("consents")


@require_safe
def consent_text(request: HttpRequest, name: str, version: int) -> HttpResponse:
    """The wording of a consent."""
    words = consents.ask(name, version)
    body = as_html(words.body)
    return render(request, "network/privacy/consent.html", {"words": words, "body": body})


@login_required
@require_safe
def data(request: HttpRequest) -> HttpResponse:
    """What is held of a person, in figures; from here they take it with them or delete it."""
    return render(request, "network/privacy/data.html", {"steps": preview(Subject.of(request.user))})


@login_required
@reauthentication_required
@require_safe
def download(request: HttpRequest) -> StreamingHttpResponse:
    """All of it as a file."""
    return _file(Subject.of(request.user))


@never_cache
@login_required
@reauthentication_required
@require_http_methods(["GET", "HEAD", "POST"])
def leave_for_good(request: HttpRequest) -> HttpResponse:
    """Delete one's account: shows what goes and what stays, then does it."""
    form = LeaveForm(request.user, _typed(request))
    if request.method == "POST" and form.is_valid():
        leave(request.user, form.heirs())
        logout(request)
        return redirect("data_deleted")
    shown = {"form": form, "steps": preview(Subject.of(request.user))}
    return render(request, "network/privacy/delete.html", shown, status=400 if form.errors else 200)


@require_safe
def deleted(request: HttpRequest) -> HttpResponse:
    return render(request, "network/privacy/done.html", {"what": "deleted"})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def request_data(request: HttpRequest) -> HttpResponse:
    """Ask for what belongs to an address; the answer is the same whether there is anything or not."""
    form = AddressForm(_typed(request))
    if request.method == "POST" and form.is_valid():
        address = form.cleaned_data["address"].lower()
        limits.note("data", limits.MAILS_A_DAY, request, address=address)
        link = post.base_url() + reverse("data_of_address", args=[post.seal("data", address)])
        post.write(address, "data_link", {"link": link}, language=get_language() or "de")
        return redirect("data_sent")
    return render(request, "network/privacy/request.html", {"form": form}, status=400 if form.errors else 200)


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    return render(request, "network/privacy/done.html", {"what": "sent"})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def of_address(request: HttpRequest, token: str) -> HttpResponse:
    """What belongs to the address that got the link: shown, and deleted at a POST that is sure."""
    [address] = post.unseal("data", token, LINK_LASTS)
    who, form = Subject.by(address), SureForm(_typed(request))
    if request.method == "POST" and form.is_valid():
        delete(who)
        return redirect("data_deleted")
    shown = {"form": form, "steps": preview(who), "address": address, "token": token, "account": is_of_an_account(address)}
    return render(request, "network/privacy/address.html", shown, status=400 if form.errors else 200)


@never_cache
@require_safe
def download_of_address(request: HttpRequest, token: str) -> StreamingHttpResponse:
    """The same as a file."""
    [address] = post.unseal("data", token, LINK_LASTS)
    return _file(Subject.by(address))


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Whom to tell of a weakness (RFC 9116); nothing where nobody is named."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    until = (timezone.now() + datetime.timedelta(days=180)).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {until.astimezone(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: de, en",
    ]
    if settings.PUBLIC_URL:
        lines.append(f"Canonical: {settings.PUBLIC_URL}{request.path}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def _typed(request: HttpRequest) -> QueryDict | None:
    """What was sent, though it be nothing."""
    return request.POST if request.method == "POST" else None


def _file(who: Subject) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(export(who), content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="raumwohlstand-{timezone.localdate()}.json"'
    answer["Cache-Control"] = "private, no-store"
    return answer

"""Pages that order, confirm, renew and end mails about a search; none needs an account."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from network import limits
from network.alerts import sending
from network.alerts.forms import AlertForm
from network.alerts.models import Kind, Subscription
from network.trying import attempt
from vacancies.filters import VacancyFilter
from vacancies.listing import PAGE_PARAMETERS


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: HttpRequest) -> HttpResponse:
    """Order mails about the search in the address."""
    wanted = VacancyFilter.parse(request.GET, ignore=PAGE_PARAMETERS)
    query = wanted.to_keep()
    sending.check_size(query)

    def ordered(address: str, frequency: str) -> Subscription:
        limits.note("alert", limits.MAILS_A_DAY, request, address=address)
        return sending.begin(Kind.SEARCH, address, query, frequency, "en" if get_language() == "en" else "de")

    form, status = AlertForm(request.POST or None), 200
    if request.method == "POST":
        done, status = attempt(form, ordered)
        if done:
            return redirect("alert_sent")
    return render(request, "network/alerts/order.html", {"form": form, "wanted": wanted, "query": query}, status=status)


@never_cache
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    return render(request, "network/alerts/done.html", {"what": "sent"})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the mail of confirmation: one button, so that a program that opens links confirms nothing."""
    if request.method == "POST":
        found = sending.confirm(token)
        stop = sending.link("alert_stop", found)
        return render(request, "network/alerts/done.html", {"what": "confirmed", "title": sending.title_of(found), "stop": stop})
    found = sending.opened("alert_confirm", token)
    return _button(request, "confirm", found)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """End mails and delete the address; programs of mail send the POST by themselves (RFC 8058). A second time changes nothing."""
    found = sending.opened("alert_stop", token)
    if request.method == "POST" or found is None:
        if found is not None and request.method == "POST":
            sending.end(found)
        return render(request, "network/alerts/done.html", {"what": "stopped"})
    return _button(request, "stop", found)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def renew(request: HttpRequest, token: str) -> HttpResponse:
    """Go on for twelve months."""
    found = sending.opened("alert_renew", token)
    if request.method == "POST" and found is not None:
        found.renew()
        return render(request, "network/alerts/done.html", {"what": "renewed", "title": sending.title_of(found), "until": found.expires_on})
    return _button(request, "renew", found)


def _button(request: HttpRequest, what: str, found: Subscription | None) -> HttpResponse:
    """The page whose one button does it."""
    title = sending.title_of(found) if found else ""
    return render(request, "network/alerts/button.html", {"what": what, "title": title, "gone": found is None})

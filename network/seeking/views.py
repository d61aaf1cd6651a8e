"""Pages of requests for space: what the public sees, what their owners do, what fits."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from geo.errors import InvalidParameter, InvalidParameters, NotAllowed
from network.matching import band
from network.seeking import mails, matches, needs, publicity
from network.seeking.editing import count_words, own, remedies
from network.seeking.forms import DeclineForm, OrganisationForm
from network.seeking.models import Shown, SpaceMatch, SpaceRequest
from network.seeking.states import MatchState, RequestState
from vacancies.mapdata import shape_of
from vacancies.public import PublicVacancy

PAGE = 20
VERBS = {
    RequestState.ACTIVE: gettext_lazy("Aktiv schalten"),
    RequestState.PAUSED: gettext_lazy("Pausieren"),
    RequestState.FULFILLED: gettext_lazy("Erfüllt: Raum gefunden"),
    RequestState.WITHDRAWN: gettext_lazy("Zurückziehen"),
}


@require_safe
def requests_page(request: HttpRequest) -> HttpResponse:
    """What is looked for, as far as those who look want it seen."""
    page = Paginator(SpaceRequest.objects.all().public(), PAGE).get_page(request.GET.get("seite"))
    return render(request, "network/seeking/list.html", {"rows": page, "page": "requests"})


@never_cache
@login_required
@require_safe
def own_requests(request: HttpRequest) -> HttpResponse:
    return render(request, "network/seeking/own.html", {"rows": SpaceRequest.objects.all().of(request.user)})


@require_safe
def request_page(request: HttpRequest, key: str) -> HttpResponse:
    """One request: all of it for its owner, for others what may be seen."""
    found = SpaceRequest.objects.all().visible_to(request.user).called(key)
    if found is None:
        raise Http404
    is_own = found.owner_id == request.user.pk
    context: dict[str, Any] = {
        "found": found,
        "lines": needs.lines(found.needs),
        "is_own": is_own,
        "moves": _moves(found) if is_own else (),
    }
    context["organisation"] = OrganisationForm(instance=found) if is_own else None
    context |= {"whole": is_own or found.is_named, "map": _on_map(found) if is_own else ""}
    response = render(request, "network/seeking/request.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


def _on_map(found: SpaceRequest) -> str:
    """Return the query string that shows it on the map, '' where the map no longer knows a word of it."""
    try:
        return needs.to_filter(found.needs, found.query).query_string()
    except InvalidParameters:
        return ""


def _moves(found: SpaceRequest) -> list[tuple[str, str]]:
    return [(state, str(VERBS[state])) for state in found.moves]


@login_required
@require_POST
def move(request: HttpRequest, key: str) -> HttpResponse:
    """Give a request another state."""
    found = own(request, key)
    found.move(_wanted_state(request.POST.get("to", "")))
    if found.state == RequestState.ACTIVE:
        matches.renew([found])
    messages.success(request, _("Das Gesuch ist jetzt: {state}.").format(state=found.get_state_display()))
    return redirect(found)


def _wanted_state(text: str) -> str:
    if text not in RequestState.values:
        raise InvalidParameter("to", text[:30], ", ".join(RequestState.values))
    return text


@login_required
@require_POST
def renew(request: HttpRequest, key: str) -> HttpResponse:
    found = own(request, key)
    found.renew()
    messages.success(request, _("Verlängert um sechs Monate."))
    return redirect(found)


@login_required
@require_POST
def for_organisation(request: HttpRequest, key: str) -> HttpResponse:
    """Say for which of one's organisations one looks; an organisation of others is refused."""
    form = OrganisationForm(request.POST, instance=own(request, key))
    if not form.is_valid():
        raise InvalidParameter(
            "organisation", request.POST.get("organisation", "")[:40], _("eine Organisation, zu der Sie gehören, oder keine")
        )
    form.save()
    messages.success(request, _("Gespeichert."))
    return redirect(form.instance)


@login_required
@require_POST
def delete(request: HttpRequest, key: str) -> HttpResponse:
    """Delete a request with all its matches; nothing of it is kept."""
    publicity.forget([own(request, key)])
    messages.success(request, _("Das Gesuch ist gelöscht."))
    return redirect("own_requests")


@never_cache
@login_required
@require_safe
def matches_page(request: HttpRequest, key: str) -> HttpResponse:
    """The vacancies that fit, best first, with what speaks for and against each."""
    found = own(request, key)
    rows = _shown(found.matches.all().to_show())
    hits = matches.count(found.needs, found.query)
    context = {"found": found, "rows": rows, "aside": _shown(found.matches.all().put_aside()), "decline": DeclineForm()}
    context |= {"count": count_words(hits), "remedies": remedies(hits), "spots": _spots(rows)}
    response = render(request, "network/seeking/matches.html", context)
    found.matches.all().current().see()
    return response


def _shown(rows: Any) -> list[dict[str, Any]]:
    """Return matches with their vacancy as the public sees it; what is hidden since is left out."""
    listed = list(rows)
    public = PublicVacancy.objects.in_bulk([m.vacancy_id for m in listed])
    return [_told(m, public[m.vacancy_id], place) for place, m in enumerate(listed, 1) if m.vacancy_id in public]


def _told(match: SpaceMatch, vacancy: PublicVacancy, place: int) -> dict[str, Any]:
    wanted = match.request.needs
    named = {side: [needs.BY_NAME[n] for n in match.verdicts[side] if n in wanted] for side in matches.SIDES}
    sides = [(side, [(n, n.say(wanted[n.name]["value"]), n.tell(vacancy)) for n in found]) for side, found in named.items()]
    why = matches.explain(match.score, match.verdicts)
    return {"match": match, "vacancy": vacancy, "place": place, "sides": sides, "why": why, "band": band(match.reliability)}


def _spots(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return where the matches lie, as GeoJSON for the small map."""
    features = [
        {
            "type": "Feature",
            "geometry": shape_of(r["vacancy"].point),
            "properties": {"name": f"{n}. {r['vacancy'].name}", "key": r["vacancy"].key},
        }
        for n, r in enumerate(rows, 1)
    ]
    return {"type": "FeatureCollection", "features": features}


@login_required
@require_POST
def decline(request: HttpRequest, key: str, vacancy: str) -> HttpResponse:
    """Put a match aside with a reason, or take it back."""
    match = get_object_or_404(own(request, key).matches.all(), vacancy=vacancy)
    form = DeclineForm(request.POST)
    if "back" in request.POST:
        match.move(MatchState.VIEWED, reason="")
    elif form.is_valid():
        match.move(MatchState.DECLINED, reason=form.cleaned_data["reason"])
    else:
        raise InvalidParameter("reason", request.POST.get("reason", "")[:30], _("Bitte nennen Sie einen der Gründe aus der Liste."))
    return redirect("request_matches", key)


@never_cache
@login_required
@require_safe
def takers_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Which active requests a vacancy would fit, for those who keep its row of the register."""
    vacancy = get_object_or_404(PublicVacancy, slug=slug)
    if not matches.may_see_takers(request.user, vacancy.key):
        raise NotAllowed(_("Welche Gesuche passen, sehen nur Personen der Kommune, in der der Leerstand liegt, und die Kontaktstelle."))
    rows = [(r, m, matches.explain(m.score, {s: m.named(v) for s, v in matches.SIDES.items()})) for r, m in matches.takers(vacancy.key)]
    return render(request, "network/seeking/takers.html", {"vacancy": vacancy, "rows": rows, "hidden": Shown.NOTHING})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def renew_by_mail(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the reminder: one button, without signing in."""
    found = mails.opened("request_renew", token)
    if request.method == "POST":
        found.renew()
    context = {"found": found, "done": request.method == "POST", "what": "renew"}
    return render(request, "network/seeking/by_mail.html", context)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def silent_by_mail(request: HttpRequest, token: str) -> HttpResponse:
    """No more mails about matches; programs of mail send the POST by themselves (RFC 8058)."""
    found = mails.opened("request_silent", token)
    if request.method == "POST":
        SpaceRequest.objects.all().silence(found.key)
    context = {"found": found, "done": request.method == "POST", "what": "silent"}
    return render(request, "network/seeking/by_mail.html", context)

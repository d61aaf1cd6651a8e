"""Pages that make and change a request for space, in five steps."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from geo.figures import figure
from network.matching import Hits
from network.seeking import matches, needs, publicity
from network.seeking.drafts import Draft
from network.seeking.forms import LAST, STEPS
from network.seeking.models import SpaceRequest
from network.seeking.regions import all_names
from network.seeking.states import RequestState
from vacancies.filters import VacancyFilter
from vacancies.listing import PAGE_PARAMETERS


def own(request: HttpRequest, key: str) -> SpaceRequest:
    """Return a request of the person who signed in; others' do not exist for them."""
    found = SpaceRequest.objects.all().of(request.user).called(key)
    if found is None:
        raise Http404
    return found


def count_words(hits: Hits) -> str:
    """Return how many vacancies fit, as a sentence."""
    if not hits.fitting:
        return _("Zurzeit passt kein Leerstand.")
    fit = ngettext("{n} Leerstand kommt infrage", "{n} Leerstände kommen infrage", hits.fitting).format(n=figure(hits.fitting))
    if hits.certain == hits.fitting:
        return f"{fit}."
    return _("{fit}; bei {n} davon ist alles bekannt, was sein muss.").format(fit=fit, n=figure(hits.certain))


def remedies(hits: Hits) -> list[dict[str, Any]]:
    """Return, where nothing fits, what each must takes away and how many there were without it, most first."""
    if hits.fitting:
        return []
    told = [{"need": needs.BY_NAME[n], "refused": hits.refused[n], "without": hits.without[n]} for n in hits.without]
    return sorted(told, key=lambda t: (-t["without"], -t["refused"]))


def _address(draft: Draft, step: int | str) -> str:
    key = [] if draft.name == "new" else [draft.name]
    name = "request_check" if step == "check" else "request_step"
    return reverse(f"{name}{'_of' if key else ''}", args=[*key, *([step] if name == "request_step" else [])])


def _draft(request: HttpRequest, key: str) -> Draft:
    return Draft.of(request, own(request, key) if key else None)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest) -> HttpResponse:
    """The first step; with a search of the map in the address, begin with what it asks. What was typed before goes by a POST alone."""
    if request.GET:
        wanted = VacancyFilter.parse(request.GET, ignore=PAGE_PARAMETERS)
        if request.method != "POST" and Draft.of(request).typed:
            return render(request, "network/seeking/begun.html", {"wanted": wanted})
        Draft.from_search(request, wanted)  # type: ignore[arg-type]
    return redirect("request_step", 1)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def step_page(request: HttpRequest, step: int, key: str = "") -> HttpResponse:
    """One step: `go` says where to, back keeps what was typed even where it is not valid."""
    draft = _draft(request, key)
    if not 1 <= step <= LAST:
        raise Http404
    form = draft.form(step)
    if request.method == "POST":
        draft.take(step, request.POST)
        draft.keep()
        form = draft.form(step, check=True)
        if request.POST.get("go") == "back" and step > 1:
            return redirect(_address(draft, step - 1))
        if form.is_valid():
            return redirect(_address(draft, step + 1 if step < LAST else "check"))
    wanted = draft.needs()
    context = {"form": form, "step": step, "steps": [(n, name, _address(draft, n)) for n, name in enumerate(STEPS, 1)], "draft": draft}
    context |= {"count": count_words(matches.count(wanted, draft.query)), "towns": all_names() if step == 2 else ()}
    context["search"] = VacancyFilter.parse(draft.query).chips() if draft.query else ()
    return render(request, "network/seeking/step.html", context, status=400 if form.errors else 200)


@never_cache
@require_POST
def count(request: HttpRequest, step: int, key: str = "") -> JsonResponse:
    """How many vacancies fit what is typed in a step and was typed in the others; nothing is kept."""
    draft = _draft(request, key)
    draft.take(step, request.POST)
    hits = matches.count(draft.needs(), draft.query)
    listed = [{"need": str(r["need"].label), "without": r["without"]} for r in remedies(hits)]
    return JsonResponse({"text": count_words(hits), "fitting": hits.fitting, "certain": hits.certain, "remedies": listed})


@never_cache
@require_safe
def check_page(request: HttpRequest, key: str = "") -> HttpResponse:
    """All answers before they are saved, with what they leave."""
    draft = _draft(request, key)
    if (wrong := draft.first_wrong()) is not None:
        messages.info(request, _("Bitte sehen Sie diesen Schritt noch einmal an."))
        return redirect(_address(draft, wrong))
    wanted, about = draft.needs(), draft.form(LAST, check=True)
    about.is_valid()
    hits = matches.count(wanted, draft.query)
    context = {
        "draft": draft,
        "about": about.instance,
        "lines": needs.lines(wanted),
        "count": count_words(hits),
        "remedies": remedies(hits),
    }
    context["steps"] = [(n, name, _address(draft, n)) for n, name in enumerate(STEPS, 1)]
    context |= {"edited": own(request, key) if key else None, "step": LAST + 1, "search": VacancyFilter.parse(draft.query).chips()}
    return render(request, "network/seeking/check.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def save(request: HttpRequest, key: str = "") -> HttpResponse:
    """Save what was typed; with `go=activate` it begins to look at once. Who comes back from the sign-in sees all answers again."""
    draft = _draft(request, key)
    if request.method != "POST" or draft.first_wrong() is not None:
        return redirect(_address(draft, "check"))
    with transaction.atomic():
        found = draft.fill(own(request, key) if key else SpaceRequest(owner=request.user))
        found.matched_with = ""
        found.full_clean(exclude=["owner"])
        found.save()
        publicity.note(found)
        if request.POST.get("go") == "activate" and found.state != RequestState.ACTIVE:
            found.move(RequestState.ACTIVE)
        draft.forget()
    if found.state == RequestState.ACTIVE:
        matches.renew([found])
        return redirect("request_matches", found.key)
    return redirect(found)

"""Pages of the desk: parse, ask, render."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from geo.errors import NotAllowed
from network.desk.desk import Desk, name_of
from network.desk.forms import AssignForm, NarrowForm
from network.desk.models import Assignment
from network.seeking.models import SpaceRequest
from network.signin.factor import second_factor_required

PAGE = 25
MATCHES = 10
View = Callable[..., HttpResponse]


def coordinator_required(view: View) -> View:
    """Return the view for the contact point alone."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **words: Any) -> HttpResponse:
        if not request.user.has_perm("network.coordinate"):
            raise NotAllowed(_("Diese Seite ist für die Kontaktstelle."))
        return view(request, *args, **words)

    return guarded


@never_cache
@second_factor_required
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """Every list with its number and its oldest row; one's own tasks."""
    own = Desk(request.user)
    return render(request, "network/desk/desk.html", {"desk": own, "summaries": own.summaries(), "tasks": own.tasks()})


@never_cache
@second_factor_required
@require_safe
def desk_list(request: HttpRequest, name: str) -> HttpResponse:
    own = Desk(request.user)
    one = own.list(name)
    form = NarrowForm(own, one, request.GET)
    page = Paginator(own.rows(one, form.wanted()), PAGE).get_page(request.GET.get("seite"))
    asked = request.GET.copy()
    asked.pop("seite", None)
    context = {"desk": own, "list": one, "form": form, "page": page, "lines": own.lines(one, page), "query": asked.urlencode()}
    return render(request, "network/desk/list.html", context)


@never_cache
@second_factor_required
@require_safe
def desk_csv(request: HttpRequest, name: str) -> HttpResponse:
    own = Desk(request.user)
    one = own.list(name)
    text = own.csv(one, NarrowForm(own, one, request.GET).wanted())
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{one.key}.csv"'
    return response


@never_cache
@second_factor_required
@coordinator_required
@require_http_methods(["GET", "HEAD", "POST"])
def assign(request: HttpRequest, name: str, row: str) -> HttpResponse:
    """Give a row to a person; the row must be in the list."""
    own = Desk(request.user)
    one = own.list(name)
    line = own.lines(one, [get_object_or_404(own.rows(one), pk=row)])[0]
    form = AssignForm(request.POST or None, instance=line.assignment)
    if request.method == "POST" and form.is_valid():
        given = Assignment.objects.all().assign(one.key, line.key, request.user, form.cleaned_data)
        messages.success(request, _("{name} kümmert sich.").format(name=name_of(given.assignee)))
        return redirect("desk_list", one.key)
    return render(request, "network/desk/assign.html", {"list": one, "line": line, "form": form}, status=400 if form.errors else 200)


@second_factor_required
@coordinator_required
@require_POST
def finish(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a task be done; a second click finds it done."""
    name = Assignment.objects.all().finish(pk)
    messages.success(request, _("Erledigt. Die Zeile bleibt in der Liste, bis die Sache selbst geklärt ist."))
    return redirect("desk_list", name) if name else redirect("desk")


@never_cache
@second_factor_required
@coordinator_required
@require_safe
def desk_request(request: HttpRequest, key: str) -> HttpResponse:
    """A request as the contact point may see it: the wishes and what fits, never who asks unless that is public."""
    found: Any = get_object_or_404(SpaceRequest.objects.all().active().with_best_score(), key=key)
    shown = found.matches.all().to_show().select_related("vacancy__town").defer("vacancy__town__geom")[:MATCHES]
    return render(request, "network/desk/request.html", {"found": found, "matches": shown})

"""The directory's pages: whom to ask, and keeping it true."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from geo.errors import InvalidParameter, NotAllowed
from network import limits
from network.contacts import mails
from network.contacts.directory import contacts_of, knows_nearby
from network.contacts.forms import ContactForm, FindForm, NewContactForm
from network.contacts.models import ContactPoint
from network.members import Role

REPORTS_A_DAY = {"connection": 10}


@never_cache
@require_safe
def contacts(request: HttpRequest) -> HttpResponse:
    """Whom to ask in a place about a topic; without a place, who is listed."""
    form = FindForm(request.GET or None)
    if request.GET and not form.is_valid():
        name = next(iter(form.errors))
        raise InvalidParameter(name, request.GET.get(name, "")[:60], _("Bitte einen Eintrag der Liste wählen."))
    town, topic = (form.cleaned_data["ort"], form.cleaned_data["thema"]) if request.GET else (None, "")
    answers = contacts_of(town, topic) if town else []
    context = {"form": form, "town": town, "answers": answers, "nearby": knows_nearby(answers)}
    everyone = ContactPoint.objects.all()
    context |= {"listed": everyone.listed() if not town else (), "own": everyone.managed_by(request.user)}
    context |= {"may_add": request.user.has_perm("network.manage_members"), "lists": _lists(request)}
    return render(request, "network/contacts/contacts.html", context)


def _lists(request: HttpRequest) -> list[ContactPoint]:
    """What the coordinators are to look after: those that somebody said to be out of date."""
    return list(ContactPoint.objects.all().reported_stale()) if request.user.has_perm("network.coordinate") else []


@csrf_exempt  # so that readers of public pages need no cookie; it only asks those who keep the entry to look
@never_cache
@require_POST
def report_stale(request: HttpRequest, key: str) -> HttpResponse:
    """Anybody may say that an entry is out of date; those who keep it look after it."""
    found = _called(key)
    limits.note("contact_stale", REPORTS_A_DAY, request)
    found.report()
    return render(request, "network/contacts/done.html", {"contact": found, "what": "reported"})


def _called(key: str) -> ContactPoint:
    found = ContactPoint.objects.all().called(key)
    if found is None:
        raise Http404
    return found


@never_cache
@login_required
def add_contact(request: HttpRequest) -> HttpResponse:
    """Enter a contact for an area that one manages; coordinators who manage none do it in the administration."""
    if not request.user.has_perm("network.manage_members"):
        if request.user.has_perm("network.coordinate"):
            return redirect("admin:network_contactpoint_add")
        raise NotAllowed(_("Kontakte tragen Mitglieder mit der Rolle „{role}“ ein.").format(role=Role.MANAGER.label))
    form = NewContactForm(request.user, request.POST or None, initial={"area": request.GET.get("area", "")[:60]})
    if request.method == "POST" and form.is_valid():
        saved = form.save()
        messages.success(request, _("„{name}“ steht jetzt im Verzeichnis.").format(name=saved))
        return redirect("contacts")
    return render(request, "network/contacts/form.html", {"form": form}, status=400 if form.errors else 200)


@never_cache
@login_required
def change_contact(request: HttpRequest, key: str) -> HttpResponse:
    """Mend an entry; saving says that it holds today. Coordinators who do not manage its area do it in the administration."""
    found = ContactPoint.objects.all().managed_by(request.user).called(key)
    if found is None and request.user.has_perm("network.coordinate"):
        return redirect("admin:network_contactpoint_change", _called(key).pk)
    if found is None:
        raise Http404
    form = ContactForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Die Angaben sind gespeichert und gelten als heute bestätigt."))
        return redirect("contacts")
    return render(request, "network/contacts/form.html", {"form": form, "contact": found}, status=400 if form.errors else 200)


@login_required
@require_POST
def withdraw_contact(request: HttpRequest, key: str) -> HttpResponse:
    get_object_or_404(ContactPoint.objects.all().managed_by(request.user), key=key).withdraw()
    messages.success(request, _("Der Kontakt steht nicht mehr im Verzeichnis."))
    return redirect("contacts")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verify_contact(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the yearly mail: the office says with one click whether its entry still holds."""
    found = mails.opened(token)
    what = "ask"
    if request.method == "POST":
        what = "verified" if "yes" in request.POST else "reported"
        found.confirm() if what == "verified" else found.report()
    return render(request, "network/contacts/done.html", {"contact": found, "what": what})

"""The administration: one door with the rest of the site, open to staff and to members."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from geo.errors import NotAllowed


class Office(AdminSite):
    """Django's administration without a sign-in of its own, which would ask for no second factor."""

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) or request.user.has_perm("network.see_register")

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send on to the sign-in page; who is signed in comes in, or is told why not."""
        wanted = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(wanted, request.get_host(), require_https=request.is_secure()):
            wanted = resolve_url("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(wanted, resolve_url(settings.LOGIN_URL))
        if not self.has_permission(request):
            raise NotAllowed(_("Dieses Konto hat keinen Zugang zum Register. Ihre Gemeinde oder die Kontaktstelle kann Sie einladen."))
        return redirect(wanted)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect("account_change_password")

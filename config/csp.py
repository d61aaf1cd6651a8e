"""The admin's map widgets write inline scripts; its pages get a policy of their own. All other pages stay strict."""

from __future__ import annotations

from collections.abc import Callable

from csp.constants import SELF, UNSAFE_INLINE
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

ADMIN = {
    "script-src": [SELF, UNSAFE_INLINE],
    "style-src": [SELF, UNSAFE_INLINE],
}


class AdminPolicyMiddleware:
    """Replaces the script and style policy for pages of the admin, which only signed-in people reach."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        try:
            is_admin = resolve(request.path_info).app_name == "admin"
        except Resolver404:
            is_admin = False
        if is_admin:
            response._csp_replace = ADMIN  # type: ignore[attr-defined]
        return response

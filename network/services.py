"""The services below `/ogc/intern/`: the same engines over the layers that are not for the public, for people who may see them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from geo.scope import scope_of
from layers.publish.collection import internal_collections, offering
from layers.publish.kept import kept

View = Callable[..., Any]


def internal(view: View) -> View:
    """Return the view over the internal layers that the person who signed in may see, cut to their municipalities.

    403 where there is no such layer, or no municipality.
    """

    @csrf_exempt
    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **words: Any) -> Any:
        layers = tuple(c for c in internal_collections() if request.user.has_perm(c.permission))
        seen = scope_of(request.user)
        if not layers or not seen:
            text = _("Für dieses Konto gibt es keine internen Ebenen.")
            return HttpResponse(text, status=403, content_type="text/plain; charset=utf-8")
        with offering(layers, seen):
            made = view(request, *args, **words)
            if not made.streaming or isinstance(made, FileResponse):
                return made
            answer = kept(made, made["Content-Type"])  # read here: outside the rows are not on offer
            answer._resource_closers += made._resource_closers
            for name, value in made.items():
                answer[name] = value
            return answer

    return shown

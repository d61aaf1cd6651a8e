"""The edge: turns an error a person caused into an answer that helps, as page or as JSON."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from psycopg.errors import QueryCanceled

from geo.errors import Busy, InvalidParameter, InvalidParameters, RaumError, status_of
from layers.publish.views import FORMATS

FOR_PROGRAMS = (".json", ".atom", ".mvt", ".bin", *(f".{extension}" for extension in FORMATS))


class RaumErrorMiddleware:
    """Renders every `RaumError` that a view lets pass, and questions that the database gave up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, QueryCanceled) or isinstance(error.__cause__, QueryCanceled):
            error = Busy(
                _("Diese Anfrage hat zu lange gedauert. Bitte enger fassen oder in einer halben Minute noch einmal versuchen."), 30
            )
        if not isinstance(error, RaumError):
            return None
        response = self._answer(request, error)
        if isinstance(error, Busy):
            response["Retry-After"] = str(error.retry_after_s)
        return response

    def _answer(self, request: HttpRequest, error: RaumError) -> HttpResponse:
        status = status_of(error)
        problems = error.errors if isinstance(error, InvalidParameters) else [error]
        listed = [
            {"parameter": p.name, "value": p.value, "allowed": p.allowed} if isinstance(p, InvalidParameter) else {"message": str(p)}
            for p in problems
        ]
        if not request.accepts("text/html") or request.path.endswith(FOR_PROGRAMS):
            answer = JsonResponse({"errors": listed}, status=status, json_dumps_params={"ensure_ascii": False})
            answer["Access-Control-Allow-Origin"] = "*"
            return answer
        kept = request.GET.copy()
        for p in listed:
            kept.pop(p.get("parameter", ""), None)
        context = {"errors": listed, "remedy": f"{request.path}?{kept.urlencode()}" if kept else request.path}
        return render(request, "error_parameters.html", context, status=status)

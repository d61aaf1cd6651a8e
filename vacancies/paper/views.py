"""Documents to print: parse, ask, send."""

from __future__ import annotations

from csp.decorators import csp_exempt
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from layers.publish import version
from layers.publish.describe import about
from vacancies.listing import Listing
from vacancies.paper.expose import expose
from vacancies.paper.register_list import register_list
from vacancies.paper.typesetting import Document
from vacancies.permalink import permalink
from vacancies.public import PublicVacancy
from vacancies.published import VACANCIES


@require_safe
@csp_exempt()  # browsers draw their PDF viewer with styles of its own, which the policy would refuse
def expose_pdf(request: HttpRequest, slug: str) -> HttpResponse:
    """The exposé of a vacancy; 304 for those who have it."""
    vacancy = get_object_or_404(PublicVacancy, slug=slug)
    document = expose(vacancy, permalink(request, vacancy.get_absolute_url()), about.site(request))
    return _sent(request, document, f"expose-{slug}.pdf")


@require_safe
@csp_exempt()
def list_pdf(request: HttpRequest) -> HttpResponse:
    """The rows of a filter as a list on paper, in the order of the page."""
    return _sent(request, register_list(Listing.ask(request.GET), request), "leerstaende.pdf")


def _sent(request: HttpRequest, document: Document, name: str) -> HttpResponse:
    tag = version.etag(VACANCIES, document.digest)
    answer = get_conditional_response(request, tag)
    if answer is None:
        answer = HttpResponse(content_type="application/pdf")
        if request.method == "GET":
            answer.content = document.pdf(version.changed_at(VACANCIES))
        answer["Content-Disposition"] = f'inline; filename="{name}"'
    answer["ETag"] = tag
    answer["Cache-Control"] = "no-cache"  # may be kept, is to be asked for again
    return answer

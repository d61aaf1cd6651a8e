"""The lasting address of a page as a QR code. Only for pages of this site: a code must not lead elsewhere in our name."""

from __future__ import annotations

import io

import segno
from django.http import HttpRequest, HttpResponse
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from geo.errors import InvalidParameter
from layers.publish.describe import about

LONGEST = 1500  # a code holds 2,331 bytes at level M


def address_of(request: HttpRequest, path: str) -> str:
    """Return the absolute address of a path on this site, as people use it (`RW_PUBLIC_URL`)."""
    return iri_to_uri(about.site(request).link(path.removeprefix("/")))


@require_safe
def qr_code(request: HttpRequest) -> HttpResponse:
    """Return the code of `for`, a path with its query, as SVG.

    Raises
    ------
    InvalidParameter
        When `for` names another host, is no path, or is too long.
    """
    path = request.GET.get("for", "")
    address = address_of(request, path)
    if not path.startswith("/") or not url_has_allowed_host_and_scheme(path, allowed_hosts=None) or len(address) > LONGEST:
        raise InvalidParameter("for", path[:60], _("ein Pfad dieser Seite, der mit / beginnt, höchstens 1500 Zeichen"))
    picture = io.BytesIO()
    segno.make_qr(address, error="m").save(picture, kind="svg", border=2, dark="#000", light="#fff", omitsize=True)
    response = HttpResponse(picture.getvalue(), content_type="image/svg+xml")
    response["Cache-Control"] = "public, max-age=86400"
    return response

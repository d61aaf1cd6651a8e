"""The lasting address of a page as a QR code. Only for pages of this site: a code must not lead elsewhere in our name."""

from __future__ import annotations

import io
from dataclasses import dataclass
from urllib.parse import quote

import segno
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from geo.errors import InvalidParameter
from layers.publish.describe import about

LONGEST = 600  # characters; finer codes are not read from paper


@dataclass(frozen=True)
class Permalink:
    """A path of this site with its query, and the address people use for it (`RW_PUBLIC_URL`)."""

    path: str
    address: str

    @property
    def code(self) -> str:
        """Where its QR code is, empty for an address that is too long for one."""
        return f"{reverse('qr')}?for={quote(self.path, safe='/')}" if len(self.address) <= LONGEST else ""


def permalink(request: HttpRequest, path: str) -> Permalink:
    """Return the lasting link to a path of this site."""
    return Permalink(path, iri_to_uri(about.site(request).link(path.removeprefix("/"))))


@require_safe
def qr_code(request: HttpRequest) -> HttpResponse:
    """Return the code of `for`, a path with its query, as SVG.

    Raises
    ------
    InvalidParameter
        When `for` names another host, is no path, or is too long.
    """
    path = request.GET.get("for", "")
    address = permalink(request, path).address
    if not path.startswith("/") or not url_has_allowed_host_and_scheme(path, allowed_hosts=None) or len(address) > LONGEST:
        raise InvalidParameter("for", path[:60], _("ein Pfad dieser Seite, der mit / beginnt, höchstens 600 Zeichen"))
    picture = io.BytesIO()
    segno.make_qr(address, error="m").save(picture, kind="svg", border=2, dark="#000", light="#fff", omitsize=True)
    response = HttpResponse(picture.getvalue(), content_type="image/svg+xml")
    response["Cache-Control"] = "public, max-age=86400"
    return response

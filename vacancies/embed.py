"""Map or list of a filter inside other people's pages: the page that is embedded, and the one that makes its code."""

from __future__ import annotations

from dataclasses import dataclass

from csp.constants import SELF
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from geo.errors import InvalidParameter
from vacancies.listing import Listing
from vacancies.mapdata import map_settings
from vacancies.models import Vacancy
from vacancies.permalink import permalink

PIXELS = range(240, 2001)  # CSS pixels
HEIGHT = 520


@dataclass(frozen=True)
class Embedding:
    """What is embedded, and how large; without a width it takes what the page around it gives."""

    listing: Listing
    view: str
    width: int | None = None
    height: int = HEIGHT

    @classmethod
    def ask(cls, given: QueryDict) -> Embedding:
        """Read filter, view and size. Raises `InvalidParameter` or `InvalidParameters`."""
        kept = given.copy()
        width = _pixels("width", kept.pop("width", [""])[-1])
        height = _pixels("height", kept.pop("height", [""])[-1])
        listing = Listing.ask(kept)
        return cls(listing, listing.view or "map", width, height or HEIGHT)

    @property
    def title(self) -> str:
        return self.listing.wanted.sentence() if self.listing.wanted else _("Leerstände in Brandenburg")

    def showing(self, view: str) -> str:
        """Return the path of the embedded page with a view."""
        return f"{reverse('embed')}{self.listing.here}{'&' if self.listing.here else '?'}view={view}"

    @property
    def path(self) -> str:
        return self.showing(self.view)

    @property
    def other(self) -> str:
        return self.showing("list" if self.view == "map" else "map")

    @property
    def full(self) -> str:
        """The page on this site that shows the same with all it can do."""
        return reverse(self.view) + self.listing.here

    def code(self, address: str) -> SafeString:
        """Return the HTML to paste."""
        return format_html(
            '<iframe src="{}" title="{}" width="{}" height="{}" loading="lazy" style="border:0;max-width:100%"></iframe>',
            address,
            self.title,
            self.width or "100%",
            self.height,
        )


def _pixels(name: str, text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) in PIXELS):
        raise InvalidParameter(name, text[:60], _("Pixel von {low} bis {high}").format(low=PIXELS[0], high=PIXELS[-1]))
    return int(text)


@require_safe
@xframe_options_exempt
@csp_replace({"frame-ancestors": settings.EMBED_ORIGINS})
def embed_page(request: HttpRequest) -> HttpResponse:
    """Map or list alone, for a frame."""
    shown = Embedding.ask(request.GET)
    context = {
        "map": map_settings(shown.listing),
        "shown": shown,
        "rows": shown.listing,
        "has_examples": Vacancy.objects.examples().exists(),
    }
    return render(request, "embed.html", context)


@require_safe
@csp_update({"frame-src": [SELF]})
def builder_page(request: HttpRequest) -> HttpResponse:
    """Choose view and size, see it, copy its code."""
    made = Embedding.ask(request.GET)
    code = made.code(permalink(request, made.path).address)
    context = {"made": made, "code": code, "permalink": permalink(request, made.full)}
    return render(request, "embed_builder.html", context | {"smallest": PIXELS[0], "largest": PIXELS[-1]})

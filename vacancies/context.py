"""What every page knows."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

BASEMAP = {"url": settings.BASEMAP_URL, "attribution": settings.BASEMAP_ATTRIBUTION}


def site(request: HttpRequest) -> dict[str, object]:
    """Return the product's name and the language switch's target (the same page in the other language)."""
    path = request.path
    german = path[3:] or "/" if path == "/en" or path.startswith("/en/") else path
    query = request.META.get("QUERY_STRING", "")
    suffix = f"?{query}" if query else ""
    return {"product": settings.PRODUCT, "url_de": german + suffix, "url_en": f"/en{german}{suffix}", "basemap": BASEMAP}

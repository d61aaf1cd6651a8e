"""Pictures of remote services for the map."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_safe

from layers.remote.layer import RemoteLayer
from layers.remote.proxy import Picture, picture


@require_safe
def remote_layers(request: HttpRequest) -> JsonResponse:
    """The remote layers that the map may offer, with what must be shown of them."""
    shown = ("key", "title", "attribution", "licence", "licence_url")
    found = [{name: getattr(layer, name) for name in shown} | {"url": _picture_url(layer)} for layer in RemoteLayer.objects.shown()]
    return JsonResponse({"layers": found}, json_dumps_params={"ensure_ascii": False})


def _picture_url(layer: RemoteLayer) -> str:
    return reverse("remote_picture", args=[layer.key])


@require_safe
def remote_picture(request: HttpRequest, key: str) -> HttpResponse:
    """A picture of a remote WMS: GetMap and nothing else."""
    layer = get_object_or_404(RemoteLayer.objects.shown(), key=key)
    body, is_real = picture(layer, Picture.parse(request.GET.dict(), layer))
    response = HttpResponse(body, content_type="image/png")
    response["Cache-Control"] = "public, max-age=86400" if is_real else "public, max-age=60"
    return response

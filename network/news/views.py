"""Pages of the monthly letter: parse, ask, render."""

from __future__ import annotations

from functools import partial

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from network import post
from network.news import digest
from network.news.models import NewsletterSubscription
from network.trying import attempt

FORM = ["GET", "HEAD", "POST"]


class NewsletterForm(forms.Form):
    """Where the letter is to go."""

    mail = forms.EmailField(
        label=_("Ihre E-Mail-Adresse"),
        max_length=NewsletterSubscription._meta.get_field("mail").max_length,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


@never_cache
@require_http_methods(FORM)
def newsletter(request: HttpRequest) -> HttpResponse:
    form, status = NewsletterForm(request.POST or None), 200
    if request.method == "POST":
        asked, status = attempt(form, partial(digest.ask, request, language=get_language() or "de"))
        if asked:
            return redirect("newsletter_sent")
    return render(request, "network/news/newsletter.html", {"form": form}, status=status)


@require_safe
def newsletter_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "network/news/sent.html")


@never_cache
@require_http_methods(FORM)
def newsletter_confirm(request: HttpRequest, token: str) -> HttpResponse:
    done = request.method == "POST" and digest.confirm(token)
    if request.method != "POST":
        post.unseal(digest.CONFIRM, token, digest.CONFIRM_WITHIN)
    return render(request, "network/news/confirm.html", {"done": bool(done), "asked": request.method == "POST"})


@csrf_exempt  # a mail program posts here by itself (RFC 8058); the sealed link is the proof
@never_cache
@require_http_methods(FORM)
def newsletter_stop(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "POST":
        digest.stop(token)
    else:
        post.unseal(digest.STOP, token)
    return render(request, "network/news/stop.html", {"done": request.method == "POST"})

"""How mails leave: `RW_MAIL_URL` as Django's settings, which have other names from Django 6.1 on."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import django
from django.core.exceptions import ImproperlyConfigured

ENCRYPTED = {"smtp": {}, "smtp+tls": {"use_tls": True}, "smtps": {"use_ssl": True}}
OLD_NAMES = {
    "host": "EMAIL_HOST",
    "port": "EMAIL_PORT",
    "username": "EMAIL_HOST_USER",
    "password": "EMAIL_HOST_PASSWORD",
    "use_tls": "EMAIL_USE_TLS",
    "use_ssl": "EMAIL_USE_SSL",
    "timeout": "EMAIL_TIMEOUT",
    "file_path": "EMAIL_FILE_PATH",
}
ALLOWED = "RW_MAIL_URL must look like smtp+tls://name:password@host:587, smtps://… or smtp://host:25"


def mail_settings(url: str, folder: Path) -> dict[str, Any]:
    """Return Django's settings for an address; without one every mail becomes a file in `folder`.

    Raises
    ------
    ImproperlyConfigured
        For another scheme, or an address without a host; the password is not in the text.
    """
    if not url:
        return _named("filebased", {"file_path": str(folder)})
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if parts.scheme not in ENCRYPTED or not host:
        raise ImproperlyConfigured(ALLOWED)
    options = {
        "host": host,
        "port": port or {"smtps": 465, "smtp+tls": 587}.get(parts.scheme, 25),
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "timeout": 20,
        **ENCRYPTED[parts.scheme],
    }
    return _named("smtp", options)


def _named(backend: str, options: dict[str, Any]) -> dict[str, Any]:
    path = f"django.core.mail.backends.{backend}.EmailBackend"
    if django.VERSION >= (6, 1):
        return {"MAILERS": {"default": {"BACKEND": path, "OPTIONS": options}}}
    return {"EMAIL_BACKEND": path, **{OLD_NAMES[name]: value for name, value in options.items()}}

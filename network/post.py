"""Mails: written in the transaction that causes them, sent by the queue, deleted when they are sent.

A mail is a template `mail/<name>.txt` whose first line is the subject, and, where there is one, `mail/<name>.html`. It carries no
picture, no address that counts its readers, and links to this site alone.
"""

from __future__ import annotations

import base64
import datetime
import json
import logging
import time
from smtplib import SMTPDataError, SMTPRecipientsRefused
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import models, transaction
from django.template import Context, TemplateDoesNotExist, engines
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from geo.errors import Expired
from layers.tasks import soon

log = logging.getLogger("raum.post")
KEPT_TRYING = datetime.timedelta(days=3)  # after that a mail that nobody takes is given up and deleted


class Mail(models.Model):
    """A mail that waits to be sent."""

    to = models.EmailField(db_index=True)
    purpose = models.CharField(max_length=40)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("created_at", "pk")

    def __str__(self) -> str:
        return f"{self.purpose} ({self.created_at:%Y-%m-%d})"  # never whom it is for: this may stand in a log

    def send(self) -> None:
        """Hand the mail to the server; raises what the server raises."""
        message = EmailMultiAlternatives(self.subject, self.text, settings.DEFAULT_FROM_EMAIL, [self.to], headers=self.headers)
        if self.html:
            message.attach_alternative(self.html, "text/html")
        message.send()

    def note(self, error: Exception) -> None:
        """Keep what kind of error it met, and tell the log once; never the error's text, which may name the person."""
        known, self.error = self.error, type(error).__name__
        if self.error != known:
            self.save(update_fields=["error"])
            log.warning("%s cannot be sent: %s", self, self.error)


def write(to: str, name: str, context: dict[str, Any], *, language: str = "de", unsubscribe: str = "", reply_to: str = "") -> Mail:
    """Write a mail and have it sent once the transaction is through.

    Parameters
    ----------
    to : str
        One address.
    name : str
        Of the templates below `mail/`.
    context : dict
        For the templates; `base` (this site's address without a slash at its end), `product` and `unsubscribe` are there already.
    language : str
        Of the mail.
    unsubscribe : str
        Path of a page that ends mails of this kind at a POST, without signing in (RFC 8058); stands in the head of the mail.
    reply_to : str
        Where an answer goes; by default to the sender.
    """
    words = compose(name, context, language=language, unsubscribe=unsubscribe)
    stop = base_url() + unsubscribe if unsubscribe else ""
    headers = {"Auto-Submitted": "auto-generated"}
    if stop:
        headers |= {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    if reply_to:
        headers["Reply-To"] = reply_to
    mail = Mail.objects.create(to=to, purpose=name, headers=headers, **words)
    soon(deliver)
    return mail


def compose(name: str, context: dict[str, Any], *, language: str = "de", unsubscribe: str = "") -> dict[str, str]:
    """Return subject, text and html of a mail as `write` would send them."""
    base = base_url()
    values = {"base": base, "product": settings.PRODUCT, "unsubscribe": base + unsubscribe if unsubscribe else "", **context}
    with translation.override(language):
        plain = engines["django"].engine.get_template(f"mail/{name}.txt").render(Context(values, autoescape=False))
        try:
            html = render_to_string(f"mail/{name}.html", values)
        except TemplateDoesNotExist:
            html = ""
    subject, _newline, text = plain.strip().partition("\n")
    return {"subject": " ".join(subject.split())[:200], "text": text.strip() + "\n", "html": html}


def base_url() -> str:
    """Return this site's address without a slash at its end (`RW_PUBLIC_URL`)."""
    return settings.PUBLIC_URL or settings.LOCAL_URL


def send_waiting() -> int:
    """Send all mails that wait, each in a transaction of its own; returns how many went.

    What fails is tried again later and holds up no other; what the server refuses for good is deleted.
    """
    sent = 0
    for pk in list(Mail.objects.values_list("pk", flat=True)):
        with transaction.atomic():
            mail = Mail.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
            if mail is None:
                continue
            try:
                mail.send()
                sent += 1
            except Exception as error:  # one that cannot even be written down must not hold up those behind it
                mail.note(error)
                if not _is_final(error):
                    continue
            mail.delete()
    Mail.objects.filter(created_at__lt=timezone.now() - KEPT_TRYING).delete()
    return sent


def _is_final(error: Exception) -> bool:
    """Whether the server refuses this mail, and will tomorrow: 5xx to its recipient or its content. All else may be our own fault."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    return isinstance(error, SMTPDataError) and error.smtp_code >= 500


@app.periodic(cron="*/5 * * * *")
@app.task(name="deliver", queueing_lock="deliver", lock="mail")
def deliver(timestamp: int = 0) -> None:  # noqa: ARG001 - when it was due
    """Send the mails that wait."""
    send_waiting()


def seal(purpose: str, *values: str | int) -> str:
    """Return a token for a link in a mail: it stands for these values, shows none of them, and cannot be made by others."""
    words = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return _safe(purpose).encrypt(words.encode()).decode().rstrip("=")


def unseal(purpose: str, token: str, lasts: datetime.timedelta | None = None) -> list[Any]:
    """Return what a token stands for; raises `Expired` for one that is forged, of another purpose, or too old."""
    safe, whole = _safe(purpose), (token + "=" * (-len(token) % 4)).encode()
    try:
        found: list[Any] = json.loads(safe.decrypt(whole))
    except InvalidToken as error:
        raise Expired(_("Dieser Link ist unvollständig oder gilt nicht. Bitte kopieren Sie ihn ganz aus der E-Mail.")) from error
    if lasts is not None and time.time() - safe.extract_timestamp(whole) > lasts.total_seconds():
        raise Expired(_("Dieser Link gilt nicht mehr. Bitte fordern Sie einen neuen an."))
    return found


def _safe(purpose: str) -> MultiFernet:
    """What encrypts with a key of its own for each purpose; also opens what was sealed before the secret changed."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_key(purpose, secret))) for secret in secrets])


def _key(purpose: str, secret: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=f"network.post.seal {purpose}".encode()).derive(secret.encode())

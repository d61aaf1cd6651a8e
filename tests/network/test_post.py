"""Mails: written with the transaction, sent by the queue, gone when sent; links that cannot be forged."""

from __future__ import annotations

import base64
import contextlib
import datetime
import re
import smtplib
import time
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core import mail, signing
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import BadHeaderError, EmailMultiAlternatives
from django.db import transaction
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from config.mail import mail_settings
from geo.errors import Expired
from network import post
from network.post import Mail


@pytest.fixture
def templates(tmp_path: Path, settings: Any) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "probe.txt").write_text("Betreff für {{ name }}\n\nHallo {{ name }},\n{{ base }}/x/ {{ unsubscribe }}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    settings.PUBLIC_URL = "https://raum.example.org"


@pytest.mark.django_db
def test_a_mail_waits_is_sent_once_and_is_gone(templates: None) -> None:
    post.write("otto@example.org", "probe", {"name": "Otto"})
    post.write("ilse@example.org", "probe", {"name": "Ilse & Söhne"}, unsubscribe="/aus/1/")
    assert ProcrastinateJob.objects.filter(task_name="deliver", status="todo").count() == 1
    assert (post.send_waiting(), post.send_waiting(), Mail.objects.count()) == (2, 0, 0)
    _other, sent = mail.outbox
    assert (sent.subject, sent.to) == ("Betreff für Ilse & Söhne", ["ilse@example.org"])
    assert sent.body == "Hallo Ilse & Söhne,\nhttps://raum.example.org/x/ https://raum.example.org/aus/1/\n"
    assert sent.extra_headers["List-Unsubscribe"] == "<https://raum.example.org/aus/1/>"
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.django_db
def test_two_mails_of_one_transaction_both_go(templates: None) -> None:
    with transaction.atomic():
        for name in ("Ilse", "Otto"):
            post.write(f"{name}@example.org", "probe", {"name": name})
    assert post.send_waiting() == 2


@pytest.mark.django_db
def test_a_line_break_in_a_name_makes_no_second_header(templates: None) -> None:
    post.write("ilse@example.org", "probe", {"name": "Ilse\nBcc: alle@example.org"})
    post.send_waiting()
    assert mail.outbox[0].subject == "Betreff für Ilse"
    assert "Bcc" not in mail.outbox[0].message()


@pytest.mark.django_db
def test_a_mail_that_nobody_takes_is_tried_again_and_given_up_after_three_days(templates: None, monkeypatch: pytest.MonkeyPatch) -> None:
    written = post.write("ilse@example.org", "probe", {"name": "Ilse"})

    def refuse(message: EmailMultiAlternatives) -> None:
        raise ConnectionRefusedError("ilse@example.org")

    monkeypatch.setattr(EmailMultiAlternatives, "send", refuse)
    assert post.send_waiting() == 0
    written.refresh_from_db()
    assert written.error == "ConnectionRefusedError", "not the text, which may name the person"
    Mail.objects.update(created_at=timezone.now() - datetime.timedelta(days=4))
    post.send_waiting()
    assert not Mail.objects.exists()


GONE = {"otto@example.org": (550, b"5.1.1 no such user otto@example.org")}
FULL = {"otto@example.org": (452, b"4.2.2 mailbox full")}
REFUSALS = [
    (smtplib.SMTPRecipientsRefused(GONE), False),
    (smtplib.SMTPDataError(554, b"5.7.1 message refused"), False),
    (smtplib.SMTPRecipientsRefused(FULL), True),
    (smtplib.SMTPDataError(451, b"4.7.1 try again later"), True),
    (smtplib.SMTPAuthenticationError(535, b"5.7.8 bad password"), True),
    (smtplib.SMTPSenderRefused(550, b"5.7.1 not allowed", "raum@example.org"), True),
    (BadHeaderError("Header values can't contain newlines"), True),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("error", "stays"), REFUSALS, ids=lambda v: type(v).__name__)
def test_what_is_refused_for_good_is_not_tried_again_and_nothing_holds_up_the_others(
    templates: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception, stays: bool
) -> None:
    tries, real = [], EmailMultiAlternatives.send
    for name in ("otto", "ilse"):
        post.write(f"{name}@example.org", "probe", {"name": name})

    def refuse(message: EmailMultiAlternatives) -> int:
        tries.append(message.to[0])
        if message.to == ["otto@example.org"]:
            raise error
        return real(message)

    monkeypatch.setattr(EmailMultiAlternatives, "send", refuse)
    assert [post.send_waiting() for _run in range(3)] == [1, 0, 0]
    assert [m.to for m in mail.outbox] == [["ilse@example.org"]]
    assert tries.count("otto@example.org") == (3 if stays else 1)
    assert [m.error for m in Mail.objects.all()] == ([type(error).__name__] if stays else [])
    assert len(caplog.records) == 1, "once, however often it is tried"
    assert "otto" not in caplog.text


def test_a_sealed_link_opens_for_its_purpose_and_time_alone() -> None:
    token = post.seal("unsubscribe", 7, "weekly")
    assert post.unseal("unsubscribe", token) == [7, "weekly"]
    for purpose, text, lasts in (("other", token, None), ("unsubscribe", token[:-1], None), ("unsubscribe", token, datetime.timedelta(0))):
        with pytest.raises(Expired):
            post.unseal(purpose, text, lasts)


def test_a_sealed_link_shows_nothing_of_what_it_stands_for() -> None:
    address = "ilse.beispiel@example.org"
    token, again = (post.seal("data", address, 4711) for _twice in range(2))
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token), "stands in a path as it is"
    assert token[20:] != again[20:], "who is written to twice is not known by it"
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    parts = [address[n : n + 4].encode() for n in range(len(address) - 3)] + [b"4711"]
    for seen in (token.encode(), raw, raw[::-1], *unpacked(raw)):
        assert not [part for part in parts if part in seen]
    assert post.unseal("data", token) == [address, 4711]


def unpacked(raw: bytes) -> list[bytes]:
    """What is compressed in some bytes, wherever it begins."""
    found = []
    for start in range(len(raw)):
        with contextlib.suppress(zlib.error):
            found.append(zlib.decompressobj().decompress(raw[start:]))
    return found


@pytest.mark.parametrize("place", [0, 1, 5, 11, 12, 30, -30, -2])
def test_a_sealed_link_that_was_changed_is_refused(place: int) -> None:
    token = post.seal("data", "ilse@example.org")
    other = "B" if token[place] != "B" else "C"
    changed = token[:place] + other + token[place + 1 or len(token) :]
    assert len(changed) == len(token)
    with pytest.raises(Expired, match="unvollständig oder gilt nicht"):
        post.unseal("data", changed)


def test_a_sealed_link_ends_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    token, now = post.seal("data", "ilse@example.org"), time.time()
    hour = datetime.timedelta(hours=1)
    monkeypatch.setattr(time, "time", lambda: now + 3598)
    assert post.unseal("data", token, hour) == ["ilse@example.org"]
    monkeypatch.setattr(time, "time", lambda: now + 3602)
    with pytest.raises(Expired, match="gilt nicht mehr"):
        post.unseal("data", token, hour)
    assert post.unseal("data", token) == ["ilse@example.org"], "without an end it stays good"


def test_a_changed_secret_opens_what_was_sealed_before_only_as_a_fallback(settings: Any) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "one" * 20, []
    token = post.seal("data", "ilse@example.org")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "two" * 20, ["one" * 20]
    assert post.unseal("data", token) == ["ilse@example.org"]
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(Expired):
        post.unseal("data", token)


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", "x", "=", "ä€", "A" * 5000, "gAAAAA", "%00", "a.b:c"])
def test_whatever_stands_in_a_link_is_answered_by_a_page(token: str, client: Client) -> None:
    signed_as_before = signing.dumps(["ilse@example.org"], salt="network.data", compress=True)
    for text in (token, signed_as_before):
        with pytest.raises(Expired):
            post.unseal("data", text)
    page = client.get(f"/daten/{signed_as_before}/")
    assert page.status_code == 410
    assert "unvollständig oder gilt nicht" in page.content.decode()
    if token:
        assert client.get(f"/daten/{quote(token)}/").status_code == 410


@pytest.mark.parametrize("url", ["mailto:x@y", "smtp://", "smtp+tls://a:geheim@host:x"])
def test_a_wrong_mail_address_is_refused_without_showing_its_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        mail_settings(url, tmp_path)
    assert "RW_MAIL_URL" in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_without_a_server_mails_become_files(tmp_path: Path) -> None:
    assert str(tmp_path) in str(mail_settings("", tmp_path))
    assert "mail.example.org" in str(mail_settings("smtp+tls://n:p%40ss@mail.example.org:587", tmp_path))

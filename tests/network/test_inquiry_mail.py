"""Answers by mail: the pipe takes one mail, knows its thread by a sealed address, and nothing else gets in; reminders, ends, deletion."""

from __future__ import annotations

import datetime
import io
import os
import sys
from email.message import EmailMessage
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from network.contacts.models import ContactPoint
from network.inquiries import jobs, mails, thread
from network.inquiries.models import Inquiry
from network.inquiries.reading import MOST_BYTES, Unreadable, read
from network.inquiries.steps import Side
from network.inquiries.tasks import tend_inquiries
from network.post import Mail
from network.privacy import retention
from tests.network.contacting import TEXT, begun, office, seeker, sent, to, vacancy_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def found(settings: Any) -> Inquiry:
    settings.MAIL_REPLY_DOMAIN = "antwort.example.org"
    ContactPoint.objects.all().delete()
    office()
    return begun(seeker(), vacancy_in())


@pytest.fixture
def ilse(found: Inquiry) -> User:
    return User.objects.get(username="ilse")


def letter(recipient: str, text: str = "Gern am Dienstag.", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Frau Amt <amt@example.net>", recipient, "Re: Anfrage"
    message["Message-ID"] = headers.pop("message_id", "<1@example.net>")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def piped(raw: bytes | EmailMessage, monkeypatch: pytest.MonkeyPatch, *options: str) -> str:
    """What the command says of a mail."""
    told = io.StringIO()
    data = raw if isinstance(raw, bytes) else bytes(raw)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    call_command("receive_mail", *options, stdout=told)
    return told.getvalue()


def refused(raw: bytes | EmailMessage, monkeypatch: pytest.MonkeyPatch) -> int:
    with pytest.raises(CommandError) as error:
        piped(raw, monkeypatch)
    return error.value.returncode


def test_an_answer_by_mail_reaches_the_other_side_once(found: Inquiry, ilse: User, monkeypatch: pytest.MonkeyPatch) -> None:
    [asked] = to(sent(), "bauamt-gransee@example.org")
    address = asked.extra_headers["Reply-To"]
    assert address.endswith("@antwort.example.org")
    assert ilse.email not in str(asked.message())
    quoted = "\n".join(f"> {line}" for line in asked.body.splitlines())
    message = letter(f"Anfrage <{address.upper()}>", f"Gern am Dienstag.\n\nAm 26.11.2026 schrieb Raumwohlstand:\n{quoted}\n")
    for _replayed in range(2):
        piped(message, monkeypatch)
    [answer] = found.messages.filter(side=Side.CONTACT)
    assert (answer.text, answer.by, answer.by_mail) == ("Gern am Dienstag.", "Bauamt Gransee", True)
    [told] = sent()
    assert told.to == [ilse.email]
    assert "Gern am Dienstag." in told.body
    assert "amt@example.net" not in str(told.message())
    own = letter(told.extra_headers["Reply-To"], "Danke!", message_id="<2@example.org>")
    piped(own, monkeypatch)
    assert found.messages.filter(side=Side.SEEKER, text="Danke!", author=ilse).count() == 1
    [more] = sent()
    assert more.to == ["bauamt-gransee@example.org"]


def test_the_envelope_counts_where_it_is_given(found: Inquiry, monkeypatch: pytest.MonkeyPatch) -> None:
    address = mails.reply_address(found, Side.CONTACT)
    piped(letter("somebody@example.org"), monkeypatch, "--recipient", address)
    assert found.messages.filter(side=Side.CONTACT).count() == 1


def test_forged_addresses_and_those_of_others_open_nothing(found: Inquiry, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    good = mails.reply_address(found, Side.CONTACT)
    assert mails.addressed(good) is not None
    name, domain = good.split("@")
    swapped = good.replace("-c-", "-s-")
    for wrong in (f"{name[:-1]}x@{domain}", f"{name}@example.org", swapped, "anfrage@antwort.example.org", f"x{good}", ""):
        assert refused(letter(wrong or "x@example.org"), monkeypatch) == os.EX_NOUSER, wrong
    Inquiry.objects.filter(pk=found.pk).update(contact=office("Wirtschaft"))
    assert refused(letter(good), monkeypatch) == os.EX_NOUSER, "it is with somebody else by now"
    settings.MAIL_REPLY_DOMAIN = ""
    assert mails.reply_address(found, Side.CONTACT) == ""
    assert refused(letter(good), monkeypatch) == os.EX_NOUSER
    assert found.messages.count() == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; owner=x"},
        {"Precedence": "bulk"},
        {"Return_Path": "<>"},
        {"X_Autoreply": "yes"},
    ],
)
def test_programs_that_answer_are_ignored(found: Inquiry, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    sent()
    assert "ignored" in piped(letter(mails.reply_address(found, Side.CONTACT), "Ich bin im Urlaub.", **headers), monkeypatch)
    assert found.messages.count() == 1
    assert not Mail.objects.exists(), "no answer to a program's answer: that would go round for ever"


def test_too_much_too_little_and_strange_mails(found: Inquiry, monkeypatch: pytest.MonkeyPatch) -> None:
    address = mails.reply_address(found, Side.CONTACT)
    assert refused(b"x" * (MOST_BYTES + 1), monkeypatch) == os.EX_DATAERR
    assert refused(b"", monkeypatch) == os.EX_DATAERR
    assert refused(b"\xff\x00\xfe" * 100, monkeypatch) == os.EX_NOUSER
    assert refused(letter(address, "x" * 5001), monkeypatch) == os.EX_DATAERR
    page = letter(address, message_id="<3@example.net>")
    page.set_content("<style>a{}</style><p>Gern&nbsp;am <b>Montag</b></p><script>alert(1)</script>", subtype="html")
    piped(page, monkeypatch)
    assert found.messages.filter(text="Gern am Montag", side=Side.CONTACT).count() == 1
    strange = f"To: {address}\r\nMessage-ID: <4@x>\r\nContent-Type: text/plain; charset=klingon\r\n\r\nGern am Mittwoch\x00".encode()
    piped(strange, monkeypatch)
    assert found.messages.filter(text="Gern am Mittwoch").count() == 1
    plan = letter(address, "Mit Plan.", message_id="<5@example.net>")
    plan.add_attachment(b"MZ" * 100, maintype="application", subtype="x-msdownload", filename="plan.exe")
    piped(plan, monkeypatch)
    assert found.messages.filter(text="Mit Plan.\n\n(Nicht übernommene Anhänge: 1)").count() == 1


def test_a_quoted_link_is_not_handed_on(found: Inquiry, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"Siehe http://localhost:8000{mails.answer_link(found)} oben"
    piped(letter(mails.reply_address(found, Side.CONTACT), text), monkeypatch)
    assert found.messages.get(side=Side.CONTACT).text == "Siehe […] oben"


def test_after_the_end_no_mail_comes_in(found: Inquiry, monkeypatch: pytest.MonkeyPatch) -> None:
    address = mails.reply_address(found, Side.CONTACT)
    thread.step(found, Side.CONTACT, "declined", reason="taken")
    assert refused(letter(address), monkeypatch) == os.EX_NOPERM


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("Ja.\n\nAm 1. schrieb x:\n> MARKE\n> alt", "Ja."),
        ("Ja.\nGrüße\nMARKE\nalt", "Ja.\nGrüße"),
        ("Ja.\n> eigenes Zitat\nBis dann", "Ja.\n> eigenes Zitat\nBis dann"),
        ("Folgendes:\n\n\n\n- eins", "Folgendes:\n\n- eins"),
    ],
)
def test_what_stands_above_the_marker_is_new(body: str, kept: str) -> None:
    head = "To: a@b.example\nContent-Type: text/plain; charset=utf-8\n\n"
    assert read((head + body).encode(), "MARKE").text == kept
    with pytest.raises(Unreadable):
        read((head + "MARKE\nalt").encode(), "MARKE")


# --- by the calendar --------------------------------------------------------------------------------------------------


def test_reminders_after_7_and_14_days_then_the_list(found: Inquiry) -> None:
    sent()
    start = timezone.now()

    def after(days: int) -> list[Any]:
        jobs.run(start + datetime.timedelta(days=days, minutes=1))
        return sent()

    assert after(6) == []
    [first] = after(7)
    assert first.to == ["bauamt-gransee@example.org"]
    assert first.subject.startswith("Eine Anfrage wartet seit 7 Tagen")
    assert after(8) == []
    [second] = after(14)
    assert "seit 14 Tagen" in second.body
    assert after(30) == []
    today = timezone.localdate()
    assert list(Inquiry.objects.all().unanswered_since(today)) == [found]
    assert not Inquiry.objects.all().unanswered_since(today - datetime.timedelta(days=1)).exists()
    thread.write(found, Side.CONTACT, "Wir klären das.")
    assert not Inquiry.objects.all().unanswered_since(today).exists()


def test_a_reservation_is_reminded_of_and_ends(found: Inquiry, ilse: User) -> None:
    until = timezone.localdate() + datetime.timedelta(days=30)
    thread.step(found, Side.CONTACT, "negotiating")
    thread.step(found, Side.CONTACT, "reserved", reserved_until=until)
    assert [m.to for m in sent()][-1] == [ilse.email]
    assert jobs.end_reservations(until - datetime.timedelta(days=8)) == (0, 0)
    assert [jobs.end_reservations(until - datetime.timedelta(days=7)) for _twice in range(2)] == [(1, 0), (0, 0)]
    assert {m.to[0] for m in sent()} == {"bauamt-gransee@example.org", ilse.email}
    thread.step(found, Side.CONTACT, "reserved", reserved_until=until + datetime.timedelta(days=20))
    assert jobs.end_reservations(until + datetime.timedelta(days=13)) == (1, 0), "the new end is reminded of, too"
    assert jobs.end_reservations(until + datetime.timedelta(days=20)) == (0, 0)
    assert jobs.end_reservations(until + datetime.timedelta(days=21)) == (0, 1)
    found.refresh_from_db()
    assert (found.state, found.reserved_until) == ("expired", None)


def test_ended_threads_go_after_twelve_months_and_silent_ones_end(found: Inquiry) -> None:
    sent()
    start, over = timezone.now(), retention.BY_NAME["inquiries"]
    assert jobs.close(start + datetime.timedelta(days=179)) == 0
    assert jobs.close(start + datetime.timedelta(days=181)) == 1
    found.refresh_from_db()
    assert found.state == "expired"
    assert Mail.objects.count() == 2
    assert over.apply(start + datetime.timedelta(days=364)) == 0
    assert over.apply(start + datetime.timedelta(days=368)) == 1
    assert not Inquiry.objects.exists()
    assert not Mail.objects.exists(), "mails of it that still waited go, too"
    tend_inquiries()


def test_mails_in_english_for_those_who_read_it(found: Inquiry) -> None:
    sent()
    Inquiry.objects.filter(pk=found.pk).update(language="en")
    thread.write(Inquiry.objects.get(), Side.CONTACT, "Tuesday is fine.", by="Bauamt Gransee")
    [told] = sent()
    assert "Guten Tag" not in told.body
    assert TEXT not in told.body

"""Consents: show the wording, note that it was given, withdraw it.

A text is `web/texts/consents/<name>-<version>.md` (`….en.md` for its translation); a change of its sense is a new version in a new
file. Whoever asks shows `ask(name)`, calls `give` where the person agrees, and says by `on_withdrawal` what ends with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from geo.errors import InvalidParameter
from network.privacy.models import Consent

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Act = Callable[["User | str", str], None]
_acts: dict[str, Act] = {}


@dataclass(frozen=True)
class Wording:
    """One version of a text as it is shown."""

    name: str
    version: int
    language: str
    title: str
    body: str
    digest: str


def versions(name: str) -> list[int]:
    """Return the versions of a text, the newest last."""
    found = (settings.BASE_DIR / "web" / "texts" / "consents").glob("*.md")
    parts = [p.name.split(".")[0].rpartition("-") for p in found]
    return sorted({int(number) for own, _dash, number in parts if own == name and number.isdigit()})


def ask(name: str, version: int | None = None, language: str | None = None) -> Wording:
    """Return the words to show, by default of the newest version in the visitor's language; raises `InvalidParameter`."""
    known = versions(name)
    if not known or (version or known[-1]) not in known:
        raise InvalidParameter("text", f"{name}-{version or ''}"[:60], _("ein Text, in den hier eingewilligt wird"))
    version = version or known[-1]
    folder, language = settings.BASE_DIR / "web" / "texts" / "consents", language or get_language() or "de"
    path = folder / f"{name}-{version}.{language}.md"
    if language == "de" or not path.exists():
        path, language = folder / f"{name}-{version}.md", "de"
    text = path.read_text(encoding="utf-8")
    title, _newline, body = text.partition("\n")
    return Wording(name, version, language, title.removeprefix("# ").strip(), body.strip(), hashlib.sha256(text.encode()).hexdigest())


def give(who: User | str, name: str, about: str = "", version: int | None = None) -> Consent:
    """Note that a person (an account, or the address of one without) agrees; twice is once, a newer version ends the older one."""
    words = ask(name, version)
    with transaction.atomic():
        earlier = Consent.objects.all().by(who).to(name, about).in_force()
        earlier.exclude(version=words.version).update(withdrawn_at=timezone.now())
        own = {"address": who.strip().lower(), "user": None} if isinstance(who, str) else {"user": who, "address": ""}
        more = {"language": words.language, "digest": words.digest}
        found, _made = Consent.objects.get_or_create(**own, text=name, version=words.version, about=about, withdrawn_at=None, defaults=more)
    return found


def withdraw(who: User | str, name: str, about: str = "") -> bool:
    """Withdraw a consent and end at once what rests on it; returns whether there was one."""
    with transaction.atomic():
        ended = Consent.objects.all().by(who).to(name, about).in_force().update(withdrawn_at=timezone.now())
        if ended and name in _acts:
            _acts[name](who, about)
    return bool(ended)


def on_withdrawal(name: str) -> Callable[[Act], Act]:
    """Say what ends with the consent to a text: a function of who and what it was given for."""

    def noted(act: Act) -> Act:
        _acts[name] = act
        return act

    return noted

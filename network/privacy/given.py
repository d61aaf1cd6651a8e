"""Everything one person agreed to, whatever keeps it: texts of this site, and showing a building of theirs."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _

from network.own_buildings.models import BuildingConsent
from network.privacy import consents
from network.privacy.models import Consent

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True)
class Given:
    """One consent: to what and for what, in which words, from when until when, and where it is withdrawn.

    The words stand at `url`, or in `text` where they are kept with the consent. `withdraw` is a path for a POST, '' for one that has ended.
    """

    title: str
    about: str
    version: str
    given_at: datetime.datetime
    ended_at: datetime.datetime | None
    withdraw: str
    url: str = ""
    text: str = ""


def given_by(user: User) -> list[Given]:
    """Return the consents of a person, the newest first."""
    found = [_of_text(c) for c in Consent.objects.all().of(user)]
    found += [_of_building(c) for c in BuildingConsent.objects.all().of(user)]
    return sorted(found, key=lambda one: one.given_at, reverse=True)


def _of_text(one: Consent) -> Given:
    title, url = consents.ask(one.text, one.version).title, reverse("consent_text", args=[one.text, one.version])
    withdraw = "" if one.withdrawn_at else reverse("withdraw_consent", args=[one.pk])
    return Given(title, one.about, str(one.version), one.given_at, one.withdrawn_at, withdraw, url=url)


def _of_building(one: BuildingConsent) -> Given:
    title = _("Mein Gebäude zeigen: {how}").format(how=one.get_visibility_display())
    withdraw = "" if one.withdrawn_at else reverse("own_building_withdraw", args=[one.own_building_id])
    return Given(title, one.own_building.place, one.text_version, one.given_at, one.withdrawn_at, withdraw, text=one.text)

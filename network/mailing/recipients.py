"""Whom a letter would go to: found anew each time it is asked for, without those who want none."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from geo.models import District, Town
from network.desk.lists import BY_KEY
from network.mailing.models import Audience, Mailing, OptOut
from network.members import Membership, Role, roles_from
from network.organisations.models import OrganisationMember
from network.owners.models import OwnerContact, OwnerRank
from network.people.models import chosen_name, masked
from network.seeking.models import Notify, SpaceRequest
from network.seeking.regions import spot_of


@dataclass(frozen=True)
class Recipient:
    """One address, what the person is called, and why they get the letter."""

    address: str
    name: str
    why: str
    language: str = "de"


@dataclass(frozen=True)
class Chosen:
    """Who would get a letter, and how many others are left out because they want none."""

    recipients: tuple[Recipient, ...]
    n_left_out: int
    digest: str  # differs when somebody else would get it, or something else


def choose(mailing: Mailing) -> Chosen:
    """Return who would get a letter now: every address once, in alphabetical order, none that said no."""
    found: dict[str, Recipient] = {}
    for recipient in AUDIENCES[mailing.audience](mailing):
        if recipient.address:
            found.setdefault(recipient.address.lower(), recipient)
    refused = refusing(list(found))
    kept = sorted((r for address, r in found.items() if address not in refused), key=lambda r: (r.name.casefold(), r.address))
    read = "\n".join([mailing.subject, mailing.text, *(r.address for r in kept)])
    return Chosen(tuple(kept), len(refused), hashlib.sha256(read.encode()).hexdigest()[:24])


def refusing(addresses: list[str]) -> set[str]:
    """Return those of these addresses (small letters) that opted out, or whose owner is not to be contacted."""
    alone = OwnerContact.objects.filter(rank=OwnerRank.DO_NOT_CONTACT).exclude(email="").values_list("email", flat=True)
    return OptOut.objects.all().among(addresses) | ({a.lower() for a in alone} & set(addresses))


def _of_user(user: Any, why: str) -> Recipient:
    person = getattr(user, "person", None)
    return Recipient(user.email, chosen_name(user) or masked(user.email), why, person.language if person else "de")


def _managers(mailing: Mailing) -> Iterator[Recipient]:
    towns = BY_KEY["veraltete-leerstaende"].rows(timezone.now())
    if mailing.district_id:  # type: ignore[attr-defined]
        towns = towns.filter(district=mailing.district_id)  # type: ignore[attr-defined]
    for town in towns:
        held = Membership.objects.all().at(town).with_people().filter(role__in=roles_from(Role.MANAGER), statewide=False)
        for membership in held.filter(user__is_active=True):
            yield _of_user(membership.user, _("Sie leiten bei uns: {tenant}.").format(tenant=membership.tenant))


def _seekers(mailing: Mailing) -> Iterator[Recipient]:
    found = SpaceRequest.objects.all().active().exclude(notify=Notify.NEVER).filter(owner__is_active=True)
    looks = _looks_in(mailing.district) if mailing.district else lambda _request: True
    for request in found.select_related("owner__person").order_by("pk"):
        if looks(request):
            yield _of_user(request.owner, _("Sie haben bei uns ein aktives Gesuch und erlauben E-Mails dazu."))


def _looks_in(district: District) -> Callable[[SpaceRequest], bool]:
    """Return whether a request looks in a district; one that names no place looks everywhere."""
    slugs = set(Town.objects.filter(district=district).values_list("slug", flat=True))
    area = District.objects.get(pk=district.pk).geom
    centres = dict(Town.objects.values_list("slug", "centre"))

    def looks(request: SpaceRequest) -> bool:
        where = request.needs.get("regions", {}).get("value")
        if not where:
            return True
        if district.ags5 in where["districts"] or slugs & set(where["towns"]):
            return True
        circles = [(centres[slug], km * 1000) for slug, km in where["around"] if slug in centres]
        circles += [(spot_of(lon, lat), metres) for lon, lat, metres in where["points"]]
        return any(area.distance(spot) <= metres for spot, metres in circles)

    return looks


def _organisations(mailing: Mailing) -> Iterator[Recipient]:
    found = OrganisationMember.objects.all().contacts().filter(user__is_active=True)
    if mailing.kind:
        found = found.filter(organisation__kind=mailing.kind)
    if mailing.district_id:  # type: ignore[attr-defined]
        found = found.filter(organisation__municipality__district=mailing.district_id)  # type: ignore[attr-defined]
    for member in found.select_related("organisation", "user__person").order_by("organisation__name", "pk"):
        yield _of_user(member.user, _("Sie sind Ansprechperson von „{name}“.").format(name=member.organisation.name))


AUDIENCES: dict[str, Callable[[Mailing], Iterable[Recipient]]] = {
    Audience.STALE_MANAGERS: _managers,
    Audience.SEEKERS: _seekers,
    Audience.ORGANISATIONS: _organisations,
}

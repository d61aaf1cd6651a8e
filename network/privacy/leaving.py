"""Leaving for good: an account goes, and the organisations it was the last contact of are handed over or hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import translation

from network import post
from network.organisations.models import Organisation, OrganisationMember, OrganisationRole
from network.privacy.deletion import delete
from network.privacy.subjects import Subject

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def left_alone(user: User) -> list[tuple[Organisation, list[OrganisationMember]]]:
    """Return the organisations whose last contact a person is, with those who could take over."""
    with transaction.atomic():
        kept = OrganisationMember.objects.all().contacts().of(user)
        return [(member.organisation, list(member.heirs)) for member in kept if member.is_last_contact()]


@transaction.atomic
def leave(user: User, heirs: dict[int, int] | None = None) -> dict[str, int]:
    """Delete an account with all that belongs to it and tell its address; returns how many rows of each model.

    Parameters
    ----------
    user : User
        Whose account it is.
    heirs : dict
        For an organisation's id the id of the membership that takes over; an organisation without one is hidden.
    """
    for organisation, others in left_alone(user):
        heir = next((m for m in others if m.pk == (heirs or {}).get(organisation.pk)), None)
        if heir is not None:
            heir.confirm(OrganisationRole.CONTACT)
        else:
            organisation.hide()
    person, address = getattr(user, "person", None), user.email
    language = person.language if person else translation.get_language() or "de"
    confirmed = user.emailaddress_set.filter(email__iexact=address, verified=True).exists()  # type: ignore[attr-defined]
    done = delete(Subject.of(user))
    if confirmed:
        post.write(address, "account_deleted", {}, language=language)
    return done

"""Whose data: a person with an account, or an address alone."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.contrib.auth.models import User


@dataclass(frozen=True)
class Subject:
    """A person: an account, or addresses alone; addresses are such that the person has shown to have."""

    user: User | None = None
    addresses: tuple[str, ...] = ()

    @classmethod
    def of(cls, user: User) -> Subject:
        """Return the person of an account with the addresses they confirmed."""
        return cls(user, tuple(EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)))

    @classmethod
    def by(cls, address: str) -> Subject:
        """Return who has an address. An account that confirmed it is reached by signing in, one that never did is theirs, too."""
        rows = EmailAddress.objects.filter(email__iexact=address)
        holder = None
        if not rows.filter(verified=True).exists():
            alone = rows.exclude(user__emailaddress__verified=True).select_related("user").first()
            holder = alone.user if alone else None
        return cls(holder, (address,))


def is_of_an_account(address: str) -> bool:
    """Whether somebody confirmed an address for their account."""
    return EmailAddress.objects.filter(email__iexact=address, verified=True).exists()

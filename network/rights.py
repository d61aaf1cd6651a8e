"""Who may do what, as rules: a membership alone gives what its role says, anywhere or where a thing is.

`user.has_perm(name)` asks whether a person may anywhere, `user.has_perm(name, thing)` whether they may where the vacancy, its part,
the town or the membership is. Rows are cut by `visible_to(user)`; a rule says nothing of rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rules

from geo.models import Town
from network.members import Membership, OfATenant, Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


def role_at(user: User | AnonymousUser, place: OfATenant) -> str:
    """Return the highest role that covers a tenant; '' for none, the highest there is for superusers."""
    if user.is_active and user.is_superuser:
        return Role.ADMIN
    found: str = Membership.objects.all().of(user).over(place).highest_role()
    return found


def _place_of(thing: Any) -> OfATenant:
    """The tenant of a thing: itself, the town, the town of a vacancy, or that of the vacancy it is a part of."""
    if isinstance(thing, OfATenant):
        return thing
    town = thing if isinstance(thing, Town) else getattr(thing, "vacancy", thing).town
    return Membership(town=town)


def at_least(role: str) -> rules.predicates.Predicate:
    """Return the rule: the person has this role or one that may more, where the thing is; without a thing, anywhere."""

    @rules.predicate(name=f"at_least_{role}")
    def held(user: User | AnonymousUser, thing: Any = None) -> bool:
        memberships = Membership.objects.all().of(user, role)
        if thing is not None:
            memberships = memberships.over(_place_of(thing))
        return bool(memberships.exists())

    return held


def in_the_contact_point(role: str) -> rules.predicates.Predicate:
    """Return the rule: the person is of the contact point, with this role or one that may more."""

    @rules.predicate(name=f"contact_point_{role}")
    def held(user: User | AnonymousUser) -> bool:
        return bool(Membership.objects.all().of(user, role).cover_the_state())

    return held


CURATED = ("article", "adviceoffer", "fundingprogramme", "showcase", "showcasephoto", "wirspace", "event")  # what coordinators keep

RIGHTS = {
    "network.see_register": at_least(Role.VIEWER),
    "network.edit_vacancy": at_least(Role.EDITOR),
    "network.moderate": at_least(Role.MODERATOR),
    "network.see_owner": at_least(Role.MODERATOR),
    "network.manage_members": at_least(Role.MANAGER),
    "network.read_owner_log": at_least(Role.ADMIN),
    "network.coordinate": in_the_contact_point(Role.MODERATOR),
    # what the administration and the services ask for
    "vacancies": at_least(Role.VIEWER),
    **{f"vacancies.view_{model}": at_least(Role.VIEWER) for model in ("vacancy", "unit", "photo")},
    **{f"vacancies.{act}_{model}": at_least(Role.EDITOR) for act in ("add", "change", "delete") for model in ("vacancy", "unit", "photo")},
    "geo.view_town": at_least(Role.VIEWER),  # to choose one of; they are public
    "network": in_the_contact_point(Role.MODERATOR),
    **{f"network.{act}_organisation": in_the_contact_point(Role.MODERATOR) for act in ("view", "add", "change")},
    **{f"network.{act}_{model}": in_the_contact_point(Role.MODERATOR) for act in ("view", "add", "change", "delete") for model in CURATED},
    **{f"network.{act}_contactpoint": in_the_contact_point(Role.MODERATOR) for act in ("view", "add", "change")},
    "network.view_inquiry": in_the_contact_point(Role.MODERATOR),
    "network.view_organisationmember": in_the_contact_point(Role.MODERATOR),
    **{f"network.{act}_membership": in_the_contact_point(Role.ADMIN) for act in ("view", "add", "change", "delete")},
}

for _name, _rule in RIGHTS.items():
    rules.set_perm(_name, _rule)

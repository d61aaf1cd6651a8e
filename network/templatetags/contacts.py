"""Who answers for a place, for pages of the register."""

from __future__ import annotations

from typing import Any

from django import template

from geo.models import District, Town
from network.contacts.directory import contacts_of, knows_nearby

register = template.Library()
SHOWN = 3


@register.inclusion_tag("network/contacts/_block.html", takes_context=True)
def contacts_block(context: Any, where: Town | District, vacancy: Any = None) -> dict[str, Any]:
    """Show whom to ask in a place, the nearest first; on the page of a vacancy with the way to an inquiry."""
    answers = contacts_of(where)
    shown = answers[:SHOWN]
    last = next(a for a in answers if a.contact is None)
    if last not in shown:
        shown = [*shown[: SHOWN - 1], last]
    of = "town" if isinstance(where, Town) else "district"
    return {"answers": shown, "nearby": knows_nearby(answers), "where": where, "of": of, "vacancy": vacancy, "request": context["request"]}

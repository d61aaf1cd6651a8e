"""Tenants as options of a form: what a person manages, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from geo.models import District, Town
from network.members import managed_by

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Options = list[tuple[str, list[tuple[str, str]]]]


def options_of(user: User) -> Options:
    """Return the tenants a person manages, in groups: an Amt with its municipalities, the contact point with all there are."""
    area = managed_by(user)
    names = area.unions.order_by("admin_union").distinct()
    groups = [
        (_("Kontaktstelle"), [("state", _("Kontaktstelle (KoLaB)"))] if area.everywhere else []),
        (_("Landkreise"), [(f"district:{d.ags5}", str(d)) for d in area.districts.order_by("name")]),
        (_("Ämter"), [(f"union:{name}", _("Amt {name}").format(name=name)) for name in names]),
        (_("Gemeinden"), [(f"town:{t.ags8}", t.name) for t in area.towns.current().order_by("name")]),
    ]
    return [(name, rows) for name, rows in groups if rows]


def tenant_of(value: str) -> dict[str, Any]:
    """Return the fields of a membership that an option stands for; the option must be one of `options_of`."""
    kind, _colon, name = value.partition(":")
    if kind == "town":
        return {"town": Town.objects.get(ags8=name)}
    if kind == "district":
        return {"district": District.objects.get(ags5=name)}
    return {"admin_union": name} if kind == "union" else {"statewide": True}

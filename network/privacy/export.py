"""What is held of a person as JSON (Art. 15 and 20 GDPR), row by row: however much it is, little of it is in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model
from django.utils import timezone

from network.privacy.holding import Holding
from network.privacy.holdings import HOLDINGS
from network.privacy.subjects import Subject

BATCH = 500


def export(who: Subject) -> Iterator[str]:
    """Yield the text of the file, a piece at a time."""
    head = {"made_at": timezone.now(), "addresses": who.addresses, "account": who.user.pk if who.user else None}
    yield _json(head)[:-1] + ', "holdings": [\n'
    first = True
    for holding in HOLDINGS:
        rows = holding.rows(who)
        if rows.exists():
            yield ("" if first else ",\n") + "".join(_opening(holding))
            first = False
            for n, row in enumerate(rows.order_by("pk").iterator(chunk_size=BATCH)):
                yield (",\n  " if n else "\n  ") + _json(_values(row, holding))
            yield "\n]}"
    yield "\n]}\n"


def _opening(holding: Holding) -> Iterator[str]:
    told = {"name": holding.name, "model": holding.model, "fields": holding.labels(), "purpose": str(holding.why.name)}
    told |= {"basis": str(holding.why.basis), "kept": holding.lasts, "on_deletion": str(holding.end)}
    yield _json(told)[:-1] + ', "rows": ['


def _values(row: Model, holding: Holding) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in holding.shows.split()}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Model) or hasattr(value, "storage") else value


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)

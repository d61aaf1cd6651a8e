"""A thread as data, for those who see it."""

from __future__ import annotations

from typing import Any

from network.inquiries.models import Inquiry


def as_json(inquiry: Inquiry, side: str) -> dict[str, Any]:
    """Return a thread as its side sees it: no address of anybody, no owner."""
    return {
        "key": inquiry.key,
        "vacancy": inquiry.vacancy_id,
        "request": inquiry.request.key if inquiry.request else None,
        "topic": inquiry.topic,
        "contact": inquiry.contact_name,
        "state": inquiry.state,
        "reason": inquiry.reason or None,
        "reserved_until": inquiry.reserved_until,
        "created_at": inquiry.created_at,
        "ended_at": inquiry.ended_at,
        "messages": [
            {
                "at": m.at,
                "side": m.side,
                "by": m.by,
                "text": m.text,
                "state": m.state or None,
                "by_mail": m.by_mail,
                "deleted_at": m.deleted_at,
            }
            for m in inquiry.messages.all().shown_to(side)
        ],
    }

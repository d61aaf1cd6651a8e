"""What a form asks for and is refused is said above its fields; nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.forms import BaseForm

from geo.errors import NotAllowed, TooMany
from geo.errors import status_of as status_of_error


def done(form: BaseForm, act: Callable[[], Any]) -> bool:
    """Do what a form asks for, if it is filled in well; returns whether it is done. A refusal becomes an error of the form."""
    if not form.is_valid():
        return False
    try:
        act()
    except (NotAllowed, TooMany) as error:
        form.add_error(None, str(error))  # type: ignore[attr-defined]
        form.refused_with = status_of_error(error)  # type: ignore[attr-defined]
        return False
    return True


def status_of(*forms: BaseForm | None) -> int:
    """Return the HTTP status of a page with these forms: 200 where nothing is wrong with any."""
    wrong = next((form for form in forms if form is not None and form.errors), None)
    return getattr(wrong, "refused_with", 400) if wrong else 200

"""Doing what a form asks for, so that nothing typed is lost when it is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.forms import BaseForm

from geo.errors import NotAllowed, TooMany, status_of

Done = TypeVar("Done")


def attempt(form: BaseForm, act: Callable[..., Done]) -> tuple[Done | None, int]:
    """Do what a form asks for.

    Parameters
    ----------
    form : BaseForm
        Bound. Where it is not valid, or the act is refused, it says why and keeps what was typed.
    act : callable
        Called with the cleaned data as keywords; returns anything but None.

    Returns
    -------
    tuple
        What the act returned, or None; the status of the page that shows the form.
    """
    if not form.is_valid():
        return None, 400
    try:
        return act(**form.cleaned_data), 200
    except (NotAllowed, TooMany) as error:
        form.add_error(None, str(error))
        return None, status_of(error)

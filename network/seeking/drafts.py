"""What somebody has typed so far, kept in the session: nothing is lost on the way back or to the sign-in."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from geo.errors import NotAllowed
from network.seeking import needs
from network.seeking.forms import FORMS, LAST, AboutForm
from network.seeking.models import SpaceRequest
from vacancies.filters import VacancyFilter

PLACE = "space_requests"
NEW = "new"
MOST_BYTES = 30_000  # of what is typed in one step
MOST = 5  # drafts in one session


@dataclass
class Draft:
    """The answers of each step as they were typed, valid or not; `name` is "new" or the key of the request that is edited."""

    session: Any
    name: str = NEW
    steps: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    query: str = ""
    typed: bool = False  # by a person, not taken over from a search

    @classmethod
    def of(cls, request: HttpRequest, edited: SpaceRequest | None = None) -> Draft:
        """Return the draft of this visitor: the new one, or that of a request of theirs."""
        name = edited.key if edited else NEW
        kept = request.session.get(PLACE, {}).get(name)
        if kept is not None:
            return cls(request.session, name, kept["steps"], kept["query"], kept.get("typed", True))
        return cls.from_request(request.session, edited) if edited else cls(request.session)

    @classmethod
    def from_search(cls, request: HttpRequest, wanted: VacancyFilter) -> Draft:
        """Begin a new one with what a search on the map asks; raises `InvalidParameter` for a search that is too long to keep."""
        draft = cls(request.session)
        found, draft.query = needs.from_filter(wanted)
        draft._fill(found)
        draft.keep()
        return draft

    @classmethod
    def from_request(cls, session: Any, edited: SpaceRequest) -> Draft:
        draft = cls(session, edited.key, query=edited.query)
        draft._fill(edited.needs)
        draft.steps[str(LAST)] = _as_lists(AboutForm.data_of(edited))
        return draft

    def _fill(self, found: dict[str, Any]) -> None:
        for number, form in enumerate(FORMS[:-1], 1):
            self.steps[str(number)] = _as_lists(form.data_of(found))

    def keep(self) -> None:
        drafts = self.session.get(PLACE, {})
        drafts.pop(self.name, None)
        drafts[self.name] = {"steps": self.steps, "query": self.query, "typed": self.typed}
        self.session[PLACE] = dict(list(drafts.items())[-MOST:])

    def forget(self) -> None:
        drafts = self.session.get(PLACE, {})
        drafts.pop(self.name, None)
        self.session[PLACE] = drafts

    def take(self, step: int, given: QueryDict) -> None:
        """Keep what was typed in a step; raises `NotAllowed` for more than anybody types."""
        lists = {name: values for name, values in given.lists() if name not in ("csrfmiddlewaretoken", "go")}
        if sum(len(v.encode()) for values in lists.values() for v in values) > MOST_BYTES:
            text = _("Das ist mehr Text, als hier Platz hat (höchstens 30.000 Zeichen je Schritt). Die anderen Schritte sind gespeichert.")
            raise NotAllowed(text)
        self.steps[str(step)], self.typed = lists, True

    def form(self, step: int, check: bool = False) -> Any:
        """Return the form of a step with what was typed; its errors only where they are asked for."""
        data = self.steps.get(str(step))
        kind = FORMS[step - 1]
        if data is None:
            return kind(_query(_defaults(kind)) if check else None)
        return kind(_query(data)) if check else kind(initial=_flat(kind, data))

    def forms(self) -> list[Any]:
        """Return the forms of all steps, checked."""
        return [self.form(step, check=True) for step in range(1, LAST + 1)]

    def needs(self) -> dict[str, Any]:
        """Return the needs of all steps that are typed without fault."""
        found: dict[str, Any] = {}
        for step in range(1, LAST):
            form = self.form(step, check=True)
            form.is_valid()
            found |= getattr(form, "found", {})
        return found

    def first_wrong(self) -> int | None:
        """Return the first step that cannot be saved as it is."""
        return next((step for step, form in enumerate(self.forms(), 1) if not form.is_valid()), None)

    def fill(self, request: SpaceRequest) -> SpaceRequest:
        """Give a request what was typed; every step must be valid."""
        about = AboutForm(_query(self.steps[str(LAST)]), instance=request)
        filled: SpaceRequest = about.save(commit=False)
        filled.needs, filled.query = needs.read(self.needs()), self.query
        filled.language = "en" if get_language() == "en" else "de"
        return filled


def _as_lists(values: dict[str, Any]) -> dict[str, list[str]]:
    """Return form values as a browser would send them."""

    def text(value: Any) -> str:
        return value.isoformat() if isinstance(value, datetime.date) else "on" if value is True else str(value)

    lists = {name: value if isinstance(value, list) else [value] for name, value in values.items()}
    return {name: [text(v) for v in value if v is not None and v is not False] for name, value in lists.items()}


def _query(data: dict[str, list[str]]) -> MultiValueDict[str, str]:
    return MultiValueDict(data)


def _flat(kind: Any, data: dict[str, list[str]]) -> dict[str, Any]:
    """Return typed values as the initial ones of a form."""
    fields = kind().fields
    many = {name for name, f in fields.items() if getattr(f.widget, "allow_multiple_selected", False)}
    return {name: values if name in many else (values[-1] if values else "") for name, values in data.items()}


def _defaults(kind: Any) -> dict[str, list[str]]:
    """Return what is sent by somebody who changes nothing."""
    form = kind()
    given = {name: form.get_initial_for_field(f, name) for name, f in form.fields.items()}
    return _as_lists({name: value for name, value in given.items() if value not in (None, "", [])})

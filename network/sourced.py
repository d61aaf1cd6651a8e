"""What rests on public sources: their addresses, the day they were read, and lists that are written a line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

MAX_LINES = 40


@dataclass(frozen=True)
class Source:
    """An address that something was read at, and what to call it."""

    url: str
    title: str


def lines_of(text: str) -> list[str]:
    """Return the lines that hold something, without the space around them."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def source_of(line: str) -> Source:
    """Return the source of a line: an address and, behind a space, a title; without one the host is its name."""
    url, _space, title = line.partition(" ")
    return Source(url, title.strip() or (urlsplit(url).hostname or url).removeprefix("www."))


def are_sources(text: str) -> None:
    """Raise `ValidationError` for lines that do not begin with an address on the web, naming the first."""
    lines = lines_of(text)
    if len(lines) > MAX_LINES:
        raise ValidationError(_now("Höchstens {n} Quellen.").format(n=MAX_LINES))
    for line in lines:
        parts = urlsplit(source_of(line).url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValidationError(_now("„{line}“ beginnt nicht mit https:// oder http://.").format(line=line[:60]))


def is_web_address(url: str) -> None:
    """Raise `ValidationError` for an address that leads to no page of the web."""
    if url:
        are_sources(url.split(" ")[0])


class Sourced(models.Model):
    """A row whose facts are taken from public sources; without one there is no row."""

    sources = models.TextField(
        _("Quellen"), validators=[are_sources], help_text=_("je Zeile eine Adresse, dahinter nach einem Leerzeichen ihr Titel")
    )
    checked_at = models.DateField(_("geprüft am"), help_text=_("An diesem Tag wurden die Quellen zuletzt gelesen."))

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(sources=""),
                name="%(class)s_has_source",
                violation_error_message=_("Bitte mindestens eine Quelle angeben."),
            ),
        ]

    @property
    def source_list(self) -> list[Source]:
        """The sources, in the order in which they are written."""
        return [source_of(line) for line in lines_of(self.sources)]


class ChoicesField(ArrayField):
    """Some of a list; in forms as boxes to tick."""

    def formfield(self, **kwargs: Any) -> Any:
        given = {"choices": self.base_field.choices, "widget": forms.CheckboxSelectMultiple, "required": not self.blank}
        return models.Field.formfield(self, form_class=forms.TypedMultipleChoiceField, coerce=str, **{**kwargs, **given})  # type: ignore[arg-type]

    def deconstruct(self) -> Any:
        name, _path, args, words = super().deconstruct()
        return name, "django.contrib.postgres.fields.ArrayField", args, words


def some_of(label: object, choices: type[models.TextChoices], *, blank: bool = True) -> ChoicesField:
    """Return a column that holds some of a list."""
    return ChoicesField(models.CharField(max_length=24, choices=choices.choices), verbose_name=label, default=list, blank=blank)


def labels_of(row: models.Model, name: str) -> list[str]:
    """Return the labels of a column that holds some of a list."""
    known = dict(row._meta.get_field(name).base_field.choices)  # type: ignore[union-attr]
    return [str(known[value]) for value in getattr(row, name)]

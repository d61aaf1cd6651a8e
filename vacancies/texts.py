"""Pages of text that the operator owns."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class SiteText(models.Model):
    """A page of text that the operator owns; without a row the text in web/texts/ is shown."""

    class Name(models.TextChoices):
        IMPRESSUM = "impressum", _("Impressum")
        DATENSCHUTZ = "datenschutz", _("Datenschutz")
        BARRIEREFREIHEIT = "barrierefreiheit", _("Barrierefreiheit")
        LEICHT = "leichte-sprache", _("Leichte Sprache")

    name = models.CharField(_("Seite"), max_length=20, choices=Name.choices)
    language = models.CharField(_("Sprache"), max_length=2, choices=[("de", "Deutsch"), ("en", "English")], default="de")
    body = models.TextField(_("Text (Markdown)"))

    class Meta:
        verbose_name = _("Text")
        verbose_name_plural = _("Texte")
        constraints: ClassVar = [models.UniqueConstraint(fields=("name", "language"), name="text_once_per_language")]

    def __str__(self) -> str:
        return f"{self.get_name_display()} ({self.language})"

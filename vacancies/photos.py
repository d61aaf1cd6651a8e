"""Pictures that people hand in: checked, turned upright, written anew without any metadata, under a name that says nothing."""

from __future__ import annotations

import io
import secrets
import warnings
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import models
from django.db.models.fields.files import ImageFieldFile
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000
MAX_SIDE = 2_400  # pixels of the stored picture's longer side
FORMATS = ("JPEG", "PNG", "WEBP")


def clean_picture(file: Any) -> ContentFile[bytes]:
    """Return the picture as JPEG without metadata (no EXIF, no GPS, no thumbnail), at most 2,400 pixels a side.

    Raises
    ------
    ValidationError
        When the file is too large, has too many pixels, or is not a JPEG, PNG or WebP picture.
    """
    if file.size > MAX_BYTES:
        raise ValidationError(_("Das Bild hat {size} MB; höchstens {limit} MB.").format(size=file.size // 1_000_000, limit=20))
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise ValidationError(_("Das Bild hat mehr als 50 Millionen Bildpunkte."))
                upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ValidationError(_("Das Bild ist nicht lesbar; erlaubt sind JPEG, PNG und WebP.")) from None
    upright.thumbnail((MAX_SIDE, MAX_SIDE))
    # pixels alone: a new picture inherits no metadata
    bare = Image.new("RGB", upright.size)
    bare.paste(upright)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=85, optimize=True, progressive=True)
    return ContentFile(out.getvalue(), name=f"{secrets.token_hex(8)}.jpg")


class CleanPictureField(models.ImageField):
    """An ImageField whose files are cleaned before they are stored, whoever hands them in."""

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        checked = super().clean(value, model_instance)
        if isinstance(checked, ImageFieldFile) and not checked._committed:  # type: ignore[attr-defined]
            clean_picture(checked.file)
        return checked

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        file = getattr(model_instance, self.attname)
        if file and not file._committed:
            cleaned = clean_picture(file.file)
            setattr(model_instance, self.attname, cleaned)
        return super().pre_save(model_instance, add)

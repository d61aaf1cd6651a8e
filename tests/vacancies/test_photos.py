"""Pictures carry no metadata, show only when they may, and dangerous files are refused."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from vacancies.models import Photo, Unit, Vacancy
from vacancies.photos import clean_picture

pytestmark = pytest.mark.django_db
ORIENTATION, MAKE, GPS = 0x0112, 0x010F, 0x8825


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    settings.MEDIA_ROOT = tmp_path


def picture(size: tuple[int, int] = (60, 40), kind: str = "JPEG", with_exif: bool = True) -> SimpleUploadedFile:
    """A red picture whose left edge is blue, turned by EXIF, with camera and position in its metadata."""
    made = Image.new("RGB", size, "red")
    made.paste("blue", (0, 0, size[0] // 4, size[1]))
    exif = Image.Exif()
    if with_exif:
        exif[ORIENTATION], exif[MAKE] = 6, "Geheimkamera"
        exif.get_ifd(GPS)[2] = (52.0, 59.0, 43.0)
    out = io.BytesIO()
    made.save(out, kind, exif=exif)
    return SimpleUploadedFile(f"IMG_Anna.{kind.lower()}", out.getvalue())


def stored(**values: object) -> Photo:
    public = Vacancy.objects.public().filter(is_exact=True, town_slug="wittenberge").first()
    assert public is not None
    fixed = {"alt_text": "Giebel", "creator": "A. Beispiel", "licence": "CC BY 4.0", "is_public": True}
    return Photo.objects.create(vacancy=Vacancy.objects.get(key=public.key), file=picture(), **{**fixed, **values})


def test_metadata_is_gone_and_the_picture_stands_upright() -> None:
    photo = stored()
    raw = Path(photo.file.path).read_bytes()
    assert b"Geheimkamera" not in raw
    assert b"Exif" not in raw
    with Image.open(io.BytesIO(raw)) as kept:
        assert kept.format == "JPEG"
        assert not dict(kept.getexif())
        assert kept.size == (40, 60), "orientation 6 turns a quarter"
        red, _green, blue = kept.getpixel((20, 4))  # type: ignore[misc]
        assert blue > red, "the left edge is on top now"
    assert "Anna" not in photo.file.name


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_formats_become_jpeg(kind: str) -> None:
    with Image.open(clean_picture(picture(kind=kind))) as made:
        assert made.format == "JPEG"


def test_large_pictures_are_made_smaller() -> None:
    with Image.open(clean_picture(picture((5_000, 1_000), with_exif=False))) as made:
        assert made.size == (2_400, 480)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<svg onload=alert(1)>", "erlaubt sind JPEG, PNG und WebP"),
        (b"GIF89a" + b"\0" * 50, "erlaubt sind JPEG, PNG und WebP"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 100, "erlaubt sind JPEG, PNG und WebP"),
        (b"\0" * 20_000_001, "höchstens 20 MB"),
    ],
)
def test_what_is_no_picture_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        clean_picture(SimpleUploadedFile("x.jpg", data))
    assert message in str(caught.value)


def test_a_bomb_of_pixels_is_refused() -> None:
    out = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(out, "PNG")
    assert out.tell() < 100_000
    with pytest.raises(ValidationError):
        clean_picture(SimpleUploadedFile("x.png", out.getvalue()))


def test_only_released_pictures_of_exact_public_vacancies_show(client: Client, admin_client: Client) -> None:
    photo = stored()
    address, page = f"/fotos/{photo.file.name}", f"/leerstaende/{photo.vacancy.slug}/"
    got = client.get(address)
    assert got.status_code == 200
    assert got["Content-Type"] == "image/jpeg"
    assert b"".join(got.streaming_content).startswith(b"\xff\xd8")  # type: ignore[arg-type]
    assert f'src="{address}"' in client.get(page).content.decode()
    for change in ({"visibility": "coarse"}, {"publication": "draft"}):
        Vacancy.objects.filter(pk=photo.vacancy_id).update(**change)
        assert client.get(address).status_code == 404
        assert address not in client.get(page).content.decode()
    Vacancy.objects.filter(pk=photo.vacancy_id).update(visibility="exact", publication="published")
    Photo.objects.update(is_public=False)
    assert client.get(address).status_code == 404
    seen = admin_client.get(address)
    assert seen.status_code == 200
    assert "private" in seen["Cache-Control"]
    assert b"".join(seen.streaming_content)  # type: ignore[arg-type]
    assert client.get("/fotos/..%2f..%2fsettings.py").status_code == 404


def test_units_show_with_their_name_only_where_the_place_is_exact(client: Client) -> None:
    public = Vacancy.objects.public().filter(is_exact=True).first()
    vacancy = Vacancy.objects.get(key=public.key)  # type: ignore[union-attr]
    Unit.objects.create(vacancy=vacancy, name="Laden am Markt", floor=0, former_use="retail", usable_m2=85)
    page = f"/leerstaende/{vacancy.slug}/"
    text = client.get(page).content.decode()
    assert "Laden am Markt" in text
    assert "85\xa0m²" in text
    Vacancy.objects.filter(pk=vacancy.pk).update(visibility="coarse")
    text = client.get(page).content.decode()
    assert "Laden am Markt" not in text
    assert "85\xa0m²" in text


def test_two_pictures_of_before_and_after_are_compared_the_others_stand_alone(client: Client) -> None:
    first = stored(shows="before", alt_text="Ruine", taken_on="2015-05-01")
    page = f"/leerstaende/{first.vacancy.slug}/"
    assert "before-after" not in client.get(page).content.decode(), "one picture alone is a picture"
    middle = stored(shows="before", alt_text="Gerüst", taken_on="2017-05-01")
    last = stored(shows="after", alt_text="Fertig", taken_on="2019-05-01")
    assert first.vacancy_id == last.vacancy_id
    text = client.get(page).content.decode()
    compared = text[text.index('class="before-after"') : text.index("</figure>")]
    assert 'alt="Ruine"' in compared
    assert "vorher 2015" in compared
    assert 'alt="Fertig"' in compared
    assert "Gerüst" not in compared
    assert text.count(f'src="/fotos/{middle.file.name}"') == 1
    assert "js/before_after.js" in text
    Photo.objects.filter(pk=last.pk).update(is_public=False)
    assert "before-after" not in client.get(page).content.decode()

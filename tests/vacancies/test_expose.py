"""The exposé: what is known of a vacancy as a tagged PDF that prints, reads aloud and scans, and hides what the page hides."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from django.test import Client, RequestFactory
from PIL import Image

from layers.models import ReachRun
from layers.publish.describe import about
from tests.browser.watching import rows
from tests.vacancies.reading_pdf import Pdf
from tests.vacancies.test_photos import picture
from vacancies.models import Photo, Unit, Vacancy
from vacancies.paper import ground, typesetting
from vacancies.paper.expose import expose
from vacancies.permalink import permalink
from vacancies.public import PublicVacancy
from vacancies.published import source_lines

pytestmark = pytest.mark.django_db
BRICK, OLIVE = (168, 67, 42), (87, 114, 43)
HOSTILE = r"""<b>Hof</b> & #show "x" $a^2$ @ref `raw` *fett* _kursiv_ \ // /* ] [ } { = #panic() \u{41}"""


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    settings.MEDIA_ROOT = tmp_path


def one(condition: str) -> Vacancy:
    return Vacancy.objects.get(key=rows(f"SELECT key FROM public_vacancy WHERE {condition} ORDER BY key LIMIT 1")[0][0])


def address(vacancy: Vacancy) -> str:
    return f"/leerstaende/{vacancy.slug}/expose.pdf"


@pytest.fixture
def exact() -> Vacancy:
    return one("is_exact AND transit_class = 'C' AND usable_m2 > 999 AND berlin_best_min IS NOT NULL AND mz_name <> ''")


@pytest.fixture
def coarse() -> Vacancy:
    return one("NOT is_exact AND transit_class <> ''")


def test_it_is_tagged_and_says_what_the_page_says(client: Client, exact: Vacancy) -> None:
    Unit.objects.create(vacancy=exact, name="Laden links", floor=0, former_use="retail", usable_m2=70)
    pdf = Pdf.get(client, address(exact))
    pdf.is_accessible()
    pdf.stays_on_paper()
    shown = PublicVacancy.objects.get(key=exact.key)
    assert str(pdf.inner.Root.Lang) == "de"
    assert str(pdf.inner.docinfo["/Title"]) == f"{shown.name}, {shown.town_name} – Exposé"
    area = f"{shown.usable_m2:,}".replace(",", ".")
    for words in (
        shown.name,
        f"{shown.street} {shown.house_no}, {shown.postcode} {shown.town_name}",
        f"{area} m²",
        "Laden links, Geschoss 0",
    ):
        assert words in pdf.text, words
    hours, rest = divmod(shown.berlin_best_min, 60)
    assert (f"Berlin Hbf {hours} h {rest:02} min" if hours else f"Berlin Hbf {rest} min") in pdf.text
    run = ReachRun.objects.current()
    assert run is not None
    assert "Fahrplan vom 20. April 2021. Datenquelle: VBB" in pdf.text
    assert f"Bestätigt am {shown.verified_at:%-d}." in pdf.text
    assert all(line in pdf.text for line in source_lines())
    assert [n for n, page in enumerate(pdf.pages, 1) if f"Seite {n} von {len(pdf.pages)}" in page] == list(range(1, len(pdf.pages) + 1))
    assert len(pdf.tags.all("Table")) == 2
    assert [tag.alt[:6] for tag in pdf.tags.all("Figure")] == ["Karte:", "QR-Cod"]


def test_the_code_leads_to_the_page(client: Client, exact: Vacancy) -> None:
    pdf = Pdf.get(client, address(exact))
    page = f"http://testserver/leerstaende/{exact.slug}/"
    assert pdf.codes() == [page]
    assert page in pdf.links()


def test_every_page_of_an_example_says_so(client: Client, exact: Vacancy) -> None:
    pdf = Pdf.get(client, address(exact))
    assert all("Beispiel · Raumwohlstand" in page for page in pdf.pages)
    assert "Dieser Leerstand ist erfunden" in pdf.text
    assert "es gibt nichts zu besichtigen" in pdf.text
    Vacancy.objects.filter(pk=exact.pk).update(is_example=False, basis="municipal_property", summary="")
    real = Pdf.get(client, address(exact))
    assert "Beispiel ·" not in real.text
    assert "erfunden" not in real.text.replace("Erfundene Beispiele, keine echten Gebäude", "")


def test_whom_to_ask_is_who_runs_the_site(client: Client, exact: Vacancy, settings) -> None:  # type: ignore[no-untyped-def]
    Vacancy.objects.filter(pk=exact.pk).update(is_example=False, basis="municipal_property")
    assert "steht im Impressum" in Pdf.get(client, address(exact)).text
    settings.CONTACT_IS_NAMED = True
    settings.CONTACT = {"name": "Stadt Muster", "mail": "raum@muster.example", "address": "Markt 1", "postcode": "19322", "city": "Muster"}
    pdf = Pdf.get(client, address(exact))
    assert f"Stadt Muster Markt 1, 19322 Muster raum@muster.example Nennen Sie die Kennung {exact.key}." in pdf.text
    assert "mailto:raum@muster.example" in pdf.links()


def test_no_page_begins_in_the_middle_of_something(client: Client, exact: Vacancy) -> None:
    """However long the text: the sources stand with what they belong to, a group of facts stays whole."""
    for lines in range(0, 45, 4):
        Vacancy.objects.filter(pk=exact.pk).update(summary="Ein Satz über Höhe, Maß und Übergang. " * lines)
        pdf = Pdf.get(client, address(exact))
        for page in pdf.pages[1:]:
            assert not page.startswith(("Quellen", "Nicht bekannt", "Kontakt"))


def test_a_word_longer_than_a_line_stays_on_the_page(client: Client, exact: Vacancy) -> None:
    told = {"alt_text": "Giebel", "caption": "Q" * 100, "creator": "R" * 90, "licence": "CC BY 4.0"}
    Photo.objects.create(vacancy=exact, file=picture(), is_public=True, **told)
    for text in ({"title": "X" * 120}, {"summary": "W" * 500}, {"summary": "https://example.org/" + "abc/" * 80}):
        Vacancy.objects.filter(pk=exact.pk).update(**text)
        pdf = Pdf.get(client, address(exact))
        pdf.stays_on_paper()
        pdf.is_accessible()
    exact.slug = "sehr-langer-ort-" * 6 + exact.key
    Vacancy.objects.filter(pk=exact.pk).update(slug=exact.slug)
    pdf = Pdf.get(client, address(exact))
    copied = "".join(pdf.seen[0].get_textpage().get_text_range().replace("\ufffe", "-").split())
    assert f"http://testserver/leerstaende/{exact.slug}" in copied, "what is copied leads somewhere"


def test_no_name_stands_on_the_scale_bar() -> None:
    for _name, x, y, _rank in ground._places():
        drawn = ground.around(ground.Mark(x + 5_500, y + 7_000, "#57722b"), [], 232, 196)
        below = [
            (float(left), float(top))
            for left, top in re.findall(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*text-anchor="middle" fill="#414c45"', drawn)
        ]
        assert not [place for place in below if place[0] < 80 and place[1] > 183]


def test_the_documents_title_names_the_town_once(client: Client, coarse: Vacancy) -> None:
    shown = PublicVacancy.objects.get(key=coarse.key)
    assert shown.title == ""
    pdf = Pdf.get(client, address(coarse))
    assert str(pdf.inner.docinfo["/Title"]) == f"{shown.name} – Exposé"
    assert shown.name.endswith(f" in {shown.town_name}")
    assert f"<title>{shown.name} – " in client.get(f"/leerstaende/{coarse.slug}/").content.decode()


def test_a_coarse_position_shows_its_cell_and_no_address(client: Client, coarse: Vacancy) -> None:
    Vacancy.objects.filter(pk=coarse.pk).update(title="Geheimer Hof", street="Geheimweg", house_no="7", postcode="19322")
    pdf = Pdf.get(client, address(coarse))
    assert "Geheim" not in pdf.text
    assert "Geheim" not in pdf.raw.decode("latin-1")
    assert "Mitte eines Rasterfelds von 500 m" in pdf.text
    assert "Rasterfeld von 500 m" in next(tag.alt for tag in pdf.tags.all("Figure"))
    drawn = (np.asarray(pdf.picture(scale=4)) == BRICK).all(axis=2)
    middle = int(drawn.shape[1] * 0.718)  # of the map; the inset stands on its right
    found = np.argwhere(drawn[:, middle - 60 : middle + 60])
    high, wide = found.max(axis=0) - found.min(axis=0)
    side = 4 * 500 * 232 / 14_000  # pixels: 500 m on a map of 14 km that is 232 points wide
    assert abs(wide - side) < 8, "the outline of the cell"
    assert abs(high - side) < 8


def test_the_map_shows_the_place(client: Client, exact: Vacancy) -> None:
    """The mark has the colour of the class and stands in the middle of the map, which is the right half of the page."""
    drawn = np.asarray(Pdf.get(client, address(exact)).picture(scale=2))
    middle = int(drawn.shape[1] * 0.718)
    olive = (drawn == OLIVE).all(axis=2)
    assert olive[:, middle - 20 : middle + 20].sum() > 300
    assert olive[: drawn.shape[0] // 2, middle + 20 :].sum() < 100, "the inset has a small one"


def test_only_released_photos_are_in_it_and_tell_nothing_else(client: Client, exact: Vacancy) -> None:
    given = {"vacancy": exact, "creator": "A. Beispiel", "licence": "CC BY 4.0"}
    Photo.objects.create(
        **given, file=picture((3000, 2000)), alt_text="Giebel zur Straße", caption="Im Mai", is_public=True, shows="before"
    )
    Photo.objects.create(**given, file=picture((900, 900)), alt_text="Keller innen")
    pdf = Pdf.get(client, address(exact))
    pdf.is_accessible()
    pdf.stays_on_paper()
    assert [tag.alt for tag in pdf.tags.all("Figure") if "Giebel" in tag.alt] == ["Giebel zur Straße"]
    assert "vorher: Im Mai A. Beispiel, CC BY 4.0" in pdf.text
    assert "Keller" not in pdf.text
    assert b"Exif" not in pdf.raw
    assert b"Geheimkamera" not in pdf.raw
    pictures = [o for o in pdf.inner.objects if isinstance(o, type(pdf.inner.Root)) or hasattr(o, "get")]
    sizes = [(int(o.Width), int(o.Height)) for o in pictures if o.get("/Subtype") == "/Image" and int(o.get("/Width", 0)) > 200]
    assert sizes == [(933, 1400)], "upright, and no larger than print needs"
    coarse = Vacancy.objects.filter(pk=exact.pk)
    coarse.update(visibility="coarse")
    assert "Giebel" not in str([tag.alt for tag in Pdf.get(client, address(exact)).tags.all("Figure")])


@pytest.mark.parametrize("field", ["title", "summary", "street", "locality"])
def test_markup_in_a_text_stays_text(client: Client, exact: Vacancy, field: str) -> None:
    text = HOSTILE[: Vacancy._meta.get_field(field).max_length or 999]
    Vacancy.objects.filter(pk=exact.pk).update(**{field: text})
    pdf = Pdf.get(client, address(exact))
    pdf.is_accessible()
    assert " ".join(text.split()) in pdf.text
    assert [u for u in pdf.links() if not u.startswith("http://testserver/")] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Haus 😀 日本", "Haus � ��"),
        ("Chóśebuz, Lübbenau, Łódź, Ελλάδα, Київ", "Chóśebuz, Lübbenau, Łódź, Ελλάδα, Київ"),
        ("links\u202esthcer\u202c \ufeff\u200brichtig", "linkssthcer richtig"),
        ("a\u0301\u0302\u0303" * 300, ""),
        ("W" * 5_000, "WWWWWWWW"),
        ("\n".join("x" * 2_000), "x x x"),
        ("Wort " * 3_000, "gekürzt; der ganze Text steht auf der Seite"),
    ],
)
def test_letters_that_no_font_has_and_texts_without_end(client: Client, exact: Vacancy, text: str, shown: str) -> None:
    Vacancy.objects.filter(pk=exact.pk).update(summary=text)
    pdf = Pdf.get(client, address(exact))
    pdf.is_accessible()
    assert shown.replace(" ", "") in pdf.text.replace(" ", "")  # the reader guesses gaps where the font changes
    assert len(pdf.pages) < 60


def test_what_is_not_known_is_said_in_one_line(client: Client, exact: Vacancy) -> None:
    nothing = {
        "title": "",
        "summary": "",
        "usable_m2": None,
        "smallest_divisible_m2": None,
        "disposal": [],
        "target_uses": [],
        "rooms": None,
    }
    unknown = dict.fromkeys(("former_use", "condition", "heating", "zoning", "monument"), "unknown")
    Vacancy.objects.filter(pk=exact.pk).update(**nothing, **unknown, verified_at=None, storeys=None, water=None)
    pdf = Pdf.get(client, address(exact))
    pdf.is_accessible()
    pdf.stays_on_paper()
    assert f"Leerstand in {exact.town.name}" in pdf.text
    assert re.search(r"Nicht bekannt: [^.]*Geschosse, Räume[^.]*Denkmalschutz", pdf.text)
    assert re.search(r"Nicht bekannt: [^.]*Wasser", pdf.text)
    assert "Noch nicht bestätigt." in pdf.text
    assert "Geeignet als" not in pdf.text
    assert "None" not in pdf.text


def test_english_pages_have_an_english_one(client: Client, exact: Vacancy) -> None:
    pdf = Pdf.get(client, f"/en{address(exact)}")
    pdf.is_accessible()
    assert str(pdf.inner.Root.Lang) == "en"
    assert "Example" in pdf.text
    assert f"Page 1 of {len(pdf.pages)}" in pdf.text
    german = [tag for tag in pdf.tags.walk() if tag.language == "de"]
    assert german, "title and description are German and say so"
    assert pdf.codes() == [f"http://testserver/en/leerstaende/{exact.slug}/"]


def test_pages_link_to_it(client: Client, exact: Vacancy) -> None:
    assert f'href="{address(exact)}" type="application/pdf"' in client.get(f"/leerstaende/{exact.slug}/").content.decode()


def test_who_has_it_gets_304_until_something_changes(client: Client, exact: Vacancy) -> None:
    first = client.get(address(exact))
    assert first["Content-Disposition"] == f'inline; filename="expose-{exact.slug}.pdf"'
    assert client.get(address(exact)).content == first.content, "the same bytes for the same rows"
    known = {"If-None-Match": first["ETag"]}
    again = client.get(address(exact), headers=known)
    assert (again.status_code, again.content) == (304, b"")
    head = client.head(address(exact))
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", first["ETag"])
    Photo.objects.create(vacancy=exact, file=picture(), alt_text="Giebel", creator="A", licence="CC0", is_public=True)
    changed = client.get(address(exact), headers=known)
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


def test_what_is_not_public_has_none(client: Client, exact: Vacancy) -> None:
    Vacancy.objects.filter(pk=exact.pk).update(visibility="members")
    assert client.get(address(exact)).status_code == 404
    assert client.post(address(exact)).status_code == 405


def test_it_is_set_within_a_second_and_300_megabytes(client: Client, exact: Vacancy, tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    for _n in range(3):
        Photo.objects.create(vacancy=exact, file=picture((2400, 1600)), alt_text="Giebel", creator="A", licence="CC0", is_public=True)
    client.get(address(exact))
    times = []
    for _n in range(3):
        start = time.perf_counter()
        assert client.get(address(exact)).status_code == 200
        times.append(time.perf_counter() - start)
    assert min(times) < 1, times
    told = []
    peak = "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    peak += "; print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"

    def watched(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        done = run([*command[:2], "-c", peak, *command[2:]], **options)  # type: ignore[call-overload]
        told.append(int(done.stdout))  # kilobytes
        return done

    run = subprocess.run
    monkeypatch.setattr(typesetting.subprocess, "run", watched)
    assert client.get(address(exact)).status_code == 200
    assert told
    assert told[0] < 300_000


def test_others_wait_their_turn_and_are_told_when_none_comes(client: Client, exact: Vacancy, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(typesetting, "_turns", threading.BoundedSemaphore(1))
    monkeypatch.setattr(typesetting, "WAIT_S", 0.01)
    with typesetting._turn():
        busy = client.get(address(exact))
    assert busy.status_code == 503
    assert busy["Retry-After"] == "30"
    assert client.get(address(exact)).status_code == 200


def test_a_document_that_takes_too_long_says_so(client: Client, exact: Vacancy, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(typesetting, "SECONDS", 0.01)
    busy = client.get(address(exact))
    assert (busy.status_code, busy["Retry-After"]) == (503, "30")
    assert "zu lange gedauert" in busy.content.decode()


def test_the_typesetter_sees_no_file_but_its_own(exact: Vacancy, tmp_path: Path) -> None:
    """Even a document that tried could not read beyond its folder; nor does the process inherit the settings' secrets' import path."""
    (tmp_path / "content.json").write_text("{}")
    (tmp_path / "bad.typ").write_text('#read("/etc/passwd")')
    command = [sys.executable, "-I", str(typesetting.TYPESETTER), str(tmp_path), "bad.typ", str(typesetting.LOOKS / "fonts"), "0"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "file not found" in done.stderr
    assert not (tmp_path / "document.pdf").exists()


def test_a_document_names_each_of_its_pictures_once(exact: Vacancy) -> None:
    Photo.objects.create(vacancy=exact, file=picture(), alt_text="Giebel", creator="A", licence="CC0", is_public=True)
    request = RequestFactory().get("/")
    shown = PublicVacancy.objects.get(key=exact.key)
    document = expose(shown, permalink(request, shown.get_absolute_url()), about.site(request))
    assert [p["file"] for p in document.content["photos"]] == list(document.files) == ["photo0.jpg"]
    with Image.open(io.BytesIO(document.files["photo0.jpg"]())) as drawn:
        assert drawn.format == "JPEG"

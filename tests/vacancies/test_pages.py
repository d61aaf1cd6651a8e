"""The pages: what a person, a phone, a screen reader and a careless link get."""

from __future__ import annotations

import datetime
import re
from html.parser import HTMLParser

import polib
import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from geo.models import Dataset, Town
from layers.models import TransitStop
from vacancies.models import SiteText, Vacancy

pytestmark = pytest.mark.django_db
PAGES = (
    "/",
    "/leerstaende/",
    "/orte/",
    "/orte/wittenberge/",
    "/landkreise/",
    "/landkreise/prignitz/",
    "/ueberblick/",
    "/vergleich/",
    "/datenquellen/",
    "/impressum/",
    "/datenschutz/",
    "/barrierefreiheit/",
    "/leichte-sprache/",
)


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_answers_in_its_language_without_cookies(client: Client, page: str, prefix: str) -> None:
    response = client.get(prefix + page)
    assert response.status_code == 200
    assert f'<html lang="{"en" if prefix else "de"}">' in response.content.decode()
    assert not response.cookies
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_administration_has_its_own_policy(client: Client) -> None:
    policy = client.get("/admin/login/")["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-inline'" in policy
    assert "default-src 'none'" in policy


def test_an_invalid_filter_is_named_with_a_way_out(client: Client) -> None:
    response = client.get("/leerstaende/?transit=Z&town_size=rural")
    text = response.content.decode()
    assert response.status_code == 400
    assert "transit" in text
    assert "erlaubt: A, B, C, D, E, F" in text
    assert 'href="/leerstaende/?town_size=rural"' in text
    assert client.get("/?sort=quer").status_code == 400
    assert client.get("/?after=quer").status_code == 400
    assert client.get("/?view=3d").status_code == 400


def test_the_twins_answer_invalid_filters_as_json(client: Client) -> None:
    for page in ("/leerstaende.geojson", "/leerstaende.csv"):
        response = client.get(f"{page}?area=x")
        assert response.status_code == 400
        assert response.json()["errors"] == [
            {"parameter": "area", "value": "x", "allowed": "von-bis, zum Beispiel 150-300, 150- oder -300"}
        ]


def test_a_script_in_the_address_stays_text(client: Client) -> None:
    text = client.get("/?q=<script>alert(1)</script>&transit=<b>").content.decode()
    assert "<script>alert" not in text
    assert "<b>" not in text


def test_an_empty_result_says_which_filter_to_drop(client: Client) -> None:
    text = client.get("/leerstaende/?town_size=rural&central=oberzentrum").content.decode()
    assert "Kein Leerstand passt zu allen Filtern." in text
    assert re.search(r"ohne „in Landgemeinden“: \d", text)
    assert re.search(r"ohne „in Oberzentren“: [\d.]+ Leerstände", text)


def test_examples_say_so_everywhere(client: Client) -> None:
    row = Vacancy.objects.public().filter(is_exact=True).first()
    assert row is not None
    for page in ("/", "/leerstaende/", row.get_absolute_url(), f"/karte/objekt/{row.key}/"):
        assert "Beispiel" in client.get(page).content.decode(), page
    collection = client.get(f"/leerstaende.geojson?town={row.town_slug}").getvalue().decode()
    assert '"is_example":true' in collection
    assert "erfundene Beispiele" in collection


def test_a_vacancy_shows_reach_source_and_date(client: Client) -> None:
    row = Vacancy.objects.public().filter(transit_class="B", is_exact=True).exclude(verified_at=None).first()
    text = client.get(row.get_absolute_url()).content.decode()  # type: ignore[union-attr]
    assert "ÖV-Güteklasse B – gut" in text
    assert row.stop_name in text  # type: ignore[union-attr, operator]
    assert "Fahrplan vom 20. April 2021" in text
    assert "Datenquelle: VBB" in text
    assert "Bestätigt am" in text


def test_hidden_and_unknown_vacancies_are_not_found(client: Client) -> None:
    hidden = Vacancy.objects.filter(visibility="internal").first()
    assert client.get(f"/leerstaende/{hidden.slug}/").status_code == 404  # type: ignore[union-attr]
    assert client.get("/leerstaende/gibt-es-nicht/").status_code == 404
    assert client.get("/orte/gibt-es-nicht/").status_code == 404


def test_an_old_confirmation_is_called_old(client: Client) -> None:
    row = Vacancy.objects.public().filter(is_exact=True).first()
    Vacancy.objects.filter(key=row.key).update(verified_at=datetime.date.today() - datetime.timedelta(days=400))  # type: ignore[union-attr]
    assert "länger nicht bestätigt" in client.get(row.get_absolute_url()).content.decode()  # type: ignore[union-attr]


def test_the_town_page_says_what_is_confirmed(client: Client) -> None:
    assert "noch nicht amtlich bestätigt" in client.get("/orte/luckau/").content.decode()
    text = client.get("/orte/wittenberge/").content.decode()
    assert "noch nicht amtlich bestätigt" not in text
    assert "16.925" in text
    assert "mit Perleberg" in text


def test_every_data_set_is_on_the_page_with_its_licence(client: Client) -> None:
    text = client.get("/datenquellen/").content.decode()
    for source in Dataset.objects.all():
        assert source.attribution.replace("&", "&amp;") in text
        assert source.licence in text
    assert Dataset.objects.count() >= 6


def test_the_operator_owns_the_texts(client: Client) -> None:
    SiteText.objects.create(name="impressum", language="de", body="# Impressum\n\nStadt Musterstadt <script>x</script>")
    text = client.get("/impressum/").content.decode()
    assert "Stadt Musterstadt" in text
    assert "<script>x" not in text
    assert "noch kein Impressum" not in text
    english = client.get("/en/impressum/").content.decode()
    assert "Stadt Musterstadt" in english, "an imprint in German is better than the sentence that there is none"
    assert '<div class="prose" lang="de">' in english


@pytest.mark.parametrize(("prefix", "language"), [("", "de"), ("/en", "en")])
def test_the_privacy_text_names_every_cookie_there_is(client: Client, django_user_model, prefix: str, language: str) -> None:  # type: ignore[no-untyped-def]
    text = client.get(f"{prefix}/datenschutz/").content.decode()
    assert f'<div class="prose" lang="{language}">' in text
    person = django_user_model.objects.create_user("pflege", "pflege@example.org", "ein langes Kennwort")
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    signing_in = client.get("/konto/anmelden/")
    assert set(signing_in.cookies) == {"csrftoken"}
    signed_in = client.post("/konto/anmelden/", {"login": "pflege@example.org", "password": "ein langes Kennwort"})
    assert set(signed_in.cookies) == {"csrftoken", "sessionid"}
    for name in ("csrftoken", "sessionid"):
        assert f"<code>{name}</code>" in text
    assert signed_in.cookies["sessionid"]["max-age"] == 14 * 24 * 3600, "the text says two weeks"


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize("page", ["/impressum/", "/datenschutz/", "/barrierefreiheit/"])
def test_the_texts_link_to_pages_that_exist(client: Client, page: str, prefix: str) -> None:
    text = client.get(prefix + page).content.decode()
    prose = text[text.index('<div class="prose"') : text.index("</main>")]
    links = re.findall(r'href="(/[^"]*)"', prose)
    assert links
    for link in links:
        assert link.startswith("/en/") == bool(prefix)
        answer = client.get(link)
        assert answer.status_code == 200 or "/konto/anmelden/" in answer.url, link


class Words(HTMLParser):
    """The words of a page that are not marked as German."""

    VOID = ("meta", "link", "input", "img", "br", "path")
    READ = ("title", "aria-label", "placeholder", "alt", "content", "data-close", "data-zoom-in", "data-zoom-out")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        german = given.get("lang", "de" if self.open and self.open[-1][1] else "en") == "de"
        if tag not in self.VOID:
            self.open.append((tag, german))
        if not german:
            self.texts += [text for name in self.READ if (text := given.get(name))]

    def handle_endtag(self, tag: str) -> None:
        while tag not in self.VOID and self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        tag, german = self.open[-1] if self.open else ("", False)
        if not german and tag not in ("script", "style") and data.strip():
            self.texts.append(" ".join(data.split()))


def test_english_pages_hold_no_german_that_is_not_marked(client: Client) -> None:
    untitled = Vacancy.objects.public().filter(title="").exclude(stop_name=None).exclude(verified_at=None).first()
    titled = Vacancy.objects.public().filter(town_slug="wittenberge").exclude(title="").first()
    pages = [*PAGES, "/?transit=D&q=haus", "/leerstaende/?town_size=rural&central=oberzentrum", "/leerstaende/?transit=Z&farbe=x", "/weg/"]
    pages += [f"/leerstaende/{v.slug}/" for v in (untitled, titled)]  # type: ignore[union-attr]
    texts = [t for page in pages for t in Words(client.get(f"/en{page}").content.decode()).texts]
    names = {*Town.objects.values_list("name", flat=True), *TransitStop.objects.values_list("name", flat=True), titled.title, "An"}  # type: ignore[union-attr]  # "An" is English, too
    german = {e.msgid for e in polib.pofile("locale/en/LC_MESSAGES/django.po") if e.msgstr != e.msgid} - names
    assert [t for t in texts if t in german] == []
    common = re.compile(r"\b(und|oder|nicht|der|die|das|mit|für|von|zur|zum|ist|ein|eine|auf|im|keine|alle|Leerst\w+|Haltestelle)\b")
    longest_first, suspects = sorted(names, key=len, reverse=True), (t for t in texts if common.search(t))
    nameless = (re.sub("|".join(re.escape(n) for n in longest_first if n in t) or "$^", "", t) for t in suspects)
    assert [t for t in nameless if common.search(t)] == []
    assert len(texts) > 1_000


def test_csv_cells_are_no_formulas(client: Client) -> None:
    row = Vacancy.objects.public().filter(is_exact=True).first()
    Vacancy.objects.filter(key=row.key).update(title="=HYPERLINK(1)")  # type: ignore[union-attr]
    text = client.get(f"/leerstaende.csv?town={row.town_slug}").getvalue().decode("utf-8-sig")  # type: ignore[union-attr]
    assert ";'=HYPERLINK(1);" in text


def test_the_administration_publishes_only_with_a_basis(admin_client: Client) -> None:
    town = Vacancy.objects.first().town  # type: ignore[union-attr]
    bare = Vacancy.objects.create(town=town, point=town.centre)
    owned = Vacancy.objects.create(town=town, point=town.centre, visibility="exact", basis="municipal_property")
    data = {"action": "publish", "_selected_action": [bare.pk, owned.pk]}
    text = admin_client.post("/admin/vacancies/vacancy/", data, follow=True).content.decode()
    assert "1 Leerstand veröffentlicht." in text
    assert "1 ohne Grundlage der Veröffentlichung" in text
    assert Vacancy.objects.get(pk=owned.pk).publication == "published"
    assert Vacancy.objects.get(pk=bare.pk).publication == "draft"
    for page in ("", "add/", f"{owned.pk}/change/"):
        assert admin_client.get(f"/admin/vacancies/vacancy/{page}").status_code == 200
    for page in ("geo/town/", "geo/dataset/", "layers/transitstop/", "layers/reachrun/", "vacancies/sitetext/"):
        assert admin_client.get(f"/admin/{page}").status_code == 200

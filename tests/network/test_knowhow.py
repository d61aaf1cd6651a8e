"""Know-how: the entries that come with the project, articles, advice, the funding finder, and what fits a place."""

from __future__ import annotations

import datetime
import re
import tomllib
from pathlib import Path
from typing import Any

import icalendar
import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import Resolver404, resolve

from geo.errors import InvalidFile
from geo.models import Town
from network.contacts.models import ContactPoint
from network.knowhow import loading
from network.knowhow.models import AdviceOffer, Article, FundingProgramme
from network.organisations.models import Organisation
from network.seeds import Seed
from network.showcase.models import Showcase, WirSpace
from vacancies.public import PublicVacancy

pytestmark = pytest.mark.django_db
FILES = sorted(loading.FOLDER.glob("*.toml"))
TODAY = datetime.date(2026, 11, 26)


def entries() -> list[tuple[str, dict[str, Any]]]:
    """Every entry of every file, read without the loader."""
    found = [(f"{p.stem}/{key}", values) for p in FILES for key, values in tomllib.loads(p.read_text(encoding="utf-8")).items()]
    texts = [(p, p.read_text(encoding="utf-8").split("+++")[1]) for p in (loading.FOLDER / "articles").glob("*.md")]
    return found + [(p.stem, tomllib.loads(text)) for p, text in texts]


def programme(**words: Any) -> FundingProgramme:
    made = {
        "slug": words.get("name", "probe").lower(),
        "name": "Probe",
        "funder": "Beispiel",
        "level": "state",
        "summary": "Beispiel",
        "eligible": ["association"],
        "topics": ["access"],
        "call": "continuous",
        "url": "https://example.org",
        "checked_at": TODAY,
        "sources": "https://example.org Beispiel",
    }
    return FundingProgramme.objects.create(**(made | words))


def names(client: Client, query: str) -> set[str]:
    return {p.slug for p, _deadline in client.get(f"/foerderung/?{query}").context["programmes"]}


# --- entries ----------------------------------------------------------------------------------------------------------


def test_every_entry_has_source_and_day() -> None:
    listed = entries()
    assert len(listed) > 75
    for name, values in listed:
        lines = [line for line in values["sources"].splitlines() if line.strip()]
        assert lines, name
        assert all(re.match(r"https?://[\w.-]+\.\w+", line) for line in lines), name
        assert datetime.date(2026, 11, 1) <= values["checked_at"] <= datetime.date.today(), name


def test_all_entries_are_there_and_loading_again_changes_nothing() -> None:
    counts = [m.objects.count() for m in (Organisation, Article, AdviceOffer, FundingProgramme, Showcase, WirSpace)]
    assert sum(counts) == len(entries()) == Seed.objects.count() - ContactPoint.objects.count(), "offices are planted by their own file"
    reports = loading.load()
    assert {(r.created, r.changed, r.kept_edits) for r in reports.values()} == {(0, 0, 0)}
    assert all(r.adds_up for r in reports.values())
    assert counts == [m.objects.count() for m in (Organisation, Article, AdviceOffer, FundingProgramme, Showcase, WirSpace)]


def folder_with(tmp_path: Path, old: str, new: str) -> Path:
    """A copy of the entries with one text changed in articles/denkmal.md."""
    for path in loading.FOLDER.rglob("*.*"):
        there = tmp_path / path.relative_to(loading.FOLDER)
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes(path.read_bytes())
    changed = tmp_path / "articles" / "denkmal.md"
    text = changed.read_text(encoding="utf-8")
    assert old in text
    changed.write_text(text.replace(old, new), encoding="utf-8")
    return tmp_path


def test_hand_edits_and_deletions_stay_and_the_rest_follows_the_file(tmp_path: Path) -> None:
    Article.objects.filter(slug="denkmal").update(title="Von Hand")
    AdviceOffer.objects.filter(slug="kolab").delete()
    folder = folder_with(tmp_path, 'title = "Im Denkmal bauen"', 'title = "Denkmal, neu"\nis_published = true')
    text = (folder / "articles" / "denkmal.md").read_text(encoding="utf-8")
    (folder / "articles" / "denkmal.md").write_text(text.replace("Jede Änderung braucht", "Fast jede Änderung braucht"), encoding="utf-8")
    report = loading.load(folder)["articles"]
    assert (report.changed, report.kept_edits) == (1, 1)
    found = Article.objects.get(slug="denkmal")
    assert (found.title, found.summary[:18]) == ("Von Hand", "Fast jede Änderung")
    assert not AdviceOffer.objects.filter(slug="kolab").exists()


def test_what_a_person_made_before_is_left_alone() -> None:
    Seed.objects.filter(key="neuland21").delete()
    Organisation.objects.filter(name="neuland21 e.V.").update(offers="Von Hand")
    loading.load()
    own = Organisation.objects.get(name="neuland21 e.V.")
    assert own.offers == "Von Hand"
    assert own not in Organisation.objects.all().actors(), "nobody verified it, and it is not the project's"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("checked_at = 2026-11-23", "", "checked_at"),
        ('phase = "build"', 'phase = "party"', "phase"),
        ("https://mwfk", "javascript://mwfk", "https://"),
        ("+++", "---", r"\+\+\+"),
    ],
)
def test_a_wrong_entry_is_named_and_nothing_is_written(tmp_path: Path, old: str, new: str, said: str) -> None:
    folder = folder_with(tmp_path, old, new)
    Article.objects.filter(slug="betrieb").delete()
    Seed.objects.filter(key="betrieb").delete()
    with pytest.raises(InvalidFile, match=f"denkmal.*{said}"):
        loading.load(folder)
    assert not Article.objects.filter(slug="betrieb").exists(), "all or nothing"


def test_links_within_the_site_lead_somewhere() -> None:
    texts = "".join(a.body for a in Article.objects.all())
    for target in re.findall(r"\]\((/[^)#?]*)", texts):
        try:
            resolve(target)
        except Resolver404:
            pytest.fail(target)


# --- articles ---------------------------------------------------------------------------------------------------------


def test_articles_are_found_by_phase_audience_topic_and_word(client: Client) -> None:
    def found(query: str) -> set[str]:
        return {a.slug for a in client.get(f"/wissen/?{query}").context["articles"]}

    assert found("phase=operate") == {"betrieb", "brandschutz-veranstaltungen"}
    assert found("topic=monument") == {"denkmal"}
    assert found("audience=municipality&phase=search") == {"gemeinde-aktiv", "zwischennutzung"}
    assert "denkmal" in found("q=Bodendenkmale")
    assert found("q=Quastenflosser") == set()
    phases = [a.phase for a in client.get("/wissen/").context["articles"]]
    assert phases == sorted(phases, key=["search", "plan", "build", "operate"].index)
    wrong = client.get("/wissen/?phase=party")
    assert wrong.status_code == 400
    assert "phase" in wrong.content.decode()


def test_an_article_has_its_list_its_sources_and_what_goes_with_it(client: Client) -> None:
    page = client.get("/wissen/denkmal/")
    text = page.content.decode()
    assert text.count('<input type="checkbox"') == 8
    assert "geprüft am 23. November 2026" in text
    assert "https://bravors.brandenburg.de/verwaltungsvorschriften/br_7i_estg_2017" in text
    assert next(iter(page.context["offers"])).slug == "denkmal-bldam"
    assert {p.slug for p in page.context["programmes"][:3]} <= {
        "denkmalhilfe", "denkmalschutz-sonderprogramm", "deutsche-stiftung-denkmalschutz", "denkmal-steuer",
    }  # fmt: skip


def test_scripts_in_an_article_stay_text(client: Client) -> None:
    Article.objects.filter(slug="denkmal").update(body="<script>alert(1)</script> [x](javascript:alert(1))", title="<b>")
    text = client.get("/wissen/denkmal/").content.decode()
    assert "<script>alert" not in text
    assert 'href="javascript' not in text
    assert "<h1>&lt;b&gt;</h1>" in text


def test_what_is_not_published_is_nowhere(client: Client) -> None:
    Article.objects.filter(slug="denkmal").update(is_published=False)
    assert client.get("/wissen/denkmal/").status_code == 404
    assert "Im Denkmal bauen" not in client.get("/wissen/").content.decode()
    assert "Im Denkmal bauen" not in client.get("/neues.atom").content.decode()


# --- advice offers ----------------------------------------------------------------------------------------------------


def test_offers_that_ended_are_gone(client: Client) -> None:
    def found(query: str = "") -> set[str]:
        return {o.slug for o in client.get(f"/beratung/?{query}").context["offers"]}

    assert len(found()) == AdviceOffer.objects.count()
    assert found("topic=monument") == {"denkmal-bldam"}
    AdviceOffer.objects.filter(slug="denkmal-bldam").update(ends_on=datetime.date.today() - datetime.timedelta(days=1))
    assert found("topic=monument") == set()


# --- funding ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "first_day", "last_day", "deadline"),
    [
        ({"call": "window", "call_open": TODAY, "call_close": TODAY}, TODAY, TODAY, TODAY),
        ({"call": "yearly", "call_close": datetime.date(2026, 9, 30)}, None, None, datetime.date(2027, 9, 30)),
        ({"call": "yearly", "call_close": datetime.date(2024, 11, 26)}, None, None, TODAY),
        ({"call": "yearly", "call_close": datetime.date(2024, 2, 29)}, None, None, datetime.date(2027, 2, 28)),
        ({"call": "continuous"}, None, None, None),
        ({"call": "ask"}, None, None, None),
    ],
)
def test_a_programme_is_open_on_its_days_alone(words: dict[str, Any], first_day: Any, last_day: Any, deadline: Any) -> None:
    made, day = programme(**words), datetime.timedelta(days=1)

    def is_open(on: datetime.date) -> bool:
        return FundingProgramme.objects.all().open_on(on).filter(pk=made.pk).exists()

    assert is_open(TODAY)
    assert made.deadline(TODAY) == deadline
    assert is_open(TODAY - day) is (first_day is None)
    assert is_open(TODAY + day) is (last_day is None)
    assert FundingProgramme.objects.all().ended_on(TODAY + day).filter(pk=made.pk).exists() is (last_day is not None)


def test_expired_programmes_are_hidden_until_asked_for(client: Client) -> None:
    long_over = {
        "staedtebaufoerderung",
        "laendliche-entwicklung",
        "gemeinsam-gegen-leerstand",
        "soziale-innovationen",
        "aus-leer-wird-mehr",
    }
    assert not long_over & names(client, "")
    assert {"denkmalhilfe", "leader", "kfw-308", "denkmal-steuer"} <= names(client, "")
    page = client.get("/foerderung/?ended=1")
    assert long_over <= {p.slug for p, _d in page.context["ended"]}
    assert not long_over & {p.slug for p, _d in page.context["programmes"]}
    assert "6 abgelaufene Programme zeigen" in client.get("/foerderung/").content.decode()


def test_the_finder_asks_who_what_where_and_how_much(client: Client) -> None:
    assert names(client, "who=family") == {"kfw-308", "ilb-wohneigentum"}
    assert names(client, "topic=access") == {"aktion-mensch-mikro", "aktion-mensch-projekt"}
    assert names(client, "topic=access&amount=5000") == {"aktion-mensch-mikro", "aktion-mensch-projekt"}
    assert names(client, "topic=access&amount=5001") == {"aktion-mensch-projekt"}
    programme(name="Gross", min_amount=10_000, max_amount=20_000)
    assert "gross" in names(client, "topic=access&amount=10000")
    assert "gross" not in names(client, "topic=access&amount=9999")
    lausitz = names(client, "where=lausitz")
    assert {"teilhabefonds", "stark", "denkmalhilfe"} <= lausitz, "what holds everywhere holds there"
    assert not {"leader", "ilb-mietwohnungen"} & lausitz
    for wrong in ("who=king", "amount=viel", "where=mars", "colour=red"):
        assert client.get(f"/foerderung/?{wrong}").status_code == 400, wrong


def test_the_page_says_what_is_unknown_and_when_it_was_checked(client: Client) -> None:
    programme(name="Rätsel", slug="raetsel", call="ask")
    text = client.get("/foerderung/?topic=access").content.decode()
    assert "Nicht bekannt: Anteil, Beträge, Frist." in text
    assert "Quellen, geprüft am 26. November 2026" in text


def test_a_deadline_goes_into_the_calendar(client: Client) -> None:
    answer = client.get("/foerderung/denkmalhilfe.ics")
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    [event] = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    last = event["DTSTART"].dt
    assert (last.month, last.day) == (9, 30)
    assert last >= datetime.date.today()
    assert event.walk("VALARM")[0]["TRIGGER"].dt == datetime.timedelta(days=-28)
    assert client.get("/foerderung/staedtebaufoerderung.ics").status_code == 404


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ({"call": "window"}, "funding_deadline_has_day"),
        ({"call": "yearly"}, "funding_deadline_has_day"),
        ({"min_amount": 2, "max_amount": 1}, "funding_amounts_in_order"),
        ({"call": "window", "call_open": TODAY, "call_close": datetime.date(2026, 1, 1)}, "funding_opens_before_it_closes"),
        ({"sources": ""}, "fundingprogramme_has_source"),
    ],
)
def test_contradictions_are_refused(words: dict[str, Any], rule: str) -> None:
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        programme(**words)


def test_an_address_must_lead_to_the_web() -> None:
    made = FundingProgramme.objects.all()[0]
    made.url = "javascript:alert(1)"
    with pytest.raises(ValidationError, match="url"):
        made.full_clean()


# --- what fits a place ------------------------------------------------------------------------------------------------


def test_a_monument_leads_to_the_article_on_monuments(client: Client) -> None:
    monument = PublicVacancy.objects.filter(monument="building").order_by("key")[0]
    other = PublicVacancy.objects.filter(monument="none", renewal_area__isnull=True).order_by("key")[0]
    shown = client.get(monument.get_absolute_url()).content.decode()
    assert '<a href="/wissen/denkmal/">' in shown
    assert "#denkmalhilfe" in shown
    assert '<a href="/wissen/denkmal/">' not in client.get(other.get_absolute_url()).content.decode()


def test_a_small_town_is_told_of_programmes_for_the_countryside(client: Client) -> None:
    small, large = Town.objects.get(slug="gumtow"), Town.objects.get(slug="potsdam")
    assert "#leader" in client.get(small.get_absolute_url()).content.decode()
    assert "#leader" not in client.get(large.get_absolute_url()).content.decode()
    assert "/beispiele/hallo-perle/" in client.get("/orte/perleberg/").content.decode()

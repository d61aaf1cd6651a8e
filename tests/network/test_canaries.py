"""Marks in every private field of the network, and in no public answer, file, service or mail to others.

Every address that `addresses.py` calls public is asked; a new one without an example here fails with its name.
"""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection, models
from django.test import Client
from django.urls import reverse

import raumwohlstand as rw
from layers.publish.snapshot import store
from layers.publish.views import FORMATS
from network import post
from network.alerts import sending
from network.models import Article, ContactPoint, Event, Organisation, OwnerContact, Showcase, Subscription
from network.privacy.holdings import of_model
from network.seeking import mails as request_mails
from network.seeking import matches
from network.seeking.models import SpaceRequest
from tests.network.holders import everything_of
from tests.network.people import account, mails
from tests.network.seekers import made
from tests.network.test_matrix import line_of, names
from vacancies.models import Vacancy
from vacancies.published import VACANCIES

pytestmark = pytest.mark.django_db
SIGN = "kanarie"  # in what must not come out
SERVICES = (
    "/ogc/wms?service=WMS&request=GetCapabilities",
    "/ogc/wfs?service=WFS&request=GetCapabilities",
    "/ogc/wfs?service=WFS&version=2.0.0&request=DescribeFeatureType",
    "/ogc/wfs?service=WFS&version=2.0.0&request=GetFeature&typenames=raum:leerstaende&count=10000",
    "/ogc/features/collections/leerstaende/items?limit=10000&f=json",
)
SEARCHES = (f"/?q={SIGN[:5]}", f"/leerstaende/?q={SIGN[:5]}", "/gesuche/?seite=2", "/en/gesuche/", "/en/leerstaende/")
WITHOUT = {  # names that show nothing by themselves: their reason
    "security_txt": "nobody is named",
    "request_begin": "leads on",
    "request_check": "leads on: there are no answers",
    "request_silent": "asked with a request that is none any more",
    "account_confirm_email": "asked with a wrong key",
    "invitation": "there is none",
    "wms": "asked below, with parameters",
    "wfs": "asked below, with parameters",
    "surface": "asked by place",
    "isochrones": "asked by place",
    "snapshot_answer": "needs a question",
    "remote_picture": "no remote layer is loaded",
    "qr": "needs an address",
    **dict.fromkeys(("advice_confirm", "advice_mine", "registration_confirm", "registration_cancel"), "asked with a wrong link"),
    **dict.fromkeys(("newsletter_confirm", "newsletter_stop"), "asked with a wrong link"),
    **dict.fromkeys(("contact_verify", "inquiry_answer", "mailing_stop", "report_confirm"), "asked with a wrong link"),
    **dict.fromkeys(("showcase_photo", "funding_deadline"), "asked with a name that there is not"),
}


@pytest.fixture
def secrets(db: None, settings: Any, tmp_path: Path) -> Iterator[Vacancy]:
    """Somebody with a row of everything; their marks stand at a public vacancy, too."""
    settings.DELETION_LOG = tmp_path / "deletions.log"
    cache.clear()
    anna = everything_of(f"{SIGN}-anna")
    post.Mail.objects.all().delete()
    Organisation.objects.filter(people__user=anna).update(name=f"{SIGN} Verein", is_verified=False)
    public = Vacancy.objects.get(key=Vacancy.objects.all().public().filter(town_slug="wittenberge").order_by("key").first().key)  # type: ignore[union-attr]
    mark = f"{SIGN} am Leerstand"
    Vacancy.objects.filter(pk=public.pk).update(notes=mark, vacancy_cause=mark, parcels=[mark], source_ref=mark, imported={"a": mark})
    words = dict.fromkeys(("name", "organisation", "address", "phone", "note"), f"{SIGN} Eigentum")
    OwnerContact.objects.create(vacancy=public, email=f"{SIGN}@example.net", **words)
    hidden = SpaceRequest.objects.create(owner=anna, title=f"{SIGN} still", story=SIGN)
    hidden.move("active")
    summary = made(anna, title=f"{SIGN} in Kürze", story=SIGN, visibility="summary")
    assert summary.needs
    yield public
    cache.clear()


def texts(answer: Any) -> Iterator[bytes]:
    """What an answer says, unpacked as far as it is packed."""
    body = answer.getvalue() if answer.streaming else answer.content
    if body[:2] == b"\x1f\x8b":
        body = gzip.decompress(body)
    yield body
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            yield from (packed.read(name) for name in packed.namelist())
    if body[:4] == b"PAR1":
        import pyarrow.parquet as pq

        yield str(pq.read_table(io.BytesIO(body)).to_pylist()).encode()


def told(answer: Any) -> bool:
    return any(SIGN.encode() in text.lower() for text in texts(answer))


def examples(public: Vacancy) -> dict[str, list[dict[str, Any]]]:
    """Parameters of the addresses that have some, by patterns of names."""
    bert = account("bert")
    alert = Subscription.objects.create(kind="search", address="bert@example.org")
    request = SpaceRequest.objects.create(owner=bert, title="Beispiel")
    name = store.name_now(VACANCIES)
    seal = {n: [{"token": post.seal(n, alert.pk, alert.address)}] for n in ("alert_confirm", "alert_stop", "alert_renew")}
    return seal | {
        "snapshot_part": [{"name": name, "file": f} for f in store.FILES],
        "snapshot_place": [{"name": name, "key": public.key}],
        "snapshot_tile": [{"name": name, "x": 137, "y": 83}],
        "snapshot_*": [{"name": name}],
        "vector_tile": [{"name": "leerstaende", "z": 8, "x": 137, "y": 83}],
        "sitemap_part": [{"section": s} for s in ("orte", "leerstaende")],
        "request_step": [{"step": n} for n in range(1, 6)],
        "request_*": [{"token": request_mails.seal(n, request.key)} for n in ("request_renew", "request_silent")],
        "consent_text": [{"name": "gesuch-oeffentlich", "version": 1}],
        "data_of_address*": [{"token": post.seal("data", "bert@example.net")}],
        "account_confirm_email": [{"key": "x"}],
        "account_reset_password_from_key": [{"uidb36": "1", "key": "x-y"}],
        "invitation": [{"token": post.seal("invitation", 0)}],
        "ogcapi_item": [{"name": "leerstaende", "key": public.key}],
        "ogcapi_*": [{"name": "leerstaende"}],
        "event*": [{"slug": Event.objects.get().slug}],
        "article": [{"slug": Article.objects.all().published()[0].slug}],
        "showcase": [{"slug": Showcase.objects.order_by("slug")[0].slug}],
        "report_tap": [{"slug": public.slug, "word": w} for w in ("steht-noch-leer", "steht-nicht-mehr-leer")],
        "report_wrong": [{"slug": public.slug}],
        "feed": [{"ending": e} for e in ("atom", "feed.json")],
        "town*": [{"slug": "wittenberge"}],
        "district": [{"slug": "prignitz"}],
        "download": [{"name": "leerstaende", "extension": e} for e in FORMATS],
        "record": [{"name": "leerstaende"}],
        "layer_style": [{"name": "leerstaende", "extension": "qml"}],
        "expose": [{"slug": public.slug}],
        "outward": [{"slug": public.slug}],
        "vacancy": [{"slug": public.slug}],
        "card": [{"key": public.key}],
        "*": [{"key": public.key, "slug": "x", "pk": 1, "token": "x", "name": "x", "step": 1}],
    }


def public_addresses(public: Vacancy) -> Iterator[tuple[str, str]]:
    """Every public address by name, with each of its examples."""
    known = examples(public)
    for name, parameters in names().items():
        if line_of(name) == ("public", "GET"):
            own = next(rows for pattern, rows in known.items() if fnmatchcase(name, pattern)) if parameters else [{}]
            for row in own:
                assert set(parameters) <= set(row), f"{name}: give {parameters} an example in test_canaries"
                yield name, reverse(name, kwargs={p: row[p] for p in parameters})


def test_no_public_address_tells_a_secret(client: Client, secrets: Vacancy) -> None:
    leaks, answered = [], set()
    for name, path in public_addresses(secrets):
        answer = client.get(path)
        if told(answer):
            leaks.append(f"{name}: {path}")
        answered |= {name} if answer.status_code == 200 else set()
    for path in (*SERVICES, *SEARCHES):
        answer = client.get(path)
        assert answer.status_code == 200, path
        leaks += [path] if told(answer) else []
    assert not leaks, "\n".join(leaks)
    silent = {n for n in names() if line_of(n) == ("public", "GET")} - answered - set(WITHOUT)
    assert not silent, f"give these an example that shows something: {sorted(silent)}"


def test_the_search_finds_what_does_come_out(client: Client, secrets: Vacancy) -> None:
    """A mark in what is public is seen on page, map, file and service: the search itself works."""
    Vacancy.objects.filter(pk=secrets.pk).update(summary=f"{SIGN} sagt es allen", title=f"{SIGN} haus", visibility="exact")
    seen = [
        f"/leerstaende/{secrets.slug}/",
        "/leerstaende.xlsx",
        "/leerstaende.parquet",
        "/leerstaende.gpkg",
        "/leerstaende.csv",
        *SERVICES[3:],
    ]
    assert [path for path in seen if not told(client.get(path))] == []
    assert told(client.get(f"/karte/objekt/{secrets.key}/"))


def test_notebooks_read_no_secret(secrets: Vacancy) -> None:
    for read in (rw.vacancies, rw.towns):
        assert SIGN not in read().to_csv().lower()


def test_mails_to_others_tell_nothing_of_a_person(secrets: Vacancy) -> None:
    """Another seeker and a subscriber hear of vacancies, a third one of nothing; none of them hears of Anna."""
    made(account("bert"), {}, notify="at_once")
    matches.renew()
    request = SpaceRequest.objects.get(owner__username="bert")
    request.matches.update(told_at=None)
    Subscription.objects.create(
        kind="search",
        address="leserin@example.org",
        query="town=wittenberge",
        confirmed_at="2026-01-01T00:00Z",
        expires_on="2099-01-01",
        frequency="weekly",
    )
    assert request_mails.tell_matches("at_once") == 1
    assert sending.tell("weekly") == 1
    Client().post("/daten/anfordern/", {"address": "leserin@example.org"})
    sent = [m for m in mails() if SIGN not in m.to[0]]
    assert len(sent) >= 3
    for mail in sent:
        whole = str(mail.message())
        bodies = mail.body + "".join(str(a[0]) for a in mail.alternatives) + mail.subject + whole
        assert SIGN not in bodies.lower(), f"{mail.subject} to {mail.to}"


# --- scrambled: what is private in the network's tables changes no byte of what everybody sees --------------------------


PAGES = (
    "/",
    "/leerstaende/?town=wittenberge",
    "/leerstaende.geojson?town=wittenberge",
    "/gesuche/",
    "/en/gesuche/",
    "/sitemap.xml",
    "/ueberblick/",
)
SHOWN = {  # columns of the network's tables of which the public sees something, by consent or because they say what is public
    "network.SpaceRequest": {
        "id", "key", "owner_id", "organisation_id", "seeker_type", "team_size", "starts_on", "duration", "needs", "visibility", "state",
        "renewed_on", "expires_on", "query", "matched_with", "language", "notify",
    },
    "network.Organisation": {"id", "key", "name", "kind", "municipality_id", "url", "offers", "seeks", "is_verified", "visibility"},
}  # fmt: skip


def scramble(model: type[models.Model]) -> list[str]:
    """Write something else wherever something stands in a column that is not shown; returns which columns."""
    table, done = model._meta.db_table, []
    for field in model._meta.concrete_fields:
        limits = field.primary_key or field.is_relation or field.unique or field.choices
        if limits or field.column in SHOWN.get(model._meta.label, ()):
            continue
        kinds = {
            models.EmailField: "'geheim' || id || '@example.invalid'",
            models.CharField: f"left('geheim ' || id, {field.max_length or 250})",
            models.TextField: "'geheim ' || id",
            models.DateTimeField: "now() - interval '3 days'",
            models.PositiveSmallIntegerField: "7",
            models.FloatField: "1.5",
        }
        value = next((v for kind, v in kinds.items() if isinstance(field, kind)), None)
        if value:
            with connection.cursor() as cursor:
                cursor.execute(f'UPDATE {table} SET "{field.column}" = {value} WHERE "{field.column}"::text <> \'\'')
                done += [field.column] if cursor.rowcount else []
    return done


def test_scrambled_private_columns_change_no_public_byte(client: Client, secrets: Vacancy) -> None:
    named = made(User.objects.get(username=f"{SIGN}-anna"), title="Offene Werkstatt", story="Für alle", visibility="named")
    pages = (*PAGES, f"/gesuche/{named.key}/", f"/leerstaende/{secrets.slug}/")
    SHOWN_HERE = {"title", "story"}  # of this one alone; those of the others are scrambled

    def answers() -> dict[str, bytes]:
        found = {p: client.get(p) for p in pages}
        bodies = {p: a.getvalue() if a.streaming else a.content for p, a in found.items()}
        return {p: re.sub(rb'nonce="[^"]+"', b"", body) for p, body in bodies.items()}

    before = answers()
    assert b"Offene Werkstatt" in before["/gesuche/"]
    kept = {name: getattr(named, name) for name in SHOWN_HERE}
    done = {
        m._meta.label: scramble(m)
        for m in apps.get_app_config("network").get_models()
        if of_model(m._meta.label) and m not in (Event, ContactPoint)
    }
    SpaceRequest.objects.filter(pk=named.pk).update(**kept)
    assert sum(len(columns) for columns in done.values()) > 25
    assert {"name", "address", "phone", "email", "note"} <= set(done["network.OwnerContact"])
    assert {"title", "story"} <= set(done["network.SpaceRequest"])
    assert answers() == before

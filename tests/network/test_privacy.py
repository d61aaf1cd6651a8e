"""What is held of a person: no model is forgotten, the export is whole, a deletion leaves nothing but what it says."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection, models, transaction
from django.test import Client
from django.utils import timezone

from geo.errors import NotAllowed
from geo.models import Town
from network import post
from network.models import Consent, Invitation, Mail, Membership, Organisation, OwnBuilding, OwnerContact, Subscription
from network.own_buildings.consent import VERSION
from network.privacy import consents, deletion, record
from network.privacy.export import export
from network.privacy.given import given_by
from network.privacy.holding import Holding
from network.privacy.holdings import HOLDINGS, of_model
from network.privacy.nobody import OF_NOBODY
from network.privacy.purposes import OWNERS
from network.privacy.subjects import Subject
from network.seeking.models import SpaceRequest
from tests.network.holders import counts_of, enter, everything_of, tables_naming
from tests.network.people import PASSWORD, account, link_of, mails, sign_in
from vacancies.models import Vacancy

pytestmark = pytest.mark.django_db
WHOLE = ("network", "vacancies")  # every model of these apps is in the registry, or says why not
CANARY = "kanarie-anna"


@pytest.fixture(autouse=True)
def quiet(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.DELETION_LOG = tmp_path / "log" / "deletions.log"
    cache.clear()
    yield
    cache.clear()


def missing(model: type[models.Model]) -> list[str]:
    """What the registry does not say of a model."""
    name, line = model._meta.label, of_model(model._meta.label)
    said = " ".join((line.of, line.address, line.leaves)).split() if line else []
    found = []
    for field in model._meta.get_fields(include_hidden=False):
        to_user = field.is_relation and field.related_model is User and getattr(field, "concrete", False) and not field.many_to_many
        to_address = isinstance(field, models.EmailField) and name not in ("auth.User", "account.EmailAddress")  # reached by the account
        if (to_user or to_address) and field.name not in said and not (line and line.find):
            found.append(f"{name}.{field.name}")
    if line is None and name not in OF_NOBODY and model._meta.app_label in WHOLE and model._meta.managed:
        found.append(name)
    return found


def test_every_model_that_may_hold_something_of_a_person_is_in_the_registry() -> None:
    tables = set(connection.introspection.table_names())
    lacking = [m for model in apps.get_models() if model._meta.managed and model._meta.db_table in tables for m in missing(model)]
    assert not lacking, f"say in network/privacy/holdings.py whose and what becomes of {', '.join(lacking)}"
    assert not [name for name in OF_NOBODY if name not in {m._meta.label for m in apps.get_models()}]


def test_the_registry_sees_a_field_that_is_new() -> None:
    class Meta:
        app_label = "network"

    words = {"__module__": __name__, "Meta": Meta, "who": models.ForeignKey(User, models.CASCADE), "mail": models.EmailField()}
    model = type("Forgotten", (models.Model,), words)
    try:
        assert missing(model) == ["network.Forgotten.who", "network.Forgotten.mail", "network.Forgotten"]  # type: ignore[arg-type]
    finally:
        del apps.all_models["network"]["forgotten"]
        apps.clear_cache()


@pytest.mark.parametrize("holding", HOLDINGS, ids=lambda h: h.model)
def test_every_field_of_an_export_has_a_german_name(holding: Holding) -> None:
    model = holding.of_model
    for name, label in holding.labels().items():
        assert label, f"{holding.model}.{name}"
        assert label != name.removesuffix("_id").replace("_", " "), f"{holding.model}.{name} needs a line in LABELS"
    hidden = {"password", "digest"} & set(holding.shows.split()) - ({"digest"} if model is Consent else set())
    assert not hidden, "secrets stay here"


def test_the_export_holds_everything_and_nothing_of_others(client: Client) -> None:
    user = everything_of(CANARY)
    everything_of("kanarie-bert", "wittenberge")
    enter(client, user)
    answer = client.get("/konto/daten/daten.json")
    assert answer.streaming
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Content-Disposition"].startswith("attachment;")
    text = answer.getvalue().decode()
    assert "kanarie-bert" not in text
    told = json.loads(text)
    assert told["addresses"] == [user.email]
    rows = {h["model"]: h["rows"] for h in told["holdings"]}
    assert set(rows) == {h.model for h in HOLDINGS}, "the person of this test has something of everything"
    assert {m: len(r) for m, r in rows.items()} == counts_of(user)
    assert rows["network.SpaceRequest"][0]["title"] == f"Werkstatt von {CANARY}"
    assert rows["network.OwnerContact"][0]["note"] == f"{CANARY} bittet um Rückruf"
    assert rows["network.Membership"][0]["town"] == "Gransee"
    assert [r["email"] for r in rows["network.Invitation"]] == [user.email.upper()], "whom one invited is told to nobody"
    assert "digest" not in rows["network.AppPassword"][0]
    assert not any("password" in r for r in rows["auth.User"])


def test_an_address_that_nobody_confirmed_gives_nothing(client: Client) -> None:
    everything_of("kanarie-bert")
    thief = account("dieb")
    EmailAddress.objects.create(user=thief, email="kanarie-bert@example.org", verified=False)
    enter(client, thief)
    told = json.loads(client.get("/konto/daten/daten.json").getvalue())
    assert {h["model"] for h in told["holdings"]} <= {"auth.User", "account.EmailAddress", "sessions.Session", "usersessions.UserSession"}


def test_deletion_in_two_steps_leaves_only_what_it_says(client: Client, settings: Any) -> None:
    user, other = everything_of(CANARY), everything_of("kanarie-bert", "wittenberge")
    before = counts_of(other)
    assert len(tables_naming(CANARY)) > 12, "the search finds what is there"
    enter(client, user)
    page = client.get("/konto/loeschen/").content.decode()
    assert "Wer Eigentümerdaten angesehen hat, muss 12 Monate nachweisbar sein" in page
    assert "Gesuche" in page
    assert client.post("/konto/loeschen/", {}).status_code == 400, "without the cross nothing happens"
    assert User.objects.filter(pk=user.pk).exists()
    assert client.post("/konto/loeschen/", {"sure": "on"})["Location"] == "/daten/geloescht/"
    waiting = Mail.objects.get(to=user.email)
    assert waiting.subject == "Ihr Konto ist gelöscht"
    waiting.delete()
    assert tables_naming(CANARY) == {"network_ownerview"}
    assert counts_of(other) == before
    assert client.get("/konto/")["Location"].startswith("/konto/anmelden/")
    [line] = settings.DELETION_LOG.read_text().splitlines()
    assert line.endswith(deletion.digest_of(user.email))
    assert CANARY not in line
    assert settings.DELETION_LOG.stat().st_mode & 0o077 == 0


def test_deletion_asks_for_the_password_again(client: Client) -> None:
    user = account("anna")
    sign_in(client, user)
    for page in ("/konto/loeschen/", "/konto/daten/daten.json"):
        assert client.get(page)["Location"].startswith("/konto/bestaetigen/")
    assert client.post("/konto/loeschen/", {})["Location"].startswith("/konto/bestaetigen/")
    assert User.objects.filter(pk=user.pk).exists()
    client.post("/konto/bestaetigen/?next=/konto/loeschen/", {"password": PASSWORD})
    assert client.get("/konto/loeschen/").status_code == 200


def test_an_organisation_is_handed_over_or_hidden() -> None:
    anna, bert = account("anna"), account("bert")
    made = []
    for name in ("Eins", "Zwei"):
        one = Organisation(name=name, kind="association", visibility="public")
        one.found(anna)
        one.people.create(user=bert, confirmed_at=timezone.now())
        made.append(one)
    client = Client()
    enter(client, anna)
    page = client.get("/konto/loeschen/").content.decode()
    assert "Wer wird Ansprechperson von „Eins“?" in page
    heir = made[0].people.get(user=bert)
    assert client.post("/konto/loeschen/", {"sure": "on", f"heir_{made[0].pk}": "12345"}).status_code == 400, "nobody of theirs"
    client.post("/konto/loeschen/", {"sure": "on", f"heir_{made[0].pk}": str(heir.pk)})
    heir.refresh_from_db()
    assert heir.role == "contact"
    assert [Organisation.objects.get(name=n).visibility for n in ("Eins", "Zwei")] == ["public", "internal"]


def test_the_last_who_administrates_stays() -> None:
    User.objects.filter(is_superuser=True).delete()
    chief = account("chefin", is_superuser=True)
    with pytest.raises(NotAllowed, match="einziges"):
        deletion.delete(Subject.of(chief))
    assert User.objects.filter(pk=chief.pk).exists()


def test_files_and_history_go_with_their_rows(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shown at a photo and a vacancy, which a registry might name: the same code serves all."""
    settings.MEDIA_ROOT = tmp_path
    vacancy = Vacancy.objects.filter(is_example=True).first()
    assert vacancy
    from PIL import Image

    file = tmp_path / "bild.jpg"
    Image.new("RGB", (8, 8)).save(file)
    photo = vacancy.photos.create(file=ContentFile(file.read_bytes(), name="bild.jpg"), creator="Anna", licence="CC0")
    path = Path(photo.file.path)
    states = apps.get_model("vacancies.VacancyEvent").objects.filter(pgh_obj_id=vacancy.pk)
    Vacancy.objects.filter(pk=vacancy.pk).update(notes=CANARY)
    assert states.filter(notes=CANARY).exists()

    def own(name: str, path: str) -> Holding:
        return Holding(name, OWNERS, find=lambda _who: apps.get_model(name).objects.filter(**{path: vacancy.pk}))

    monkeypatch.setattr(deletion, "HOLDINGS", (own("vacancies.Photo", "vacancy"), own("vacancies.Vacancy", "pk")))
    with pytest.MonkeyPatch.context() as patch, transaction.atomic():
        todo: list[Any] = []
        patch.setattr(deletion.transaction, "on_commit", todo.append)
        deletion.delete(Subject(None, ("anna@example.org",)))
        assert path.exists(), "not before the deletion is through"
    for act in todo:
        act()
    assert not path.exists()
    assert not states.exists()


def test_an_address_without_an_account_sees_and_deletes_its_own(client: Client) -> None:
    vacancy = Vacancy.objects.first()
    OwnerContact.objects.create(vacancy=vacancy, name="Erna Beispiel", email="Erna@example.org")
    Subscription.objects.create(kind="digest", address="erna@example.org")
    Subscription.objects.create(kind="digest", address="andere@example.org")
    answers = [client.post("/daten/anfordern/", {"address": a}) for a in ("erna@example.org", "niemand@example.org")]
    assert [(a.status_code, a["Location"], a.content) for a in answers] == [(302, "/daten/unterwegs/", b"")] * 2
    first, second = mails()
    assert (first.subject, len(first.body.splitlines())) == (second.subject, len(second.body.splitlines())), "mails alike"
    assert "Zu dieser Adresse ist nichts gespeichert." in client.get(link_of(second)).content.decode()
    link = link_of(first)
    page = client.get(link).content.decode()
    assert "Ansprache der Eigentümer:innen" in page
    told = json.loads(client.get(f"{link}daten.json").getvalue())
    assert {h["model"]: len(h["rows"]) for h in told["holdings"]} == {"network.OwnerContact": 1, "network.Subscription": 1}
    assert client.post(link, {}).status_code == 400
    assert client.post(link, {"sure": "on"})["Location"] == "/daten/geloescht/"
    assert not OwnerContact.objects.filter(email__iexact="erna@example.org").exists()
    assert list(Subscription.objects.values_list("address", flat=True)) == ["andere@example.org"]
    assert client.get(link[:-3] + "xx/").status_code == 410


def test_what_belongs_to_an_account_is_not_opened_by_a_mail_alone(client: Client) -> None:
    user = everything_of(CANARY)
    who = Subject.by(user.email)
    assert who.user is None
    client.post("/daten/anfordern/", {"address": user.email})
    link = link_of(next(m for m in mails() if m.subject.startswith("Ihre Daten")))
    assert "gibt es ein Konto" in client.get(link).content.decode()
    models_told = {h["model"] for h in json.loads(client.get(f"{link}daten.json").getvalue())["holdings"]}
    by_address = {"network.Subscription", "network.Invitation", "network.OwnerContact", "network.OwnerView", "network.Consent"}
    by_address |= {"network.AdviceCase", "network.CaseEntry", "network.Registration", "network.NewsletterSubscription"}
    by_address |= {"network.Report", "network.ReportStep", "network.ContactPoint", "network.MailingRecipient"}
    assert models_told == by_address
    client.post(link, {"sure": "on"})
    assert User.objects.filter(pk=user.pk).exists()
    assert SpaceRequest.objects.filter(owner=user).exists()


def test_who_asks_too_often_waits_until_tomorrow(client: Client) -> None:
    answers = [client.post("/daten/anfordern/", {"address": "erna@example.org"}).status_code for _n in range(4)]
    assert answers == [302, 302, 302, 429]


def test_a_restored_backup_is_deleted_again_but_not_what_came_later(settings: Any, tmp_path: Path) -> None:
    user = everything_of(CANARY)
    later = everything_of("kanarie-bert", "wittenberge")
    log = tmp_path / "deletions.log"
    moment = timezone.now().astimezone(datetime.UTC)
    ago = moment - datetime.timedelta(hours=1)
    User.objects.filter(pk=user.pk).update(date_joined=moment - datetime.timedelta(days=400))
    lines = [f"{moment + datetime.timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ} {deletion.digest_of(user.email)}"]
    lines += [f"{ago:%Y-%m-%dT%H:%M:%SZ} {deletion.digest_of(later.email)}"]  # deleted, and signed up anew after that
    log.write_text("\n".join(lines) + "\n")
    before = counts_of(later)
    call_command("apply_deletions", str(log), stdout=None)
    assert tables_naming(CANARY) == {"network_ownerview"}
    assert counts_of(later) == before
    log.write_text("kein Protokoll\n")
    with pytest.raises(CommandError, match="Zeile 1"):
        call_command("apply_deletions", str(log))


def test_a_consent_has_words_a_moment_and_an_end(client: Client) -> None:
    user = account("anna")
    request = SpaceRequest.objects.create(owner=user, title="Werkstatt", visibility="named")
    request.move("active")
    given = consents.give(user, "gesuch-oeffentlich", request.key)
    assert consents.give(user, "gesuch-oeffentlich", request.key) == given, "twice is once"
    assert given.digest == consents.ask("gesuch-oeffentlich", 1, "de").digest
    assert len(given.digest) == 64
    enter(client, user)
    page = client.get("/konto/einwilligungen/").content.decode()
    assert "Mein Gesuch öffentlich zeigen" in page
    assert client.get(f"/gesuche/{request.key}/").status_code == 200
    client.post(f"/konto/einwilligungen/{given.pk}/widerrufen/")
    assert not Consent.objects.all().by(user).to("gesuch-oeffentlich", request.key).in_force()
    assert Client().get(f"/gesuche/{request.key}/").status_code == 404, "gone at once"
    assert "widerrufen oder durch eine neue ersetzt am" in client.get("/konto/einwilligungen/").content.decode()
    assert Client().get("/einwilligungen/gesuch-oeffentlich/1/").status_code == 200
    assert Client().get("/einwilligungen/gesuch-oeffentlich/7/").status_code == 400


def test_consents_to_texts_and_buildings_stand_on_one_page_and_in_the_export(client: Client) -> None:
    anna, bert = account("anna"), account("bert")
    town = Town.objects.get(slug="gransee")
    vacancy = Vacancy.objects.create(town=town, point=town.centre, street="Mühlenstraße", house_no="3", occupancy="vacant")
    own, other = (OwnBuilding.objects.create(user=user, vacancy=vacancy, stated_role="owner") for user in (anna, bert))
    consents.give(anna, "gesuch-oeffentlich", "abc")
    other.allow("exact")
    own.allow("exact")
    own.allow("coarse")  # ends the wider one
    found = given_by(anna)
    assert [(g.title, g.about, g.version, g.ended_at is None) for g in found] == [
        ("Mein Gebäude zeigen: öffentlich, ungefähre Lage", "Mühlenstraße 3, Gransee", VERSION, True),
        ("Mein Gebäude zeigen: öffentlich, genaue Lage", "Mühlenstraße 3, Gransee", VERSION, False),
        ("Mein Gesuch öffentlich zeigen", "abc", "1", True),
    ]
    assert "Rasterfelds von 500 m" in found[0].text
    assert [bool(g.withdraw) for g in found] == [True, False, True], "what has ended is not ended again"
    enter(client, anna)
    page = client.get("/konto/einwilligungen/").content.decode()
    assert page.count(">Widerrufen<") == 2
    assert "Rasterfelds von 500 m" in page
    assert found[0].withdraw in page
    client.post(found[0].withdraw)
    vacancy.refresh_from_db()
    assert (vacancy.basis, [g.withdraw != "" for g in given_by(anna)]) == ("none", [False, False, True])
    assert [bool(g.withdraw) for g in given_by(bert)] == [True], "nobody else's"
    told = {h["model"]: h["rows"] for h in json.loads("".join(export(Subject.of(anna))))["holdings"]}
    assert [(r["own_building_id"], r["visibility"]) for r in told["network.BuildingConsent"]] == [(own.pk, "exact"), (own.pk, "coarse")]
    assert told["network.OwnBuilding"][0]["id"] == own.pk
    assert [r["text"] for r in told["network.Consent"]] == ["gesuch-oeffentlich"]


def test_nobody_withdraws_for_another(client: Client) -> None:
    given = consents.give(account("anna"), "gesuch-oeffentlich", "x")
    enter(client, account("bert"))
    assert client.post(f"/konto/einwilligungen/{given.pk}/widerrufen/").status_code == 404
    assert Consent.objects.get().withdrawn_at is None


def test_security_txt_stands_where_somebody_is_named(client: Client, settings: Any) -> None:
    assert client.get("/.well-known/security.txt").status_code == 404
    settings.SECURITY_CONTACT, settings.PUBLIC_URL = "mailto:sicherheit@example.org", "https://raum.example.org"
    lines = client.get("/.well-known/security.txt").content.decode().splitlines()
    fields = dict(line.split(": ", 1) for line in lines)
    assert fields["Contact"] == "mailto:sicherheit@example.org"
    assert fields["Canonical"] == "https://raum.example.org/.well-known/security.txt"
    until = datetime.datetime.fromisoformat(fields["Expires"])
    assert datetime.timedelta(days=30) < until - timezone.now() < datetime.timedelta(days=365), "RFC 9116: less than a year"


def test_invitations_of_a_person_go_in_both_directions() -> None:
    chief, guest = account("chefin"), account("gast")
    Membership.objects.create(user=chief, statewide=True, role="admin")
    Invitation(statewide=True, email="gast@example.org", invited_by=chief).save()
    Invitation(statewide=True, email="other@example.org", invited_by=chief).save()
    deletion.delete(Subject.of(guest))
    assert [i.email for i in Invitation.objects.all()] == ["other@example.org"]
    client, colleague = Client(), account("kollege")
    Membership.objects.create(user=colleague, statewide=True, role="admin")
    sign_in(client, colleague)
    assert "gilt nicht mehr" not in client.get("/konto/mitglieder/").content.decode()
    deletion.delete(Subject.of(chief))
    left = Invitation.objects.get()
    assert (left.email, left.invited_by) == ("other@example.org", None)
    page = client.get("/konto/mitglieder/").content.decode()
    assert "other@example.org" in page
    assert "gilt nicht mehr" in page, "who manages sees that it must be sent anew"
    link = f"/einladung/{post.seal('invitation', left.pk)}/"
    assert "neue schicken" in Client().get(link).content.decode()


def test_the_record_of_processing_names_every_holding() -> None:
    text = record.page().read_text(encoding="utf-8")
    assert not [h.model for h in HOLDINGS if f"`{h.model}`" not in text]
    assert record.written(text) == text, "./dev manage record_of_processing --write"

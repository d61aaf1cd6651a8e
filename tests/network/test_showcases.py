"""Showcases, WIR-Räume and actors: pages, filters, pictures, and the same as layers."""

from __future__ import annotations

import datetime
import io
import json
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from PIL import Image

from geo import crs
from geo.models import Town
from network.organisations.models import Organisation
from network.showcase.models import Showcase, ShowcasePhoto, WirSpace
from network.showcase.public import PublicShowcase
from network.showcase.published import SHOWCASES, WIR_SPACES

pytestmark = pytest.mark.django_db
KOLAB = {"hallo-perle", "thinkfarm", "haus-mit-zukunft", "social-impact-lab-beelitz"}


def listed(client: Client, query: str = "") -> set[str]:
    return {s.key for s in client.get(f"/beispiele/?{query}").context["showcases"]}


def test_the_four_of_kolab_are_there_with_their_sources(client: Client) -> None:
    assert set(Showcase.objects.filter(of_kolab=True).values_list("slug", flat=True)) == KOLAB
    for slug in KOLAB:
        page = client.get(f"/beispiele/{slug}/").content.decode()
        assert all(s.url.replace("&", "&amp;") in page for s in Showcase.objects.get(slug=slug).source_list)
    beelitz = client.get("/beispiele/social-impact-lab-beelitz/").content.decode()
    assert "Ausgang nicht bekannt" in beelitz
    for unknown in ("Kosten", "Früher", "Größe"):
        assert f"<dt>{unknown}</dt>" not in beelitz, "what is not known is absent"


def test_filters_also_for_what_did_not_work(client: Client) -> None:
    assert listed(client, "outcome=unknown") == {"social-impact-lab-beelitz", "blok-o"}
    assert {"hallo-perle", "kodorf-wiesenburg", "thinkfarm"} <= listed(client, "setbacks=1")
    assert "hof-praedikow" not in listed(client, "setbacks=1")
    assert listed(client, "outcome=failed") == set()
    Showcase.objects.filter(slug="hof-praedikow").update(outcome="failed")
    assert listed(client, "outcome=failed") == {"hof-praedikow"}
    assert "hof-praedikow" in listed(client, "setbacks=1"), "a failure is one"
    assert listed(client, "town=perleberg") == {"hallo-perle", "stadtlabor-perleberg"}
    assert listed(client, "target_use=cohousing") == {"hof-praedikow", "kodorf-wiesenburg"}
    assert client.get("/beispiele/?outcome=great").status_code == 400


def test_without_a_place_of_its_own_a_point_stands_in_the_middle_of_the_town() -> None:
    shown = PublicShowcase.objects.get(key="hallo-perle")
    town = Town.objects.get(slug="perleberg")
    assert (shown.point, shown.is_exact) == (town.centre, False)
    own = Point(town.centre.x + 500, town.centre.y, srid=crs.STORAGE)
    Showcase.objects.filter(slug="hallo-perle").update(point=own)
    shown = PublicShowcase.objects.get(key="hallo-perle")
    assert (shown.point, shown.is_exact) == (own, True)


def test_layers_give_the_same_rows_as_the_pages(client: Client) -> None:
    before = SHOWCASES.stamp()
    made = json.loads(b"".join(client.get("/beispiele.geojson?setbacks=1").streaming_content))  # type: ignore[attr-defined]
    assert {f["properties"]["key"] for f in made["features"]} == listed(client, "setbacks=1")
    Showcase.objects.filter(slug="hallo-perle").update(is_published=False)
    assert SHOWCASES.stamp() != before
    assert "hallo-perle" not in listed(client)
    assert client.get("/beispiele/hallo-perle/").status_code == 404
    text = b"".join(client.get("/wir_raeume.csv").streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert {row.split(";")[0] for row in text.splitlines()[1:] if row} >= set()
    assert "Haus mit Zukunft" in text
    assert "beispiele/hallo-perle" not in client.get("/wir-raeume/").content.decode(), "no link to what is not public"
    assert "Beispiele aus der Praxis" in client.get("/ogc/").content.decode()


def test_the_stamp_of_rooms_changes_with_their_operator() -> None:
    before = WIR_SPACES.stamp()
    assert WIR_SPACES.stamp() == before
    Organisation.objects.filter(name="TGZ Prignitz GmbH").update(name="TGZ neu")
    assert WIR_SPACES.stamp() != before


def picture(colour: str) -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(out, "JPEG")
    return SimpleUploadedFile("x.jpg", out.getvalue(), "image/jpeg")


def test_before_and_after_show_side_by_side(client: Client, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    found = Showcase.objects.get(slug="hallo-perle")
    for shows, colour, year in (("before", "red", 2021), ("after", "green", 2025)):
        ShowcasePhoto.objects.create(
            showcase=found, file=picture(colour), alt_text=f"Bild {shows}", creator="Beispiel", licence="CC0", shows=shows,
            taken_on=datetime.date(year, 1, 1),
        )  # fmt: skip
    page = client.get("/beispiele/hallo-perle/").content.decode()
    assert 'class="before-after"' in page
    assert "js/before_after.js" in page
    address = found.photos.all()[0].get_absolute_url()
    assert client.get(address)["Content-Type"] == "image/jpeg"
    Showcase.objects.filter(pk=found.pk).update(is_published=False)
    assert client.get(address).status_code == 404


def test_quotes_need_their_source() -> None:
    with pytest.raises(IntegrityError, match="showcase_quote_has_source"), transaction.atomic():
        Showcase.objects.filter(slug="hallo-perle").update(quote="Schön hier.")


def test_rooms_are_found_by_offer_and_say_what_is_not_known(client: Client) -> None:
    page = client.get("/wir-raeume/?target_use=workshop")
    assert {s.key for s in page.context["spaces"]} == {"haus-mit-zukunft", "bahnhofspioniere"}
    assert "nicht bekannt" in page.content.decode()
    WirSpace.objects.filter(slug="haus-mit-zukunft").update(capacity=16, bookable=True, status="planned")
    assert {s.key for s in client.get("/wir-raeume/?status=planned").context["spaces"]} == {"haus-mit-zukunft"}


def test_actors_are_those_that_somebody_verified_or_that_have_a_source(client: Client) -> None:
    seat = Town.objects.get(slug="gransee")
    own = Organisation.objects.create(name="Beispiel eG", kind="cooperative", municipality=seat, seeks="Scheune")

    def shown(query: str = "") -> set[str]:
        return {o.name for o, _origin in client.get(f"/netzwerk/akteure/?{query}").context["actors"]}

    assert own.name not in shown()
    Organisation.objects.filter(pk=own.pk).update(is_verified=True, visibility="public")
    assert shown("kind=cooperative") == {"Beispiel eG", "SelbstBau e.G."}
    assert shown("seeks=Scheune") == {"Beispiel eG"}
    assert "Brandenburgisches Landesamt für Denkmalpflege und Archäologisches Landesmuseum (BLDAM)" in shown("offers=Denkmalpflege")
    points = client.get("/netzwerk/akteure/?kind=cooperative").context["shape"]["features"]
    assert [p["properties"]["note"] for p in points] == ["Gransee"]


def test_a_script_in_a_name_stays_text(client: Client) -> None:
    Showcase.objects.filter(slug="hallo-perle").update(title="</script><script>alert(1)</script>", lessons="<img src=x onerror=alert(1)>")
    for page in ("/beispiele/", "/beispiele/hallo-perle/", "/orte/perleberg/"):
        assert "<script>alert" not in client.get(page).content.decode(), page
    assert "<img src=x" not in client.get("/beispiele/hallo-perle/").content.decode()

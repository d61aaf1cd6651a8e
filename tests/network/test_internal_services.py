"""The register by WMS and WFS: for people who may see it, by HTTP Basic alone, with what the public never sees."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from network.models import AppPassword, Membership
from tests.network.test_app_passwords import basic
from vacancies.models import Vacancy

pytestmark = pytest.mark.django_db
WFS = "/ogc/intern/wfs?service=WFS&version=2.0.0&request="
WMS = "/ogc/intern/wms?service=WMS&version=1.3.0&request="


def signed(member: bool = True) -> dict[str, str]:
    person = User.objects.create_user("renate")
    if member:
        Membership.objects.create(user=person, statewide=True)
    _held, secret = AppPassword.objects.create_for(person, "QGIS")
    return basic("renate", secret)


def test_the_register_comes_whole_and_exact(client: Client) -> None:
    head = signed()
    hidden = Vacancy.objects.exclude(key__in=Vacancy.objects.all().public().values("key")).order_by("key").first()
    assert hidden is not None
    answer = client.get(f"{WFS}GetFeature&typenames=raum:register&resultType=hits", headers=head)
    assert f'numberMatched="{Vacancy.objects.count()}"' in answer.getvalue().decode()
    row = client.get(f"{WFS}GetFeature&resourceId=register.{hidden.key}", headers=head).getvalue().decode()
    assert f"<raum:visibility>{hidden.visibility}</raum:visibility>" in row
    x, y = (float(v) for v in row.partition("<gml:pos")[2].partition(">")[2].partition("<")[0].split())
    assert (x, y) == pytest.approx((hidden.point.x, hidden.point.y), abs=0.01)
    assert answer["Cache-Control"] == "private, no-store"


def test_the_register_is_in_no_public_service_and_public_layers_are_not_in_this_one(client: Client) -> None:
    head = signed()
    assert b"raum:register" in client.get(f"{WFS}GetCapabilities", headers=head).getvalue()
    for address in ("/ogc/wfs?service=WFS&request=GetCapabilities", "/ogc/wms?service=WMS&request=GetCapabilities", "/ogc/"):
        text = client.get(address).getvalue()
        assert b"leerstaende" in text
        assert not any(sign in text for sign in (b"raum:register", b"<Name>register<", b'id="register"', b"register.gpkg"))
    assert client.get("/ogc/wfs?service=WFS&version=2.0.0&request=GetFeature&typenames=raum:register").status_code == 400
    assert b"raum:leerstaende" not in client.get(f"{WFS}GetCapabilities", headers=head).getvalue()


def test_a_map_of_the_register_is_drawn(client: Client) -> None:
    head = signed()
    box = "crs=EPSG:25833&bbox=200000,5680000,500000,5950000&width=300&height=270&layers=register&styles=&format=image/png"
    answer = client.get(f"{WMS}GetMap&{box}", headers=head)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")


@pytest.mark.parametrize("extension", ["csv", "geojson", "parquet", "gpkg"])
def test_the_register_as_a_file(client: Client, extension: str) -> None:
    head = signed()
    answer = client.get(f"/ogc/intern/register.{extension}?town=wittenberge", headers=head)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")
    hidden = Vacancy.objects.filter(town__slug="wittenberge").exclude(key__in=Vacancy.objects.all().public().values("key")).first()
    if hidden and extension in ("csv", "geojson"):
        assert hidden.key.encode() in answer.getvalue()
    assert client.get(f"/ogc/intern/leerstaende.{extension}", headers=head).status_code == 400
    assert client.get(f"/register.{extension}").status_code == 404


def test_who_may_not_see_the_register_gets_nothing(client: Client) -> None:
    answer = client.get(f"{WFS}GetCapabilities", headers=signed(member=False))
    assert answer.status_code == 403
    assert client.get(f"{WFS}GetCapabilities").status_code == 401

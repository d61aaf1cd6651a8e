"""The WMS as clients see it, drawn by a real MapServer from the prepared database."""

from __future__ import annotations

import io
import json
import re
from urllib.parse import urlencode

import numpy as np
import pytest
from django.test import Client
from lxml import etree
from owslib.wms import WebMapService
from PIL import Image

from geo import crs
from layers.models import ReachRun
from layers.publish import extents
from layers.publish.collection import collections
from tests.layers.services import STATE, box, colour, get_map, is_report, needs_mapserver, pixels, wms
from vacancies.public import PublicVacancy
from vacancies.published import VACANCIES

pytestmark = [needs_mapserver, pytest.mark.django_db]
NAMES = [c.name for c in collections()]
SYSTEMS = [f"EPSG:{n}" for n in crs.KNOWN]


def described(client: Client, version: str, query: str = "") -> WebMapService:
    answer = client.get(f"/ogc/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION={version}&{query}")
    assert answer.status_code == 200, answer.content[:500]
    return WebMapService("http://testserver/ogc/wms", version=version, xml=answer.content)


# --- capabilities -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
def test_capabilities_say_what_the_german_rules_demand(client: Client, version: str) -> None:
    service = described(client, version)
    assert set(service.contents) == set(NAMES)
    assert all(re.fullmatch(r"[0-9a-zA-Z._:-]+", name) for name in service.contents)
    assert service.identification.title.startswith("Raumwohlstand: Leerstände")
    assert "Leerstehende Gebäude" in service.identification.abstract
    assert service.identification.fees
    assert service.identification.accessconstraints
    assert service.provider.contact.organization
    assert service.provider.contact.country == "DE"
    assert service.provider.contact.region == "DE-BB"
    formats = service.getOperationByName("GetMap").formatOptions
    assert formats[:3] == ["image/png", "image/png; mode=8bit", "image/jpeg"]
    assert {"text/html", "application/json", "application/vnd.ogc.gml", "text/plain"} <= set(
        service.getOperationByName("GetFeatureInfo").formatOptions
    )
    for name, layer in service.contents.items():
        assert layer.title, name
        assert layer.abstract, name
        assert set(layer.crsOptions) >= set(SYSTEMS), name
        assert layer.queryable == 1, name
        record = layer.metadataUrls[0]
        assert record["url"] == f"http://testserver/metadaten/{name}.xml"
        assert record["type"] == ("TC211" if version == "1.1.1" else "ISO19115:2003")
        assert layer.styles["default"]["title"] == layer.title
        assert f"layer={name}" in layer.styles["default"]["legend"]


def test_capabilities_have_limits_authority_and_no_remarks(client: Client) -> None:
    text = wms(client, "GetCapabilities").content.decode()
    assert "<MaxWidth>4096</MaxWidth>" in text
    assert "<MaxHeight>4096</MaxHeight>" in text
    assert '<Identifier authority="raumwohlstand">leerstaende</Identifier>' in text
    assert '<AuthorityURL name="raumwohlstand">' in text
    assert re.search(r'updateSequence="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"', text)
    assert "<!--" not in text
    assert "e+06" not in text
    assert "MaxScaleDenominator>500000<" in text
    for code in ("XML", "INIMAGE", "BLANK"):
        assert f"<Format>{code}</Format>" in text


# the sequences of capabilities_1_3_0.xsd
ORDER = {
    "Service": "Name Title Abstract KeywordList OnlineResource ContactInformation Fees AccessConstraints LayerLimit MaxWidth MaxHeight",
    "ContactInformation": "ContactPersonPrimary ContactPosition ContactAddress ContactVoiceTelephone ContactFacsimileTelephone "
    "ContactElectronicMailAddress",
    "ContactAddress": "AddressType Address City StateOrProvince PostCode Country",
    "Layer": "Name Title Abstract KeywordList CRS EX_GeographicBoundingBox BoundingBox Dimension Attribution AuthorityURL Identifier "
    "MetadataURL DataURL FeatureListURL Style MinScaleDenominator MaxScaleDenominator Layer",
    "Style": "Name Title Abstract LegendURL StyleSheetURL StyleURL",
}


def test_elements_stand_in_the_order_of_the_schema(client: Client) -> None:
    root = etree.fromstring(wms(client, "GetCapabilities").content)
    for name, words in ORDER.items():
        order = words.split()
        found = list(root.iter(f"{{http://www.opengis.net/wms}}{name}"))
        assert found, name
        for element in found:
            places = [order.index(etree.QName(child).localname) for child in element]
            assert places == sorted(places), name


def test_headings_group_the_layers_and_cannot_be_asked_for(client: Client) -> None:
    text = wms(client, "GetCapabilities").content.decode()
    for heading in ("Orte", "Erreichbarkeit", "Infrastruktur"):
        assert f"<Title>{heading}</Title>" in text
        assert f"<Name>{heading}</Name>" not in text
        assert is_report(get_map(client, layers=heading), "LayerNotDefined")


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
def test_boxes_hold_all_rows_and_little_more_in_every_system(client: Client, version: str) -> None:
    x, y = np.array([p.coords for p in PublicVacancy.objects.values_list("point", flat=True)]).T
    text = client.get(f"/ogc/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION={version}").content.decode()
    layer = text[text.index("<Name>leerstaende</Name>") :]
    layer = layer[: layer.index("</Layer>")]
    word = "CRS" if version == "1.3.0" else "SRS"
    for number in crs.KNOWN:
        pattern = rf'<BoundingBox {word}="EPSG:{number}"\s+minx="([^"]+)" miny="([^"]+)"\s+maxx="([^"]+)" maxy="([^"]+)"'
        found = [float(v) for v in re.search(pattern, layer).groups()]
        if version == "1.3.0" and number in (crs.WEB, crs.ETRS89, crs.LAEA):
            found = [found[1], found[0], found[3], found[2]]
        east, north = crs.transform_xy(x, y, crs.STORAGE, number)
        least, most = np.array([east.min(), north.min()]), np.array([east.max(), north.max()])
        assert (found[:2] <= least).all(), number
        assert (found[2:] >= most).all(), number
        margin = 0.2 if crs.in_degrees(number) else 25_000 if number != crs.STORAGE else 0.1
        assert (found[:2] > least - margin).all(), number
        assert (found[2:] < most + margin).all(), number


def test_a_box_in_another_system_is_larger_than_its_corners_say() -> None:
    west, south, east, north = extents.moved((400_000, 5_690_000, 600_000, 5_950_000), crs.WEB)
    x, y = crs.transform_xy([400_000, 600_000, 400_000, 600_000], [5_690_000, 5_690_000, 5_950_000, 5_950_000], crs.STORAGE, crs.WEB)
    assert north > max(y) + 0.005
    for told, exact in ((west, min(x)), (south, min(y)), (-east, -max(x))):
        assert exact - 2e-6 < told <= exact, "rounded outward"


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
def test_the_filter_stays_in_every_address(client: Client, version: str) -> None:
    text = client.get(f"/ogc/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION={version}&town_size=rural&transit=D").content.decode()
    addresses = re.findall(r'href="(http://testserver/ogc/wms[^"]*)"', text)
    assert len(addresses) > 8
    assert all("town_size=rural&amp;transit=D" in a for a in addresses)


def test_english_below_en(client: Client) -> None:
    text = client.get("/en/ogc/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION=1.3.0").content.decode()
    assert "<Title>Vacancies</Title>" in text
    assert 'href="http://testserver/en/ogc/wms?"' in text


def test_update_sequence(client: Client) -> None:
    answer = wms(client, "GetCapabilities")
    now = re.search(r'updateSequence="([^"]+)"', answer.content.decode())[1]
    assert "CurrentUpdateSequence" in wms(client, "GetCapabilities", updatesequence=now).content.decode()
    assert is_report(wms(client, "GetCapabilities", updatesequence="2999-01-01T00:00:00Z"), "InvalidUpdateSequence")
    assert wms(client, "GetCapabilities", updatesequence="2001-01-01T00:00:00Z").content == answer.content


@pytest.mark.parametrize("request_name", ["GetCapabilities", "GetMap"])
def test_an_unchanged_answer_is_not_sent_twice(client: Client, request_name: str) -> None:
    query = {"SERVICE": "WMS", "VERSION": "1.3.0", "REQUEST": request_name, "LAYERS": "leerstaende", "STYLES": "", "CRS": SYSTEMS[0]}
    address = "/ogc/wms?" + urlencode({**query, "BBOX": box(*STATE), "WIDTH": 64, "HEIGHT": 64, "FORMAT": "image/png"})
    first = client.get(address)
    assert first["Access-Control-Allow-Origin"] == "*"
    assert client.get(address, HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304
    assert client.get(address + "&town_size=rural", HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 200


# --- maps -------------------------------------------------------------------------------------------------------------


def lone(town: str) -> PublicVacancy:
    """A vacancy with no other within 600 m."""
    for found in PublicVacancy.objects.filter(town_slug=town).order_by("key"):
        if PublicVacancy.objects.filter(point__dwithin=(found.point, 600)).count() == 1:
            return found
    raise AssertionError(town)


def around(x: float, y: float, number: int, version: str, swapped: bool = False) -> str:
    """A box of about 800 m around a point of the storage CRS, in the axis order of the version."""
    east, north = crs.transform_xy([x - 400, x + 400], [y - 400, y + 400], crs.STORAGE, number)
    north_first = version == "1.3.0" and number in (crs.WEB, crs.ETRS89, crs.LAEA)
    if north_first != swapped:
        return box(north[0], east[0], north[1], east[1])
    return box(east[0], north[0], east[1], north[1])


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
@pytest.mark.parametrize("number", crs.KNOWN)
@pytest.mark.parametrize("town", ["wittenberge", "luckenwalde", "eberswalde"])
def test_a_vacancy_lies_at_its_place(client: Client, version: str, number: int, town: str) -> None:
    found = lone(town)
    fill = VACANCIES.style.of(found.transit_class).symbol.fill
    word = "crs" if version == "1.3.0" else "srs"
    keys = {word: f"EPSG:{number}", "width": 201, "height": 201}
    there = pixels(get_map(client, version, bbox=around(*found.point.coords, number, version), **keys))
    ys, xs = np.nonzero((there[:, :, :3] == colour(fill)).all(axis=2))
    assert (xs.mean(), ys.mean()) == pytest.approx((100, 100), abs=6)
    assert there.shape == (201, 201, 4)
    swapped = get_map(client, version, bbox=around(*found.point.coords, number, version, swapped=True), **keys)
    assert swapped.status_code == 400 or (pixels(swapped)[:, :, :3] == 255).all()


def test_a_town_is_drawn_where_it_lies(client: Client) -> None:
    x, y = crs.transform_xy(11.7515, 52.9955, crs.WEB, crs.STORAGE)  # Wittenberge
    inside = {"layers": "gemeinden", "bbox": box(x - 300, y - 300, x + 300, y + 300), "width": 64, "height": 64}
    assert (pixels(get_map(client, town="wittenberge", **inside))[32, 32, :3] != 255).any()
    assert (pixels(get_map(client, town="luckenwalde", **inside))[:, :, :3] == 255).all()


def test_filters_change_the_picture_as_they_change_the_rows(client: Client) -> None:
    whole, none = pixels(get_map(client)), pixels(get_map(client, near="11.0,51.2,1000"))
    fewer = pixels(get_map(client, town_size="rural"))
    inked = [int((p[:, :, :3] != 255).any(axis=2).sum()) for p in (whole, fewer, none)]
    assert inked[0] > inked[1] > inked[2] == 0


@pytest.mark.parametrize(
    "query", ["town=wittenberge", "town_size=rural&transit=C", "target_use=workshop&berlin_max=60", "q=Konsum'%20%22%25"]
)
def test_counts_at_a_pixel_are_those_of_the_filter(client: Client, query: str) -> None:
    wanted = VACANCIES.matching(VACANCIES.parse(query)).count()
    assert wanted < 1000
    answer = client.get(
        "/ogc/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&CRS=EPSG:25833&BBOX=190000,5670000,510000,5960000&WIDTH=2&HEIGHT=2"
        f"&LAYERS=leerstaende&QUERY_LAYERS=leerstaende&STYLES=&I=1&J=1&FEATURE_COUNT=1000&INFO_FORMAT=application/json&{query}"
    )
    keys = {f["properties"]["key"] for f in json.loads(answer.content)["features"]}
    assert keys == set(VACANCIES.matching(VACANCIES.parse(query)).values_list("key", flat=True))
    assert len(keys) == wanted


@pytest.mark.parametrize("number", [crs.STORAGE, crs.WEB])
def test_signs_are_whole_where_tiles_meet(client: Client, number: int) -> None:
    x, y = crs.transform_xy(*lone("wittenberge").point.coords, crs.STORAGE, number)
    dx, dy = (256, 128) if number == crs.STORAGE else (256 / 67_000, 128 / 111_000)

    def part(west: float, east: float, width: int) -> np.ndarray:
        south, north = y - 0.2 * dy, y + 1.8 * dy
        corners = (west, south, east, north) if number == crs.STORAGE else (south, west, north, east)
        return pixels(get_map(client, crs=f"EPSG:{number}", bbox=box(*corners), width=width, height=128))

    halves, whole = (part(x - dx, x, 128), part(x, x + dx, 128)), part(x - dx, x + dx, 256)
    assert np.abs(np.hstack(halves).astype(int) - whole).max() <= (0 if number == crs.STORAGE else 40)
    assert all((half[:, :, :3] != 255).any() for half in halves)


def test_an_isochrone_of_another_centre_is_drawn(client: Client) -> None:
    near, far = (pixels(get_map(client, layers="isochronen", centre=c)) for c in ("berlin-hbf", "cottbus"))
    assert (near != far).any()
    assert (far[:, :, :3] != 255).any()


def test_large_pictures(client: Client) -> None:
    assert pixels(get_map(client, layers="gemeinden", width=3000, height=3000)).shape == (3000, 3000, 4)
    assert is_report(get_map(client, width=5000, height=10))


def test_transparent_or_opaque(client: Client) -> None:
    assert (pixels(get_map(client, transparent="TRUE", bbox="0,0,10,10"))[:, :, 3] == 0).all()
    assert (pixels(get_map(client, transparent="FALSE", bbox="0,0,10,10")) == 255).all()
    assert (pixels(get_map(client, bgcolor="0x112233", bbox="0,0,10,10"))[0, 0, :3] == (0x11, 0x22, 0x33)).all()


def test_outside_its_scales_a_layer_is_empty(client: Client) -> None:
    assert (pixels(get_map(client, layers="haltestellen"))[:, :, :3] == 255).all()
    assert (pixels(get_map(client, layers="haltestellen", bbox="380000,5810000,400000,5830000"))[:, :, :3] != 255).any()


@pytest.mark.parametrize("form", ["image/png", "image/png; mode=8bit", "image/jpeg"])
def test_formats(client: Client, form: str) -> None:
    answer = get_map(client, format=form, layers="gemeinden,leerstaende")
    assert answer["Content-Type"] == form
    assert Image.open(io.BytesIO(answer.content)).format == ("JPEG" if form == "image/jpeg" else "PNG")


def test_all_layers_draw_together(client: Client) -> None:
    assert (pixels(get_map(client, layers=",".join(NAMES)))[:, :, :3] != 255).any()


def test_legends_are_pictures_of_the_classes(client: Client) -> None:
    for name in NAMES:
        made = pixels(wms(client, "GetLegendGraphic", layer=name, format="image/png"))
        assert made.shape[0] >= 20, name
    shown = {tuple(c) for c in pixels(wms(client, "GetLegendGraphic", layer="leerstaende", format="image/png"))[:, :, :3].reshape(-1, 3)}
    assert {colour(c.symbol.fill) for c in VACANCIES.style.classes} <= shown


def test_styles_and_layer_descriptions(client: Client) -> None:
    styles = wms(client, "GetStyles", "1.1.1", layers="leerstaende").content.decode()
    assert "<PropertyName>transit_class" in styles.replace("ogc:", "")
    assert 'name="leerstaende"' in wms(client, "DescribeLayer", "1.1.1", layers="leerstaende").content.decode()


# --- what is here -----------------------------------------------------------------------------------------------------


def info(client: Client, form: str, version: str = "1.3.0", at: tuple[float, float] | None = None, **keys: object) -> object:
    x, y = at or lone("wittenberge").point.coords
    words = {"crs": "EPSG:25833", "i": 50, "j": 50} if version == "1.3.0" else {"srs": "EPSG:25833", "x": 50, "y": 50}
    usual = {"layers": "leerstaende", "query_layers": "leerstaende", "styles": "", "width": 101, "height": 101, "info_format": form}
    place = box(x - 200, y - 200, x + 200, y + 200)
    return wms(client, "GetFeatureInfo", version, **{**usual, **words, "bbox": place, "feature_count": 5, **keys})


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
@pytest.mark.parametrize("form", ["text/html", "application/json", "application/vnd.ogc.gml", "text/plain"])
def test_what_is_at_a_pixel(client: Client, version: str, form: str) -> None:
    found = lone("wittenberge")
    answer = info(client, form, version)
    assert answer["Content-Type"].startswith(form)
    assert found.key in answer.content.decode()
    assert "Wittenberge" in answer.content.decode()


def test_types_of_values_in_json(client: Client) -> None:
    found = lone("wittenberge")
    feature = json.loads(info(client, "application/json").content)["features"][0]
    assert feature["id"] == f"leerstaende.{found.key}"
    values = feature["properties"]
    assert values["postcode"] == found.postcode
    assert values["is_example"] is True
    assert values["target_uses"] == found.target_uses
    assert values["usable_m2"] == found.usable_m2
    assert "search_text" not in values
    east, north = feature["geometry"]["coordinates"]
    assert 11.6 < east < 11.9
    assert 52.9 < north < 53.1


def test_nothing_here_has_a_body_in_every_format(client: Client) -> None:
    def empty(form: str) -> str:
        return info(client, form, at=(200_000.0, 5_680_000.0)).content.decode()

    assert '<body class="ogc-getfeatureinfo-isempty">' in empty("text/html")
    assert json.loads(empty("application/json")) == {"type": "FeatureCollection", "features": []}
    assert "<msGMLOutput" in empty("application/vnd.ogc.gml")
    assert empty("text/plain") == "Hier ist nichts.\n"


def test_values_are_escaped(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from layers.publish.mapserver import info as module

    monkeypatch.setattr(module, "shown", lambda field, value: "<script>alert(1)</script>")
    text = info(client, "text/html").content.decode()
    assert "&lt;script&gt;alert(1)" in text
    assert "<script" not in text


def test_keys_may_come_by_post(client: Client) -> None:
    keys = {"SERVICE": "WMS", "VERSION": "1.3.0", "REQUEST": "GetMap", "LAYERS": "gemeinden", "STYLES": "", "CRS": "EPSG:25833"}
    more = {"BBOX": box(*STATE), "WIDTH": "64", "HEIGHT": "64", "FORMAT": "image/png"}
    answer = client.post("/ogc/wms?town_size=rural", urlencode({**keys, **more}), content_type="application/x-www-form-urlencoded")
    assert pixels(answer).shape == (64, 64, 4)


def test_the_service_stands_before_anything_is_computed(client: Client) -> None:
    ReachRun.objects.update(live=False)
    service = described(client, "1.3.0")
    assert set(service.contents) == set(NAMES)
    assert service.contents["isochronen"].boundingBoxWGS84 == pytest.approx((10.3, 51.1, 15.2, 53.8), abs=0.1)  # of the state
    assert get_map(client, layers="isochronen").status_code == 200

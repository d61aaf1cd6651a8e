"""The project and the styles, opened in QGIS itself."""

from __future__ import annotations

import io
import json
import subprocess
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.test import Client
from lxml import etree

from geo import crs
from geo.models import Town
from layers.publish.collection import Collection, collection, collections
from layers.publish.exports.provenance import attribution_of, datasets_of
from layers.publish.qgis import styles
from layers.publish.qgis.project import project
from layers.publish.style import Style, StyleClass, Symbol

pytestmark = pytest.mark.django_db
OPEN = Path(__file__).with_name("open_in_qgis.py")
PYTHON = "/usr/bin/python3"
NAMES = [c.name for c in collections()]


def source_lines(layer: Collection) -> str:
    return attribution_of(datasets_of(layer))


@pytest.fixture(scope="module")
def qgis() -> None:
    """Needs QGIS."""
    if not Path(PYTHON).exists() or subprocess.run([PYTHON, "-c", "import qgis.core"], capture_output=True).returncode:
        pytest.skip("QGIS is not installed (apt-get install python3-qgis)")


def opened(path: Path, picture: Path, box: tuple[float, ...]) -> dict[str, Any]:
    command = [PYTHON, str(OPEN), str(path), str(picture), *map(str, box)]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(path.parent), "XDG_RUNTIME_DIR": str(path.parent), "LANG": "C.UTF-8"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.usefixtures("qgis", "hard_rows")
def test_qgis_opens_the_project_as_it_is_meant(client: Client, tmp_path: Path) -> None:
    sources = {}
    for layer in collections():
        sources[layer.name] = tmp_path / f"{layer.name}.gpkg"
        sources[layer.name].write_bytes(client.get(f"/{layer.name}.gpkg").getvalue())
        for version in ("1.0.0", "1.1.0"):
            (tmp_path / f"{layer.name}.{version}.sld").write_text(styles.sld(layer, version), encoding="utf-8")

    def source(layer: Collection) -> tuple[str, str]:
        return "ogr", f"{sources[layer.name]}|layername={layer.name}"

    path, picture = tmp_path / "raum.qgz", tmp_path / "raum.png"
    path.write_bytes(project(collections(), source, "Raumwohlstand", source_lines))
    centre = Town.objects.get(slug="luckenwalde").centre
    found = opened(path, picture, (centre.x - 9000, centre.y - 9000, centre.x + 9000, centre.y + 9000))
    assert found["opened"]
    assert (found["crs"], found["title"]) == ("EPSG:25833", "Raumwohlstand")
    groups: dict[str, list[str]] = {}
    for layer in collections():
        groups.setdefault(str(layer.group), []).append(str(layer.title))
    assert found["groups"] == groups
    assert found["extent"] == [190_000, 5_670_000, 510_000, 5_960_000]
    assert found["shown"][:2] == ["Leerstände", "Gemeinden"]
    assert found["order"][0] == "Leerstände"
    assert len(found["layers"]) == len(NAMES)
    for layer in collections():
        told = found["layers"][f"raum_{layer.name}"]
        assert told["valid"], layer.name
        assert (told["title"], told["crs"]) == (str(layer.title), "EPSG:25833")
        assert told["rows"] == layer.matching(layer.parse("")).count()
        assert told["renderer"] == "RuleRenderer"
        assert [r["label"] for r in told["rules"]] == [str(c.label) for c in layer.style.classes]
        assert {r["error"] for r in told["rules"]} == {""}
        assert told["colours"] == [c.symbol.fill for c in layer.style.classes]
        assert told["scales"] == ([layer.scale[0], layer.scale[1]] if layer.scale[0] else None)
        wanted = [layer.style.label_column, layer.style.label_below] if layer.style.label_column else None
        assert told["label"] == wanted
        assert {f.name: str(f.label) for f in layer.fields}.items() <= told["aliases"].items()
        assert all(told["widgets"][f.name] == "ValueMap" for f in layer.fields if f.choices and f.kind == "text")
        for version in ("1.0.0", "1.1.0"):
            fine, message, _rules, colour = found["sld"][f"{layer.name}.{version}.sld"]
            assert fine, (layer.name, version, message)
            assert colour == layer.style.classes[0].symbol.fill, (layer.name, version)
        assert told["attribution"] == [source_lines(layer)]
    from PIL import Image

    colours = {colour for _n, colour in Image.open(picture).convert("RGB").getcolors(1_000_000)}
    assert len(colours) > 50
    assert (0x7B, 0x3A, 0x5E) in colours or (0x3B, 0x3F, 0x3C) in colours  # a stop's sign: bus or rail


@pytest.mark.usefixtures("qgis")
def test_qgis_draws_the_project_from_the_wfs_with_its_filter(client: Client, site: str, tmp_path: Path) -> None:
    address = f"{site}/ogc/qgis.qgz?district=12072&transit=D"
    with urllib.request.urlopen(address, timeout=60) as answer:
        (tmp_path / "raum.qgz").write_bytes(answer.read())
    centre = Town.objects.get(slug="luckenwalde").centre
    found = opened(tmp_path / "raum.qgz", tmp_path / "raum.png", (centre.x - 9000, centre.y - 9000, centre.x + 9000, centre.y + 9000))
    for layer in collections():
        told = found["layers"][f"raum_{layer.name}"]
        assert told["valid"], layer.name
        assert told["crs"] == "EPSG:25833"
        assert f"{site}/ogc/wfs?transit=D&district=12072" in told["source"] or f"{site}/ogc/wfs?district=12072&transit=D" in told["source"]
    vacancies = collection("leerstaende")
    wanted = vacancies.matching(vacancies.parse("district=12072&transit=D")).count()
    assert 0 < wanted < vacancies.rows().count()
    assert found["layers"]["raum_leerstaende"]["rows"] == wanted
    assert {f.name for f in vacancies.fields} <= set(found["layers"]["raum_leerstaende"]["aliases"])
    from PIL import Image

    picture = Image.open(tmp_path / "raum.png").convert("RGB")
    assert len(picture.getcolors(1_000_000) or []) > 50


@pytest.mark.usefixtures("qgis")
def test_qgis_reads_every_layer_in_every_crs_where_it_lies(site: str, tmp_path: Path) -> None:
    code = (
        "import json, os; os.environ['QT_QPA_PLATFORM'] = 'offscreen'\n"
        "from qgis.core import QgsApplication, QgsVectorLayer\n"
        "a = QgsApplication([], False); a.initQgis()\n"
        "found, kept = {}, []\n"
        f"for name in {NAMES!r}:\n"
        "    for crs in (25833, 25832, 4326, 3857):\n"
        f"        uri = f\"pagingEnabled='true' restrictToRequestBBOX='1' srsname='EPSG:{{crs}}' typename='raum:{{name}}' "
        f"url='{site}/ogc/wfs?town=wittenberge' version='2.0.0'\"\n"
        "        v = QgsVectorLayer(uri, name, 'WFS')\n"
        "        features = v.getFeatures() if v.isValid() and v.featureCount() else iter(())\n"
        "        kept.append((v, features))  # QGIS 3.22 can wait for ever when a layer goes while its reading begins\n"
        "        one = next(features, None)\n"
        "        spot = one.geometry().centroid().asPoint() if one else None\n"
        "        found[f'{name} {crs}'] = [v.isValid(), v.featureCount(), v.crs().authid(), [spot.x(), spot.y()] if spot else None]\n"
        "print(json.dumps(found), flush=True); os._exit(0)"
    )
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "LANG": "C.UTF-8"}
    done = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, timeout=240, env=environment)
    found = json.loads(done.stdout)
    town = Town.objects.get(slug="wittenberge")
    for layer in collections():
        wanted = layer.matching(layer.parse("town=wittenberge" if any(c.name == "town" for c in layer.filter.criteria) else ""))
        for number in (25833, 25832, 4326, 3857):
            valid, count, said, spot = found[f"{layer.name} {number}"]
            assert (valid, count, said) == (True, wanted.count(), f"EPSG:{number}"), (layer.name, number)
            if spot and layer.name in ("leerstaende", "gemeinden", "haltestellen"):
                x, y = crs.transform_xy(*spot, number, crs.STORAGE)
                assert town.geom.buffer(300).contains(Point(x, y, srid=crs.STORAGE)), (layer.name, number, spot)


@pytest.mark.usefixtures("qgis")
def test_a_geopackage_alone_opens_with_its_style(client: Client, tmp_path: Path) -> None:
    (tmp_path / "a.gpkg").write_bytes(client.get("/leerstaende.gpkg?town=wittenberge").getvalue())
    code = (
        "import os; os.environ['QT_QPA_PLATFORM'] = 'offscreen'\n"
        "from qgis.core import QgsApplication, QgsVectorLayer\n"
        "a = QgsApplication([], False); a.initQgis()\n"
        f"v = QgsVectorLayer('{tmp_path / 'a.gpkg'}|layername=leerstaende', 'x', 'ogr')\n"
        "rules, alias = v.renderer().rootRule().children(), v.attributeAlias(v.fields().indexOf('postcode'))\n"
        "print(v.renderer().type(), len(rules), alias, flush=True)\n"
        "os._exit(0)"
    )
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "LANG": "C.UTF-8"}
    done = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, timeout=120, env=environment)
    assert done.stdout.split() == ["RuleRenderer", "8", "Postleitzahl"], done.stderr


def test_the_project_keeps_the_filter_and_asks_the_wfs(client: Client) -> None:
    response = client.get("/ogc/qgis.qgz?town_size=rural&bbox=13.0,52.0,14.0,52.6&transit=D")
    assert response.status_code == 200
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        root = etree.fromstring(archive.read("raumwohlstand.qgs"))
    sources = root.xpath("//maplayer/datasource/text()")
    assert len(sources) == len(NAMES)
    assert set(root.xpath("//maplayer/provider/text()")) == {"WFS"}
    assert "typename='raum:leerstaende'" in sources[0]
    assert "url='http://testserver/ogc/wfs?town_size=rural&extent=13.0,52.0,14.0,52.6&transit=D'" in sources[0]
    wrong = client.get("/ogc/qgis.qgz?transit=Z", headers={"Accept": "application/json"})
    assert wrong.status_code == 400
    assert wrong.json()["errors"][0]["parameter"] == "transit"


@pytest.mark.parametrize("name", NAMES)
def test_styles_can_be_had_by_themselves(client: Client, name: str) -> None:
    qml = etree.fromstring(client.get(f"/ogc/stil/{name}.qml").content)
    assert len(qml.findall(".//rule")) == len(collection(name).style.classes)
    for version, space in (("1.1.0", styles.SE), ("1.0.0", styles.SLD)):
        root = etree.fromstring(client.get(f"/ogc/stil/{name}.sld?version={version}").content)
        assert root.get("version") == version
        rules = root.findall(f".//{{{space}}}Rule")
        assert len(rules) == len(collection(name).style.classes) + bool(collection(name).style.label_column)
    assert client.get(f"/ogc/stil/{name}.sld?version=2").status_code == 400
    assert client.get("/ogc/stil/fehlt.qml").status_code == 404


def test_quotes_in_values_end_no_expression() -> None:
    shown = StyleClass("x", Symbol(fill="#000000"), value="d'Artagnan")
    assert styles._expression('a"b', shown) == "\"a\"\"b\" = 'd''Artagnan'"
    rest = StyleClass("y", Symbol(fill="#000000"))
    assert styles._expression("a", rest) == "ELSE"
    assert Style((shown, rest), column="a").of("z") is rest

"""Opens a project in QGIS and says what QGIS made of it. Run by QGIS's own Python: PROJECT PICTURE XMIN YMIN XMAX YMAX."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
from qgis.core import (
    QgsApplication,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor


def described(layer: object) -> dict[str, object]:
    renderer, settings = layer.renderer(), layer.labeling().settings() if layer.labeling() else None
    rules = renderer.rootRule().children() if renderer and renderer.type() == "RuleRenderer" else []
    errors = [r.filter().parserErrorString() if r.filter() else "" for r in rules]
    conditions = [{"label": r.label(), "filter": r.filterExpression(), "error": e} for r, e in zip(rules, errors)]  # noqa: B905
    setup = {f.name(): layer.editorWidgetSetup(i).type() for i, f in enumerate(layer.fields())}
    return {
        "title": layer.name(),
        "valid": layer.isValid(),
        "crs": layer.crs().authid(),
        "rows": layer.featureCount() if layer.isValid() else None,
        "renderer": renderer.type() if renderer else "",
        "rules": conditions,
        "colours": [r.symbol().color().name() for r in rules],
        "scales": [layer.minimumScale(), layer.maximumScale()] if layer.hasScaleBasedVisibility() else None,
        "label": [settings.fieldName, settings.minimumScale] if settings and layer.labelsEnabled() else None,
        "aliases": {f.name(): layer.attributeAlias(i) for i, f in enumerate(layer.fields())},
        "widgets": setup,
        "source": layer.source(),
        "attribution": layer.metadata().rights(),
    }


def main() -> None:
    path, picture, *box = sys.argv[1:]
    application = QgsApplication([], False)
    application.initQgis()
    project = QgsProject.instance()
    opened = project.read(path)
    root = project.layerTreeRoot()
    groups = {g.name(): [node.layer().name() for node in g.children() if node.layer()] for g in root.children()}
    found = {"opened": opened, "crs": project.crs().authid(), "title": project.title(), "groups": groups}
    found["shown"] = [node.layer().name() for node in root.findLayers() if node.layer() and node.isVisible()]
    found["order"] = [layer.name() for layer in root.layerOrder()]
    found["layers"] = {key: described(layer) for key, layer in project.mapLayers().items()}
    found["extent"] = [getattr(project.viewSettings().defaultViewExtent(), n)() for n in ("xMinimum", "yMinimum", "xMaximum", "yMaximum")]
    found["sld"] = {}
    for file in sorted(Path(path).parent.glob("*.sld")):
        copy = project.mapLayer(f"raum_{file.name.partition('.')[0]}").clone()
        message, fine = copy.loadSldStyle(str(file))
        rules = copy.renderer().rootRule().children() if copy.renderer().type() == "RuleRenderer" else [copy.renderer()]
        found["sld"][file.name] = [fine, message, len(rules), rules[0].symbol().color().name()]
    settings = QgsMapSettings()
    settings.setLayers([layer for layer in root.layerOrder() if root.findLayer(layer).isVisible()])
    settings.setDestinationCrs(project.crs())
    settings.setOutputSize(QSize(900, 900))
    settings.setOutputDpi(96)
    settings.setBackgroundColor(QColor("white"))
    settings.setExtent(QgsRectangle(*map(float, box)))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(picture)
    print(json.dumps(found))
    sys.stdout.flush()
    os._exit(0)  # QGIS 3.22 may crash while it cleans up


main()

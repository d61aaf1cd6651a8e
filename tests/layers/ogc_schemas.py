"""Answers of WFS against the schemas of the standards, without a network."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from lxml import etree

FOLDER = Path(__file__).resolve().parents[1] / "schemas" / "ogc"
FILES = {
    "filter/2.0/filterAll.xsd": "opengis/filter/2.0/filter-2.0.0.xsd",
    "gml/3.2.1/gml.xsd": "opengis/gml/3.2.1/gml-3.2.1.xsd",
    "wfs/2.0/wfs.xsd": "opengis/wfs/2.0/wfs-2.0.0.xsd",
    "ows/1.1.0/owsAll.xsd": "opengis/ows/1.1/ows-1.1.0.xsd",
    "1999/xlink.xsd": "w3c/2008/06/xlink.xsd",
    "2001/xml.xsd": "w3c/2009/01/xml.xsd",
    **{f"iso/19139/20070417/{n}/{n}.xsd": f"iso/19139/2007/{n}-2007.xsd" for n in ("gco", "gmd", "gsr", "gss", "gts")},
}


class _Local(etree.Resolver):
    def resolve(self, url: str, pubid: str, context: object) -> object:
        if url.startswith("http"):
            return self.resolve_filename(str(FOLDER / FILES[re.sub(r"^https?://[^/]+/", "", url)]), context)
        return None


@cache
def schema(application: bytes = b"") -> etree.XMLSchema:
    """Return the schema of WFS, GML and OWS and of an application that DescribeFeatureType told of."""
    imports = [("wfs/2.0", "opengis/wfs/2.0/wfs-2.0.0.xsd"), ("gml/3.2", "opengis/gml/3.2.1/gml-3.2.1.xsd")]
    imports.append(("ows/1.1", "opengis/ows/1.1/ows-1.1.0.xsd"))
    lines = [f'<import namespace="http://www.opengis.net/{space}" schemaLocation="{FOLDER / path}"/>' for space, path in imports]
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Local())
    if application:
        made = application.replace(b"http://schemas.opengis.net/gml/3.2.1/gml.xsd", str(FOLDER / imports[1][1]).encode())
        target = re.search(rb'targetNamespace="([^"]+)"', made)[1].decode()
        path = Path(__file__).parent / "application.xsd"

        class _Application(_Local):
            def resolve(self, url: str, pubid: str, context: object) -> object:
                return self.resolve_string(made, context) if url.endswith("application.xsd") else super().resolve(url, pubid, context)

        parser.resolvers.add(_Application())
        lines.append(f'<import namespace="{target}" schemaLocation="{path}"/>')
    text = f'<schema xmlns="http://www.w3.org/2001/XMLSchema">{"".join(lines)}</schema>'
    return etree.XMLSchema(etree.fromstring(text, parser))


def check(body: bytes, application: bytes = b"") -> etree._Element:
    """Return the document; fails with the schema's words."""
    root = etree.fromstring(body)
    made = schema(application)
    assert made.validate(root), "\n".join(str(e) for e in list(made.error_log)[:10])
    return root

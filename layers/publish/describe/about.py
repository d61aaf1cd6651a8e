"""Who publishes, where, and under which lasting names: what every description of layers and services shares."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

# west, south, east, north in degrees (EPSG:4326): the state of Brandenburg
BRANDENBURG = (11.26, 51.35, 14.77, 53.56)
# longitude and latitude of the centroid of its municipalities taken together (boundaries of BKG, 2016)
CENTROID = (13.404, 52.469)


@dataclass(frozen=True)
class Service:
    """A service as descriptions name it; `role` is INSPIRE's word for its kind, `classification` that of ISO 19119."""

    name: str
    title: str
    path: str
    capabilities: str
    role: str
    classification: str
    versions: tuple[str, ...]
    operation: str


SERVICES = (
    Service(
        "wms",
        "WMS",
        "ogc/wms",
        "?SERVICE=WMS&REQUEST=GetCapabilities",
        "view",
        "infoMapAccessService",
        ("OGC:WMS 1.3.0", "OGC:WMS 1.1.1"),
        "GetCapabilities",
    ),
    Service(
        "wfs",
        "WFS",
        "ogc/wfs",
        "?SERVICE=WFS&REQUEST=GetCapabilities",
        "download",
        "infoFeatureAccessService",
        ("OGC:WFS 2.0.0", "OGC:WFS 1.1.0"),
        "GetCapabilities",
    ),
    Service(
        "ogcapi",
        "OGC API Features",
        "ogc/features/",
        "",
        "download",
        "infoFeatureAccessService",
        ("OGC API - Features 1.0",),
        "LandingPage",
    ),
)


@dataclass(frozen=True)
class Site:
    """The installation: its address with a slash at the end, and who answers for it, where the settings name somebody.

    `kind` and `catalogue_licence` are addresses from the lists of DCAT-AP.de; empty where the settings are silent.
    """

    address: str
    organisation: str
    mail: str
    street: str
    postcode: str
    city: str
    contributor: str = ""
    is_named: bool = True
    kind: str = ""
    catalogue_licence: str = ""
    public_since: datetime.date | None = None

    def link(self, path: str) -> str:
        return self.address + path

    def identifier(self, name: str) -> str:
        """Return the lasting identifier (UUID, version 5) of what is described at `/metadaten/<name>.xml`."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, self.link(f"metadaten/{name}.xml")))


def site(request: HttpRequest) -> Site:
    """Return the installation as the settings know it; without `RW_PUBLIC_URL` its address is the one it was asked at."""
    contact = settings.CONTACT
    return Site(
        (settings.PUBLIC_URL or request.build_absolute_uri("/")).rstrip("/") + "/",
        contact["name"],
        contact["mail"],
        contact["address"],
        contact["postcode"],
        contact["city"],
        settings.CONTRIBUTOR_ID,
        settings.CONTACT_IS_NAMED,
        settings.PUBLISHER_TYPE,
        settings.CATALOGUE_LICENCE,
        settings.PUBLIC_SINCE,
    )

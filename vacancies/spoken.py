"""How the filter's values are said in a sentence, where that is not their label. `|` parts alternatives within one value."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.text import format_lazy
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from geo.models import CentralFunction, District, SizeClass, StructureArea
from layers.models import TransitClass
from vacancies.choices import Condition, Disposal, Monument, Occupancy, TargetUse, Use

# in …
SIZES = {
    SizeClass.RURAL: _("Landgemeinden"),
    SizeClass.SMALL_TOWN_S: _("kleinen Kleinstädten"),
    SizeClass.SMALL_TOWN_L: _("größeren Kleinstädten"),
    SizeClass.MEDIUM_TOWN_S: _("kleineren Mittelstädten"),
    SizeClass.MEDIUM_TOWN_L: _("größeren Mittelstädten"),
    SizeClass.LARGE_CITY_S: _("kleineren Großstädten"),
}
FUNCTIONS = {
    CentralFunction.OBERZENTRUM: _("Oberzentren"),
    CentralFunction.MITTELZENTRUM: _("Mittelzentren"),
    CentralFunction.MITTELZENTRUM_FT: _("Mittelzentren in Funktionsteilung"),
    CentralFunction.NONE: _("Gemeinden ohne zentralörtliche Funktion"),
}
STRUCTURE_AREAS = {
    StructureArea.BERLIN_SURROUNDINGS: _("im Berliner Umland"),
    StructureArea.WIDER_METRO: _("im Weiteren Metropolenraum"),
}
CLASSES = {c: c.value for c in TransitClass}
EXACT_CLASSES = {
    **{c: format_lazy(_("ÖV-Güteklasse {value}"), value=c.value) for c in TransitClass},
    "none": _("keiner ÖV-Güteklasse"),
}
# geeignet als …
TARGET_USES = {
    TargetUse.STUDIO: _("Atelier"),
    TargetUse.WORKSHOP: _("Werkstatt"),
    TargetUse.STAGE: _("Aufführungsort"),
    TargetUse.OFFICE: pgettext_lazy("sentence", "Büro"),
    TargetUse.COWORKING: _("Coworking-Raum"),
    TargetUse.MEETING: _("Begegnungsort"),
    TargetUse.EDUCATION: _("Bildungsort"),
    TargetUse.CULTURE: _("Kulturort"),
    TargetUse.SMALL_TRADE: _("Raum für Kleingewerbe"),
    TargetUse.COHOUSING: pgettext_lazy("sentence", "Wohnprojekt"),
    TargetUse.GASTRONOMY: _("Café|Gaststätte"),
    TargetUse.LOCAL_SUPPLY: _("Ort der Nahversorgung"),
    TargetUse.CARE: _("Ort für Soziales und Pflege"),
    TargetUse.STORAGE: _("Lagerraum"),
}
# früher …, nutzbar als …
USES = {
    Use.RESIDENTIAL: _("Wohnraum"),
    Use.RETAIL: _("Laden"),
    Use.HOSPITALITY: _("Gaststätte|Herberge"),
    Use.OFFICE: pgettext_lazy("sentence", "Büro"),
    Use.CRAFT: _("Handwerksbetrieb|Werkstatt"),
    Use.INDUSTRY: _("Industriebetrieb"),
    Use.LOGISTICS: _("Lagerraum"),
    Use.FARM: _("Hofstelle"),
    Use.MANOR: _("Gutshaus|Schloss"),
    Use.EDUCATION: _("Schule|Kita|anderer Bildungsort"),
    Use.HEALTH: _("Ort für Gesundheit und Pflege"),
    Use.CULTURE: _("Kulturort"),
    Use.COMMUNITY: _("Gemeinschaftshaus|Vereinshaus"),
    Use.ADMINISTRATION: _("Verwaltungsgebäude"),
    Use.SACRAL: _("Kirche|Pfarrhaus"),
    Use.RAIL: _("Bahnhof|anderes Bahngebäude"),
    Use.MILITARY: _("Militärgebäude"),
    Use.TECHNICAL: _("Turm|technisches Gebäude"),
    Use.MIXED: _("Haus mit gemischter Nutzung"),
    Use.OTHER: _("etwas anderes"),
    Use.UNKNOWN: _("etwas Unbekanntes"),
}
OCCUPANCY = {
    Occupancy.THREATENED: _("von Leerstand bedroht"),
    Occupancy.INTERIM: _("in Zwischennutzung"),
    Occupancy.UNDER_CONSTRUCTION: _("mit laufenden Bauarbeiten"),
    Occupancy.LET: _("vermietet|genutzt"),
    Occupancy.REBUILT: _("neu bebaut"),
    Occupancy.UNKNOWN: _("mit unbekanntem Leerstandsgrad"),
}
CONDITIONS = {
    Condition.USABLE: _("einfach nutzbar"),
    Condition.RUIN: _("nur noch Ruine"),
    Condition.SHELL: _("im Rohbau"),
    Condition.HETEROGENEOUS: _("in uneinheitlichem Zustand"),
    Condition.UNKNOWN: _("in unbekanntem Zustand"),
}
DISPOSALS = {
    Disposal.SALE: _("zum Kauf"),
    Disposal.LEASEHOLD: _("im Erbbaurecht"),
    Disposal.RENT: _("zur Miete"),
    Disposal.LEASE: _("zur Pacht"),
    Disposal.INTERIM: _("zur Zwischennutzung"),
    Disposal.CONCEPT: _("im Konzeptverfahren"),
    Disposal.DIRECT: _("in Direktvergabe"),
    Disposal.AUCTION: _("im Bieterverfahren"),
    Disposal.NOT_AVAILABLE: _("ohne Angebot"),
    Disposal.OPEN: _("mit noch offenem Angebot"),
}
MONUMENTS = {
    Monument.NONE: _("ohne bekannten Denkmalschutz"),
    Monument.BUILDING: _("mit Schutz als Baudenkmal"),
    Monument.GARDEN: _("mit Schutz als Gartendenkmal"),
    Monument.TECHNICAL: _("mit Schutz als technisches Denkmal"),
    Monument.AREA: _("im Denkmalbereich"),
    Monument.SURROUNDINGS: _("im Umgebungsschutz eines Denkmals"),
    Monument.TOWNSCAPE: _("mit Wert für das Ortsbild"),
    Monument.UNKNOWN: _("mit unbekanntem Denkmalschutz"),
}


def districts() -> Mapping[str, str]:
    """Return each district by its AGS: "im Landkreis Prignitz", "in Potsdam"."""
    rural, urban = _now("im Landkreis {name}"), _now("in {name}")
    return {d.ags5: (rural if d.kind == "Landkreis" else urban).format(name=d.name) for d in District.objects.all()}

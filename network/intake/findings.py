"""What an import report says, for officers: in their language, errors first; the command shows them in English."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from geo.importing import Finding, LoadReport
from network.intake.forms import label_of
from vacancies.sources import mapping

SHOWN = 200
RANK = ("error", "warning", "info")
SEVERITY = {
    "error": gettext_lazy("Fehler: Zeile bleibt draußen"),
    "warning": gettext_lazy("Hinweis"),
    "info": gettext_lazy("Angenommen"),
}
# The rules of `vacancies.sources` and `geo.placing`, as officers read them; {0}, {1} … stand for what the rule fills in.
RULES = (
    (r"lies outside your municipalities", gettext_lazy("liegt außerhalb Ihrer Gemeinden")),
    (r"lies in no municipality of Brandenburg", gettext_lazy("liegt in keiner Gemeinde Brandenburgs")),
    (r"the same as row (\d+); left out", gettext_lazy("dieselbe Kennung wie Zeile {0}; ausgelassen")),
    (
        r"within (\d+) m of (.+) with the same address; left out",
        gettext_lazy("keine {0} m von {1} mit derselben Adresse; als doppelt ausgelassen"),
    ),
    (r"(\d+) m from (\w+): the same building\?", gettext_lazy("{0} m von {1}: dasselbe Gebäude?")),
    (r"edited by hand to (.*); the edit stays", gettext_lazy("von Hand geändert in {0}; das bleibt")),
    (r"not a known word; the field stays unknown", gettext_lazy("unbekanntes Wort; die Angabe bleibt offen")),
    (r"not readable as coordinates", gettext_lazy("nicht als Koordinaten lesbar")),
    (r"no coordinates, and (.*)", gettext_lazy("keine Koordinaten, und die Adresse ist nicht eindeutig im Verzeichnis")),
    (r"placed at (.*) \((\d+\s?%) alike\)", gettext_lazy("gelegt auf {0} (zu {1} gleich)")),
    (r"the point lies in (.*)", gettext_lazy("der Punkt liegt in {0}")),
    (r"cannot be placed with .*", gettext_lazy("lässt sich mit diesem Koordinatensystem nicht verorten")),
    (r"expected a number", gettext_lazy("hier gehört eine Zahl hin")),
    (r"must lie between ([\d,.]+) and ([\d,.]+)", gettext_lazy("muss zwischen {0} und {1} liegen")),
    (r"expected a date such as .*", gettext_lazy("hier gehört ein Datum hin, zum Beispiel 31.12.2019, 03/2019 oder 2019")),
    (r"lies in the future", gettext_lazy("liegt in der Zukunft")),
    (
        r"a date; the spreadsheet made it .*",
        gettext_lazy("ein Datum; die Tabelle hat es aus etwas wie 3-5 gemacht, bitte als Text schreiben"),
    ),
    (r"holds control characters", gettext_lazy("enthält Steuerzeichen")),
    (r"longer than (\d+) characters", gettext_lazy("länger als {0} Zeichen")),
    (r"a building in use is not vacant since a date", gettext_lazy("ein genutztes Gebäude steht nicht seit einem Tag leer")),
    (r"larger than the usable area", gettext_lazy("größer als die Nutzfläche")),
    (r"(\d+) cells under (\d+) headings;.*", gettext_lazy("{0} Zellen unter {1} Überschriften; Text braucht Anführungszeichen")),
    (r"(\d+) rows read as (EPSG:\d+)", gettext_lazy("{0} Zeilen gelesen als {1}")),
    (r"check the places on the map", gettext_lazy("bitte prüfen Sie die Orte auf der Karte")),
    (r"the file says no CRS; .*", gettext_lazy("die Datei nennt kein Koordinatensystem; bitte prüfen Sie die Orte auf der Karte")),
)  # fmt: skip
SUBJECTS = {
    "row": gettext_lazy("Zeile"),
    "file": gettext_lazy("Datei"),
    "point": gettext_lazy("Lage"),
    "geometry": gettext_lazy("Geometrie"),
}


@dataclass(frozen=True)
class Shown:
    """A finding for people."""

    row: str
    subject: str
    value: str
    rule: str
    severity: str
    is_error: bool


@dataclass(frozen=True)
class Findings:
    """The first findings of a report, and how many more there are."""

    rows: list[Shown]
    more: int


def findings_of(report: LoadReport) -> Findings:
    """Return what the report found, errors first."""
    ordered = sorted(report.findings, key=lambda f: (RANK.index(f.severity), f.row))
    return Findings([_shown(f) for f in ordered[:SHOWN]], max(0, len(ordered) - SHOWN))


def _shown(found: Finding) -> Shown:
    subject = str(SUBJECTS.get(found.field) or (label_of(found.field) if found.field in mapping.FIELDS else found.field))
    row = str(found.row) if found.row else _("Datei")
    return Shown(
        row, subject, rule_in_words(found.value), rule_in_words(found.rule), str(SEVERITY[found.severity]), found.severity == "error"
    )


def rule_in_words(rule: str) -> str:
    """Return a rule as officers read it; one that is not known here stays as it is."""
    for pattern, words in RULES:
        if match := re.fullmatch(pattern, rule):
            return str(words).format(*match.groups())
    return rule

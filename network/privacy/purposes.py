"""What data of people are held for, and on which basis: the lines of the record of processing (Art. 30 GDPR)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Purpose:
    """What for, whose, on which basis, and who receives it."""

    name: Any
    people: Any
    basis: Any
    seen_by: Any


ACCOUNT = Purpose(_("Konten und Anmeldung"), _("Menschen mit Konto"), _("Art. 6 Abs. 1 Buchst. b DSGVO"), _("nur die Person selbst"))
ALERTS = Purpose(_("Benachrichtigungen per E-Mail"), _("wer sie bestellt"), _("Einwilligung, Art. 6 Abs. 1 Buchst. a DSGVO"), _("niemand"))
SEEKING = Purpose(
    _("Gesuche nach Raum"),
    _("Suchende"),
    _("Art. 6 Abs. 1 Buchst. b DSGVO; öffentlich nur mit Einwilligung"),
    _("wer das Register am Ort pflegt; öffentlich, was die Person freigibt"),
)
ORGANISATIONS = Purpose(
    _("Verzeichnis der Organisationen"),
    _("Menschen in Organisationen"),
    _("Art. 6 Abs. 1 Buchst. b DSGVO"),
    _("die Menschen derselben Organisation und die Kontaktstelle"),
)
REGISTER = Purpose(
    _("Pflege des Leerstandsregisters"),
    _("Beschäftigte der Gemeinden, Ämter, Landkreise und der Kontaktstelle"),
    _("Art. 6 Abs. 1 Buchst. e DSGVO"),
    _("wer dort Mitglieder verwaltet"),
)
OWNERS = Purpose(
    _("Ansprache der Eigentümer:innen"),
    _("Eigentümer:innen"),
    _("Art. 6 Abs. 1 Buchst. e DSGVO"),
    _("wer am Ort „Prüfen“ darf, mit zweitem Faktor und genanntem Zweck; nie öffentlich"),
)
PROOF = Purpose(
    _("Nachweise"), _("alle Genannten"), _("Art. 5 Abs. 2, Art. 6 Abs. 1 Buchst. c, Art. 7 Abs. 1 DSGVO"), _("wer am Ort „Verwalten“ darf")
)
ADVICE = Purpose(
    _("Beratung"), _("Ratsuchende"), _("Einwilligung, Art. 6 Abs. 1 Buchst. a DSGVO"), _("wer in der Kontaktstelle den Fall bearbeitet")
)
EVENTS = Purpose(_("Veranstaltungen"), _("wer sich anmeldet"), _("Art. 6 Abs. 1 Buchst. b DSGVO"), _("wer die Veranstaltung betreut"))

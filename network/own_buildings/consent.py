"""The texts that owners consent to, one for each visibility. Who changes a word changes VERSION, too."""

from django.utils.translation import gettext_lazy as _

from vacancies.choices import Visibility

VERSION = "2026-11-26"

CONSENT = {
    Visibility.COARSE: (
        _(
            "Ich willige ein, dass dieser Leerstand öffentlich erscheint: auf Karte und Liste, in Dateien und Diensten, "
            "die andere weiterverwenden dürfen."
        ),
        _(
            "Gezeigt wird eine ungefähre Lage (die Mitte eines Rasterfelds von 500 m), frühere Nutzung, Zustand, Größe, Ausstattung und "
            "wie das Gebäude abgegeben wird. Anschrift, Titel und Bilder erscheinen nicht, mein Name und meine E-Mail-Adresse nie."
        ),
        _(
            "Ich kann die Einwilligung jederzeit unter „Meine Gebäude“ zurückziehen; dann verschwindet der Eintrag sofort von "
            "diesen Seiten. Was andere vorher heruntergeladen haben, lässt sich nicht zurückholen."
        ),
    ),
    Visibility.EXACT: (
        _(
            "Ich willige ein, dass dieser Leerstand öffentlich erscheint: auf Karte und Liste, in Dateien und Diensten, "
            "die andere weiterverwenden dürfen."
        ),
        _(
            "Gezeigt werden die genaue Lage mit Straße und Hausnummer, Titel und freigegebene Bilder, frühere Nutzung, Zustand, Größe, "
            "Ausstattung und wie das Gebäude abgegeben wird. Mein Name und meine E-Mail-Adresse erscheinen nie; an der Anschrift können "
            "andere aber erkennen, wem das Gebäude gehört."
        ),
        _(
            "Ich kann die Einwilligung jederzeit unter „Meine Gebäude“ zurückziehen; dann verschwindet der Eintrag sofort von "
            "diesen Seiten. Was andere vorher heruntergeladen haben, lässt sich nicht zurückholen."
        ),
    ),
}

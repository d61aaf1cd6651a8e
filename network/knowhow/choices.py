"""What know-how is about, for whom, and when on the way to a used building."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Phase(models.TextChoices):
    """Where somebody is on the way from an idea to a place that lasts."""

    SEARCH = "search", _("Suchen")
    PLAN = "plan", _("Planen")
    BUILD = "build", _("Bauen")
    OPERATE = "operate", _("Betreiben")


class Audience(models.TextChoices):
    """Whom it helps."""

    INITIATIVE = "initiative", _("Initiativen und Unternehmen")
    OWNER = "owner", _("Eigentümer:innen")
    MUNICIPALITY = "municipality", _("Gemeinden")


class Topic(models.TextChoices):
    """What it is about."""

    PROPERTY = "property", _("Immobilie finden")
    LEGAL_FORM = "legal_form", _("Rechtsform")
    FINANCE = "finance", _("Finanzierung und Förderung")
    LEASEHOLD = "leasehold", _("Erbbaurecht")
    CONCEPT = "concept", _("Konzeptverfahren")
    INTERIM = "interim", _("Zwischennutzung")
    CONVERSION = "conversion", _("Umbau und Nutzungsänderung")
    MONUMENT = "monument", _("Denkmal")
    FIRE = "fire", _("Brandschutz und Versammlungen")
    ACCESS = "access", _("Barrierefreiheit")
    HOUSING = "housing", _("Wohnen")
    OPERATION = "operation", pgettext_lazy("topic", "Betrieb")
    EXCHANGE = "exchange", _("Austausch")


class AdviceFormat(models.TextChoices):
    """How advice is given."""

    TALK = "talk", _("Gespräch")
    MODULE = "module", _("Beratungsmodul")
    PHONE = "phone", _("Telefon")
    ONLINE = "online", _("online")
    ON_SITE = "on_site", _("vor Ort")
    READING = "reading", _("zum Nachlesen")
    COURSE = "course", _("Programm")


class Level(models.TextChoices):
    """Whose money it is."""

    EU = "eu", _("EU")
    FEDERAL = "federal", _("Bund")
    STATE = "state", _("Land")
    DISTRICT = "district", _("Landkreis oder Region")
    FOUNDATION = "foundation", _("Stiftung oder Verband")


class Eligible(models.TextChoices):
    """Who may apply."""

    MUNICIPALITY = "municipality", _("Gemeinden")
    ASSOCIATION = "association", _("Vereine und Gemeinnützige")
    COOPERATIVE = "cooperative", _("Genossenschaften")
    COMPANY = "company", _("Unternehmen")
    PRIVATE = "private", _("Privatpersonen")
    FAMILY = "family", _("Familien")
    CHURCH = "church", _("Kirchen")
    FOUNDATION = "foundation", _("Stiftungen")
    FOUNDER = "founder", _("Gründer:innen")


class Area(models.TextChoices):
    """Where a programme holds, when it does not hold everywhere."""

    RURAL = "rural", _("ländlicher Raum, LEADER-Regionen")
    INNER_TOWN = "inner_town", _("festgelegtes Gebiet der Städtebauförderung oder Innenstadt")
    LAUSITZ = "lausitz", _("Brandenburger Lausitz")


class Call(models.TextChoices):
    """When one may apply."""

    WINDOW = "window", _("in einer Frist")
    YEARLY = "yearly", _("jedes Jahr bis zu einem Tag")
    CONTINUOUS = "continuous", _("laufend")
    ASK = "ask", _("unterschiedlich, bitte erfragen")

"""The value lists of the register: stable English identifiers, German labels (English by translation)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ObjectKind(models.TextChoices):
    BUILDING = "building", _("Gebäude")
    ENSEMBLE = "ensemble", _("Ensemble")
    UNIT = "unit", _("Einheit")
    SITE = "site", _("Brachfläche")
    UNKNOWN = "unknown", _("unbekannt")


class Use(models.TextChoices):
    """What a building was, is or could be used as."""

    RESIDENTIAL = "residential", _("Wohnen")
    RETAIL = "retail", _("Laden, Handel")
    HOSPITALITY = "hospitality", _("Gastronomie, Beherbergung")
    OFFICE = "office", _("Büro, Dienstleistung")
    CRAFT = "craft", _("Handwerk, Werkstatt")
    INDUSTRY = "industry", _("Industrie, Produktion")
    LOGISTICS = "logistics", _("Lager")
    FARM = "farm", _("Hofstelle, Landwirtschaft")
    MANOR = "manor", _("Gutshaus, Schloss")
    EDUCATION = "education", _("Schule, Kita, Bildung")
    HEALTH = "health", _("Gesundheit, Pflege")
    CULTURE = "culture", _("Kultur, Kino, Theater")
    COMMUNITY = "community", _("Dorfgemeinschaft, Verein")
    ADMINISTRATION = "administration", _("Verwaltung, Rathaus")
    SACRAL = "sacral", _("Kirche, Pfarrhaus")
    RAIL = "rail", _("Bahnhof, Bahn")
    MILITARY = "military", _("Konversion (Militär)")
    TECHNICAL = "technical", _("Turm, Technik")
    MIXED = "mixed", _("Mischnutzung")
    OTHER = "other", _("andere")
    UNKNOWN = "unknown", _("unbekannt")


class TargetUse(models.TextChoices):
    """What people look for room for (WIR-Räume)."""

    STUDIO = "studio", _("Atelier, Studio")
    WORKSHOP = "workshop", _("Werkstatt, lokale Produktion")
    STAGE = "stage", _("Aufführungsort")
    OFFICE = "office", _("Büro")
    COWORKING = "coworking", _("Coworking")
    MEETING = "meeting", _("Begegnung, Gemeinschaft")
    EDUCATION = "education", _("Bildung")
    CULTURE = "culture", _("Kultur")
    SMALL_TRADE = "small_trade", _("Kleingewerbe")
    COHOUSING = "cohousing", _("Wohnprojekt")
    GASTRONOMY = "gastronomy", _("Café, Gastronomie")
    LOCAL_SUPPLY = "local_supply", _("Nahversorgung")
    CARE = "care", _("Soziales, Pflege")
    STORAGE = "storage", _("Lager")


class Occupancy(models.TextChoices):
    VACANT = "vacant", _("vollständig leer")
    PARTLY_VACANT = "partly_vacant", _("teilweise leer")
    THREATENED = "threatened", _("Leerstand droht")
    INTERIM = "interim", _("Zwischennutzung")
    UNDER_CONSTRUCTION = "under_construction", _("Bauarbeiten")
    LET = "let", _("vermietet, genutzt")
    REBUILT = "rebuilt", _("Neubau")
    DEMOLISHED = "demolished", _("abgerissen")
    UNKNOWN = "unknown", _("unbekannt")


EMPTY_NOW = (Occupancy.VACANT, Occupancy.PARTLY_VACANT)
NOT_EMPTY = (Occupancy.LET, Occupancy.REBUILT, Occupancy.DEMOLISHED)


class Condition(models.TextChoices):
    READY = "ready", _("bezugsfertig")
    USABLE = "usable", _("nutzbar, einfach")
    NEEDS_MODERNISATION = "needs_modernisation", _("modernisierungsbedürftig")
    NEEDS_REFURBISHMENT = "needs_refurbishment", _("sanierungsbedürftig")
    DILAPIDATED = "dilapidated", _("baufällig")
    RUIN = "ruin", _("Ruine")
    SHELL = "shell", _("Rohbau")
    GUTTED = "gutted", _("entkernt")
    HETEROGENEOUS = "heterogeneous", _("uneinheitlich")
    UNKNOWN = "unknown", _("unbekannt")


class Monument(models.TextChoices):
    NONE = "none", _("kein Denkmal bekannt")
    BUILDING = "building", _("Baudenkmal")
    GARDEN = "garden", _("Gartendenkmal")
    TECHNICAL = "technical", _("technisches Denkmal")
    AREA = "area", _("Denkmalbereich")
    GROUND = "ground", _("Bodendenkmal")  # never public
    SURROUNDINGS = "surroundings", _("Umgebungsschutz")
    TOWNSCAPE = "townscape", _("ortsbildprägend")
    UNKNOWN = "unknown", _("unbekannt")


class OwnerType(models.TextChoices):
    MUNICIPAL = "municipal", _("Kommune")
    STATE = "state", _("Land")
    FEDERAL = "federal", _("Bund")
    PUBLIC_COMPANY = "public_company", _("kommunale Gesellschaft")
    CHURCH = "church", _("Kirche")
    FOUNDATION = "foundation", _("Stiftung")
    COOPERATIVE = "cooperative", _("Genossenschaft")
    COMPANY = "company", _("Unternehmen")
    PRIVATE = "private", _("Privatperson")  # never public
    HEIRS = "heirs", _("Erbengemeinschaft")  # never public
    RAIL = "rail", _("Bahn")
    UNKNOWN = "unknown", _("unbekannt")


class Disposal(models.TextChoices):
    SALE = "sale", _("Verkauf")
    LEASEHOLD = "leasehold", _("Erbbaurecht")
    RENT = "rent", _("Miete")
    LEASE = "lease", _("Pacht")
    INTERIM = "interim", _("Zwischennutzung")
    CONCEPT = "concept", _("Konzeptverfahren")
    DIRECT = "direct", _("Direktvergabe")
    AUCTION = "auction", _("Bieterverfahren")
    NOT_AVAILABLE = "not_available", _("nicht verfügbar")
    OPEN = "open", _("offen")


class DatePrecision(models.TextChoices):
    DAY = "day", _("auf den Tag")
    MONTH = "month", _("auf den Monat")
    YEAR = "year", _("auf das Jahr")
    ESTIMATE = "estimate", _("geschätzt")


# How long a building has been vacant: from so many months on (each lower bound is inclusive), longest first.
DURATIONS = (
    (120, _("10 Jahre und länger")),
    (60, _("5 bis unter 10 Jahre")),
    (36, _("3 bis unter 5 Jahre")),
    (12, _("1 bis unter 3 Jahre")),
    (6, _("6 bis unter 12 Monate")),
    (3, _("3 bis unter 6 Monate")),
    (0, _("unter 3 Monate")),
)


class Source(models.TextChoices):
    MUNICIPAL = "municipal", _("Kommune")
    SURVEY = "survey", _("Erhebung")
    CITIZEN = "citizen", _("Meldung")
    OWNER = "owner", _("Eigentümer:in")
    IMPORT = "import", _("eingelesene Liste")
    REGISTER = "register", _("amtliches Verzeichnis")


class Shows(models.TextChoices):
    """What a picture shows."""

    VIEW = "view", _("Ansicht")
    INSIDE = "inside", _("Innenraum")
    PLAN = "plan", _("Plan")
    BEFORE = "before", _("vorher")
    AFTER = "after", _("nachher")


class Visibility(models.TextChoices):
    EXACT = "exact", _("öffentlich, genaue Lage")
    COARSE = "coarse", _("öffentlich, ungefähre Lage")
    MEMBERS = "members", _("nur angemeldete Suchende")
    MUNICIPALITY = "municipality", _("nur Kommune")
    INTERNAL = "internal", _("intern")


PUBLIC = (Visibility.EXACT, Visibility.COARSE)


class Basis(models.TextChoices):
    """Why a vacancy may be published."""

    NONE = "none", _("keine")
    OWNER_CONSENT = "owner_consent", _("Einwilligung der Eigentümer:in")
    MUNICIPAL_PROPERTY = "municipal_property", _("kommunales Eigentum")
    BAUGB200 = "baugb200", _("§ 200 Abs. 3 BauGB")
    EXAMPLE = "example", _("erfundenes Beispiel")


class Publication(models.TextChoices):
    DRAFT = "draft", _("Entwurf")
    REVIEW = "review", _("in Prüfung")
    PUBLISHED = "published", _("veröffentlicht")
    ARCHIVED = "archived", _("archiviert")


class Heating(models.TextChoices):
    NONE = "none", _("keine")
    STOVE = "stove", _("Öfen")
    GAS = "gas", _("Gas")
    OIL = "oil", _("Öl")
    DISTRICT = "district", _("Fernwärme")
    HEAT_PUMP = "heat_pump", _("Wärmepumpe")
    ELECTRIC = "electric", _("Strom")
    WOOD = "wood", _("Holz, Pellets")
    UNKNOWN = "unknown", _("unbekannt")


class Contamination(models.TextChoices):
    NONE = "none", _("keine bekannt")
    SUSPECTED = "suspected", _("Verdacht")
    CONFIRMED = "confirmed", _("bestätigt")
    REMEDIATED = "remediated", _("saniert")
    UNKNOWN = "unknown", _("unbekannt")


class Zoning(models.TextChoices):
    BPLAN = "b_plan", _("Bebauungsplan")
    S34 = "s34", _("§ 34 BauGB (Innenbereich)")
    S35 = "s35", _("§ 35 BauGB (Außenbereich)")
    UNKNOWN = "unknown", _("unbekannt")

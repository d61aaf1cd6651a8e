"""The exposé of one vacancy: what the public may know of it, on one or two pages to take along."""

from __future__ import annotations

import io
from functools import partial
from typing import Any

import segno
from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import formats
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from PIL import Image

from geo.figures import figure
from geo.models import Town
from layers.models import ReachRun, TransitStop
from layers.publish.describe.about import Site
from layers.published import CLASS_COLOURS, NO_CLASS
from vacancies.choices import Shows
from vacancies.facts import Fact, fact_groups, key_facts, unit_rows
from vacancies.geometry import GRID_M
from vacancies.paper import ground
from vacancies.paper.typesetting import Document
from vacancies.permalink import LONGEST, Permalink
from vacancies.public import PublicPhoto, PublicVacancy
from vacancies.published import source_lines
from vacancies.templatetags.raum import ago, clock, head, labels, minutes, places, walk

LONGEST_TEXT = 6_000  # letters of the description
MOST_PHOTOS = 6
PHOTO_SIDE = 1_400  # pixels: 200 dpi over the width of the page
FOOT = 110  # letters of an address in the line at the foot of each page
MAP = (232, 196)  # points
COMPARED = (Shows.BEFORE, Shows.AFTER)
STATIONS_WITHIN_M = 13_000
COARSE_COLOUR = "#a8432a"  # as on the page's map


def expose(vacancy: PublicVacancy, here: Permalink, site: Site) -> Document:
    """Return the exposé of a vacancy in the language of the page."""
    run = ReachRun.objects.current()
    town = Town.objects.defer("geom").get(slug=vacancy.town_slug)
    photos = list(vacancy.photos.all())
    content = {
        **frame(site, here, _("Exposé"), vacancy.is_example),
        "title": vacancy.name,
        "title_is_german": bool(vacancy.title),
        "document_title": f"{vacancy.name}{', ' + vacancy.town_name if vacancy.title else ''} – {_('Exposé')}",
        "where": _where(vacancy),
        "coarse": "" if vacancy.is_exact else _coarse_note(),
        "key_facts": [_fact(f) for f in key_facts(vacancy)],
        "summary": _paragraphs(vacancy.summary),
        "photos": [_photo(p, n) for n, p in enumerate(photos[:MOST_PHOTOS])],
        "more_photos": _more(len(photos) - MOST_PHOTOS),
        "uses": {"title": _("Geeignet als"), "labels": labels(vacancy, "target_uses")},
        "map": _map(vacancy),
        "groups": [{"title": g.title, "facts": [_fact(f) for f in g.known], "unknown": _unknown(g.unknown)} for g in fact_groups(vacancy)],
        "units": _units(vacancy),
        "reach": _reach(vacancy, run),
        "town": _town(vacancy, town),
        "state": _state(vacancy),
        "contact": _contact(vacancy, site),
        "sources": {"title": _("Quellen und Lizenzen"), "lines": source_lines()},
    }
    return Document("expose", content, {f"photo{n}.jpg": partial(_scaled, p.file) for n, p in enumerate(photos[:MOST_PHOTOS])})


def frame(site: Site, here: Permalink, kind: str, is_example: bool) -> dict[str, Any]:
    """Return what every document says: language, whose it is, its address, how pages are counted, that examples are invented."""
    return {
        "language": "en" if get_language() == "en" else "de",
        "product": settings.PRODUCT,
        "kind": kind,
        "organisation": site.organisation,
        "address": here.address,
        "short_address": here.address if len(here.address) <= FOOT else here.address.partition("?")[0],
        "address_label": _("Adresse dieser Seite"),
        "code": qr_code(here.address),
        "code_alt": _("QR-Code der Adresse daneben"),
        "page_words": _("Seite {page} von {total}"),
        "example_mark": _("Beispiel") if is_example else "",
        "example": _("Dieser Leerstand ist erfunden. Gebäude, Angaben und Text sind ausgedacht.") if is_example else "",
    }


def qr_code(address: str) -> str:
    """Return the QR code of an address as SVG, or nothing where it is too long to be read from paper."""
    if len(address) > LONGEST:
        return ""
    picture = io.BytesIO()
    segno.make_qr(address, error="m").save(picture, kind="svg", border=2, dark="#000", light="#fff", xmldecl=False)
    return picture.getvalue().decode()


def _where(v: PublicVacancy) -> str:
    street = f"{v.address}, " if v.address else ""
    town = f"{v.postcode} {v.town_name}".strip() if v.address else v.town_name
    return f"{street}{town}{f', {v.locality}' if v.locality else ''} · {v.district_name}"


def _coarse_note() -> str:
    return _("Die Lage ist nur ungefähr angegeben (Mitte eines Rasterfelds von 500 m). Die Anschrift ist nicht öffentlich.")


def _fact(fact: Fact) -> dict[str, str]:
    return {"label": fact.label, "value": fact.value, "note": fact.note}


def _unknown(names: list[str]) -> str:
    return f"{_('Nicht bekannt:')} {', '.join(names)}." if names else ""


def _paragraphs(text: str) -> list[str]:
    """Return the lines of a description, none of them empty; a very long one ends with a word about where it goes on."""
    if len(text) > LONGEST_TEXT:
        text = f"{text[:LONGEST_TEXT].rsplit(' ', 1)[0]} … ({_('gekürzt; der ganze Text steht auf der Seite')})"
    return [line.strip() for line in text.splitlines() if line.strip()]


def _photo(photo: PublicPhoto, number: int) -> dict[str, str]:
    """Return the name of the file, what it shows, and whose it is."""
    taken = formats.date_format(photo.taken_on, "DATE_FORMAT") if photo.taken_on else ""
    credit = ", ".join(part for part in (photo.creator, photo.licence, taken) if part)
    shown = str(photo.get_shows_display()) if photo.shows in COMPARED else ""
    caption = ": ".join(part for part in (shown, photo.caption) if part)
    return {"file": f"photo{number}.jpg", "alt": photo.alt_text or _("Foto"), "caption": caption, "credit": credit}


def _scaled(name: str) -> bytes:
    with default_storage.open(name) as file, Image.open(file, formats=("JPEG",)) as picture:
        picture.draft("RGB", (PHOTO_SIDE, PHOTO_SIDE))
        picture.thumbnail((PHOTO_SIDE, PHOTO_SIDE))
        out = io.BytesIO()
        picture.convert("RGB").save(out, "JPEG", quality=82)
    return out.getvalue()


def _more(count: int) -> str:
    return _("Weitere Bilder stehen auf der Seite: {n}.").format(n=count) if count > 0 else ""


def _map(v: PublicVacancy) -> dict[str, str]:
    x, y = v.point.x, v.point.y
    if v.is_exact:
        mark = ground.Mark(x, y, CLASS_COLOURS.get(v.transit_class, NO_CLASS), v.transit_class)
        said = _("Karte: {name} in {town}, mit Bahnlinien, Gewässern und Gemeindegrenzen; im Kasten die Lage in Brandenburg.")
        caption = _("Kreis: der Leerstand. Kästchen: Bahnhöfe.")
    else:
        mark = ground.Mark(x, y, COARSE_COLOUR, side_m=GRID_M)
        said = _("Karte: das Rasterfeld von 500 m in {town}, in dem {name} liegt; im Kasten die Lage in Brandenburg.")
        caption = _("Gestricheltes Feld: Hier irgendwo liegt der Leerstand. Kästchen: Bahnhöfe.")
    stations = TransitStop.objects.rail_near(v.point, STATIONS_WITHIN_M)
    svg = ground.around(mark, [(s.x, s.y) for s in stations], *MAP)
    return {"svg": svg, "alt": said.format(name=v.name, town=v.town_name), "caption": caption}


def _units(v: PublicVacancy) -> dict[str, Any]:
    heads = [_("Einheit"), _("frühere Nutzung"), _("Leerstand"), _("Nutzfläche")]
    return {"title": _("Einheiten"), "heads": heads, "rows": unit_rows(v.units.all())}


def _reach(v: PublicVacancy, run: ReachRun | None) -> dict[str, Any]:
    """Return stop, class, travel times and what is near, with the day, the method and the source of the figures."""
    if run is None:
        return {"title": _("Anbindung"), "none": _("Noch ist kein Fahrplan geladen; die Anbindung ist unbekannt.")}
    served = f"{_('ÖV-Güteklasse')} {v.get_transit_class_display()}" if v.transit_class else _("keine ÖV-Güteklasse erreicht")
    facts = [
        Fact(_("nächste Haltestelle"), f"{v.stop_name}, {walk(v.stop_distance_m)}" if v.stop_name else ""),
        Fact(_("dort Abfahrten am Tag"), "" if v.departures_per_day is None else figure(v.departures_per_day)),
        Fact(_("nächster Bahnhof"), f"{v.rail_stop_name}, {walk(v.rail_distance_m)}" if v.rail_stop_name else ""),
        Fact(
            _("gut angebunden"),
            _("ja") if v.well_connected else _("nein"),
            _("ab 20 Abfahrten am Werktag, Bus in 600 m oder Bahn in 1.200 m"),
        ),
    ]
    return {
        "title": _("Anbindung"),
        "none": "",
        "letter": v.transit_class or "–",
        "colour": CLASS_COLOURS.get(v.transit_class, NO_CLASS),
        "served": served,
        "facts": [_fact(f) for f in facts if f.value],
        "travel": _travel(v, run),
        "nearby": {"title": _("In der Nähe"), "facts": [_place(p) for p in places(v.nearby)]},
        "source": [
            _("Luftlinie. Fahrplan vom {day}.").format(day=formats.date_format(run.day, "DATE_FORMAT")),
            f"{run.dataset.attribution}.",
        ],
    }


def _travel(v: PublicVacancy, run: ReachRun) -> dict[str, Any]:
    rows = [[_cell("Berlin Hbf"), _cell(minutes(v.berlin_best_min)), _cell(minutes(v.berlin_median_min))]]
    if run.parameters.get("saturday"):
        rows.append([_cell("Berlin Hbf", _("am Samstag")), _cell(minutes(v.berlin_saturday_min)), _cell("")])
    for name, kind, best, median, met in (
        (v.oz_name, _("Oberzentrum"), v.oz_best_min, v.oz_median_min, _("≤ 90, RIN erfüllt") if v.rin_oz else ""),
        (v.mz_name, _("Mittelzentrum"), v.mz_best_min, v.mz_median_min, _("≤ 45, RIN erfüllt") if v.rin_mz else ""),
    ):
        if name:
            rows.append([_cell(name, " · ".join(filter(None, (kind, met)))), _cell(minutes(best)), _cell(minutes(median))])
    reached = v.berlin_best_min is not None or v.mz_name or v.oz_name
    start, end = run.parameters.get("window", ("", ""))
    rule = _(
        "Aufbruch zwischen {start} und {end} Uhr an einem Schultag. Schnellste Fahrt: wer den Fahrplan kennt. Median: wer zu beliebiger"
        " Zeit losgeht, Warten eingeschlossen. Ohne Fernzüge und Rufbusse."
    ).format(start=start, end=end)
    nowhere = _("Mit Bus und Bahn ist in diesem Zeitfenster kein Zentrum zu erreichen (Weg zur Haltestelle höchstens 1.500 m).")
    pending = _("Reisezeiten werden noch berechnet.")
    last = _("Letzte Fahrt ab Berlin Hbf nach Hause: {clock} Uhr.").format(clock=clock(v.last_from_berlin)) if v.last_from_berlin else ""
    return {
        "title": _("Mit Bus und Bahn, Tür zu Tür"),
        "heads": [_("nach"), _("schnellste Fahrt"), _("Median")],
        "rows": rows if reached else [],
        "last": last if reached else "",
        "note": rule if reached else nowhere if run.parameters else pending,
    }


def _cell(text: str, note: str = "") -> dict[str, str]:
    return {"text": text, "note": note}


def _place(place: dict[str, Any]) -> dict[str, str]:
    ways = [(place.get("walk"), _("{n} min zu Fuß")), (place.get("bike"), _("{n} min mit dem Rad"))]
    note = ", ".join(text.format(n=n) for n, text in ways if n)
    return {"label": str(place["label"]), "value": place["name"], "note": note}


def _town(v: PublicVacancy, town: Town) -> dict[str, str]:
    people = f"{figure(v.town_population)} {pgettext('count', 'Einwohner:innen')}"
    day = formats.date_format(town.population_date, "SHORT_DATE_FORMAT")
    kinds = (head(v.get_town_size_class_display()), v.get_town_central_function_display(), v.get_town_structure_area_display())
    return {"title": _("Der Ort"), "text": f"{v.town_name}: {people} ({day}, Destatis) · {' · '.join(str(k) for k in kinds)}"}


def _state(v: PublicVacancy) -> dict[str, Any]:
    said = _("Noch nicht bestätigt.")
    if v.verified_at:
        day = formats.date_format(v.verified_at, "DATE_FORMAT")
        said = _("Bestätigt am {day} ({age}).").format(day=day, age=ago(v.verified_at))
    return {
        "title": pgettext("vacancy", "Stand"),
        "text": said,
        "stale": _("länger nicht bestätigt") if v.is_stale and v.verified_at else "",
        "origin": f"{_('Herkunft der Angaben:')} {v.get_source_display()} · {_('Kennung')} {v.key}",
    }


def _contact(v: PublicVacancy, site: Site) -> dict[str, Any]:
    """Return whom to ask: those who run the platform; owners are never named."""
    if v.is_example:
        lines = [_("Dieser Leerstand ist erfunden; es gibt nichts zu besichtigen.")]
    elif site.is_named:
        lines = [
            site.organisation,
            f"{site.street}, {site.postcode} {site.city}",
            site.mail,
            _("Nennen Sie die Kennung {key}.").format(key=v.key),
        ]
    else:
        lines = [_("Auf der Seite steht im Impressum, wer Auskunft gibt. Nennen Sie die Kennung {key}.").format(key=v.key)]
    mail = site.mail if site.is_named and not v.is_example else ""
    return {"title": _("Kontakt"), "lines": lines, "mail": mail, "note": _("Wem das Gebäude gehört, steht hier nicht.")}

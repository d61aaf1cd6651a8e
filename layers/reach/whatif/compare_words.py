"""What a comparison of two timetables says, in German or English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from geo.figures import brief, figure
from layers.reach.whatif.compare import CLASS, CLASSES, FAR, NOT, Comparison, Crossing, Tally

LABELS = {
    "berlin_best": gettext_lazy("Berlin Hbf, schnellste Fahrt"),
    "berlin_median": gettext_lazy("Berlin Hbf, Median"),
    "oz_best": gettext_lazy("nächstes Oberzentrum, schnellste Fahrt"),
    "mz_best": gettext_lazy("nächstes Mittelzentrum, schnellste Fahrt"),
    CLASS: gettext_lazy("ÖV-Güteklasse"),
}
MINUS = "−"


def crossing_sentence(found: Crossing) -> str:
    """Return who comes within so many minutes of Berlin Hbf and who falls out.

    "214 Leerstände in 11 Gemeinden kommen auf höchstens 60 Minuten an Berlin Hbf heran."
    """
    minutes = figure(found.limit)
    if not found.coming:
        text = _("Kein Leerstand kommt auf höchstens {minutes} Minuten an Berlin Hbf heran.").format(minutes=minutes)
    else:
        who = _vacancies_in_towns(found.coming, found.coming_towns)
        text = ngettext(
            "{who} kommt auf höchstens {minutes} Minuten an Berlin Hbf heran.",
            "{who} kommen auf höchstens {minutes} Minuten an Berlin Hbf heran.",
            found.coming,
        ).format(who=who, minutes=minutes)
    if found.leaving:
        who = _vacancies_in_towns(found.leaving, found.leaving_towns)
        out = ngettext(
            "{who} braucht nun länger als {minutes} Minuten oder hat keine Verbindung mehr.",
            "{who} brauchen nun länger als {minutes} Minuten oder haben keine Verbindung mehr.",
            found.leaving,
        )
        text += " " + out.format(who=who, minutes=minutes)
    return text


def _vacancies_in_towns(vacancies: int, towns: int) -> str:
    what = ngettext("{n} Leerstand", "{n} Leerstände", vacancies).format(n=figure(vacancies))
    where = ngettext("in {n} Gemeinde", "in {n} Gemeinden", towns).format(n=figure(towns))
    return f"{what} {where}"


def sentence(title: str, found: Crossing | None) -> str:
    """Return the sentence with what is compared in front: "RB 99 stündlich: 214 Leerstände …"."""
    if found is None:
        said = _("Fahrzeiten sind nicht in beiden Berechnungen enthalten; verglichen wird nur die ÖV-Güteklasse.")
    else:
        said = crossing_sentence(found)
    return f"{title}: {said}" if title else said


def tally_sentence(measure: str, towns: Tally, vacancies: Tally) -> str:
    """Return how many towns and vacancies gain and lose by a measure: "9 Gemeinden gewinnen, keine verliert; …"."""
    return _("{measure}: {towns}; {vacancies}.").format(
        measure=LABELS[measure], towns=_towns_tally(towns), vacancies=_vacancies_tally(vacancies)
    )


def _towns_tally(t: Tally) -> str:
    gain = ngettext("{n} Gemeinde gewinnt", "{n} Gemeinden gewinnen", t.gain) if t.gain else _("keine Gemeinde gewinnt")
    loss = ngettext("{n} verliert", "{n} verlieren", t.loss) if t.loss else pgettext("municipality", "keine verliert")
    return f"{gain.format(n=figure(t.gain))}, {loss.format(n=figure(t.loss))}"


def _vacancies_tally(t: Tally) -> str:
    gain = ngettext("{n} Leerstand gewinnt", "{n} Leerstände gewinnen", t.gain) if t.gain else _("kein Leerstand gewinnt")
    loss = ngettext("{n} verliert", "{n} verlieren", t.loss) if t.loss else pgettext("vacancy", "keiner verliert")
    return f"{gain.format(n=figure(t.gain))}, {loss.format(n=figure(t.loss))}"


def edit_sentence(kind: str, f: Mapping[str, Any]) -> str:
    """Return what an edit of a timetable did (`edits.Done`)."""
    if kind == "close_stop":
        said = ngettext(
            "Haltestelle {name} geschlossen: {n} Halt entfällt.", "Haltestelle {name} geschlossen: {n} Halte entfallen.", f["calls"]
        )
        return said.format(name=f["name"], n=figure(f["calls"]))
    ways = "; ".join(f"{a} – {b}" for a, b in f["ways"])
    if kind == "add_line":
        said = _("Neue Linie {name}: {ways}, {minutes} Minuten, alle {every} Minuten eine Fahrt ({departures} am Tag und je Richtung).")
        minutes = brief(f["minutes"], 1)
        return said.format(name=f["name"], ways=ways, minutes=minutes, every=figure(f["every_min"]), departures=figure(f["departures"]))
    said = _("Anderer Takt der Linie {name}: alle {every} Minuten, {gone} Abfahrten ersetzt durch {departures} je Richtung ({ways}).")
    numbers = {"every": figure(f["every_min"]), "gone": figure(f["gone"]), "departures": figure(f["departures"])}
    return said.format(name=f["name"], ways=ways, **numbers)


def minutes_change(before: int, after: int) -> str:
    """Return a change of minutes with sign and word; NOT for no connection."""
    if before == after:
        return _("unverändert")
    if before == NOT:
        return _("+ neu erreichbar")
    if after == NOT:
        return f"{MINUS} " + _("nicht mehr erreichbar")
    if after < before:
        return _("{minutes} min, schneller").format(minutes=f"{MINUS}{figure(before - after)}")
    return _("{minutes} min, langsamer").format(minutes=f"+{figure(after - before)}")


def class_change(before: str, after: str) -> str:
    """Return a change of class in a word."""
    if before == after:
        return _("unverändert")
    return f"+ {_('besser')}" if _rank(after) < _rank(before) else f"{MINUS} {_('schlechter')}"


def _rank(letter: str) -> int:
    return CLASSES.index(letter) if letter else len(CLASSES)


def minutes_text(minutes: int) -> str:
    """Return minutes, or that there is no connection."""
    return _("keine Verbindung") if minutes == NOT else _("{n} min").format(n=figure(minutes))


def class_text(letter: str) -> str:
    return letter or _("keine")


def cell(found: Comparison, measure: str, i: int) -> Mapping[str, object]:
    """Return before, after, what changed, and which way it goes (gain, loss, same), for one place."""
    sign = int(found.sign(measure)[i])
    way = {1: "gain", -1: "loss", 0: "same"}[sign]
    if measure == CLASS:
        letters = [str((r.transit_class or ())[i]) for r in (found.before, found.after)]
        return {"before": class_text(letters[0]), "after": class_text(letters[1]), "text": class_change(*letters), "way": way}
    was, now = (int(r.minutes[measure][i]) for r in (found.before, found.after))
    return {"before": minutes_text(was), "after": minutes_text(now), "text": minutes_change(was, now), "way": way}


def signed(change: int) -> int | None:
    """Return a change of minutes as a number for files; None when a connection was won or lost."""
    return None if abs(change) > FAR // 2 else change

"""Makes an entry of a service that a catalogue named: the service itself is asked first, and nothing is written unless it has the layer."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from geo.errors import RaumError, RemoteFailed
from layers.remote.catalogue import LIMITS, Catalogue, Hit, one_line, refusal
from layers.remote.layer import LAYER_NAME, VERSIONS, RemoteLayer
from layers.remote.refresh import asker
from layers.remote.wfs import described

SHOWN = 40  # layers named in a message


class Undecided(RaumError):
    """A service has several layers, and nothing says which is meant.

    Parameters
    ----------
    names : dict of str to str
        Title of each layer by its name in the service.
    """

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names
        listed = "; ".join(f"{name} ({title})" if title and title != name else name for name, title in list(names.items())[:SHOWN])
        more = _(" und {count} weitere").format(count=len(names) - SHOWN) if len(names) > SHOWN else ""
        super().__init__(
            _("Der Dienst hat {count} Ebenen. Welche soll es sein? {listed}{more}").format(count=len(names), listed=listed, more=more)
        )


def entries(
    hit: Hit, catalogue: Catalogue, words: Iterable[str] = (), layers: Sequence[str] = (), into: RemoteLayer | None = None
) -> list[RemoteLayer]:
    """Return the entries of a service, checked and not saved, switched off; ask the service for its layers.

    Parameters
    ----------
    hit : Hit
        What the catalogue says.
    catalogue : Catalogue
        Where that stands; named as the source.
    words : iterable of str
        What was searched for: decides between layers when they fit just one.
    layers : sequence of str
        Names of layers, one entry each; without any, the one that the words or the service itself leave.
    into : RemoteLayer, optional
        An entry without address to fill in; what stands there stays.

    Raises
    ------
    RaumError
        When the service may not be asked, does not answer, or has no such layer (`Undecided`: has several).
    """
    if hit.problem:
        raise RemoteFailed(f"{hit.title}: {refusal(hit.url, how=True) or hit.problem}" if hit.service and hit.url else hit.problem)
    if into is not None:
        _fits(into, hit)
        layers = layers or ([into.layer] if into.layer else [])
        if len(layers) > 1:
            raise RaumError(_("Ein Eintrag hat eine Ebene; genannt sind {count}.").format(count=len(layers)))
    version, names = _offered(hit)
    chosen = _chosen(names, layers, words)
    today = timezone.localdate()
    made: list[RemoteLayer] = []
    for name in chosen:
        entry = into or _new(hit, name, names[name] if len(chosen) > 1 else "", {m.key for m in made})
        entry.url, entry.layer, entry.version = hit.url, name, version
        if not entry.licence:
            entry.licence, entry.licence_url = hit.licence, hit.licence_url
        entry.attribution = entry.attribution or hit.attribution
        entry.source = _source(hit, catalogue, today)
        _check(entry)
        made.append(entry)
    return made


@transaction.atomic
def save(made: Sequence[RemoteLayer]) -> None:
    """Save all entries or none; refuse one whose address somebody entered meanwhile."""
    for entry in made:
        if entry.pk:
            now = RemoteLayer.objects.select_for_update().get(pk=entry.pk)
            _fits(now, None)
            fields = ["url", "layer", "version", "licence", "licence_url", "attribution", "source"]
            entry.save(update_fields=fields)
        else:
            entry.save(force_insert=True)


def _fits(entry: RemoteLayer, hit: Hit | None) -> None:
    """Refuse an entry that has an address, or is of the other kind of service."""
    if entry.url:
        raise RaumError(
            _("„{key}“ hat schon eine Adresse: {url}. Geändert wird sie in der Verwaltung.").format(key=entry.key, url=entry.url)
        )
    if hit and entry.service != hit.service:
        given = {"key": entry.key, "wanted": entry.service.upper(), "given": hit.service.upper()}
        raise RaumError(_("„{key}“ ist ein {wanted}, der Treffer ein {given}.").format(**given))


def _offered(hit: Hit) -> tuple[str, dict[str, str]]:
    """Return the version a service speaks, and the title of each of its layers by name."""
    ask, problems = asker(LIMITS), []
    for version in VERSIONS[hit.service]:
        try:
            service = described(hit.url, hit.service, version, ask)
        except RaumError as error:
            problems.append(str(error))
            continue
        able = [name for name in service.contents if LAYER_NAME.fullmatch(name) and name.isprintable()]
        names = {name: one_line(service.contents[name].title, 100) for name in able}
        if not names:
            raise RemoteFailed(_("Der Dienst {url} nennt keine Ebene, die sich eintragen lässt.").format(url=hit.url))
        return version, names
    raise RemoteFailed(_("Der Dienst {url} antwortet nicht, wie er soll: {error}").format(url=hit.url, error=problems[0]))


def _chosen(names: dict[str, str], wanted: Sequence[str], words: Iterable[str]) -> list[str]:
    """Return the names of layers as the service spells them.

    Raises
    ------
    RaumError
        When the service has not all that are wanted, or leaves a choice.
    """
    if wanted:
        found = {w: [n for n in names if n == w] or [n for n in names if n.rpartition(":")[2] == w.rpartition(":")[2]] for w in wanted}
        if missing := [w for w, alike in found.items() if len(alike) != 1]:
            listed = ", ".join(list(names)[:SHOWN])
            raise RaumError(_("Der Dienst hat keine Ebene {missing}; er hat {listed}.").format(missing=", ".join(missing), listed=listed))
        return list(dict.fromkeys(alike[0] for alike in found.values()))
    if len(names) == 1:
        return list(names)
    parts = [w.casefold() for w in words]
    fitting = [n for n, title in names.items() if parts and all(p in f"{n} {title}".casefold() for p in parts)]
    if len(fitting) != 1:
        raise Undecided(names)
    return fitting


def _new(hit: Hit, name: str, layer_title: str, taken: set[str]) -> RemoteLayer:
    """Return a new entry with a key of its own."""
    known = RemoteLayer.objects.filter(url=hit.url, layer=name).values_list("key", flat=True).first()
    if known:
        raise RaumError(_("Diesen Dienst mit der Ebene {layer} gibt es schon: „{key}“.").format(layer=name, key=known))
    title = f"{hit.title}: {layer_title}" if layer_title else hit.title
    stem = slugify(title)[:36].strip("-") or hit.service
    taken = taken | set(RemoteLayer.objects.filter(key__startswith=stem).values_list("key", flat=True))
    key = next(k for k in (stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3))) if k not in taken)
    note = f"Nutzung nach dem Katalog: {hit.terms}" if hit.terms and hit.terms != hit.licence else ""
    return RemoteLayer(key=key, title=title[:200], publisher=hit.organisation, service=hit.service, note=note)


def _source(hit: Hit, catalogue: Catalogue, today: datetime.date) -> str:
    """Return where the address comes from; kept in German like the ready entries, whoever entered it."""
    day = f"; Beschreibung vom {hit.changed_on}" if hit.changed_on else ""
    return f"{catalogue.title}: {hit.record_url}, gelesen am {today:%d.%m.%Y}{day}. Die Ebene nannte der Dienst selbst."


def _check(entry: RemoteLayer) -> None:
    try:
        entry.full_clean()
    except ValidationError as error:
        fields: Any = getattr(error, "message_dict", {"": error.messages})
        said = "; ".join(f"{name}: {' '.join(texts)}" for name, texts in fields.items())
        raise RaumError(_("So kann „{title}“ nicht eingetragen werden: {said}").format(title=entry.title, said=said)) from error

"""Looks services up in official catalogues (CSW 2.0.2, ISO 19139): OWSLib writes the request and reads the records, only `fetch` asks."""

from __future__ import annotations

import contextlib
import json
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from lxml import etree
from owslib.catalogue.csw2 import CatalogueServiceWeb, namespaces
from owslib.fes import PropertyIsEqualTo, PropertyIsLike
from owslib.iso import MD_Metadata, SV_ServiceIdentification

from geo.errors import RaumError, RemoteFailed
from layers.remote.fetching import Limits, address, checked, fetch, is_public, root_of, text_of
from layers.remote.hosts import allowed_hosts, ready_catalogues
from layers.remote.wfs import BAD

GMD = namespaces["gmd"]
PREFIXES = {"csw": namespaces["csw"], "ogc": namespaces["ogc"], "apiso": "http://www.opengis.net/cat/csw/apiso/1.0"}
PAGE = 100  # records of a request
MOST = 300  # records of a search
LIMITS = Limits(connect_s=5, total_s=60, most_bytes=30_000_000)
OWN = ("service", "request", "version", "acceptversions", "updatesequence")  # parameters that are appended when a service is asked
WILD = str.maketrans(dict.fromkeys("*?\\", " "))
NAMED_LICENCE = re.compile(r"^(?:Nutzungsbedingungen|Lizenz|Nutzungseinschränkungen)\s*:\s*")
LICENCE_WORD = re.compile(r"lizenz|licen[cs]e|\bcc[ -]?(?:0|by)|\bdl-|gemeinfrei|public domain", re.IGNORECASE)
SOURCE_LINE = re.compile(r"Quellenvermerk\s*:\s*(.{1,400})")


@dataclass(frozen=True)
class Catalogue:
    """A catalogue: its key ("" = not one of the ready ones), name, and address for GetRecords."""

    key: str
    title: str
    url: str


@dataclass(frozen=True)
class Hit:
    """A service that a catalogue describes; texts are of one line, and empty where the record is silent.

    Attributes
    ----------
    service : str
        "wms", "wfs", or "" for another kind.
    url : str
        Address without the parameters that every request appends.
    licence, licence_url, attribution : str
        As far as the record names one licence clearly; `terms` has all its words on use.
    changed_on : str
        Day of the record as written there.
    record_url : str
        Where the record can be read.
    """

    identifier: str
    title: str
    organisation: str
    service: str
    kind: str
    url: str
    licence: str
    licence_url: str
    attribution: str
    terms: str
    changed_on: str
    record_url: str

    @property
    def problem(self) -> str:
        """Return why the service cannot be asked; empty when it can."""
        if not self.service:
            return _("Weder WMS noch WFS, kann hier nicht benutzt werden.")
        if not self.url:
            return _("Der Katalog nennt keine Adresse.")
        return refusal(self.url)


@dataclass
class Found:
    """What a search brought: the services, how many records fit by the catalogue's count, how many were read, how many were unreadable."""

    hits: list[Hit] = field(default_factory=list)
    matched: int = 0
    read: int = 0
    broken: int = 0

    @property
    def summary(self) -> str:
        """How many services and records there were, and what is not among them."""
        said = _("Treffer: {hits}; gelesen: {read} von {matched} Beschreibungen.").format(
            hits=len(self.hits), read=self.read, matched=self.matched
        )
        if self.broken:
            said += " " + _("Nicht lesbar: {count}.").format(count=self.broken)
        if self.read < self.matched:
            said += " " + _("Genauere Wörter bringen auch die übrigen.")
        return said

    def named(self, given: str) -> Hit:
        """Return a hit by its number, counted from 1, or its identifier."""
        if given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= len(self.hits):
            return self.hits[int(given[:9]) - 1]
        for hit in self.hits:
            if hit.identifier == given:
                return hit
        raise RaumError(_("Treffer {given} gibt es nicht; gefunden: {count}.").format(given=given[:80], count=len(self.hits)))


def catalogue_named(given: str) -> Catalogue:
    """Return a catalogue by its key in data/catalogues.toml, or by its address; the first of the file for "".

    Raises
    ------
    RaumError
        With the keys that there are.
    """
    ready = ready_catalogues()
    key = given or next(iter(ready))
    if key in ready:
        return Catalogue(key, ready[key]["title"], ready[key]["url"])
    if "://" in given:
        return Catalogue("", urlsplit(given).hostname or given[:80], given)
    known = ", ".join(ready)
    raise RaumError(
        _("Den Katalog „{given}“ gibt es nicht. Bekannt sind {known}, oder nennen Sie die Adresse.").format(given=given, known=known)
    )


def refusal(url: str, *, how: bool = False) -> str:
    """Return why an address may not be asked, with `how` also what releases its host; empty when it may."""
    allowed, host = allowed_hosts(), _host_of(url)
    with contextlib.suppress(RemoteFailed):
        checked(url, allowed)
        return ""
    try:
        parts = checked(url, replace(allowed, public=allowed.public | {host}))
        if not is_public(str(parts.hostname)):
            return _("{host} ist keine öffentliche Adresse.").format(host=host)
    except RemoteFailed as error:
        return _("Die Adresse darf nicht abgefragt werden: {rule}").format(rule=error)
    except ValueError:  # a name, no number: where it leads is looked at when it is asked
        pass
    said = _("Der Rechner {host} ist nicht freigegeben.").format(host=host)
    names = ",".join(sorted({*allowed.public, host}))
    return said + (" " + _("Wenn Sie ihm vertrauen, starten Sie mit RW_REMOTE_HOSTS={names}").format(names=names) if how else "")


def _host_of(url: str) -> str:
    """Return a host as the settings name it: the port only when it is not the usual one."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "") + (f":{parts.port}" if parts.port not in (None, 443) else "")
    except ValueError:
        return ""


def search(words: Iterable[str], catalogue: Catalogue, service: str = "", limits: Limits = LIMITS) -> Found:
    """Return the services whose records have all the words, by title.

    Parameters
    ----------
    words : iterable of str
        Parts of words; upper and lower case are the catalogue's affair.
    catalogue : Catalogue
    service : str
        "wms" or "wfs" for these alone.
    limits : Limits
        Of each request; a search has at most three.

    Raises
    ------
    RaumError
        No words, or the catalogue is not allowed, does not answer, reports an error, or gives no readable list.
    """
    parts = [w for word in words for w in word.translate(WILD).split()][:10]
    if not parts:
        raise RaumError(_("Bitte nennen Sie mindestens ein Wort, zum Beispiel: Denkmal"))
    if rule := refusal(catalogue.url, how=True):
        raise RemoteFailed(f"{catalogue.title}: {rule}")
    wanted = [PropertyIsEqualTo("apiso:Type", "service"), *(PropertyIsLike("csw:AnyText", f"*{w}*", "\\", "?", "*", False) for w in parts)]
    client, found, start = _Guarded(catalogue, limits), Found(), 1
    while start:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # OWSLib warns of a missing nextRecord, which is optional
            try:
                client.getrecords2([wanted], esn="full", outputschema=GMD, startposition=start, maxrecords=PAGE)
            except BAD as error:
                raise RemoteFailed(
                    _("Der Katalog {title} gibt keine lesbare Trefferliste ({error}).").format(title=catalogue.title, error=error)
                ) from error
        found.matched = client.results["matches"]
        found.read += client.results["returned"]
        found.broken += client.broken
        for record in client.metadata:
            try:
                hit = _hit(record, catalogue)
            except BAD:
                found.broken += 1
                continue
            if hit and (not service or hit.service == service):
                found.hits.append(hit)
        following = client.results["nextrecord"] or (start + client.results["returned"] if found.read < found.matched else 0)
        start = following if client.results["returned"] and start < following <= found.matched and found.read < MOST else 0
    unique = {hit.identifier: hit for hit in found.hits}
    found.hits = sorted(unique.values(), key=lambda h: (h.title.casefold(), h.identifier))
    return found


class _Guarded(CatalogueServiceWeb):
    """OWSLib's catalogue client without its way out; a record that it cannot read costs no other one."""

    def __init__(self, catalogue: Catalogue, limits: Limits) -> None:
        super().__init__(catalogue.url, skip_caps=True)
        self.catalogue, self.limits = catalogue, limits
        self.metadata: list[MD_Metadata] = []
        self.broken = 0

    def _invoke(self) -> None:
        etree.cleanup_namespaces(self.request, PREFIXES, [*PREFIXES])  # names of properties have prefixes, too, which lxml does not see
        document = etree.tostring(self.request, xml_declaration=True, encoding="UTF-8")
        try:
            body = fetch(self.catalogue.url, allowed_hosts(), self.limits, document).body
            name, _attributes = root_of(body, self.catalogue.title)
        except RemoteFailed as error:
            raise RemoteFailed(
                _("Der Katalog {title} antwortet nicht, wie er soll: {error}").format(title=self.catalogue.title, error=error)
            ) from error
        if name == "ExceptionReport":
            said = text_of(body)
            raise RemoteFailed(_("Der Katalog {title} meldet einen Fehler: {said}").format(title=self.catalogue.title, said=said))
        if name != "GetRecordsResponse":
            raise RemoteFailed(
                _("{url} ist kein Katalog: Die Antwort ist {name} statt einer Trefferliste (CSW 2.0.2, GetRecords).").format(
                    url=self.catalogue.url, name=name[:60]
                )
            )
        self._exml = etree.ElementTree(etree.fromstring(body))
        self.exceptionreport = None

    def _parserecords(self, outputschema: str, esn: str) -> None:
        self.metadata, self.broken = [], 0
        for element in self._exml.iter(f"{{{GMD}}}MD_Metadata", f"{{{namespaces['gmi']}}}MI_Metadata"):
            try:
                self.metadata.append(MD_Metadata(element))
            except BAD:
                self.broken += 1


def _hit(record: MD_Metadata, catalogue: Catalogue) -> Hit | None:
    """Return what a record says of a service; None when it describes data."""
    said = next((i for i in record.identification if isinstance(i, SV_ServiceIdentification)), None)
    if said is None or not record.identifier:
        return None
    ends = [(str(o["name"] or ""), point) for o in said.operations for point in o["connectpoint"]]
    ends = [e for e in ends if e[0] == "GetCapabilities"] + [e for e in ends if e[0] != "GetCapabilities"]
    links = [point for _name, point in ends] + (list(record.distribution.online) if record.distribution else [])
    given = next((p.url.strip() for p in links if p.url and p.url.strip().lower().startswith(("http://", "https://"))), "")
    versions = [one_line(e.text) for e in record.md.iterfind(".//{*}SV_ServiceIdentification/{*}serviceTypeVersion/{*}CharacterString")]
    protocols = [one_line(p.protocol) for p in links]
    identifier = one_line(record.identifier)
    licence, licence_url, attribution, terms = _terms(record.md)
    query = {"service": "CSW", "version": "2.0.2", "request": "GetRecordById", "elementSetName": "full", "outputSchema": GMD}
    return Hit(
        identifier,
        one_line(said.title, 200) or _("(ohne Titel)"),
        next((one_line(c.organization, 200) for c in [*said.contact, *record.contact] if c.organization), ""),
        _service_of(given, [one_line(said.type), *versions, *protocols]),
        one_line(" ".join(dict.fromkeys([one_line(said.type), *versions])), 80),
        _base(given),
        licence,
        licence_url,
        attribution,
        terms,
        one_line(record.datestamp, 10),
        address(catalogue.url, **query, id=identifier),
    )


def one_line(text: object, most: int = 2_000) -> str:
    """Return a text of somebody else in one line that no terminal obeys: letters, digits and signs that can be seen."""
    seen = "".join(c if c.isprintable() else " " for c in str(text or "")[: 4 * most])
    line = " ".join(seen.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _service_of(url: str, words: Iterable[str]) -> str:
    """Return "wms" or "wfs": by the parameter of the address, else by the record's words for the service, else by the address's path."""
    asked = next((v for k, v in parse_qsl(urlsplit(url).query) if k.lower() == "service"), "")
    for text in [asked] if asked else [*words, urlsplit(url).path]:
        if found := re.search(r"(?<![a-z])(wms|wfs)(?![a-z])", text.lower()):
            return found[1]
    return ""


def _base(url: str) -> str:
    """Return an address without the parameters that are appended anew; https, unless an internal server may speak http."""
    parts = urlsplit(url)
    kept = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k.lower() not in OWN and k]
    if parts.scheme.lower() == "http" and parts.netloc.lower() not in settings.REMOTE_INTERNAL_HOSTS:
        parts = parts._replace(scheme="https", netloc=parts.netloc.removesuffix(":80"))
    made = parts._replace(query=urlencode(kept, safe="/:,"), fragment="").geturl()
    return made if len(made) <= 400 else ""


def _terms(record: Any) -> tuple[str, str, str, str]:
    """Return licence, its address, source line, and all words on use.

    A licence is named only when it is clear: GDI-DE's JSON in one wording, or one short text with the word. The rest an operator reads.
    """
    texts: list[str] = []
    for legal in record.iter(f"{{{GMD}}}MD_LegalConstraints"):
        if legal.find(f"{{{GMD}}}useConstraints") is not None:
            texts += [one_line(e.text) for e in legal.iterfind("{*}otherConstraints/*") if e.text]
    texts += [one_line(e.text) for e in record.iter("{*}useLimitation") for e in e.iterfind("*") if e.text]
    plain = list(dict.fromkeys(t for t in texts if t and not t.startswith("{")))
    terms = one_line(" · ".join(plain))
    named = [(d["name"], d["url"], d["quelle"]) for d in _json_of(texts)]
    if named:
        if len({(name, url) for name, url, _quelle in named}) > 1 or len(named[0][0]) > 120:
            return "", "", "", terms or one_line(" · ".join(name for name, _url, _quelle in named))
        sources = " · ".join(dict.fromkeys(quelle for _name, _url, quelle in named if quelle))
        return named[0][0], _web(named[0][1]), sources if len(sources) <= 400 else "", terms or named[0][0]
    source = next((found[1] for t in plain if (found := SOURCE_LINE.search(t))), "")
    ways = [NAMED_LICENCE.sub("", t) for t in plain if LICENCE_WORD.search(t)]
    return ways[0] if len(ways) == 1 and len(ways[0]) <= 120 else "", "", source, terms


def _json_of(texts: Iterable[str]) -> Iterator[dict[str, str]]:
    """Yield what GDI-DE's records say in JSON: name and address of the licence, and the source line."""
    for text in texts:
        try:
            given = json.loads(text)
        except ValueError:
            continue
        if isinstance(given, dict) and isinstance(given.get("name"), str) and given["name"].strip():
            yield {key: one_line(given[key]) if isinstance(given.get(key), str) else "" for key in ("name", "url", "quelle")}


def _web(url: str) -> str:
    return url if url.startswith(("https://", "http://")) and len(url) <= 200 else ""

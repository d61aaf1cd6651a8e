"""Asking MapServer: the map file for these layers and filters is laid down, the request passes the gate and goes to a helper."""

from __future__ import annotations

import atexit
import hashlib
import html
import os
import re
import tempfile
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from geo.filtering import FilterSet
from layers.publish.collection import Collection, is_internal
from layers.publish.mapserver import pool, sql
from layers.publish.mapserver.mapfile import Contact, Drawn, Service
from layers.publish.ows.gate import Gate
from layers.publish.ows.reports import OwsError
from layers.publish.rights import reader_dsn
from layers.publish.version import PublishedVersion

MOST_FILES = 400  # map files kept; one for each combination of layers and filters that is asked
GATE = Gate(slots=os.cpu_count() or 2)
ERROR = re.compile(rb"<(?:ServiceException|ows:Exception)\b")
CODE = re.compile(r'<(?:ServiceException|ows:Exception)\b[^>]*?(?:code|exceptionCode)="(\w+)"')
TEXT = re.compile(r"<(?:ServiceException\b[^>]*|ows:ExceptionText)>(.*?)</", re.DOTALL)
UNREACHED = re.compile(r"connection failed|connection to server", re.IGNORECASE)
UNREAD = re.compile(r"PostGIS|query error|FLTApply", re.IGNORECASE)
PLACE = re.compile(r"^\w+\(\): |\bms\w+\(\): ?")  # the function in the program where it happened

_pools: dict[int, pool.Pool] = {}
_starting = threading.Lock()


def drawn(layer: Collection, wanted: FilterSet, order: str = "") -> Drawn:
    """Return a layer with its rows as SQL."""
    return Drawn(layer, sql.select(layer, wanted, order))


def service(request: HttpRequest, query: str, **more: object) -> Service:
    """Return what the service says of itself at the address it is asked at, with the map's filter kept in it."""

    known = getattr(settings, "CONTACT", {})
    contact = Contact(known.get("name") or settings.PRODUCT, *(known.get(n, "") for n in ("mail", "address", "postcode", "city")))
    address = request.build_absolute_uri(request.path) + "?" + (f"{query}&" if query else "")
    values: dict[str, object] = {
        "address": address,
        "site": request.build_absolute_uri("/"),
        "connection": reader_dsn(),
        "contact": contact,
        "lasting": not is_internal(),  # else each helper would hold one for each scope
    }
    return Service(**values | more)  # type: ignore[arg-type]


def ask(text: str, pairs: Iterable[tuple[str, str]], client: str, body: bytes = b"", path: str = "/") -> pool.Answer:
    """Return MapServer's answer to parameters (or to an XML body) with a map file.

    Raises
    ------
    OwsError
        With MapServer's own code and text when it reports an exception; "Busy"; or when there is no MapServer.
    """
    pool.program()
    told = list(pairs)
    words = {
        "REQUEST_METHOD": "POST" if body else "GET",
        "QUERY_STRING": urlencode(told),
        "MS_MAPFILE": str(_laid_down(text)),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SCRIPT_NAME": path,
    }
    if body:
        words |= {"CONTENT_TYPE": "text/xml", "CONTENT_LENGTH": str(len(body))}
    with GATE.passage(client):
        answer = _pool().ask(words, body)
    _raise_its_error(answer, bool(body) or any(name in ("filter", "sld_body") for name, _value in told))
    return answer


def tag(states: Iterable[PublishedVersion], *also: str) -> str:
    """Return an entity tag of the public rows of layers and of all else that shapes an answer."""
    digests = [state.digest for state in states]
    return f'"{hashlib.sha256(chr(10).join((*digests, str(get_language()), *also)).encode()).hexdigest()[:32]}"'


def _raise_its_error(answer: pool.Answer, filtered: bool) -> None:
    if answer.content_type.startswith("text/html"):  # an error outside any service; its text may tell of our files
        raise OwsError("NoApplicableCode", "MapServer could not read this request")
    if "xml" not in answer.content_type or not ERROR.search(answer.body[:2000]):
        return
    report = answer.body.decode(errors="replace")
    code, found = CODE.search(report), TEXT.search(report)
    named = code[1] if code and code[1] != "NoApplicableCode" else ""
    text = html.unescape(" ".join((found[1] if found else "").split()))
    if not named and UNREACHED.search(text):
        raise OwsError("NoApplicableCode", "the database does not answer; please try again in ten seconds", status=503)
    if not named and UNREAD.search(text):
        if filtered:
            raise OwsError("NoApplicableCode", "the filter does not fit the columns, or takes too long", "filter")
        raise OwsError("NoApplicableCode", "the rows could not be read in time; ask for less at once", status=503)
    raise OwsError(named or "NoApplicableCode", PLACE.sub("", text) or "MapServer could not answer this request", status=400)


def _folder() -> Path:
    folder = Path(settings.DATA_DIR) / "mapserver"
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    return folder


def _laid_down(text: str) -> Path:
    """Return the file with this text, written when it is not there; the longest unused go."""
    path = _folder() / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.map"
    try:
        os.utime(path)
    except FileNotFoundError:
        _write(path, text)
        kept = sorted(path.parent.glob("*.map"), key=_touched, reverse=True)
        for old in kept[MOST_FILES:]:
            old.unlink(missing_ok=True)
    return path


def _touched(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _write(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".new")  # mode 0600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)


def close() -> None:
    """End the helpers of this process; the next request starts new ones."""
    found = _pools.pop(os.getpid(), None)
    if found is not None:
        found.close()


def _pool() -> pool.Pool:
    """Return the helpers of this process; a forked one has its own."""
    with _starting:
        found = _pools.get(os.getpid())
        if found is None:
            folder = _folder()
            files = "".join(c if c.isalnum() or c in "/_-" else "." for c in str(folder)) + "/[0-9a-f]+[.]map"
            _write(folder / "mapserver.conf", f'CONFIG\n  ENV\n    MS_MAP_PATTERN "^{files}$"\n  END\nEND\n')
            environment: Mapping[str, str] = {
                "PATH": os.defpath,
                "LC_ALL": "C.UTF-8",
                "MAPSERVER_CONFIG_FILE": str(folder / "mapserver.conf"),
            }
            found = _pools[os.getpid()] = pool.Pool(environment, folder / "by-cgi.txt")
            atexit.register(close)
    return found

"""Asks another server without becoming a tool against one's own: hosts by name, addresses checked and pinned, limits on everything.

Only the standard library: proxies of the environment, redirects, cookies and compressed answers do not exist here.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlencode, urlsplit
from xml.parsers import expat

from geo.errors import RemoteFailed

CHUNK = 65_536
AGENT = "Raumwohlstand"
EMBEDDING = (  # IPv6 ranges that carry an IPv4 address: the range, and how many bits stand behind the address
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),
    (ipaddress.IPv6Network("::/96"), 0),
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),
    (ipaddress.IPv6Network("2002::/16"), 80),
    (ipaddress.IPv6Network("64:ff9b:1::/48"), 0),
)
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Hosts:
    """Who may be asked.

    Attributes
    ----------
    public : frozenset of str
        Names as "host" (https on 443) or "host:port"; they must lie on the public internet.
    internal : frozenset of str
        "host:port" of servers in the operator's own network; these may be private and speak http.
    """

    public: frozenset[str] = frozenset()
    internal: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Limits:
    """Seconds to connect, seconds for everything, and bytes of an answer."""

    connect_s: float = 5.0
    total_s: float = 60.0
    most_bytes: int = 100_000_000


@dataclass(frozen=True)
class Answer:
    """The body of an answer with status 200, and its content type in lower case without parameters."""

    content_type: str
    body: bytes


def fetch(url: str, hosts: Hosts, limits: Limits | None = None, sent: bytes | None = None) -> Answer:
    """Get an address, or post an XML document to it.

    Parameters
    ----------
    url : str
        https; http only for an internal host.
    hosts : Hosts
    limits : Limits, optional
    sent : bytes, optional
        The XML document.

    Raises
    ------
    RemoteFailed
        With a sentence: the host is not allowed or not public, there is no answer in time, it is a redirect, an error, too
        large, compressed or cut off.
    """
    limits = limits or Limits()
    deadline = time.monotonic() + limits.total_s
    parts = checked(url, hosts)
    port = _port(parts)
    host = str(parts.hostname)
    places = resolve(host, port, is_internal=f"{host}:{port}" in hosts.internal)
    line = _Line(host, is_tls=parts.scheme == "https")
    watch = threading.Timer(max(deadline - time.monotonic(), 0.01), line.cut)
    watch.daemon = True
    watch.start()
    try:
        line.open(places, limits.connect_s)
        return _ask(line, parts, port, limits, sent)
    except (OSError, http.client.HTTPException, ValueError) as error:
        if line.was_cut:
            raise RemoteFailed(f"{host}: no complete answer within {limits.total_s:.0f} seconds") from error
        raise RemoteFailed(f"{host}: {_reason(error)}") from error
    finally:
        watch.cancel()
        line.close()


def address(url: str, **parameters: str) -> str:
    """Return an address with parameters appended to those it has."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(parameters)}"


def checked(url: str, hosts: Hosts) -> SplitResult:
    """Return the parts of an address that may be asked.

    Raises
    ------
    RemoteFailed
        With the rule it breaks.
    """
    shown = re.sub(r"[^\x21-\x7e]", "?", url[:120])
    if re.search(r"[^\x21-\x7e]|\\", url):
        raise RemoteFailed(f"{shown}: an address has no spaces, backslashes or letters beyond ASCII")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", _port(parts)
    except ValueError as error:
        raise RemoteFailed(f"{shown}: not an address") from error
    if parts.scheme not in ("http", "https") or not host:
        raise RemoteFailed(f"{shown}: an address begins with https:// and a host")
    if "@" in parts.netloc:
        raise RemoteFailed(f"{shown}: an address carries no user name or password")
    name = f"{host}:{port}"
    if name in hosts.internal:
        return parts
    if parts.scheme != "https":
        raise RemoteFailed(f"{shown}: only https is asked")
    if name not in hosts.public and not (port == 443 and host in hosts.public):
        raise RemoteFailed(f"{name}: this host is not among the allowed ones ({', '.join(sorted(hosts.public)) or 'none'})")
    return parts


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def resolve(host: str, port: int, *, is_internal: bool) -> list[tuple[socket.AddressFamily, tuple[str, int]]]:
    """Return the addresses of a host; the connection is made to one of them and to nothing else.

    Raises
    ------
    RemoteFailed
        When the name is not known, or one of its addresses is not public and the host is not internal.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise RemoteFailed(f"{host}: the name is not known") from error
    places: list[tuple[socket.AddressFamily, tuple[str, int]]] = []
    for family, _kind, _proto, _name, place in found:
        if family not in (socket.AF_INET, socket.AF_INET6):
            continue
        if not is_internal and not is_public(str(place[0])):
            raise RemoteFailed(f"{host}: leads to {place[0]}, which is no address on the public internet")
        places.append((family, (str(place[0]), port)))
    if not places:
        raise RemoteFailed(f"{host}: the name has no address")
    return places


def is_public(text: str) -> bool:
    """Whether an IP address lies on the public internet, IPv4 within IPv6 included."""
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        for network, behind in EMBEDDING:
            if address in network:
                return is_public(str(ipaddress.IPv4Address((int(address) >> behind) & 0xFFFFFFFF)))
    closed = (address.is_private, address.is_loopback, address.is_link_local, address.is_multicast, address.is_reserved)
    return address.is_global and not any(closed) and not address.is_unspecified


class _Line:
    """A connection that another thread may cut at the deadline."""

    def __init__(self, host: str, *, is_tls: bool) -> None:
        self.host, self.is_tls = host, is_tls
        self.sock: socket.socket | None = None
        self.was_cut = False

    def open(self, places: Iterable[tuple[socket.AddressFamily, tuple[str, int]]], seconds: float) -> None:
        """Connect to the first address that answers."""
        until = time.monotonic() + seconds
        problem: OSError = TimeoutError("no connection in time")
        for family, place in places:
            self.sock = socket.socket(family, socket.SOCK_STREAM)
            self.sock.settimeout(max(until - time.monotonic(), 0.01))
            try:
                self.sock.connect(place)
                break
            except OSError as error:
                problem = error
                self.close()
        if self.sock is None or self.was_cut:
            raise problem
        if self.is_tls:
            # the handshake comes after the assignment, so that it can be cut, too
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock.do_handshake()

    def cut(self) -> None:
        self.was_cut = True
        if self.sock is not None:
            with contextlib.suppress(OSError):  # it may have ended on its own meanwhile
                self.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self.sock is not None:
            self.sock.close()
            self.sock = None


def _ask(line: _Line, parts: SplitResult, port: int, limits: Limits, sent: bytes | None) -> Answer:
    """Send the request on an open line and read the answer."""
    assert line.sock is not None
    line.sock.settimeout(limits.total_s)
    usual = port == (443 if line.is_tls else 80)
    shown_host = f"[{line.host}]" if ":" in line.host else line.host
    connection = http.client.HTTPConnection(line.host, port)
    connection.sock = line.sock
    headers = {
        "Host": shown_host if usual else f"{shown_host}:{port}",
        "User-Agent": AGENT,
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    if sent is not None:
        headers["Content-Type"] = "application/xml; charset=utf-8"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request("GET" if sent is None else "POST", target, body=sent, headers=headers)
    response = connection.getresponse()
    if 300 <= response.status < 400:
        other = re.sub(r"[^\x21-\x7e]", "?", response.getheader("Location", "")[:200])
        raise RemoteFailed(f"{line.host}: redirects to {other or 'nowhere'}; redirects are not followed, enter the right address")
    if response.status != 200:
        raise RemoteFailed(f"{line.host}: answers {response.status} {text_of(response.read(CHUNK))}".strip())
    if (response.getheader("Content-Encoding") or "identity").lower() != "identity":
        raise RemoteFailed(f"{line.host}: answers compressed although that was not asked for")
    if response.length is not None and response.length > limits.most_bytes:
        raise RemoteFailed(f"{line.host}: {_too_large(limits)}")
    body = bytearray()
    while block := response.read1(CHUNK):
        body += block
        if len(body) > limits.most_bytes:
            raise RemoteFailed(f"{line.host}: {_too_large(limits)}")
    if response.length or line.was_cut:
        raise http.client.IncompleteRead(bytes(body[:0]), response.length or None)
    kind = (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()
    return Answer(kind, bytes(body))


def _too_large(limits: Limits) -> str:
    return f"the answer has more than {limits.most_bytes / 1e6:.0f} MB; that much is not read"


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({error.verify_message})"
    if isinstance(error, TimeoutError):
        return "does not answer in time"
    if isinstance(error, http.client.IncompleteRead):
        return "the answer was cut off"
    return f"no proper answer ({error or type(error).__name__})"


def text_of(body: bytes, length: int = 200) -> str:
    """Return the words of an error page or report, without marks."""
    words = re.sub(r"<[^>]*>|[^\x20-\x7e\xa0-\uffff]", " ", body.decode("utf-8", errors="replace"))
    return " ".join(words.split())[:length]


def root_of(body: bytes, host: str = "") -> tuple[str, dict[str, str]]:
    """Return local name and attributes of a whole XML document's root; only then may another parser read it.

    Attributes keep their prefix out: `numberMatched`, not its namespace.

    Raises
    ------
    RemoteFailed
        When it is no XML or ends in the middle, or declares a document type: entities are neither expanded nor fetched.
    """
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate(namespace_separator="}")

    def start(name: str, attributes: dict[str, str]) -> None:
        found.append((name.rpartition("}")[2], {k.rpartition("}")[2]: v for k, v in attributes.items()}))
        parser.StartElementHandler = None

    def doctype(*_args: object) -> None:
        raise RemoteFailed(f"{host}: the answer declares a document type (DOCTYPE); such answers are not read".lstrip(": "))

    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        what = "the answer is a damaged XML document" if found else "the answer is no XML"
        raise RemoteFailed(f"{host}: {what} ({error}; {text_of(body, 80)})".lstrip(": ")) from error
    return found[0]

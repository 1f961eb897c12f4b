"""Requests to addresses that somebody else chose, without a way into our own network (OP-9).

The name is resolved once, every address that it has must be a public one, and the connection
goes to exactly what was vetted; TLS still checks the name. Redirects are answers, not
instructions; proxies of the environment are not asked; the answer's size and the time for all
of it are capped. ``allow`` names networks that are fine although they are not public.

Nothing here may run inside a transaction: a receiver can take its time.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, TimeoutError as ResolvingTakesTooLong
from dataclasses import dataclass
from functools import cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpcore

type Address = IPv4Address | IPv6Address
type Network = IPv4Network | IPv6Network

LONGEST_URL: Final = 2000
RESOLVE_SECONDS: Final = 5.0
#: Bytes of an answer that are read at most, and that are kept.
MOST_READ, MOST_KEPT = 64 * 1024, 2048

# IANA's special-purpose registry, and what clouds answer under. Documentation ranges too: nobody
# listens there, and where somebody does it is not the receiver that was meant.
_NOT_PUBLIC: Final = tuple(
    IPv4Network(each)
    for each in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",  # Azure's metadata stands in a public range.
    )
)
# Of IPv6 only global unicast is public, which leaves out loopback, mapped (judged as IPv4),
# NAT64, unique local, link local and multicast by itself; of the rest, these are not.
_PUBLIC_V6: Final = IPv6Network("2000::/3")
_NOT_PUBLIC_V6: Final = tuple(
    IPv6Network(each)
    for each in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)  # fmt: skip
_LOW_PORTS: Final = frozenset({80, 443})
# Above 1023: databases, caches, and what browsers refuse too (fetch, "bad port").
_BAD_PORTS: Final = frozenset(
    {1433, 1521, 1719, 1720, 1723, 2049, 2375, 2379, 3306, 3389, 3659, 4045, 4190, 5060, 5061}
    | {5432, 5900, 6000, 6379, 6566, *range(6665, 6670), 6679, 6697, 9200, 9300, 10080, 11211}
    | {27017}
)
_NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)
_UNFIT = re.compile(r"[\x00-\x20\x7f\\]")

_resolver = ThreadPoolExecutor(max_workers=8, thread_name_prefix="resolve")


class Refused(Exception):
    """We do not call this address; the message says why, fit for whoever entered it."""


class NotReached(Exception):
    """Nobody answered in time, or not in HTTP.

    ``kind`` is dns, connect, tls, timeout or protocol.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart; ``host`` in ASCII, without brackets, without the root's dot."""

    scheme: str
    host: str
    port: int
    path: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: header names in lower case, at most MOST_KEPT bytes of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def networks(words: Iterable[str]) -> tuple[Network, ...]:
    """Networks from their texts (``10.0.0.0/8``, ``127.0.0.1``); raises ValueError."""
    return tuple(ip_network(word, strict=False) for word in words)


def parse(url: str, *, allow: Sequence[Network] = ()) -> Target:
    """The address taken apart; raises Refused for one that we would never call.

    Asks nobody: a name that stands for a private address passes here and fails in ``vet``.
    """
    if len(url) > LONGEST_URL or _UNFIT.search(url):
        raise Refused("The address has spaces, backslashes or control characters, or is too long.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused(
            "The address cannot be read. It looks like https://example.com/path."
        ) from None
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https") or not parts.hostname:
        raise Refused("The address has to begin with https:// or http:// and a host name.")
    if "@" in parts.netloc:
        raise Refused("The address must not contain a user name or password.")
    port = port if port is not None else (443 if scheme == "https" else 80)
    _check_port(port)
    host = _host(parts.hostname)
    literal = _literal(host)
    if literal is not None:
        _check([literal], host, allow)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?") if parts.query else ""
    return Target(scheme, host, port, path + query)


def vet(
    url: str, *, allow: Sequence[Network] = (), seconds: float = RESOLVE_SECONDS
) -> tuple[Target, list[str]]:
    """The address and the public IP addresses that its name has now, asked once.

    Raises Refused when one of them is not public (the others do not make it safe), NotReached
    when there is none.
    """
    target = parse(url, allow=allow)
    found = _resolve(target, seconds)
    _check(found, target.host, allow)
    return target, [str(each) for each in dict.fromkeys(found)]


def post(
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    allow: Sequence[Network] = (),
    seconds: float = 15.0,
) -> Answer:
    """POST the body and give back the answer, whatever its status; a redirect is not followed.

    ``seconds`` is for everything together, resolving included. Raises Refused or NotReached.
    """
    ends = time.monotonic() + seconds
    target, addresses = vet(url, allow=allow, seconds=min(RESOLVE_SECONDS, seconds))
    backend = _Vetted(target, addresses, ends)
    where = httpcore.URL(
        scheme=target.scheme.encode(),
        host=target.host.encode(),
        port=target.port,
        target=target.path.encode(),
    )
    given = [(b"Host", _host_header(target).encode()), (b"Connection", b"close")]
    given += [(name.encode(), value.encode()) for name, value in headers.items()]
    try:
        with (
            httpcore.ConnectionPool(
                ssl_context=ssl_context(), network_backend=backend, retries=0
            ) as pool,
            pool.stream("POST", where, headers=given, content=body) as response,
        ):
            kept = _first_bytes(response)
            found = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in response.headers
            }
            return Answer(response.status, found, kept)
    except httpcore.TimeoutException:
        raise NotReached("timeout", f"No answer within {seconds:g} seconds.") from None
    except httpcore.ConnectError as error:
        cause = _cause(error)
        if isinstance(cause, ssl.SSLError):
            why = getattr(cause, "verify_message", "") or cause.reason or str(cause)
            raise NotReached("tls", f"No safe connection: {why}.") from None
        raise NotReached("connect", f"No connection: {_plain(cause)}.") from None
    except (httpcore.ProtocolError, httpcore.NetworkError) as error:
        raise NotReached("protocol", f"The connection broke off: {_plain(error)}.") from None


@cache
def ssl_context() -> ssl.SSLContext:
    """What TLS trusts: the public authorities, and what the machine (SSL_CERT_FILE) adds."""
    context = httpcore.default_ssl_context()
    context.load_default_certs()
    return context


def why_not(address: Address, allow: Sequence[Network] = ()) -> str:
    """Why an IP address is not called, in a word or two; empty when it is fine."""
    if isinstance(address, IPv6Address):
        if address.scope_id:
            return "belongs to one link only"
        if address.ipv4_mapped is not None:
            return why_not(address.ipv4_mapped, allow)
    if any(address.version == each.version and address in each for each in allow):
        return ""
    if isinstance(address, IPv4Address):
        public = not any(address in each for each in _NOT_PUBLIC)
    else:
        public = address in _PUBLIC_V6 and not any(address in each for each in _NOT_PUBLIC_V6)
    return "" if public else "is not a public address"


def _check_port(port: int) -> None:
    if (port < 1024 and port not in _LOW_PORTS) or port in _BAD_PORTS:
        raise Refused(f"Port {port} belongs to another service. Use 443, 80 or one above 1023.")


def _host(name: str) -> str:
    try:
        ip_address(name)
    except ValueError:
        pass
    else:
        return name
    try:
        host = name.encode("idna").decode().lower().removesuffix(".")
    except UnicodeError:
        raise Refused("The host name cannot be read.") from None
    if not host or "%" in host:
        raise Refused("The host name cannot be read.")
    # 127.1, 0x7f.1 and 2130706433 are addresses to the system but look like names.
    if _NUMERIC.fullmatch(host.rsplit(".", 1)[-1]) and _literal(host) is None:
        raise Refused("Write an IP address as four decimal numbers, or use a host name.")
    return host


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _host_header(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = 443 if target.scheme == "https" else 80
    return host if target.port == usual else f"{host}:{target.port}"


def _resolve(target: Target, seconds: float) -> list[Address]:
    literal = _literal(target.host)
    if literal is not None:
        return [literal]
    asked = _resolver.submit(socket.getaddrinfo, target.host, target.port, type=socket.SOCK_STREAM)
    try:
        found = asked.result(timeout=seconds)
    except ResolvingTakesTooLong:
        raise NotReached(
            "dns", f"Nobody says within {seconds:g} seconds where “{target.host}” is."
        ) from None
    except (OSError, UnicodeError):
        raise NotReached("dns", f"The host “{target.host}” is not known.") from None
    addresses = [ip_address(str(each[4][0])) for each in found]
    if not addresses:
        raise NotReached("dns", f"The host “{target.host}” has no address.")
    return addresses


def _check(addresses: Sequence[Address], host: str, allow: Sequence[Network]) -> None:
    for address in addresses:
        if why := why_not(address, allow):
            where = host if str(address) == host else f"“{host}” leads to {address}, which"
            raise Refused(
                f"{where} {why}. Requests into private networks are not sent; the operator of "
                "this site can allow a network with AFTERCLOSE_WEBHOOKS_ALLOW."
            )


def _first_bytes(response: httpcore.Response) -> bytes:
    """The beginning of the body; the status counts, so a body that breaks off is no failure."""
    kept, read = b"", 0
    try:
        for chunk in response.iter_stream():
            kept = (kept + chunk)[:MOST_KEPT]
            read += len(chunk)
            if read >= MOST_READ:
                break
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
        pass
    return kept


def _cause(error: BaseException) -> BaseException:
    while (deeper := error.__cause__ or error.__context__) is not None:
        error = deeper
    return error


def _plain(error: BaseException) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return (text or type(error).__name__).strip().rstrip(".")


class _Vetted(httpcore.NetworkBackend):
    """Connects to the vetted addresses and to nothing else, whatever name it is asked for."""

    def __init__(self, target: Target, addresses: Sequence[str], ends: float) -> None:
        self.target, self.addresses, self.ends = target, addresses, ends

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        """The first vetted address that takes the connection."""
        if (host, port) != (self.target.host, self.target.port):
            raise httpcore.ConnectError(f"{host}:{port} was not vetted")
        failed: Exception = httpcore.ConnectError("no address")
        for number, address in enumerate(self.addresses):
            # One that swallows packets leaves time for the next.
            share = _left(self.ends) / (len(self.addresses) - number)
            try:
                stream = httpcore.SyncBackend().connect_tcp(address, port, timeout=share)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _Stream(stream, self.ends)
        raise failed


class _Stream(httpcore.NetworkStream):
    """A connection on which all reading and writing together ends in time."""

    def __init__(self, inner: httpcore.NetworkStream, ends: float) -> None:
        self.inner, self.ends = inner, ends

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, _left(self.ends, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.inner.write(buffer, _left(self.ends, httpcore.WriteTimeout))

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        stream = self.inner.start_tls(ssl_context, server_hostname, _left(self.ends))
        return _Stream(stream, self.ends)

    def get_extra_info(self, info: str) -> Any:
        return self.inner.get_extra_info(info)


def _left(ends: float, late: type[Exception] = httpcore.ConnectTimeout) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise late("out of time")
    return left

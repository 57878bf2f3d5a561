"""Requests to addresses that people typed: never into our own network, never further than asked.

The host is looked up once, every address it has must be public, and the connection goes to the
address that was checked, so that a name which changes its mind in between leads nowhere. Redirects
are not followed, proxies of the environment are not used, answers are read only so far.
"""

import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from invoicer_core.domain.saying import say

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 10.0
EXCERPT: Final = 2000
"""Bytes of an answer that are read."""

LONGEST_URL: Final = 2000

Resolve = Callable[..., Sequence[tuple[Any, ...]]]


class Forbidden(Exception):
    """An address that we do not call; says why."""


class Unanswered(Exception):
    """There was no answer; says what happened instead. ``sent``: the request may have arrived, so
    that nobody knows whether it had an effect."""

    def __init__(self, reason: str, *, sent: bool = False) -> None:
        super().__init__(reason)
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, the beginning of the body, how long it took."""

    status: int
    body: str
    milliseconds: int
    retry_after: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A checked URL in its parts. ``host`` is in ASCII."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def shown_host(self) -> str:
        """The value of the header ``Host``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return host if self.port == usual else f"{host}:{self.port}"


def checked(url: str, *, loopback: bool) -> Target:
    """The parts of an address that may be called; names are not looked up yet.

    Args:
        loopback: also allow this very machine, then without TLS too (the demo does).

    Raises:
        Forbidden: it is no such address.
    """
    parts = _split(url)
    host = (parts.hostname or "").rstrip(".")
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        ascii_host = host if ":" in host else host.encode("idna").decode("ascii")
    except (UnicodeError, ValueError):
        raise Forbidden(say("This is not an address of the web.")) from None
    if not ascii_host or parts.username is not None or parts.password is not None:
        raise Forbidden(say("Write the address as https://host/path, without a name or password."))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = Target(parts.scheme, ascii_host, port, path)
    numeric = _numeric(ascii_host)
    here = numeric is not None and is_loopback(numeric)
    if ascii_host == "localhost" or ascii_host.endswith(".localhost"):
        numeric, here = "127.0.0.1", True
    if numeric is not None and not is_public(numeric) and not (loopback and here):
        raise Forbidden(
            say("This address lies in a private network: it cannot be called from here.")
        )
    if parts.scheme == "http" and not (loopback and here):
        raise Forbidden(say("The address must begin with https://."))
    return target


def _split(url: str) -> SplitResult:
    if len(url) > LONGEST_URL or not url.isprintable() or any(char in url for char in " \\"):
        raise Forbidden(say("This is not an address of the web."))
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Forbidden(say("This is not an address of the web.")) from None
    if parts.scheme not in ("https", "http"):
        raise Forbidden(say("The address must begin with https://."))
    return parts


def _numeric(host: str) -> str | None:
    """The address that a host in figures means, in any spelling that a resolver takes."""
    try:
        found = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return None
    return str(found[0][4][0])


def is_loopback(address: str) -> bool:
    """Whether it is this machine."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        return ip.ipv4_mapped.is_loopback
    return ip.is_loopback


def is_public(address: str) -> bool:
    """Whether an address is one of the open Internet: no private, shared, local, multicast or
    reserved one, and none that wraps another (mapped, 6to4, Teredo, NAT64)."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip.sixtofour is not None or ip.teredo is not None or ip.is_site_local:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def addresses(target: Target, *, loopback: bool, resolve: Resolve) -> list[str]:
    """Where the host is. All of its addresses have to be allowed.

    Raises:
        Forbidden: one of them is not. Unanswered: the name is not known.
    """
    try:
        found = resolve(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unanswered(say("The name of the host is not known.")) from error
    seen = list(dict.fromkeys(str(each[4][0]) for each in found))
    for address in seen:
        here = loopback and is_loopback(address)
        if not is_public(address) and not here:
            raise Forbidden(say("The host lies in a private network: it was not called."))
        if target.scheme == "http" and not here:
            raise Forbidden(say("The address must begin with https://."))
    if not seen:
        raise Unanswered(say("The name of the host is not known."))
    return seen


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    loopback: bool = False,
    resolve: Resolve = socket.getaddrinfo,
) -> Answer:
    """Send a body and read the beginning of the answer, whatever its status.

    Raises:
        Forbidden: the address may not be called.
        Unanswered: nobody answered, or not in time, or not with a certificate that holds.
    """
    return ask("POST", url, headers, body=body, loopback=loopback, resolve=resolve)


def ask(
    method: str,
    url: str,
    headers: Mapping[str, str],
    *,
    body: bytes | None = None,
    loopback: bool = False,
    resolve: Resolve = socket.getaddrinfo,
    seconds: float = READ_SECONDS,
    most: int = EXCERPT,
) -> Answer:
    """Any request, as ``post`` does it. ``seconds``: how long to wait for the answer, ``most``: how
    many bytes of it to read."""
    target = checked(url, loopback=loopback)
    found = addresses(target, loopback=loopback, resolve=resolve)
    began = time.monotonic()
    sent = {**headers, "Host": target.shown_host, "Accept-Encoding": "identity"}
    with _pool(target, found[0], seconds) as pool:
        try:
            response = pool.urlopen(
                method, target.path, body=body, headers=sent, redirect=False, retries=False,
                preload_content=False, decode_content=False, assert_same_host=False,
            )  # fmt: skip
            text = response.read(most).decode("utf-8", "replace")
            response.close()
        except HTTPError as error:
            raise Unanswered(_words(error, seconds), sent=_arrived(error)) from error
    took = int((time.monotonic() - began) * 1000)
    return Answer(response.status, _printable(text), took, response.headers.get("Retry-After"))


def _pool(target: Target, address: str, seconds: float) -> urllib3.HTTPConnectionPool:
    """Connects to the address that was checked; TLS is for the host that was named."""
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=seconds)
    if target.scheme == "http":
        return urllib3.HTTPConnectionPool(address, target.port, timeout=timeout)
    return urllib3.HTTPSConnectionPool(
        address, target.port, timeout=timeout, ssl_context=ssl.create_default_context(),
        server_hostname=target.host, assert_hostname=target.host,
    )  # fmt: skip


def _arrived(error: HTTPError) -> bool:
    """Whether the other side may have read the request before it went wrong."""
    return not isinstance(error, NewConnectionError | ConnectTimeoutError | SSLError)


def _words(error: HTTPError, seconds: float) -> str:
    if isinstance(error, NewConnectionError):
        return say("Nobody listens at this address.")
    if isinstance(error, ConnectTimeoutError):
        return say(
            "It could not be reached within %(seconds)s seconds.",
            seconds=f"{CONNECT_SECONDS:.0f}",
        )
    if isinstance(error, ReadTimeoutError):
        return say("It did not answer within %(seconds)s seconds.", seconds=f"{seconds:.0f}")
    if isinstance(error, SSLError):
        return say("Its certificate is not valid for this host.")
    return say("The connection ended before there was an answer.")


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}"
                   for char in text)  # fmt: skip

"""Addresses that people typed, checked before anything connects to them.

A business must not make this server call its own network: addresses that plugins take from settings
go through here, unless whoever runs the installation chose them in the environment.
"""

import http.client
import socket
import urllib.request
from collections.abc import Mapping
from typing import Any

import urllib3
from urllib3.exceptions import NewConnectionError

from invoicer_core.hooks.answers import PermanentFailure, RetryLater
from invoicer_core.services import secret_keys, webhooks
from invoicer_core.services.webhooks import outbound
from invoicer_core.services.webhooks.outbound import Answer, Unanswered

__all__ = [
    "Answer", "Unanswered", "ask", "check_address", "connect", "guard", "is_operators",
    "keep_outside", "opener", "pinned",
]  # fmt: skip

_PRIVATE = "its address lies in a private network"


def is_operators(value: str, env: str) -> bool:
    """Whether a setting's value is the one that whoever runs the installation put into this
    environment variable; no business can change that."""
    return bool(value) and value == secret_keys.settings().plugin_environ.get(env)


def check_address(url: str, *, env: str | None = None) -> None:
    """See that an address is one of the open Internet, by https.

    Args:
        env: the environment variable of the setting: what stands there was chosen by whoever runs
            the installation, and may be anywhere.

    Raises:
        PermanentFailure: it may not be called.
        RetryLater: its name is not known now.
    """
    pinned(url, env=env)


def pinned(url: str, *, env: str | None = None) -> str | None:
    """The same as `check_address`, for a client of one's own: the numeric address to connect to,
    so that a name which changes its mind after the check leads nowhere. None: connect as named.
    """
    if env is not None and is_operators(url, env):
        return None
    try:
        return _number(outbound.checked(url, loopback=webhooks.allows_loopback()))
    except outbound.Forbidden as refused:
        raise PermanentFailure(str(refused)) from refused


def connect(host: str, port: int, *, seconds: float) -> socket.socket:
    """A connection to the open Internet, for a client that speaks a protocol of its own (SMTP).
    Not for an address that `is_operators`.

    Raises:
        PermanentFailure: the host lies in a private network.
        RetryLater: its name is not known now.
        OSError: nobody takes the call.
    """
    number = _number(outbound.Target("https", host.strip("[]"), port, "/"))
    return socket.create_connection((number, port), seconds)


def _number(target: outbound.Target) -> str:
    """The numeric address that a host has now; raises as `connect` does."""
    try:
        found = outbound.addresses(
            target, loopback=webhooks.allows_loopback(), resolve=socket.getaddrinfo
        )
    except outbound.Forbidden as refused:
        raise PermanentFailure(str(refused)) from refused
    except outbound.Unanswered as unknown:
        raise RetryLater(str(unknown)) from unknown
    return found[0]


def guard(manager: urllib3.PoolManager) -> None:
    """Let a client that is built on urllib3 connect to the open Internet only. Where a name leads
    is looked up once for each connection, and what was allowed is what is connected to: a name that
    has changed its mind since `check_address`, or a redirect, leads nowhere, and nobody inside sees
    an attempt. Not for an address that `is_operators`."""
    loopback = webhooks.allows_loopback()
    manager.pool_classes_by_scheme = {
        scheme: _guarded_pool(pool, loopback)
        for scheme, pool in manager.pool_classes_by_scheme.items()
    }


def keep_outside(session: Any, url: str, *, env: str) -> None:
    """`check_address`, then `guard`, for a client that is built on requests, whose session this is.
    It goes over no proxy, which would hide where it leads. What `is_operators` stays as it is.

    Raises:
        PermanentFailure: the address may not be called.
        RetryLater: its name is not known now.
    """
    check_address(url, env=env)
    if not is_operators(url, env):
        session.trust_env = False
        for adapter in session.adapters.values():
            guard(adapter.poolmanager)


def _guarded_pool(pool: Any, loopback: bool) -> type:
    own = {"ConnectionCls": _guarded(pool.ConnectionCls, loopback)}
    return type(pool.__name__, (pool,), own)


def _guarded(connection: Any, loopback: bool) -> type:
    def connected(self: Any) -> socket.socket:
        named = self._dns_host
        try:
            self._dns_host = _number_of(named, self.port, loopback)
            made: socket.socket = connection._new_conn(self)  # noqa: SLF001 - urllib3's seam
        except OSError as refused:
            raise NewConnectionError(self, str(refused)) from refused
        finally:
            self._dns_host = named  # TLS is for the name
        return made

    return type(connection.__name__, (connection,), {"_new_conn": connected})


def _number_of(host: str, port: int, loopback: bool) -> str:
    """The numeric address that a host has now. Raises OSError: not one of the open Internet's."""
    target = outbound.Target("https", host.strip("[]"), port, "/")
    try:
        return outbound.addresses(target, loopback=loopback, resolve=socket.getaddrinfo)[0]
    except outbound.Forbidden as refused:
        raise OSError(_PRIVATE) from refused
    except outbound.Unanswered as unknown:
        raise OSError(str(unknown)) from unknown


def opener() -> urllib.request.OpenerDirector:
    """The same as `guard`, for a client that is built on Python's own urllib: its connections lead
    to the open Internet only, over no proxy; no redirect is followed."""
    loopback = webhooks.allows_loopback()

    def connected(address: tuple[str, int], *given: Any) -> socket.socket:
        host, port = address
        return socket.create_connection((_number_of(host, port, loopback), port), *given)

    class Https(urllib.request.HTTPSHandler):
        def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(_of(http.client.HTTPSConnection, connected), request)

    class Http(urllib.request.HTTPHandler):
        def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(_of(http.client.HTTPConnection, connected), request)

    return urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stays, Https, Http)


class _Stays(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_given: Any, **_named: Any) -> None:
        """Nowhere else."""


def _of(connection: Any, connected: Any) -> Any:
    def begin(self: Any, *given: Any, **named: Any) -> None:
        connection.__init__(self, *given, **named)
        self._create_connection = connected

    return type(connection.__name__, (connection,), {"__init__": begin})


def ask(
    method: str,
    url: str,
    headers: Mapping[str, str],
    *,
    body: bytes | None = None,
    seconds: float = 10.0,
    env: str | None = None,
    most: int = outbound.EXCERPT,
) -> Answer:
    """A request to an address from the settings, to the very host that was checked; no redirect is
    followed.

    Args:
        seconds: how long to wait for the answer.
        most: how many bytes of it are read.
        env: the environment variable of the setting that ``url`` begins with. What stands there
            may be on this very machine.

    Raises:
        PermanentFailure: it may not be called.
        Unanswered: nobody answered; ``sent`` says whether the request may have arrived.
    """
    chosen = secret_keys.settings().plugin_environ.get(env) if env else None
    loopback = webhooks.allows_loopback() or bool(
        chosen and url.startswith(chosen.rstrip("/") + "/")
    )
    try:
        return outbound.ask(
            method, url, headers, body=body, seconds=seconds, loopback=loopback, most=most,
            resolve=socket.getaddrinfo,
        )  # fmt: skip
    except outbound.Forbidden as refused:
        raise PermanentFailure(str(refused)) from refused

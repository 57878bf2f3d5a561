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
    "Answer", "Unanswered", "ask", "check_address", "guard", "is_operators", "opener", "pinned",
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
    loopback = webhooks.allows_loopback()
    try:
        target = outbound.checked(url, loopback=loopback)
        return outbound.addresses(target, loopback=loopback, resolve=socket.getaddrinfo)[0]
    except outbound.Forbidden as refused:
        raise PermanentFailure(str(refused)) from refused
    except outbound.Unanswered as unknown:
        raise RetryLater(str(unknown)) from unknown


def guard(manager: urllib3.PoolManager) -> None:
    """Let a client that is built on urllib3 connect to the open Internet only: each connection is
    looked at before a byte goes over it, so that a name which has changed its mind since
    `check_address` leads nowhere. Not for an address that `is_operators`."""
    loopback = webhooks.allows_loopback()
    manager.pool_classes_by_scheme = {
        scheme: _guarded_pool(pool, loopback)
        for scheme, pool in manager.pool_classes_by_scheme.items()
    }


def _guarded_pool(pool: Any, loopback: bool) -> type:
    own = {"ConnectionCls": _guarded(pool.ConnectionCls, loopback)}
    return type(pool.__name__, (pool,), own)


def _guarded(connection: Any, loopback: bool) -> type:
    def connected(self: Any) -> socket.socket:
        made: socket.socket = connection._new_conn(self)  # noqa: SLF001 - urllib3's seam
        if _leads_outside(made, loopback):
            return made
        raise NewConnectionError(self, _PRIVATE)

    return type(connection.__name__, (connection,), {"_new_conn": connected})


def _leads_outside(made: socket.socket, loopback: bool) -> bool:
    """Whether a connection goes to the open Internet; it is closed where it does not."""
    address = str(made.getpeername()[0])
    if outbound.is_public(address) or (loopback and outbound.is_loopback(address)):
        return True
    made.close()
    return False


def opener() -> urllib.request.OpenerDirector:
    """The same as `guard`, for a client that is built on Python's own urllib: its connections lead
    to the open Internet only, over no proxy; no redirect is followed."""
    loopback = webhooks.allows_loopback()

    def connected(*given: Any) -> socket.socket:
        made = socket.create_connection(*given)
        if _leads_outside(made, loopback):
            return made
        raise OSError(_PRIVATE)

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
            method, url, headers, body=body, seconds=seconds, loopback=loopback, most=most
        )
    except outbound.Forbidden as refused:
        raise PermanentFailure(str(refused)) from refused

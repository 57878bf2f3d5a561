"""Our own network, as a business might name it: one list of hosts, and one suite that every plugin
inherits which calls an address from a business's settings."""

import select
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from logging import LoggerAdapter, getLogger
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
from flask import Flask

from invoicer_core.config import Config
from invoicer_core.plugin import Context, OutcomeUnknown, PermanentFailure, Plugin, RetryLater
from invoicer_core.plugin.testing import Offline
from tests import network

HOSTS = (
    "127.0.0.1", "127.1", "127.0.0.2", "0", "0.0.0.0", "2130706433", "0x7f000001", "0x7f.1",
    "017700000001", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.9.9", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.9", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[fd12::1]",
    "[fec0::1]", "[ff02::1]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::ffff:a9fe:a9fe]",
    "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::a00:1]", "[2002:7f00:1::]",
    "[2001:0:7f00:1::1]", "[2001:db8::1]", "localhost", "LOCALHOST", "localhost.", "a.localhost",
)  # fmt: skip
"""What needs no name server to lead inside."""

PUBLIC = "93.184.216.34"
NAMES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "inside.example": (("127.0.0.1",),),
    "next-door.example": (("10.0.0.7",),),
    "metadata.example": (("169.254.169.254",),),
    "both.example": ((PUBLIC, "127.0.0.1"),),
    "six.example": (("::1",),),
}
"""Names that lead inside."""

TURNCOATS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "turncoat.example": ((PUBLIC,), ("127.0.0.1",)),
    "late-turncoat.example": ((PUBLIC,), (PUBLIC,), ("127.0.0.1",)),
}
"""What a name server says of them the first time, the second time, and so on."""

FAILURES = (PermanentFailure, RetryLater, OutcomeUnknown)


class NameServer:
    """Answers for the names above; all else is asked where it was asked before."""

    def __init__(self) -> None:
        self.left = {name: list(told) for name, told in {**NAMES, **TURNCOATS}.items()}
        self.elsewhere: Callable[..., Any] = socket.getaddrinfo

    def __call__(self, host: Any, port: Any, *given: Any, **named: Any) -> Any:
        """In the place of ``socket.getaddrinfo``."""
        if host not in self.left or named.get("flags") == socket.AI_NUMERICHOST:
            return self.elsewhere(host, port, *given, **named)
        told = self.left[host]
        found = told.pop(0) if len(told) > 1 else told[0]
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "",
             (each, port))
            for each in found
        ]  # fmt: skip


class Listener:
    """Listens on this machine, by either protocol, and takes nobody in."""

    def __init__(self, stack: ExitStack) -> None:
        first = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.port = int(first.getsockname()[1])
        self._sockets = [first]
        with suppress(OSError):  # a machine without IPv6
            second = socket.create_server(("::1", self.port), family=socket.AF_INET6)
            self._sockets.append(stack.enter_context(second))

    def is_called(self) -> bool:
        """Whether somebody has connected."""
        return bool(select.select(self._sockets, [], [], 0)[0])


class Server(ThreadingHTTPServer):
    """Sends everybody to ``elsewhere``, and remembers who came."""

    daemon_threads = True

    def __init__(self, elsewhere: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.elsewhere = elsewhere
        self.calls: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.calls.append(self.command)
        self.send_response(307)
        self.send_header("Location", self.server.elsewhere)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PUT = do_HEAD = do_GET  # noqa: N815 - names that the base class looks for

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def server(elsewhere: str) -> Iterator[Server]:
    """Such a server on a free loopback port."""
    made = Server(elsewhere)
    thread = Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.shutdown()
        made.server_close()
        thread.join(5)


@dataclass
class _AsTyped(Offline):
    """Settings as they were typed: what a form would refuse must not be called either."""

    typed: dict[str, Any] = field(default_factory=dict)

    def settings_of(self, plugin: str, business_id: int) -> Any:
        usual = {name: each.default for name, each in self.plugin.settings.model_fields.items()}
        return self.plugin.settings.model_construct(**{**usual, **self.typed})


def context(plugin: type[Plugin], **typed: Any) -> Context[Any]:
    """What a plugin is called with, its settings taken as they are."""
    log = LoggerAdapter(getLogger(f"invoicer.plugin.{plugin.name}"), {})
    return Context(plugin.name, 1, log, _AsTyped(plugin, typed=typed))


class StaysOutside:
    """Inherit it, say how the plugin is made to call, and which variable is the operator's."""

    env: ClassVar[str]

    def call(self, address: str) -> None:
        """Have the plugin do something at this address from its settings, as a worker would."""
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def name_server(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Names that lead inside."""
        monkeypatch.setattr(socket, "getaddrinfo", NameServer())

    @pytest.fixture
    def listener(self) -> Iterator[Listener]:
        """Somebody inside."""
        with ExitStack() as stack:
            yield Listener(stack)

    @pytest.mark.parametrize("host", [*HOSTS, *NAMES])
    def test_nobody_inside_is_called(self, listener: Listener, host: str) -> None:
        for scheme in ("https", "http"):
            with installation(), pytest.raises((PermanentFailure, RetryLater)):
                self.call(f"{scheme}://{host}:{listener.port}")
        assert not listener.is_called()

    @pytest.mark.parametrize("host", TURNCOATS)
    def test_a_name_that_changes_its_mind_leads_nowhere(
        self, listener: Listener, host: str
    ) -> None:
        with installation(), pytest.raises((PermanentFailure, RetryLater)):
            self.call(f"https://{host}:{listener.port}")
        assert not listener.is_called()
        # Nothing but what was checked; the tests' own guard of the network refused it.
        assert set(network.outside) <= {f"{PUBLIC}:{listener.port}"}
        network.outside.clear()

    def test_a_redirect_leads_nowhere(self) -> None:
        with server("http://10.0.0.7/latest/meta-data") as there:
            with installation(demo=True), pytest.raises(FAILURES):
                self.call(there.url)
            assert there.calls
        assert network.outside == []

    def test_what_the_operator_chose_is_called(self) -> None:
        with server("/") as there, suppress(*FAILURES), installation({self.env: there.url}):
            self.call(there.url)
        assert there.calls

    def test_another_address_than_the_operators_is_not(self, listener: Listener) -> None:
        chosen = {self.env: "http://127.0.0.1:1"}
        with installation(chosen), pytest.raises(PermanentFailure):
            self.call(f"http://127.0.0.1:{listener.port}")
        assert not listener.is_called()


@contextmanager
def installation(environ: Mapping[str, str] | None = None, *, demo: bool = False) -> Iterator[None]:
    """Somebody's, with this in its environment."""
    app = Flask("inside")
    app.extensions["invoicer.config"] = Config(
        data=Path("nowhere"), secret_keys=("x" * 32,), demo=demo, plugin_environ=environ or {}
    )
    with app.app_context():
        yield

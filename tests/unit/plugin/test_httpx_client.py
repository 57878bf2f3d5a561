"""The client that plugins give to libraries which are built on httpx."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import httpx2 as httpx
import pytest

from invoicer_core.plugin.httpx_client import client
from tests import network

LONGEST = 1_000


class Service(ThreadingHTTPServer):
    """Answers by path: ``/bytes/<many>``, ``/elsewhere`` with a redirect, ``/drops`` a byte at a
    time until ``enough``. ``asked`` are the paths and hosts that were asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.asked: list[tuple[str, str | None]] = []
        self.enough = Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Answers(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Host"]))
        if self.path == "/drops":
            self._drop()
            return
        many = int(self.path.rpartition("/")[2]) if self.path.startswith("/bytes/") else 0
        self.send_response(302 if self.path == "/elsewhere" else 200)
        self.send_header("Location", "/bytes/1")
        self.send_header("Content-Length", str(many))
        self.end_headers()
        self.wfile.write(b"x" * many)

    def _drop(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while not self.server.enough.wait(0.02):
                self.wfile.write(b"x")
        except OSError:
            self.server.enough.set()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def service() -> Iterator[Service]:
    server = Service()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.enough.set()
    server.shutdown()
    server.server_close()


def test_the_address_that_was_checked_is_the_one_that_is_asked(service: Service) -> None:
    named = f"rebound.invalid:{service.port}"
    with client(20, "127.0.0.1", LONGEST) as http:
        assert http.get(f"http://{named}/bytes/3").text == "xxx"
    assert service.asked == [("/bytes/3", named)]
    assert "rebound.invalid" not in network.names


def test_without_a_pinned_address_the_name_is_asked(service: Service) -> None:
    with client(20, None, LONGEST) as http:
        assert http.get(f"http://localhost:{service.port}/bytes/3").text == "xxx"


def test_an_answer_has_a_greatest_length(service: Service) -> None:
    with client(20, "127.0.0.1", LONGEST) as http:
        assert len(http.get(f"http://a.invalid:{service.port}/bytes/{LONGEST}").content) == LONGEST
        with pytest.raises(httpx.ReadError, match="too large"):
            http.get(f"http://a.invalid:{service.port}/bytes/{LONGEST + 1}")


def test_a_byte_at_a_time_is_cut_off(service: Service) -> None:
    with client(0.4, "127.0.0.1", 1_000_000) as http:
        with pytest.raises(httpx.ReadTimeout, match="too long"):
            http.get(f"http://a.invalid:{service.port}/drops")
    assert service.enough.wait(10), "the connection was left open"


def test_no_redirect_is_followed(service: Service) -> None:
    with client(20, "127.0.0.1", LONGEST) as http:
        assert http.get(f"http://a.invalid:{service.port}/elsewhere").status_code == 302
    assert [path for path, _host in service.asked] == ["/elsewhere"]

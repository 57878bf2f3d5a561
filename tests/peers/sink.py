"""A receiver of webhooks: keeps what it is told, and can refuse, redirect, wait or hang up."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Literal

Mood = Literal["takes", "fails", "is gone", "sends elsewhere", "waits", "hangs up"]
ANSWERS = {"takes": 200, "fails": 503, "is gone": 410, "sends elsewhere": 302, "waits": 200}


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


class Sink(ThreadingHTTPServer):
    """``mood`` says what it does with the next calls; ``calls`` are all that came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.mood: Mood = "takes"
        self.calls: list[Call] = []
        self.come = Event()
        self.go_on = Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook?key=1"

    def bodies(self, word: str) -> list[Call]:
        """The calls whose bodies hold a word."""
        return [call for call in list(self.calls) if word.encode() in call.body]


class _Handler(BaseHTTPRequestHandler):
    server: Sink

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        mood = self.server.mood
        self.server.calls.append(Call(self.path, headers, body))
        self.server.come.set()
        if mood == "waits":
            self.server.go_on.wait(60)
        if mood == "hangs up":
            self.connection.close()
            return
        said = f"I {mood} <b>so</b>".encode()
        self.send_response(ANSWERS[mood])
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def sink() -> Iterator[Sink]:
    """A receiver on a free loopback port."""
    server = Sink()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.go_on.set()
        server.shutdown()
        server.server_close()

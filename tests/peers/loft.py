"""A loft of pigeons on a loopback port: takes messages, and tells what became of them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

RING = "copper"


@dataclass
class Loft:
    """``birds`` by id: to whom they fly with what, and where the news of them are wanted."""

    url: str = ""
    birds: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: int = 0

    def fly(self, bird: dict[str, Any]) -> dict[str, Any]:
        """A bird leaves; with a key that is known, none does."""
        known = next((each for each in self.birds.values() if each["key"] == bird["key"]), None)
        if known is None:
            known = {**bird, "id": f"bird-{len(self.birds) + 1}-{bird['key']}", "state": "flying"}
            self.birds[known["id"]] = known
        return known

    def to(self, recipient: str) -> list[dict[str, Any]]:
        """The birds that fly to somebody, oldest first."""
        return [each for each in self.birds.values() if each["to"] == recipient]

    def tell(self, bird: dict[str, Any], state: str, reason: str | None = None) -> int:
        """What became of a bird; the status that the business answers."""
        bird["state"] = state
        return self.call(bird["news"], {"id": bird["id"], "state": state, "reason": reason})

    def answer(self, bird: dict[str, Any], text: str) -> int:
        """Who got a bird sends one back."""
        said = {"id": f"back-{self.calls + 1}", "from": bird["to"], "text": text}
        return self.call(bird["news"], said)

    def call(self, address: str, told: dict[str, Any], ring: str = RING) -> int:
        """One call of the business."""
        self.calls += 1
        headers = {"Ring": ring, "Event": f"{id(self)}-{self.calls}"}
        request = Request(address, json.dumps(told).encode(), headers)  # noqa: S310 - loopback
        with urlopen(request, timeout=10) as answer:  # noqa: S310
            return int(answer.status)


class Handler(BaseHTTPRequestHandler):
    """Speaks for the loft of its server."""

    loft: Loft

    def do_GET(self) -> None:
        wanted = self.path.removeprefix("/birds/")
        every = self.loft.birds.values()
        found = next((each for each in every if wanted in (each["id"], each["key"])), None)
        self._answer(404 if found is None else 200, found or {})

    def do_POST(self) -> None:
        bird = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        if not bird.get("to") or not bird.get("text"):
            self._answer(422, {})
            return
        self._answer(200, self.loft.fly(bird))

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Nobody reads it."""


@contextmanager
def loft_peer() -> Iterator[Loft]:
    """A loft on a free loopback port."""
    loft = Loft()
    handler = type("LoftHandler", (Handler,), {"loft": loft})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    loft.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield loft
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)

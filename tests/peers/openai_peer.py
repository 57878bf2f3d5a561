"""An AI service of our own over a real socket: it answers what a test puts into ``script``.

A part of the script is a text, a whole message (dict), a status with headers, or seconds to wait.
"""

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

from PIL import Image

FLAGGED = "forbidden words"


@dataclass(frozen=True)
class Fault:
    """Answer with this status, or after ``wait`` seconds at most, or with these bytes; ``endless``
    ones come again and again, with that wait between them."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0
    body: bytes | None = None
    endless: bytes = b""


@dataclass
class ModelPeer:
    """The service: what it will say, and what it was asked."""

    url: str = ""
    script: list[Any] = field(default_factory=list)
    journal: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    judge: Fault | None = None
    """What moderation does instead of answering."""
    closing: threading.Event = field(default_factory=threading.Event)

    def clear(self) -> None:
        """As new."""
        self.script.clear()
        self.journal.clear()
        self.judge = None

    def asked(self, path: str = "/v1/chat/completions") -> list[dict[str, Any]]:
        """The bodies that came to an address."""
        return [body for where, body in self.journal if where == path]


@contextmanager
def openai_peer(port: int = 0) -> Iterator[ModelPeer]:
    """Runs for the block; on any free port unless one is given."""
    peer = ModelPeer()
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(peer))
    server.daemon_threads = True
    peer.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        peer.closing.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    peer: ModelPeer

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = json.loads(self.rfile.read(length))
        self.peer.journal.append((self.path, body))
        if self.path.endswith("/moderations") and self.peer.judge is not None:
            self.fail(self.peer.judge)
            return
        if self.path.endswith("/moderations"):
            flagged = FLAGGED in str(body["input"])
            self.answer({"id": "m", "model": "m", "results": [{"flagged": flagged}]})
            return
        part = self.peer.script.pop(0) if self.peer.script else "Nothing was scripted."
        if isinstance(part, Fault):
            self.fail(part)
        elif self.path.endswith("/images/generations"):
            self.answer({"created": 1, "data": [{"b64_json": picture()}]})
        elif body.get("stream"):
            self.stream(str(part))
        else:
            self.answer(_completion(part))

    def fail(self, fault: Fault) -> None:
        if fault.endless:
            self.go_on(fault)
            return
        self.peer.closing.wait(fault.wait)
        data = fault.body if fault.body is not None else b'{"error": {"message": "secret"}}'
        self.answer(data, fault.status, fault.headers)

    def go_on(self, fault: Fault) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        with suppress(OSError):
            while not self.peer.closing.wait(fault.wait):
                self.wfile.write(fault.endless)

    def answer(self, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            self.close_connection = True

    def stream(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        base = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        for word in text.split(" "):
            delta = {"index": 0, "delta": {"content": f"{word} "}, "finish_reason": None}
            self.event({**base, "choices": [delta]})
        self.event({**base, "choices": [], "usage": _usage()})
        self.wfile.write(b"data: [DONE]\n\n")

    def event(self, data: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps(data).encode() + b"\n\n")

    def log_message(self, *arguments: Any) -> None:
        """Nobody reads it."""


def _handler(peer: ModelPeer) -> type[BaseHTTPRequestHandler]:
    return type("Handler", (_Handler,), {"peer": peer})


def _usage() -> dict[str, int]:
    return {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}


def _completion(part: Any) -> dict[str, Any]:
    message = part if isinstance(part, dict) else {"content": part}
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
        ],
        "usage": _usage(),
    }


def picture() -> str:
    """A small one, in base64."""
    data = BytesIO()
    Image.new("RGB", (64, 32), "orange").save(data, "PNG")
    return b64encode(data.getvalue()).decode()

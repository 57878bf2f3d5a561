"""A payment provider on a loopback port: sales, a page to pay them on, and what became of them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Literal

Mood = Literal["works", "refuses", "stumbles", "forgets", "runs"]
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Till</title>
<meta name="viewport" content="width=device-width"><h1>The Till</h1>
<p>{what}: {amount} {currency}</p>
<form method="post" action="{path}/paid"><button>Pay now</button></form>
<form method="post" action="{path}/refused"><button>Refuse</button></form>
<a href="{cancel}">Cancel</a></html>"""


class Till:
    """``sales`` by id. ``mood``: works; refuses or stumbles or forgets at the start of a sale; runs
    a script instead of a page."""

    def __init__(self) -> None:
        self.url = ""
        self.mood: Mood = "works"
        self.sales: dict[str, dict[str, Any]] = {}
        self.asked = 0
        self.referrers: list[str | None] = []

    def open(self, sale: dict[str, Any]) -> dict[str, Any]:
        """A new sale, or the one of the same key."""
        known = next((each for each in self.sales.values() if each["key"] == sale["key"]), None)
        if known is None:
            number = f"sale-{sale['key']}"
            page = f"{self.url}/pay/{number}"
            known = {
                **sale,
                "id": number,
                "state": "open",
                "url": "javascript:alert(1)" if self.mood == "runs" else page,
            }
            self.sales[number] = known
        return known

    def only(self) -> dict[str, Any]:
        """The one sale there is."""
        (found,) = self.sales.values()
        return found


class Handler(BaseHTTPRequestHandler):
    """Speaks for the till of its server."""

    till: Till

    def do_GET(self) -> None:
        kind, _, number = self.path.strip("/").partition("/")
        sale = self.till.sales.get(number)
        if self.path == "/favicon.ico":
            self._answer(200, b"", "image/x-icon")
        elif sale is None:
            self._answer(404, b"{}")
        elif kind == "sales":
            self.till.asked += 1
            self._answer(200, json.dumps(sale).encode())
        else:
            self.till.referrers.append(self.headers.get("Referer"))
            shown = {name: escape(str(value)) for name, value in sale.items()}
            page = PAGE.format(path=f"/pay/{number}", **shown)
            self._answer(200, page.encode(), "text/html")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = self.path.strip("/").split("/")
        if parts[0] == "sales":
            self._open(json.loads(body))
            return
        sale = self.till.sales[parts[1]]
        sale["state"] = parts[2]
        self.send_response(303)
        self.send_header("Location", sale["back"])
        self.end_headers()

    def _open(self, sale: dict[str, Any]) -> None:
        status = {"refuses": 402, "stumbles": 500, "forgets": 504}.get(self.till.mood, 200)
        answer = self.till.open(sale) if status == 200 else {}
        self._answer(status, json.dumps(answer).encode())

    def _answer(self, status: int, body: bytes, media_type: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Nobody reads it."""


@contextmanager
def till_peer() -> Iterator[Till]:
    """A till on a free loopback port."""
    till = Till()
    handler = type("TillHandler", (Handler,), {"till": till})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    till.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield till
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)

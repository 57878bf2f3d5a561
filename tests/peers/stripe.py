"""Stripe on a loopback port: its API, its hosted pay page and its events.

Every request is checked against the types of Stripe's own library. For people::

    python -m tests.peers.stripe --port 4242
"""

import argparse
import contextlib
import json
import select
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, RLock, Thread
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from tests.peers.stripe_books import Books, new_id, shown
from tests.peers.stripe_events import API_VERSION, Endpoint, Post
from tests.peers.stripe_pages import front_page, pay_page
from tests.peers.stripe_params import decoded, problem
from tests.peers.stripe_routes import ROUTES
from tests.peers.stripe_rules import Refused, Thing

Mood = Literal["works", "slow", "drops", "forgets", "busy", "broken", "down"]
"""slow: answers after ``delay`` seconds; drops: does it and hangs up; forgets: does it and answers
after ``delay``; busy: 429; broken: 500 before the effect; down: hangs up before the effect."""

SLOTS: Final = {"busy": (429, "rate_limit"), "broken": (500, "api_error")}


class StripePeer:
    """``books`` is what it knows, ``post`` its events, ``calls`` the requests that were accepted.

    ``mood`` holds for the next ``moody`` requests that change something; None: until it is set
    anew.
    """

    def __init__(self) -> None:
        self.url = ""
        self.post = Post()
        self.books = Books("", self.post.tell)
        self.mood: Mood = "works"
        self.moody: int | None = None
        self.delay = 1.0
        self.released = Event()
        self.calls: list[tuple[str, str, Thing]] = []
        self.refused_keys: set[str] = set()
        self.lock = RLock()
        self._answers: dict[tuple[str, str], tuple[str, int, Thing]] = {}

    def listen(
        self, url: str, account: str, secret: str = "", events: tuple[str, ...] = ()
    ) -> Endpoint:
        """Send an account's events there."""
        made = Endpoint(url, secret or f"whsec_{new_id('x')[2:]}", account, events)
        self.post.endpoints.append(made)
        return made

    def mood_of(self, method: str) -> Mood:
        """The mood for this request."""
        with self.lock:
            if self.mood == "works" or (method != "POST" and self.moody is not None):
                return "works"
            if self.moody is None:
                return self.mood
            if self.moody <= 0:
                return "works"
            self.moody -= 1
            return self.mood

    def answer(
        self, method: str, path: str, body: str, account: str, key: str | None
    ) -> tuple[int, Thing]:
        """An API request, once per idempotency key."""
        mark = f"{method} {path} {body}"
        with self.lock:
            kept = self._answers.get((account, key)) if key and method == "POST" else None
            if kept is not None:
                if kept[0] != mark:
                    error = {
                        "type": "idempotency_error",
                        "message": "Keys for idempotent requests can only be used with the same"
                        " parameters they were first used with.",
                    }
                    return 400, {"error": error}
                return kept[1], kept[2]
            status, found = self._done(method, path, body, account)
            answer: Thing = json.loads(json.dumps(shown(found)))
            if key and method == "POST" and status != 400:
                self._answers[account, key] = (mark, status, answer)
            return status, answer

    def _done(self, method: str, path: str, body: str, account: str) -> tuple[int, Thing]:
        try:
            given = decoded(body)
            for route in ROUTES:
                found = route.match(method, path)
                if found is not None:
                    wrong = problem(route.params, given)
                    if wrong:
                        raise Refused(wrong, "parameter_unknown")
                    self.calls.append((method, path, given))
                    return 200, route.work(self, account, given, *found)
            raise Refused(f"Unrecognized request URL ({method}: {path}).", "", 404)
        except Refused as refused:
            return refused.status, {"error": refused.error}
        except (ValueError, KeyError, TypeError) as error:
            return 400, {"error": {"type": "invalid_request_error", "message": repr(error)}}

    # --- what happens at Stripe's own pages

    def pay(self, session: Thing, card: str = "works") -> bool:
        """The payer pays."""
        with self.lock:
            return self.books.pay_session(session, card)

    def sessions(self, **like: Any) -> list[Thing]:
        """Every session, newest first."""
        found = [each for each in self.books.objects.values()
                 if each["object"] == "checkout.session"]  # fmt: skip
        return [e for e in reversed(found) if all(e.get(n) == v for n, v in like.items())]

    def intent_of(self, session: Thing) -> Thing:
        """The payment of a session that was paid."""
        return self.books.objects[session["payment_intent"]]

    def refund(self, intent: Thing, amount: int) -> Thing:
        """Somebody gives money back in Stripe's dashboard."""
        with self.lock:
            given = {"payment_intent": intent["id"], "amount": str(amount)}
            return self.books.give_back(given, self.books.account[intent["id"]])


class Handler(BaseHTTPRequestHandler):
    """Speaks for the peer of its server."""

    peer: StripePeer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        split = urlsplit(self.path)
        if split.path.startswith("/v1/"):
            self._api("GET", split.path, split.query)
        elif split.path.startswith("/pay/"):
            self._page(split.path.removeprefix("/pay/"))
        elif split.path == "/":
            self._html(200, front_page(self.peer))
        else:
            self._send(404, b"", "text/plain")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        path = urlsplit(self.path).path
        if path.startswith("/v1/"):
            self._api("POST", path, body)
        elif path.startswith("/pay/"):
            _, number, what = path.strip("/").split("/")
            self._paid(number, what)
        elif path == "/desk":
            self._desk(decoded(body))
        else:
            self._send(404, b"", "text/plain")

    def do_DELETE(self) -> None:
        self._api("DELETE", urlsplit(self.path).path, "")

    def _api(self, method: str, path: str, body: str) -> None:
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if not key.startswith(("sk_", "rk_")) or key in self.peer.refused_keys:
            error = {"type": "invalid_request_error", "message": "Invalid API Key provided."}
            self._json(401, {"error": error})
            return
        mood = self.peer.mood_of(method)
        if mood == "down":
            self.close_connection = True
            return
        if mood in SLOTS:
            status, kind = SLOTS[mood]
            self._json(status, {"error": {"type": kind, "message": "Try again later."}})
            return
        if mood == "slow":
            self.peer.released.wait(self.peer.delay)
        idempotency = self.headers.get("Idempotency-Key")
        status, answer = self.peer.answer(method, path, body, key, idempotency)
        if mood == "drops":
            self.close_connection = True
            return
        if mood == "forgets":
            self.peer.released.wait(self.peer.delay)
        self._json(status, answer)

    # --- pages

    def _page(self, number: str, problem_: str = "") -> None:
        session = self.peer.books.objects.get(number)
        if session is None or session["object"] != "checkout.session":
            self._html(404, "<h1>Nothing here</h1>")
            return
        self._html(200 if session["status"] == "open" else 410, pay_page(session, problem_))

    def _paid(self, number: str, card: str) -> None:
        session = self.peer.books.objects[number]
        try:
            if not self.peer.pay(session, card):
                self._page(number, "Your card was declined.")
                return
        except Refused:
            self._page(number)
            return
        self._lead(session["success_url"].replace("{CHECKOUT_SESSION_ID}", number))

    def _desk(self, given: Thing) -> None:
        """What the owner of the account does in the dashboard."""
        thing = self.peer.books.objects.get(given.get("id", ""))
        with contextlib.suppress(Refused):
            if given.get("do") == "listen":
                self.peer.listen(given["url"], given["account"], given["secret"])
            elif thing is not None and given.get("do") == "refund":
                self.peer.refund(thing, int(given["amount"]))
            elif thing is not None and given.get("do") == "contest":
                self.peer.books.contest(thing)
            elif thing is not None and given.get("do") in ("won", "lost"):
                self.peer.books.close(thing, given["do"])
        self._lead("/")

    # --- answers

    def _lead(self, address: str) -> None:
        self.send_response(303)
        self.send_header("Location", address)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _html(self, status: int, page: str) -> None:
        self._send(status, page.encode(), "text/html; charset=utf-8")

    def _json(self, status: int, answer: Thing) -> None:
        self._send(status, json.dumps(answer).encode(), "application/json")

    def _send(self, status: int, body: bytes, media_type: str) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Request-Id", new_id("req"))
            self.send_header("Stripe-Version", API_VERSION)
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Nobody reads it."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


@contextmanager
def stripe_peer(port: int = 0) -> Iterator[StripePeer]:
    """A Stripe of one's own on a loopback port."""
    peer = StripePeer()
    server = _Server(("127.0.0.1", port), type("StripeHandler", (Handler,), {"peer": peer}))
    peer.url = peer.books.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        peer.released.set()
        peer.post.close()
        server.shutdown()
        server.server_close()
        thread.join(5)


def main() -> None:
    """Serve until the process is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=4242)
    parser.add_argument(
        "--listen", action="append", default=[], metavar="KEY,SECRET,URL",
        help="send the events of this secret key's account there; may be repeated",
    )  # fmt: skip
    chosen = parser.parse_args()
    with stripe_peer(chosen.port) as peer:
        for each in chosen.listen:
            account, secret, url = each.split(",", 2)
            peer.listen(url, account, secret)
        print(f"stripe peer at {peer.url}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                select.select([], [], [], 3600)


if __name__ == "__main__":
    main()

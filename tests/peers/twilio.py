"""Twilio on a loopback port: text messages, calls, and what it calls back, all of it checked.

``python -m tests.peers.twilio --port N`` serves it for people, with a page of what went out.
"""

import argparse
import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from tests.peers import twilio_page
from tests.peers.twilio_rules import (
    START_WORDS,
    STOP_WORDS,
    Answer,
    Refused,
    against_the_specification,
    call_back,
    check_call,
    check_message,
)
from tests.peers.voice import Call, Exchange

Mood = Literal[
    "works",
    "hasty",
    "busy",
    "fault",
    "fault after",
    "away",
    "hangs",
    "hangs up",
    "garbles",
    "closes",
]
ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "twilio-peer-auth-token-58c1"
NUMBER = "+15005550006"
ORDER = ("queued", "sending", "sent", "delivered", "read")
ENDS = ("delivered", "read", "undelivered", "failed", "canceled")
PATIENCE = 30


@dataclass
class Message:
    """One text message, out or in."""

    sid: str
    to: str
    sender: str
    body: str
    direction: str = "outbound-api"
    status: str = "queued"
    callback: str | None = None
    error: int | None = None
    made: datetime = field(default_factory=lambda: datetime.now(UTC))


class Twilio:
    """An account with its numbers. ``wrong`` collects what no request of ours may be."""

    def __init__(self, account: str = ACCOUNT, token: str = TOKEN, number: str = NUMBER) -> None:
        self.account, self.token, self.number = account, token, number
        self.url = ""
        self.mood: Mood = "works"
        self.automatic = False
        self.incoming: str | None = None
        self.status = "active"
        self.senders: dict[str, str] = {number: number, "MG" + "0" * 32: number, "Atelier": number}
        self.messages: dict[str, Message] = {}
        self.stopped: set[str] = set()
        self.refuses: Refused | None = None
        self.wrong: list[str] = []
        self.asked: list[tuple[str, str]] = []
        self.go_on = threading.Event()
        self.exchange = Exchange(account, token, self.wrong)

    # --- what its people do

    def sent(self) -> list[Message]:
        """What went out, oldest first."""
        return [each for each in self.messages.values() if each.direction == "outbound-api"]

    def only(self) -> Message:
        """The one message that went out."""
        (found,) = self.sent()
        return found

    def advance(self, message: Message, status: str, error: int | None = None) -> Answer:
        """The network reports: never backwards and nothing after the end."""
        assert message.status not in ENDS or (message.status, status) == ("delivered", "read")
        if status in ORDER:
            assert ORDER.index(status) > ORDER.index(message.status)
        message.status, message.error = status, error
        return self.report(message, status, error)

    def report(self, message: Message, status: str, error: int | None = None) -> Answer:
        """A status callback, also one that is late, doubled or out of order."""
        if message.callback is None:
            return Answer(0)
        return call_back(message.callback, self.news(message, status, error), self.token)

    def news(self, message: Message, status: str, error: int | None = None) -> dict[str, str]:
        """The fields of a status callback."""
        fields = {
            "AccountSid": self.account, "ApiVersion": "2010-04-01", "From": message.sender,
            "To": message.to, "MessageSid": message.sid, "SmsSid": message.sid,
            "MessageStatus": status, "SmsStatus": status,
        }  # fmt: skip
        return fields if error is None else {**fields, "ErrorCode": str(error)}

    def reply(self, url: str, sender: str, text: str, **more: str) -> Answer:
        """Somebody writes to our number. What is answered goes out as a message."""
        word = text.strip().upper()
        if word in STOP_WORDS:
            self.stopped.add(sender)
        elif word in START_WORDS:
            self.stopped.discard(sender)
        message = Message(f"SM{uuid4().hex}", self.number, sender, text, "inbound", "received")
        self.messages[message.sid] = message
        return call_back(url, {**self.received(message), **more}, self.token)

    def received(self, message: Message) -> dict[str, str]:
        """The fields of an incoming message."""
        return {
            "AccountSid": self.account, "ApiVersion": "2010-04-01", "Body": message.body,
            "From": message.sender, "To": message.to, "MessageSid": message.sid,
            "SmsSid": message.sid, "SmsMessageSid": message.sid, "SmsStatus": "received",
            "NumMedia": "0", "NumSegments": "1",
        }  # fmt: skip

    # --- what its API does

    def make_message(self, form: list[tuple[str, str]]) -> dict[str, Any]:
        """Raises Refused."""
        given = check_message(form, self.senders)
        if given["To"] in self.stopped:
            raise Refused(21610, "Attempt to send to unsubscribed recipient")
        sender = given.get("From") or self.senders[given["MessagingServiceSid"]]
        made = Message(
            f"SM{uuid4().hex}", given["To"], sender, given["Body"],
            callback=given.get("StatusCallback"),
        )  # fmt: skip
        self.messages[made.sid] = made
        if self.automatic:
            threading.Thread(target=self._deliver, args=(made,), daemon=True).start()
        return self.shown(made)

    def make_call(self, form: list[tuple[str, str]]) -> dict[str, Any]:
        """Raises Refused."""
        given = check_call(form, self.senders)
        events = tuple(value for name, value in form if name == "StatusCallbackEvent")
        return self.shown_call(self.exchange.make(given, events, _mail_date(datetime.now(UTC))))

    def shown(self, message: Message) -> dict[str, Any]:
        """A message as the API shows it."""
        path = f"/2010-04-01/Accounts/{self.account}/Messages/{message.sid}"
        words = None if message.error is None else "Delivery failed"
        return {
            "account_sid": self.account, "api_version": "2010-04-01", "body": message.body,
            "date_created": _mail_date(message.made), "date_updated": _mail_date(message.made),
            "date_sent": None, "direction": message.direction, "error_code": message.error,
            "error_message": words, "from": message.sender, "messaging_service_sid": None,
            "num_media": "0", "num_segments": "1", "price": None, "price_unit": "USD",
            "sid": message.sid, "status": message.status, "to": message.to,
            "subresource_uris": {"media": f"{path}/Media.json"}, "uri": f"{path}.json",
        }  # fmt: skip

    def shown_call(self, call: Call) -> dict[str, Any]:
        """A call as the API shows it."""
        path = f"/2010-04-01/Accounts/{self.account}/Calls/{call.sid}"
        return {
            "account_sid": self.account, "api_version": "2010-04-01", "answered_by": None,
            "caller_name": None, "date_created": call.made_at, "date_updated": call.made_at,
            "direction": "outbound-api", "duration": None, "end_time": None, "from": call.sender,
            "parent_call_sid": None, "phone_number_sid": None, "price": None, "price_unit": "USD",
            "sid": call.sid, "start_time": None, "status": call.status, "subresource_uris": {},
            "to": call.to, "uri": f"{path}.json",
        }  # fmt: skip

    def reply_address(self) -> str | None:
        """Where replies go: as told, else beside where the newest message reports to."""
        callbacks = [each.callback for each in self.sent() if each.callback]
        if self.incoming or not callbacks:
            return self.incoming
        return callbacks[-1].partition("?")[0].replace("/status/", "/incoming/")

    def _deliver(self, message: Message) -> None:
        for status in ("sent", "delivered"):
            self.go_on.wait(0.7)
            self.advance(message, status)


def _mail_date(moment: datetime) -> str:
    return format_datetime(moment)


class Handler(BaseHTTPRequestHandler):
    """Speaks for the Twilio of its server."""

    twilio: Twilio
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = urlsplit(self.path)
        if not path.path.startswith("/2010-04-01/"):
            self._answer(200, twilio_page.page(self.twilio), "text/html")
            return
        self.twilio.asked.append(("GET", path.path))
        self.twilio.wrong += against_the_specification("GET", path.path, path.query, b"")
        self._careful(lambda: self._read(path.path, dict(parse_qsl(path.query))))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        form = parse_qsl(body.decode(), keep_blank_values=True)
        path = urlsplit(self.path).path
        if not path.startswith("/2010-04-01/"):
            twilio_page.act(self.twilio, path, dict(form))
            self.send_response(303)
            self.send_header("Location", "/")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.twilio.asked.append(("POST", path))
        self.twilio.wrong += against_the_specification("POST", path, "", body)
        self._careful(lambda: self._write(path, form))

    def _careful(self, work: Any) -> None:
        try:
            self._authenticated()
            if self.twilio.refuses is not None:
                raise self.twilio.refuses
            before = {"busy": (20429, 429), "fault": (20500, 500), "away": (20503, 503)}
            if self.twilio.mood in before:
                code, status = before[self.twilio.mood]
                raise Refused(code, self.twilio.mood, status)
            if self.twilio.mood == "closes":
                self.close_connection = True
                return
            status, found = work()
        except Refused as refusal:
            self._json(refusal.status, refusal.body())
            return
        self._after(status, found)

    def _after(self, status: int, found: dict[str, Any]) -> None:
        """The work is done; the answer may still be lost."""
        mood, made = self.twilio.mood, self.twilio.messages.get(str(found.get("sid")))
        if mood == "hasty" and made is not None and made.status == "queued":
            self.twilio.advance(made, "delivered")
        if mood == "hangs up":
            self.close_connection = True
        elif mood == "hangs":
            self.twilio.go_on.wait(PATIENCE)
            self.close_connection = True
        elif mood == "garbles":
            self._answer(status, '{"sid": "SM', "application/json")
        elif mood == "fault after":
            self._json(500, Refused(20500, "Internal Server Error", 500).body())
        else:
            self._json(status, found)

    def _authenticated(self) -> None:
        wanted = base64.b64encode(f"{self.twilio.account}:{self.twilio.token}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {wanted}":
            raise Refused(20003, "Authenticate", 401)
        if f"/Accounts/{self.twilio.account}" not in self.path:
            raise Refused(20404, "The requested resource was not found", 404)

    def _read(self, path: str, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        twilio, last = self.twilio, path.rpartition("/")[2].removesuffix(".json")
        if last == "Messages":
            found = [twilio.shown(each) for each in twilio.messages.values()]
            return 200, self._page("messages", found, query)
        if last == "Calls":
            calls = [twilio.shown_call(each) for each in twilio.exchange.calls.values()]
            return 200, self._page("calls", calls, query)
        if last == twilio.account:
            name = {"sid": last, "friendly_name": "Peer", "status": twilio.status, "type": "Full"}
            return 200, name
        if last in twilio.messages:
            return 200, twilio.shown(twilio.messages[last])
        if last in twilio.exchange.calls:
            return 200, twilio.shown_call(twilio.exchange.calls[last])
        raise Refused(20404, "The requested resource was not found", 404)

    def _page(self, name: str, found: list[Any], query: dict[str, str]) -> dict[str, Any]:
        """Newest first, as far as they are asked for; one page holds them all."""
        wanted = [
            each
            for each in reversed(found)
            if query.get("To") in (None, each["to"]) and query.get("From") in (None, each["from"])
        ]
        return {name: wanted, "page": 0, "page_size": 1000, "next_page_uri": None}

    def _write(self, path: str, form: list[tuple[str, str]]) -> tuple[int, dict[str, Any]]:
        if path.endswith("/Messages.json"):
            return 201, self.twilio.make_message(form)
        if path.endswith("/Calls.json"):
            return 201, self.twilio.make_call(form)
        raise Refused(20404, "The requested resource was not found", 404)

    def _json(self, status: int, found: dict[str, Any]) -> None:
        self._answer(status, json.dumps(found), "application/json")

    def _answer(self, status: int, text: str, media_type: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{media_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Nobody reads it."""


@contextmanager
def twilio_peer(port: int = 0, **given: str) -> Iterator[Twilio]:
    """A Twilio on a loopback port."""
    twilio = Twilio(**given)
    handler = type("TwilioHandler", (Handler,), {"twilio": twilio})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    twilio.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield twilio
    finally:
        twilio.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="A Twilio on this machine")
    parser.add_argument("--port", type=int, default=4101)
    parser.add_argument("--account", default=ACCOUNT)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--incoming", help="where replies go; else found out from what is sent")
    chosen = parser.parse_args()
    with twilio_peer(chosen.port, account=chosen.account, token=chosen.token) as twilio:
        twilio.automatic, twilio.incoming = True, chosen.incoming
        print(f"twilio peer ready on {twilio.url}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()

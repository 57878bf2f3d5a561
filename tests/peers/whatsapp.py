"""Meta's WhatsApp Cloud API (v23.0) on a loopback port, with the phones of the people behind it.

It keeps media and messages, refuses what Meta refuses, and calls a webhook with signed statuses
and replies: repeated, reordered, batched on demand. For people:
``python -m tests.peers.whatsapp --port 4301 --callback http://127.0.0.1:8000/hooks/whatsapp/meta``.
"""

import argparse
import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Literal

import requests
from flask import Flask, Request
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.peers.whatsapp_api import application
from tests.peers.whatsapp_rules import (
    DOCUMENT_TYPES,
    Refused,
    Template,
    check_message,
    check_template,
    documents_of,
)

WINDOW = timedelta(hours=24)
Mood = Literal["works", "stumbles", "is busy", "is down", "waits", "forgets", "hangs up"]
Value = dict[str, Any]


@dataclass
class Media:
    """An uploaded file."""

    id: str
    filename: str
    media_type: str
    data: bytes


@dataclass
class Sent:
    """A message that was taken, and what its recipient has seen of it."""

    id: str
    to: str
    body: Mapping[str, Any]
    at: datetime
    state: str = "accepted"
    media: Media | None = None


@dataclass
class WhatsApp:
    """One business number at Meta. ``mood`` says how the next requests fare; ``absent`` are numbers
    without WhatsApp; ``late`` tells a closed window and an absent number by webhook only, as Meta
    does at times; ``automatic`` reports sent and delivered by itself. ``moody`` names
    what the mood is about: ``messages``, ``upload``; ``before_answer`` is called with each message
    that was taken, before who sent it has its answer."""

    token: str = "EAAG-peer-token-0123456789abcdef"
    app_secret: str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
    verify_token: str = "peer-verify-token"
    phone_id: str = "106540352242922"
    number: str = "15550783881"
    account: str = "419561257915477"
    callback: str | None = None
    mood: Mood = "works"
    moody: tuple[str, ...] = ("messages", "upload", "thing", "forget", "download")
    before_answer: Callable[["Sent"], None] | None = None
    late: bool = False
    automatic: bool = False
    url: str = ""
    shift: timedelta = timedelta(0)
    templates: dict[tuple[str, str], Template] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    media: dict[str, Media] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    inbound: list[Value] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)
    _ids: Iterator[int] = field(default_factory=lambda: count(1))
    _lock: threading.RLock = field(default_factory=threading.RLock)

    # --- what the API does

    def take(self, message: Any) -> dict[str, Any]:
        """A message, as the business posts it."""
        check_message(message)
        to = message["to"].lstrip("+")
        if to == self.number:
            raise Refused(400, 131021)
        files = [self._file(each) for each in documents_of(message)]
        if message["type"] == "template":
            check_template(message["template"], self.templates)
        refusal = self._refusal(to, message["type"])
        if refusal is not None and not self.late:
            raise Refused(400, *refusal)
        with self._lock:
            kept = Sent(self.new_id(), to, message, self.now(), media=files[0] if files else None)
            self.sent.append(kept)
        if refusal is not None:
            code, details = refusal
            self._soon([self.status(kept, "failed", code=code, details=details)])
        elif self.automatic:
            self._soon([self.status(kept, "sent"), self.status(kept, "delivered")])
        found: dict[str, Any] = {"id": kept.id}
        if message["type"] == "template":
            found["message_status"] = "accepted"
        contacts = [{"input": message["to"], "wa_id": to}]
        if self.before_answer is not None:
            self.before_answer(kept)
        return {"messaging_product": "whatsapp", "contacts": contacts, "messages": [found]}

    def _refusal(self, to: str, kind: str) -> tuple[int, str] | None:
        if to in self.absent:
            return 131026, "Message Undeliverable."
        if kind != "template" and not self.is_open(to):
            hours = "more than 24 hours have passed since the customer last replied"
            return 131047, f"Message failed to send because {hours} to this number."
        return None

    def is_open(self, number: str) -> bool:
        """Whether free text may go to a number: it wrote within the last 24 hours."""
        times = [int(each["timestamp"]) for each in self.inbound if each["from"] == number]
        return bool(times) and self.now().timestamp() - max(times) < WINDOW.total_seconds()

    def upload(self, came: Request) -> dict[str, str]:
        """A file, as multipart/form-data."""
        file = came.files.get("file")
        if came.form.get("messaging_product") != "whatsapp" or file is None:
            raise Refused(400, 100, "The parameters messaging_product and file are required.")
        kind, data = file.mimetype, file.read()
        if kind not in DOCUMENT_TYPES or came.form.get("type", kind) != kind:
            raise Refused(400, 100, f"Param file must be a file with one of {DOCUMENT_TYPES}.")
        if kind == "application/pdf" and not data.startswith(b"%PDF-"):
            raise Refused(400, 131053, "The file is no PDF.")
        kept = Media(str(10**15 + next(self._ids)), file.filename or "", kind, data)
        self.media[kept.id] = kept
        return {"id": kept.id}

    def described(self, media: Media) -> dict[str, Any]:
        """Where a file can be fetched."""
        return {
            "id": media.id,
            "messaging_product": "whatsapp",
            "url": f"{self.url}/media/{media.id}",
            "mime_type": media.media_type,
            "sha256": hashlib.sha256(media.data).hexdigest(),
            "file_size": len(media.data),
        }

    def _file(self, used: Mapping[str, Any]) -> Media:
        found = self.media.get(str(used.get("id")))
        if found is None:
            words = "is not a valid whatsapp business account media attachment ID"
            raise Refused(400, 100, f"Param document['id'] {words}")
        return found

    # --- what it tells the business

    def status(
        self,
        sent: Sent,
        state: str,
        *,
        code: int = 131026,
        details: str = "",
        at: int | None = None,
    ) -> Value:
        """One status of a message, as it stands in a webhook."""
        known: Value = {
            "id": sent.id,
            "status": state,
            "timestamp": str(at if at is not None else int(self.now().timestamp())),
            "recipient_id": sent.to,
        }
        if "biz_opaque_callback_data" in sent.body:
            known["biz_opaque_callback_data"] = sent.body["biz_opaque_callback_data"]
        if state == "failed":
            refused = Refused(400, code, details).body()["error"]
            title = refused["message"].partition(") ")[2]
            error = {"code": code, "title": title, "message": title}
            known["errors"] = [{**error, "error_data": {"details": details}}]
        else:
            known["pricing"] = {"billable": True, "pricing_model": "PMP", "category": "utility"}
        sent.state = state
        return known

    def reply(self, number: str, kind: str = "text", at: int | None = None, **what: Any) -> Value:
        """One message of a person, as it stands in a webhook: ``reply(number, text={...})``."""
        made: Value = {
            "from": number,
            "id": self.new_id(),
            "timestamp": str(at if at is not None else int(self.now().timestamp())),
            "type": kind,
            **what,
        }
        if kind in ("interactive", "button"):
            asked = self.sent[-1].id if self.sent else self.new_id()
            made.setdefault("context", {"from": self.number, "id": asked})
        self.inbound.append(made)
        return made

    def envelope(self, items: Sequence[Value], *, together: bool = True, **odd: str) -> bytes:
        """The body of a call: all items in one change, or each in an entry of its own."""
        groups = [list(items)] if together else [[item] for item in items]
        entries = [
            {"id": odd.get("account", self.account), "changes": self._changes(group, odd)}
            for group in groups
        ]
        return json.dumps({"object": "whatsapp_business_account", "entry": entries}).encode()

    def _changes(self, items: Sequence[Value], odd: Mapping[str, str]) -> list[Value]:
        values = []
        for name in ("messages", "statuses"):
            found = [item for item in items if ("status" in item) == (name == "statuses")]
            if not found:
                continue
            phone_id = odd.get("phone_id", self.phone_id)
            about = {"display_phone_number": self.number, "phone_number_id": phone_id}
            value: Value = {"messaging_product": "whatsapp", "metadata": about, name: found}
            whose = "from" if name == "messages" else "recipient_id"
            people = dict.fromkeys(str(item[whose]) for item in found)
            value["contacts"] = [
                {
                    "profile": {"name": f"Phone {each[-4:]}"},
                    "wa_id": each,
                    "user_id": f"DE.{each}",
                }
                for each in people
            ]
            values.append(value)
        return [{"field": "messages", "value": value} for value in values]

    def signed(self, body: bytes, secret: str | None = None) -> dict[str, str]:
        """The headers of a call."""
        key = (secret or self.app_secret).encode()
        return {
            "Content-Type": "application/json",
            "X-Hub-Signature-256": "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest(),
        }

    def call(self, items: Sequence[Value], *, together: bool = True) -> int:
        """Call the webhook; what it answered."""
        assert self.callback is not None, "nobody subscribed"
        body = self.envelope(items, together=together)
        answer = requests.post(self.callback, body, headers=self.signed(body), timeout=10)
        self.answers.append(answer.status_code)
        return answer.status_code

    def subscribe(self, callback: str) -> bool:
        """Ask who owns the address, as Meta does before it calls it."""
        asked = {
            "hub.mode": "subscribe",
            "hub.challenge": "1158201444",
            "hub.verify_token": self.verify_token,
        }
        answer = requests.get(callback, asked, timeout=10)
        if answer.status_code != 200 or answer.text != "1158201444":
            return False
        self.callback = callback
        return True

    def _soon(self, items: Sequence[Value]) -> None:
        """After the answer to the request that is running."""
        if self.callback is not None:
            timer = threading.Timer(0.2, self._keep_calling, [items])
            timer.daemon = True
            timer.start()

    def _keep_calling(self, items: Sequence[Value]) -> None:
        """Each until it is taken, three times at most; Meta goes on for days."""
        for item in items:
            for _ in range(3):
                with suppress(requests.RequestException):
                    if self.call([item]) == 200:
                        break
                self.go_on.wait(1)

    def now(self) -> datetime:
        """Its clock."""
        return datetime.now(UTC) + self.shift

    def new_id(self) -> str:
        """An id as Meta gives to messages."""
        raw = f"{self.number}-{next(self._ids):012d}".encode()
        return "wamid." + base64.b64encode(raw).decode()

    def only(self) -> Sent:
        """The one message that was taken."""
        (found,) = self.sent
        return found


class Quiet(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nobody reads it."""


@contextmanager
def whatsapp_peer(port: int = 0, **given: Any) -> Iterator[WhatsApp]:
    """A Cloud API on a loopback port."""
    peer = WhatsApp(**given)
    server = make_server("127.0.0.1", port, Flask("later"), threaded=True, request_handler=Quiet)
    peer.url = f"http://127.0.0.1:{server.server_port}"
    server.app = application(peer)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        peer.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="A WhatsApp Cloud API on this machine")
    parser.add_argument("--port", type=int, default=4301)
    parser.add_argument("--callback", help="the webhook's address; it is called without a check")
    chosen = parser.parse_args()
    shipped = {
        (name, language): Template(values=4, document=name != "payment_reminder")
        for name in ("invoice_ready", "payment_reminder", "payment_received", "account_statement")
        for language in ("en", "de", "fr", "es")
    }
    with whatsapp_peer(
        chosen.port, callback=chosen.callback, automatic=True, templates=shipped
    ) as peer:
        print(
            f"whatsapp peer ready on {peer.url}: phone number ID {peer.phone_id}, access token"
            f" {peer.token}, app secret {peer.app_secret}, verify token {peer.verify_token}",
            flush=True,
        )
        threading.Event().wait()


if __name__ == "__main__":
    main()

"""SendGrid on a loopback port: takes mails as its v3 specification says, shows them in an outbox,
knows the records that a domain needs, and signs events about what became of the mails.

Where ``INVOICER_SPECS`` names the folder with SendGrid's own specification
(``sendgrid-mail-v3.json``), each request is checked against it as well.

    python -m tests.peers.sendgrid --port 4310 --tell http://127.0.0.1:8000/hooks/...

With ``--tell`` it calls that webhook about each mail: those to ``bounce@...`` bounce, the others
arrive.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread, Timer
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import urllib3
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from openapi_core import Config, OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest

Mood = Literal["works", "waits", "hangs up", "slow down", "stumbles", "gateway", "refuses"]
API_KEY = "SG.peer-of-tests.0000000000000000000000000000"
MOST = 30_000_000
DEMO_KEY = ec.derive_private_key(
    int.from_bytes(hashlib.sha256(b"the sendgrid of the demo").digest()), ec.SECP256R1()
)
"""What signs for people: always the same, so that it can be entered before it runs."""

TELL_SECONDS = 1.0
ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]+")
MOODS: Mapping[str, tuple[int, str]] = {
    "slow down": (429, "too many requests"),
    "stumbles": (500, "unexpected error"),
    "gateway": (504, "gateway timeout"),
    "refuses": (403, "The from address does not match a verified Sender Identity."),
}
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>SendGrid outbox</title>
<meta name="viewport" content="width=device-width"><h1>Outbox</h1><ul>{lines}</ul></html>"""


@dataclass
class SendGrid:
    """``mails`` it took, newest last. ``domains`` it knows, as its API tells them."""

    url: str = ""
    mood: Mood = "works"
    mails: list[dict[str, Any]] = field(default_factory=list)
    domains: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0
    told: str | None = None
    go_on: Event = field(default_factory=Event)
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    @property
    def event_key(self) -> str:
        """The verification key as SendGrid's page shows it."""
        return shown(self.key)

    def took(self, mail: dict[str, Any]) -> None:
        """Keep a mail; tell of it where somebody wants to hear."""
        self.mails.append(mail)
        if self.told is not None:
            to = mail["body"]["personalizations"][0]["to"][0]["email"]
            kind = "bounce" if to.startswith("bounce@") else "delivered"
            event = self.event(kind, mail, reason="550 5.1.1 nobody of this name")
            Timer(TELL_SECONDS, self.tell, (self.told, event)).start()

    def domain(self, name: str) -> dict[str, Any]:
        """A domain that was added there: three aliases, as for automated security."""
        made = {
            "id": len(self.domains) + 1, "domain": name, "subdomain": "em7", "valid": False,
            "dns": {
                "mail_cname": _alias(f"em7.{name}", "u7.wl.sendgrid.net"),
                "dkim1": _alias(f"s1._domainkey.{name}", "s1.domainkey.u7.wl.sendgrid.net"),
                "dkim2": _alias(f"s2._domainkey.{name}", "s2.domainkey.u7.wl.sendgrid.net"),
            },
        }  # fmt: skip
        self.domains.append(made)
        return made

    def event(
        self, kind: str, mail: Mapping[str, Any] | None = None, **more: Any
    ) -> dict[str, Any]:
        """An event about a mail, the newest unless given."""
        of = mail if mail is not None else self.mails[-1]
        person = of["body"]["personalizations"][0]
        return {
            "event": kind,
            "email": person["to"][0]["email"],
            "timestamp": int(time.time()),
            "sg_event_id": uuid4().hex,
            "sg_message_id": f"{of['id']}.filterdrecv-5f9c.0",
            **person.get("custom_args", {}),
            **more,
        }

    def signed(
        self, events: Any, *, at: int | None = None, body: bytes | None = None
    ) -> tuple[bytes, dict[str, str]]:
        """A call of the event webhook: its body and headers."""
        sent = json.dumps(events).encode() if body is None else body
        moment = str(int(time.time()) if at is None else at)
        made = self.key.sign(moment.encode() + sent, ec.ECDSA(hashes.SHA256()))
        return sent, {
            "Content-Type": "application/json",
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(made).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": moment,
        }

    def tell(self, webhook: str, *events: dict[str, Any]) -> int:
        """Call a webhook; its status."""
        body, headers = self.signed(list(events))
        answer = urllib3.request("POST", webhook, body=body, headers=headers, timeout=10)
        return int(answer.status)


def shown(key: ec.EllipticCurvePrivateKey) -> str:
    """The public half of a key, as SendGrid's page shows it."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    der = key.public_key().public_bytes(serialization.Encoding.DER, form)
    return base64.b64encode(der).decode()


def _alias(host: str, data: str) -> dict[str, Any]:
    return {"valid": False, "type": "cname", "host": host, "data": data}


def problem(body: Any) -> tuple[str, str] | None:
    """Why SendGrid refuses a mail: a sentence and the field. None: it takes it."""
    if not isinstance(body, dict):
        return "The request body must be a JSON object.", ""
    people = body.get("personalizations")
    if not isinstance(people, list) or not 0 < len(people) <= 1000:
        return "The personalizations field is required.", "personalizations"
    for person in people:
        to = person.get("to") if isinstance(person, dict) else None
        if not to:
            return (
                "The to array is required for all personalization objects.",
                "personalizations.0.to",
            )
        if not all(ADDRESS.fullmatch(str(each.get("email", ""))) for each in to):
            return "Does not contain a valid address.", "personalizations.0.to.0.email"
        if not all(isinstance(v, str) for v in person.get("custom_args", {}).values()):
            return "Custom args have to be strings.", "personalizations.0.custom_args"
    if not ADDRESS.fullmatch(str((body.get("from") or {}).get("email", ""))):
        return "The from email does not contain a valid address.", "from.email"
    if not body.get("subject") and not all(each.get("subject") for each in people):
        return "The subject is required.", "subject"
    return _problem_inside(body)


def _problem_inside(body: Mapping[str, Any]) -> tuple[str, str] | None:
    content = body.get("content")
    if not content or not all(each.get("type") and each.get("value") for each in content):
        return "The content value must be a string at least one character.", "content.0.value"
    if "text/plain" in [each["type"] for each in content][1:]:
        return "If present, text/plain must be first.", "content"
    for file in body.get("attachments", ()):
        try:
            base64.b64decode(str(file.get("content")), validate=True)
        except ValueError:
            return "The attachment content must be base64 encoded.", "attachments.0.content"
        if not file.get("content") or not file.get("filename"):
            return "The attachment needs content and filename.", "attachments.0"
    return None


class Specification:
    """SendGrid's own description of its API, where it is at hand."""

    def __init__(self) -> None:
        folder = os.environ.get("INVOICER_SPECS")
        path = Path(folder) / "sendgrid-mail-v3.json" if folder else None
        self.known = None
        if path is not None and path.is_file():
            config = Config(spec_validator_cls=None)
            self.known = OpenAPI.from_dict(json.loads(path.read_text("utf-8")), config=config)

    def problem(self, path: str, headers: Mapping[str, str], body: bytes) -> str | None:
        """What it says against a request."""
        if self.known is None:
            return None
        request = MockRequest(
            "https://api.sendgrid.com", "post", path, headers=dict(headers), data=body,
            content_type="application/json",
        )  # fmt: skip
        try:
            self.known.validate_request(request)
        except OpenAPIError as wrong:
            return f"{wrong} {wrong.__cause__ or ''}"[:500]
        return None


class Handler(BaseHTTPRequestHandler):
    """Speaks for the SendGrid of its server."""

    peer: SendGrid
    spec: Specification

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/":
            lines = "".join(_line(each) for each in reversed(self.peer.mails))
            self._answer(200, PAGE.format(lines=lines).encode(), {"Content-Type": "text/html"})
        elif parts.path == "/v3/whitelabel/domains":
            if self._is_known():
                wanted = parse_qs(parts.query).get("domain", [""])[0]
                found = [each for each in self.peer.domains if wanted in each["domain"]]
                self._answer(200, json.dumps(found).encode())
        else:
            self._refuse(404, "Not Found")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        peer = self.peer
        peer.asked += 1
        if self.path != "/v3/mail/send":
            self._refuse(404, "Not Found")
        elif self._is_known() and not self._is_moody():
            self._take(body)

    def _is_known(self) -> bool:
        if self.headers.get("Authorization") == f"Bearer {API_KEY}":
            return True
        self._refuse(401, "The provided authorization grant is invalid, expired, or revoked")
        return False

    def _is_moody(self) -> bool:
        found = MOODS.get(self.peer.mood)
        if found is None:
            return False
        headers = {"X-RateLimit-Reset": str(int(time.time()) + 30)} if found[0] == 429 else {}
        self._refuse(*found, headers=headers)
        return True

    def _take(self, body: bytes) -> None:
        if len(body) > MOST:
            self._refuse(413, "Payload too large")
            return
        try:
            found = json.loads(body)
        except ValueError:
            self._refuse(400, "Bad Request")
            return
        wrong = problem(found)
        said = self.spec.problem(self.path, dict(self.headers.items()), body)
        if wrong is not None or said is not None:
            self._refuse(400, *(wrong or (str(said), "")))
            return
        number = uuid4().hex[:22]
        self.peer.took({"id": number, "body": found})
        if self.peer.mood == "waits":
            self.peer.go_on.wait(30)
        if self.peer.mood == "hangs up":
            self.close_connection = True
            self.connection.close()
            return
        self._answer(202, b"", {"X-Message-Id": number})

    def _refuse(
        self, status: int, words: str, at: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        body = json.dumps({"errors": [{"message": words, "field": at or None, "help": None}]})
        self._answer(status, body.encode(), headers)

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        with suppress(ConnectionError):  # who asked did not wait
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Nobody reads it."""


def _line(mail: Mapping[str, Any]) -> str:
    body = mail["body"]
    to = ", ".join(each["email"] for each in body["personalizations"][0]["to"])
    text = body["content"][0]["value"]
    files = ", ".join(each["filename"] for each in body.get("attachments", ()))
    shown = [to, body.get("subject", ""), text, files]
    first, *rest = (escape(str(each)) for each in shown)
    return f"<li><strong>{first}</strong>" + "".join(f"<p>{each}</p>" for each in rest) + "</li>"


@contextmanager
def sendgrid_peer(port: int = 0) -> Iterator[SendGrid]:
    """SendGrid on a loopback port; a free one unless given."""
    peer = SendGrid()
    handler = type("SendGridHandler", (Handler,), {"peer": peer, "spec": Specification()})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    peer.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        peer.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def main() -> None:
    """For people, until it is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=4310)
    parser.add_argument("--tell", default=None)
    given = parser.parse_args()
    with sendgrid_peer(given.port) as peer:
        peer.key, peer.told = DEMO_KEY, given.tell
        said = f"SENDGRID_API_URL={peer.url} SENDGRID_API_KEY={API_KEY}"
        said += f" SENDGRID_EVENT_KEY={peer.event_key}"
        print(f"SendGrid listens at {peer.url}: {said}", flush=True)
        Event().wait()


if __name__ == "__main__":
    main()

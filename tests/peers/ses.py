"""Amazon's mail service and its notifications on one loopback port.

Mails are taken by moto's server behind it, which refuses senders that were not verified; this side
can be slow, busy or silent. Notifications are signed here with a key and a certificate of its own,
as SNS signs them (version 2), and sent with the headers and confirmations that SNS sends.
"""

import base64
import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from tests.peers.aws import ACCESS_KEY, REGION, SECRET_KEY, Aws

Mood = Literal["works", "waits", "hangs up", "slow down", "stumbles", "gateway", "paused"]
TOPIC = f"arn:aws:sns:{REGION}:123456789012:mail-events"
SEND = "/v2/email/outbound-emails"
IDENTITIES = "/v2/email/identities/"
TOKENS = ("hf7qk2", "p0wm3x", "z91ncd")
DKIM = {"SigningEnabled": True, "Status": "PENDING", "Tokens": TOKENS}
"""What moto leaves out of a domain's identity."""

OF_MOTO = re.compile(r"/SimpleNotificationService-[0-9a-f]{32}\.pem")
"""Certificates that moto made, which it finds by the region of whoever asks."""

SCOPE = f"AWS4-HMAC-SHA256 Credential=a/20260101/{REGION}/sns/aws4_request"
MOODS: Mapping[str, tuple[int, str]] = {
    "slow down": (429, "TooManyRequestsException"),
    "stumbles": (500, "InternalServerErrorException"),
    "gateway": (504, "GatewayTimeout"),
    "paused": (400, "SendingPausedException"),
}
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token",
                                 "TopicArn", "Type"),
}  # fmt: skip


def _certificate(key: rsa.RSAPrivateKey, days: int = 30) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    start = now - timedelta(days=60)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Amazon:
    """``confirmed``: tokens of subscriptions that were agreed to. ``read``: certificates asked."""

    aws: Aws
    url: str = ""
    mood: Mood = "works"
    sent: int = 0
    confirmed: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    go_on: Event = field(default_factory=Event)
    key: rsa.RSAPrivateKey = field(default_factory=_new_key)
    forger: rsa.RSAPrivateKey = field(default_factory=_new_key)

    def variables(self) -> dict[str, str]:
        """The environment of an Invoicer that mails over this."""
        return {
            "SES_ENDPOINT": self.url,
            "SES_REGION": REGION,
            "SES_ACCESS_KEY_ID": ACCESS_KEY,
            "SES_SECRET_ACCESS_KEY": SECRET_KEY,
            "SES_TOPIC_ARN": TOPIC,
        }

    def pem(self, path: str) -> bytes | None:
        """The certificate at a path; ``old`` in its name: one that has expired."""
        if not path.endswith(".pem"):
            return None
        made = _certificate(self.key, days=-1 if "old" in path else 30)
        return made.public_bytes(serialization.Encoding.PEM)

    def signed(
        self,
        message: Any,
        *,
        kind: str = "Notification",
        key: rsa.RSAPrivateKey | None = None,
        at: datetime | None = None,
        **other: str,
    ) -> tuple[bytes, dict[str, str]]:
        """A call as SNS makes it: body and headers. ``other`` replaces what it says."""
        moment = datetime.now(UTC) if at is None else at
        body = {
            "Type": kind,
            "MessageId": str(uuid4()),
            "TopicArn": TOPIC,
            "Message": message if isinstance(message, str) else json.dumps(message),
            "Timestamp": moment.strftime("%Y-%m-%dT%H:%M:%S.")
            + f"{moment.microsecond // 1000:03}Z",
            "SignatureVersion": "2",
            "SigningCertURL": f"https://sns.{REGION}.amazonaws.com/SimpleNotificationService-1.pem",
        }
        if kind == "SubscriptionConfirmation":
            body["Token"] = uuid4().hex
            body["SubscribeURL"] = (
                f"https://sns.{REGION}.amazonaws.com/?Action=ConfirmSubscription"
                f"&TopicArn={TOPIC}&Token={body['Token']}"
            )
        body |= other
        text = "".join(f"{name}\n{body[name]}\n" for name in SIGNED[kind] if name in body)
        made = (key or self.key).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        body["Signature"] = base64.b64encode(made).decode()
        headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "x-amz-sns-message-type": kind,
            "x-amz-sns-topic-arn": body["TopicArn"],
        }
        return json.dumps(body).encode(), headers


def event(kind: str, number: str, *, mark: str | None = None, **more: Any) -> dict[str, Any]:
    """What SES publishes about a mail."""
    tags = {"ses:operation": ["SendEmail"], **({"invoicer_ref": [mark]} if mark else {})}
    mail = {"timestamp": time.strftime("%FT%TZ"), "messageId": number, "tags": tags}
    return {"eventType": kind, "mail": mail, **more}


class Handler(BaseHTTPRequestHandler):
    """Speaks for Amazon."""

    peer: Amazon

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        pem = self.peer.pem(parts.path)
        if OF_MOTO.fullmatch(parts.path):
            self._pass_on(b"", {"Authorization": SCOPE})
        elif pem is not None:
            self.peer.read.append(parts.path)
            self._answer(200, pem, "application/x-pem-file")
        elif query.get("Action") == ["ConfirmSubscription"]:
            self.peer.confirmed += query.get("Token", [])
            self._answer(200, b"<ConfirmSubscriptionResponse/>", "text/xml")
        else:
            self._pass_on(b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = MOODS.get(self.peer.mood)
        if self.path != SEND:
            self._pass_on(body)
        elif found is not None:
            status, code = found
            self._answer(status, json.dumps({"message": code}).encode(), "application/json", code)
        else:
            self._pass_on(body)

    do_PUT = do_POST  # noqa: N815 - the name that the base class looks for

    def _pass_on(self, body: bytes, more: Mapping[str, str] | None = None) -> None:
        peer = self.peer
        left_out = ("host", "content-length", "connection")
        headers = {k: v for k, v in self.headers.items() if k.lower() not in left_out}
        headers.update(more or {})
        url = peer.aws.url + self.path
        answer = urllib3.request(self.command, url, body=body, headers=headers, timeout=20)
        if self.path == SEND and answer.status == 200:
            peer.sent += 1
            if peer.mood == "waits":
                peer.go_on.wait(30)
            if peer.mood == "hangs up":
                self.close_connection = True
                self.connection.close()
                return
        kind = answer.headers.get("Content-Type", "application/json")
        data = answer.data
        if self.path.startswith(IDENTITIES) and answer.status == 200:
            data = json.dumps({**json.loads(data), "DkimAttributes": DKIM}).encode()
        self._answer(answer.status, data, kind, answer.headers.get("x-amzn-ErrorType"))

    def _answer(self, status: int, body: bytes, kind: str, error: str | None = None) -> None:
        with suppress(ConnectionError):  # who asked did not wait
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if error is not None:
                self.send_header("x-amzn-ErrorType", error)
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Nobody reads it."""


@contextmanager
def amazon_peer(aws: Aws) -> Iterator[Amazon]:
    """Amazon's front on a free loopback port, with moto's server behind it."""
    peer = Amazon(aws)
    handler = type("AmazonHandler", (Handler,), {"peer": peer})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
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

"""Amazon's notifications (SNS): signed with a certificate of Amazon's, about mails of SES."""

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import Certificate, load_pem_x509_certificate

from invoicer_core.plugin import (
    InboundRequest,
    InboundResponse,
    InvalidInput,
    PermanentFailure,
    RetryLater,
    loads,
    outside,
)
from invoicer_email_providers.happenings import Happening, State, is_timely, take
from invoicer_email_providers.letters import MARK
from invoicer_email_providers.ses_way import NAME
from invoicer_email_providers.settings import AMAZON_ENV, Ctx

HOST: Final = re.compile(r"sns\.[a-z0-9-]{3,30}\.amazonaws\.com(\.cn)?")
LONGEST: Final = 20_000
_SIGNED: Final = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token",
                                 "TopicArn", "Type"),
}  # fmt: skip
_SIGNED["UnsubscribeConfirmation"] = _SIGNED["SubscriptionConfirmation"]
_STATES: Final[dict[str, State]] = {
    "Delivery": "delivered",
    "Bounce": "bounced",
    "Reject": "failed",
    "Rendering Failure": "failed",
    "Open": "read",
    "Click": "read",
}


def ready(ctx: Ctx) -> bool:
    """Whether it is known whose notifications are believed."""
    return bool(ctx.settings.ses_topic)


def event_id(request: InboundRequest) -> str | None:
    """Amazon's number of the notification."""
    found = _parsed(request)
    return None if found is None else str(found.get("MessageId") or "")[:200] or None


def verify(ctx: Ctx, request: InboundRequest) -> bool:
    """Of our topic, signed (version 2) by a certificate that lies with Amazon, lately."""
    found = _parsed(request)
    if found is None or found.get("TopicArn") != ctx.settings.ses_topic:
        return False
    names = _SIGNED.get(str(found.get("Type")))
    if names is None or found.get("SignatureVersion") != "2":
        return False
    text = "".join(f"{name}\n{found[name]}\n" for name in names if found.get(name) is not None)
    try:
        moment = datetime.fromisoformat(str(found.get("Timestamp")))
        given = base64.b64decode(str(found.get("Signature")), validate=True)
        certificate = _certificate(_at_amazon(ctx, str(found.get("SigningCertURL"))))
        key = certificate.public_key()
        if moment.tzinfo is None or not isinstance(key, RSAPublicKey):
            return False
        key.verify(given, text.encode(), PKCS1v15(), SHA256())
    except (ValueError, binascii.Error, UnsupportedAlgorithm, InvalidSignature,
            PermanentFailure, RetryLater):  # fmt: skip
        return False
    within = (
        certificate.not_valid_before_utc <= datetime.now(UTC) <= certificate.not_valid_after_utc
    )
    return within and is_timely(moment)


def handle(ctx: Ctx, request: InboundRequest) -> InboundResponse:
    """Take note of a notification; agree to a subscription of our topic, in a job."""
    found = _parsed(request) or {}
    if found["Type"] == "SubscriptionConfirmation":
        ctx.later("subscribe", url=_at_amazon(ctx, str(found.get("SubscribeURL")))[0])
    elif found["Type"] == "Notification":
        take(ctx, _happenings(found))
    return InboundResponse(200)


def subscribe(ctx: Ctx, url: str) -> None:
    """The job that agrees: asks for the address that Amazon sent. Raises RetryLater."""
    address, env = _at_amazon(ctx, url)
    try:
        answer = outside.ask("GET", address, {}, env=env)
    except outside.Unanswered as away:
        raise RetryLater(f"Amazon did not answer: {away}") from away
    if answer.status >= 400:
        raise RetryLater(f"Amazon did not take our word for the subscription ({answer.status}).")


def _parsed(request: InboundRequest) -> dict[str, Any] | None:
    try:
        found = loads(request.body)
    except InvalidInput:
        return None
    return found if isinstance(found, dict) else None


def _at_amazon(ctx: Ctx, url: str) -> tuple[str, str | None]:
    """The address if it is one of Amazon's notification service, with the environment variable that
    stands in for Amazon where whoever runs the installation chose that.

    Raises:
        PermanentFailure: it is somebody else's.
    """
    parts = urlsplit(url)
    ours = ctx.settings.ses_endpoint
    if outside.is_operators(ours, AMAZON_ENV):
        query = f"?{parts.query}" if parts.query else ""
        return f"{ours.rstrip('/')}{parts.path}{query}", AMAZON_ENV
    usual = parts.scheme == "https" and parts.netloc == parts.hostname
    if not usual or not HOST.fullmatch(parts.hostname or ""):
        raise PermanentFailure("This address is not one of Amazon's notification service.")
    return url, None


def _certificate(at: tuple[str, str | None]) -> Certificate:
    """What signs, from an address that was checked.

    Raises:
        PermanentFailure, RetryLater, ValueError: it is none, or cannot be read now.
    """
    if not urlsplit(at[0]).path.endswith(".pem"):
        raise PermanentFailure("This is not the address of a certificate.")
    return _fetched(*at)


@lru_cache(maxsize=16)
def _fetched(url: str, env: str | None) -> Certificate:
    try:
        answer = outside.ask("GET", url, {}, seconds=3.0, env=env, most=LONGEST)
    except outside.Unanswered as away:
        raise RetryLater(f"Amazon's certificate cannot be read: {away}") from away
    if answer.status != 200:
        raise RetryLater(f"Amazon's certificate cannot be read ({answer.status}).")
    return load_pem_x509_certificate(answer.body.encode())


def _happenings(found: dict[str, Any]) -> Iterator[Happening]:
    """Of an event that was published, or of the older kind of feedback."""
    try:
        event = loads(str(found.get("Message")).encode())
    except InvalidInput:
        return
    mail = event.get("mail") if isinstance(event, dict) else None
    if not isinstance(mail, dict):
        return
    kind = str(event.get("eventType") or event.get("notificationType") or "")
    refs = [str(mail.get("messageId") or ""), _mark(mail.get("tags"))]
    state, number = _STATES.get(kind), str(found.get("MessageId"))
    if state is not None:
        yield Happening(
            channel=NAME,
            id=f"{number} {kind}",
            refs=tuple(each[:200] for each in refs if each),
            state=state,
            error=_reason(event) if state in ("bounced", "failed") else None,
        )
    if kind == "Complaint":
        for at, each in enumerate(_listed(event.get("complaint"), "complainedRecipients")):
            address = str(each.get("emailAddress") or "")[:320]
            yield Happening(channel=NAME, id=f"{number} {at}", unwanted=True, address=address)


def _mark(tags: Any) -> str:
    """Our own reference, which went out with the mail as a tag."""
    marks = tags.get(MARK) if isinstance(tags, dict) else None
    return str(marks[0]) if isinstance(marks, list) and marks else ""


def _reason(event: dict[str, Any]) -> str:
    for each in _listed(event.get("bounce"), "bouncedRecipients"):
        if each.get("diagnosticCode"):
            return str(each["diagnosticCode"])[:500]
    for name, word in (("bounce", "bounceType"), ("reject", "reason"), ("failure", "errorMessage")):
        part = event.get(name)
        if isinstance(part, dict) and part.get(word):
            return str(part[word])[:500]
    return "no reason given"


def _listed(part: Any, name: str) -> list[dict[str, Any]]:
    found = part.get(name) if isinstance(part, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []

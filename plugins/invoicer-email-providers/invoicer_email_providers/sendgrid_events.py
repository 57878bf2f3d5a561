"""SendGrid's event webhook: batches of events, signed with its private key (ECDSA, P-256)."""

import base64
import binascii
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from invoicer_core.plugin import (
    InboundRequest,
    InboundResponse,
    InvalidInput,
    PermanentFailure,
    loads,
)
from invoicer_email_providers.happenings import Happening, State, is_timely, take
from invoicer_email_providers.letters import MARK
from invoicer_email_providers.sendgrid_way import NAME
from invoicer_email_providers.settings import Ctx

SIGNATURE: Final = "x-twilio-email-event-webhook-signature"
TIMESTAMP: Final = "x-twilio-email-event-webhook-timestamp"
MOST: Final = 5_000
_STATES: Final[dict[str, State]] = {
    "delivered": "delivered",
    "bounce": "bounced",
    "dropped": "failed",
    "open": "read",
    "click": "read",
}
_UNWANTED: Final = frozenset({"spamreport", "unsubscribe", "group_unsubscribe"})


def ready(ctx: Ctx) -> bool:
    """Whether there is a key to tell true calls from false ones."""
    return bool(ctx.settings.sendgrid_event_key.strip())


def event_id(request: InboundRequest) -> str | None:  # noqa: ARG001
    """None: a call is a batch, and each of its events counts by itself."""
    return None


def verify(ctx: Ctx, request: InboundRequest) -> bool:
    """Signed over the timestamp and the very bytes, by the key of this business, lately."""
    moment = request.headers.get(TIMESTAMP, "")
    if not (moment.isascii() and moment.isdecimal() and len(moment) < 12):
        return False
    try:
        key = load_der_public_key(base64.b64decode(ctx.settings.sendgrid_event_key))
        given = base64.b64decode(request.headers.get(SIGNATURE, ""), validate=True)
        if not isinstance(key, EllipticCurvePublicKey):
            return False
        key.verify(given, moment.encode() + request.body, ECDSA(SHA256()))
    except (ValueError, binascii.Error, UnsupportedAlgorithm, InvalidSignature):
        return False
    return is_timely(datetime.fromtimestamp(int(moment), UTC))


def handle(ctx: Ctx, request: InboundRequest) -> InboundResponse:
    """Take note of a batch. Raises PermanentFailure: it is no batch."""
    try:
        batch = loads(request.body)
    except InvalidInput as wrong:
        raise PermanentFailure("This is no JSON.") from wrong
    if not isinstance(batch, list) or len(batch) > MOST:
        raise PermanentFailure("This is no batch of events.")
    take(ctx, _happenings(batch))
    return InboundResponse(200)


def _happenings(batch: list[Any]) -> Iterator[Happening]:
    for event in batch:
        if not isinstance(event, dict):
            continue
        kind, number = str(event.get("event", "")), str(event.get("sg_event_id") or "")
        unwanted = kind in _UNWANTED
        state = None if event.get("sg_machine_open") is True else _STATES.get(kind)
        if not number or (state is None and not unwanted):
            continue
        yield Happening(
            channel=NAME,
            id=number[:200],
            refs=_refs(event),
            state=state,
            error=_reason(event) if state in ("bounced", "failed") else None,
            unwanted=unwanted,
            address=str(event.get("email") or "")[:320],
        )


def _refs(event: dict[str, Any]) -> tuple[str, ...]:
    """SendGrid's number is the beginning of the one that it tells; our mark helps where it never
    told us any."""
    number = str(event.get("sg_message_id") or "").partition(".")[0]
    return tuple(each[:200] for each in (number, str(event.get(MARK) or "")) if each)


def _reason(event: dict[str, Any]) -> str:
    words = event.get("reason") or event.get("response") or event.get("type") or "no reason given"
    return str(words)[:500]

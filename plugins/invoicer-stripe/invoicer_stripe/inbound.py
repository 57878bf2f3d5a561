"""Stripe's events: whether they are Stripe's, what they are about, and the effect they have.

An event has effect only on what this business began, over the same amount, currency and mode.
Whatever can not be bound yet is asked for by a job; nothing here calls Stripe.
"""

import json
import re
import time
from collections.abc import Callable
from typing import Any, Final

from stripe import WebhookSignature

from invoicer_core.plugin import Conflict, InboundRequest, InboundResponse, PermanentFailure
from invoicer_core.plugin.use_cases import payments

from . import effects, records
from .amounts import from_minor
from .records import Ctx, Thing
from .tables import Begun

TOLERANCE: Final = 300
"""Seconds that a signature may be old, or from the future."""

_TIME: Final = re.compile(r"(?:^|,)t=(\d{1,12})(?:,|$)", re.ASCII)


def is_ready(ctx: Ctx) -> bool:
    """Without a signing secret there is no such address."""
    return bool(ctx.settings.webhook_secret)


def is_genuine(ctx: Ctx, request: InboundRequest) -> bool:
    """Whether Stripe signed these very bytes, just now. Raises where it did not."""
    secret = ctx.settings.webhook_secret
    header = request.headers.get("stripe-signature", "")
    signed = _TIME.search(header)
    if not secret or signed is None or int(signed[1]) > time.time() + TOLERANCE:
        return False
    return bool(WebhookSignature.verify_header(request.body, header, secret.reveal(), TOLERANCE))


def event_id(request: InboundRequest) -> str | None:
    """Stripe's id of the event."""
    try:
        found = json.loads(request.body)["id"]
    except (ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) and 0 < len(found) <= 255 else None


def take(ctx: Ctx, request: InboundRequest) -> InboundResponse:
    """Put an event into effect. Raises PermanentFailure for what is no event."""
    try:
        event = json.loads(request.body)
        thing, work = event["data"]["object"], _WORK.get(event["type"])
        if work is not None:
            work(ctx, event, thing)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        ctx.log.warning("a signed call that is no event: %r", error)
        raise PermanentFailure("This is no event of Stripe's.") from error
    return InboundResponse(200)


def _session(ctx: Ctx, event: Thing, session: Thing) -> None:
    attempt = (session.get("metadata") or {}).get("attempt")
    row = records.by_session(session["id"], lock=True)
    if row is None:
        row = records.by_attempt(attempt, lock=True)
        if row is None or row.session_id is not None:
            _foreign(ctx, event, attempt)
            return
    if row.kind == "card":
        ctx.later("save_card", key=session["id"], session=session["id"])
        return
    if _is_other(ctx, event, row, session["amount_total"], session["currency"]):
        return
    if not _is_same_intent(ctx, event, row, session.get("payment_intent")):
        return
    row.session_id = session["id"]
    if event["type"].endswith("async_payment_failed"):
        session = {**session, "status": "expired", "payment_status": "unpaid"}
    effects.settle(ctx, row, effects.session_outcome(session))


def _intent(ctx: Ctx, event: Thing, intent: Thing) -> None:
    attempt = (intent.get("metadata") or {}).get("attempt")
    row = records.by_attempt(attempt, lock=True)
    if row is None:
        _foreign(ctx, event, attempt)
        return
    is_paid = intent["status"] == "succeeded"
    amount = intent["amount_received"] if is_paid else intent["amount"]
    if _is_other(ctx, event, row, amount, intent["currency"]):
        return
    says_something = is_paid or row.kind == "charge"
    if says_something and _is_same_intent(ctx, event, row, intent["id"]):
        effects.settle(ctx, row, effects.intent_outcome(intent, row))


def _charge(ctx: Ctx, event: Thing, charge: Thing) -> None:
    """Says only how much went back in all: what is missing is asked for."""
    row = _of_intent(ctx, charge)
    if row is None or _is_other(ctx, event, row, charge["amount"], charge["currency"]):
        return
    found = payments.attempt(invoice_id=row.invoice_id, public_id=row.attempt_id)
    booked = payments.get(payment_id=found.payment_id).refunded_amount
    if booked < from_minor(charge["amount_refunded"], row.currency):
        ctx.later("catch_up", key=charge["payment_intent"], intent=charge["payment_intent"])


def _refund(ctx: Ctx, event: Thing, refund: Thing) -> None:
    _part(ctx, event, refund, effects.refunded)


def _dispute(ctx: Ctx, event: Thing, case: Thing) -> None:
    _part(ctx, event, case, effects.contested)


def _part(ctx: Ctx, event: Thing, part: Thing, effect: Callable[[Ctx, Begun, Thing], None]) -> None:
    """A refund or dispute: over some of the payment, never over more."""
    row = _of_intent(ctx, part)
    if row is None:
        return
    whole = row.amount if 0 < part["amount"] <= row.amount else part["amount"]
    if _is_other(ctx, event, row, whole, part["currency"]):
        return
    try:
        effect(ctx, row, part)
    except Conflict:
        # Its payment is not booked yet: Stripe's events come in any order.
        ctx.later("catch_up", key=part["payment_intent"], intent=part["payment_intent"])


def _of_intent(ctx: Ctx, thing: Thing) -> Begun | None:
    """The row of an intent. One that is not known may be ours all the same: Stripe is asked."""
    intent = thing.get("payment_intent")
    row = records.by_intent(intent, lock=True)
    if row is None and intent and records.expects_an_intent():
        ctx.later("catch_up", key=str(intent), intent=str(intent))
    return row


def _is_other(ctx: Ctx, event: Thing, row: Begun, amount: object, currency: object) -> bool:
    wrong = records.differs(row, event["livemode"], amount, currency)
    if wrong:
        records.count_odd(ctx, wrong, str(event["id"]))
    return wrong is not None


def _is_same_intent(ctx: Ctx, event: Thing, row: Begun, intent: object) -> bool:
    if intent is None:
        return True
    if row.intent_id not in (None, intent):
        records.count_odd(ctx, "another payment", str(event["id"]))
        return False
    row.intent_id = str(intent)
    return True


def _foreign(ctx: Ctx, event: Thing, attempt: object) -> None:
    """The account may serve other shops; only what claims to be ours is worth counting."""
    if attempt is not None:
        records.count_odd(ctx, "nothing that was begun here", str(event["id"]))


_WORK: Final[dict[str, Callable[[Ctx, Any, Any], None]]] = {
    "checkout.session.completed": _session,
    "checkout.session.async_payment_succeeded": _session,
    "checkout.session.async_payment_failed": _session,
    "checkout.session.expired": _session,
    "payment_intent.succeeded": _intent,
    "payment_intent.payment_failed": _intent,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.refunded": _charge,
    "charge.dispute.created": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.dispute.closed": _dispute,
}
EVENTS: Final = tuple(_WORK)
"""What a webhook at Stripe has to send; all else is taken and does nothing."""

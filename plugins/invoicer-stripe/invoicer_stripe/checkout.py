"""Paying on Stripe's own page, what became of it, and giving the money back."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from invoicer_core.plugin import (
    InvoiceSnapshot,
    PaymentOutcome,
    PaymentRequest,
    PaymentSnapshot,
    PaymentStart,
    PermanentFailure,
)
from invoicer_core.plugin.use_cases import transaction

from . import api, effects, records
from .amounts import to_minor
from .records import Ctx, Thing
from .tables import Begun
from .words import gettext

OPEN_FOR: Final = timedelta(minutes=60)
"""How long a pay page stays open: its amount counts as on its way until then. Stripe's least is
30 minutes."""

LONGEST_NAME: Final = 200
MOST_LINES: Final = 60
LOCALES: Final = frozenset({"de", "en", "es", "fr"})
AROUND: Final = timedelta(minutes=10)
"""How far from our clock Stripe may have begun what we look for."""

GIVES_UP: Final = timedelta(minutes=10)
"""What Stripe does not know of after that time was never begun."""


def start(ctx: Ctx, request: PaymentRequest) -> PaymentStart:
    """A Checkout Session over this amount. Raises as `api.done`."""
    stripe = api.client(ctx)
    amount = to_minor(request.amount, request.currency)
    number = request.attempt_id
    records.note(ctx, "page", number, request.invoice, amount, livemode=api.is_live(ctx))
    expires = datetime.now(UTC) + OPEN_FOR
    params: Any = {
        "mode": "payment",
        "line_items": lines(request.invoice, request.amount, request.currency),
        "success_url": request.return_url,
        "cancel_url": request.cancel_url,
        "client_reference_id": str(number),
        "metadata": marks(ctx, number, request.invoice),
        "payment_intent_data": {
            "metadata": marks(ctx, number, request.invoice),
            "description": request.invoice.invoice_number,
        },
        "adaptive_pricing": {"enabled": False},
        "expires_at": int(expires.timestamp()),
        "locale": request.locale[:2] if request.locale[:2] in LOCALES else "auto",
    }
    if request.invoice.buyer is not None and request.invoice.buyer.email:
        params["customer_email"] = request.invoice.buyer.email
    once: Any = {"idempotency_key": str(number)}
    session = api.done(lambda: stripe.v1.checkout.sessions.create(params, once)).to_dict()
    records.keep(ctx, number, session_id=session["id"])
    if session["amount_total"] != amount or session["livemode"] is not api.is_live(ctx):
        raise PermanentFailure(gettext("Stripe made another payment of it than was asked for."))
    return PaymentStart(provider_ref=session["id"], redirect_url=session["url"], expires_at=expires)


def lines(invoice: InvoiceSnapshot, amount: Decimal, currency: str) -> list[dict[str, Any]]:
    """The invoice's items where the whole of it is paid and they add up, else one line."""
    parts = [(_name(each.quantity, each.description), each.net_amount) for each in invoice.items]
    names = dict.fromkeys(tax.name for each in invoice.items for tax in each.taxes)
    parts.append((", ".join(names) or "+", invoice.tax_total))
    adds_up = amount == sum((part for _, part in parts), Decimal(0))
    if adds_up and len(parts) <= MOST_LINES and all(part >= 0 for _, part in parts):
        try:
            return [_line(name, part, currency) for name, part in parts if part]
        except PermanentFailure:
            pass  # a line of its own that Stripe's steps do not allow; the sum may be one
    return [_line(invoice.invoice_number, amount, currency)]


def _name(quantity: Decimal, description: str) -> str:
    many = f"{quantity.normalize():f} x " if quantity != 1 else ""
    return f"{many}{description}"[:LONGEST_NAME]


def _line(name: str, amount: Decimal, currency: str) -> dict[str, Any]:
    price = {
        "currency": currency.lower(),
        "unit_amount": to_minor(amount, currency),
        "product_data": {"name": name},
    }
    return {"price_data": price, "quantity": 1}


def marks(ctx: Ctx, number: UUID, invoice: InvoiceSnapshot) -> dict[str, str]:
    """What a payment is called here, so that it is found again from Stripe's side."""
    return {
        "attempt": str(number),
        "invoice": invoice.invoice_number[:100],
        "business": str(ctx.business.public_id),
    }


# --- what became of it ---------------------------------------------------------------------------


def lookup(ctx: Ctx, reference: str) -> PaymentOutcome:
    """What Stripe says of a session or intent. Raises RetryLater, PermanentFailure."""
    stripe = api.client(ctx)
    if reference.startswith("pi_"):
        intent = api.asked(lambda: stripe.v1.payment_intents.retrieve(reference)).to_dict()
        return _bound(ctx, records.by_intent(reference), intent, intent["amount"], reference)
    session = api.asked(lambda: stripe.v1.checkout.sessions.retrieve(reference)).to_dict()
    row = records.by_session(reference)
    return _bound(ctx, row, session, session["amount_total"], session.get("payment_intent"))


def find(ctx: Ctx, attempt_id: UUID) -> PaymentOutcome:
    """What became of an attempt whose answer never arrived; a pay page nobody was led to is
    closed. Raises RetryLater."""
    row = records.by_attempt(attempt_id)
    if row is None:
        return PaymentOutcome(state="failed", reason=gettext("Stripe was never asked."))
    stripe, around = api.client(ctx), {
        "gte": int((row.created_at - AROUND).timestamp()),
        "lte": int((row.created_at + AROUND).timestamp()),
    }  # fmt: skip
    given: Any = {"created": around, "limit": 100}
    kind = stripe.v1.payment_intents if row.kind == "charge" else stripe.v1.checkout.sessions
    every = api.asked(lambda: [each.to_dict() for each in kind.list(given).auto_paging_iter()])
    mine = [each for each in every if (each["metadata"] or {}).get("attempt") == str(attempt_id)]
    if not mine:
        is_late = datetime.now(UTC) - row.created_at > GIVES_UP
        said: Any = "failed" if is_late or row.kind == "page" else "pending"
        return PaymentOutcome(state=said, reason=gettext("Stripe has no such payment."))
    found = mine[0]
    if row.kind == "charge":
        return _bound(ctx, row, found, found["amount"], found["id"])
    records.keep(ctx, attempt_id, session_id=found["id"])
    if found["status"] == "open":
        close(ctx, found["id"])
        found = {**found, "status": "expired"}
    return _bound(ctx, row, found, found["amount_total"], found.get("payment_intent"))


def _bound(
    ctx: Ctx, row: Begun | None, found: Thing, amount: object, intent: object
) -> PaymentOutcome:
    """The outcome, where it is the one that was begun; unknown, for a person to look at, where it
    is another."""
    if row is None:
        return PaymentOutcome(state="unknown", reason=gettext("Stripe names another payment."))
    wrong = records.differs(row, found["livemode"], amount, found["currency"])
    if wrong or (intent and row.intent_id not in (None, intent)):
        said = gettext("Stripe reports another payment than the one that was begun.")
        ctx.log.warning("%s: %s", row.attempt_id, wrong or "another payment")
        return PaymentOutcome(state="unknown", reason=said)
    is_session = found["object"] == "checkout.session"
    outcome = effects.session_outcome(found) if is_session else effects.intent_outcome(found, row)
    attempt_id = row.attempt_id
    if intent:
        records.keep(ctx, attempt_id, intent_id=str(intent))
    if outcome.state in ("succeeded", "failed"):
        with transaction(by=ctx.actor):
            again = records.by_attempt(attempt_id, lock=True)
            if again is not None:
                records.end(again)
    return outcome


def close(ctx: Ctx, session_id: str) -> None:
    """Close a pay page, so that nobody pays on it any more. One that is closed is left as it is.
    Raises RetryLater."""
    stripe = api.client(ctx)
    try:
        api.asked(lambda: stripe.v1.checkout.sessions.expire(session_id))
    except PermanentFailure as closed:
        ctx.log.info("the pay page %s is closed already: %s", session_id, closed.reason)


def close_all(ctx: Ctx, invoice_id: int) -> None:
    """Close every pay page of an invoice on which nothing is to be paid any more."""
    for number in [row.session_id for row in records.open_pages(invoice_id)]:
        if number is not None:
            close(ctx, number)


# --- back ----------------------------------------------------------------------------------------


def refund(ctx: Ctx, payment: PaymentSnapshot, amount: Decimal, key: str) -> PaymentOutcome:
    """Give money back. Asked again under the same key, it is looked for before it is done: Stripe
    forgets a key after a day."""
    stripe = api.client(ctx)
    row = records.by_attempt(payment.public_id)
    if row is None:
        raise PermanentFailure(gettext("This payment was not made through Stripe."))
    minor, intent = to_minor(amount, payment.currency), row.intent_id or _intent_of(ctx, row)
    known: Any = {"payment_intent": intent, "limit": 100}
    for each in api.asked(lambda: stripe.v1.refunds.list(known)).data:
        found = each.to_dict()
        if (found["metadata"] or {}).get("key") == key:
            return _refund_outcome(found)
    wanted: Any = {
        "payment_intent": intent,
        "amount": minor,
        "metadata": {"key": key, "attempt": str(payment.public_id)},
    }
    once: Any = {"idempotency_key": key}
    return _refund_outcome(api.done(lambda: stripe.v1.refunds.create(wanted, once)).to_dict())


def _intent_of(ctx: Ctx, row: Begun) -> str:
    outcome = lookup(ctx, row.session_id or "")
    again = records.by_attempt(row.attempt_id)
    if outcome.state != "succeeded" or again is None or again.intent_id is None:
        raise PermanentFailure(gettext("Stripe knows of no money that could go back."))
    return again.intent_id


def _refund_outcome(found: Mapping[str, Any]) -> PaymentOutcome:
    states: dict[str, Any] = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}
    state = states.get(str(found["status"]), "pending")
    reason = None if state == "succeeded" else f"Stripe says {found['status']}"
    return PaymentOutcome(state=state, provider_ref=found["id"], reason=reason)

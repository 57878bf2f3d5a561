"""What Stripe says, put into effect: told by an event or asked for, in any order, each once.

Every function takes Stripe's own object as a mapping, and the row that it was bound to.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal
from uuid import UUID

from invoicer_core.plugin import PaymentOutcome
from invoicer_core.plugin.use_cases import payments, transaction

from . import api, records
from .amounts import from_minor
from .records import Ctx, Thing
from .tables import Begun
from .words import gettext

AT_STRIPE = "Refunded at Stripe"
_CASES: dict[str, Literal["open", "won", "lost"]] = {
    "won": "won",
    "lost": "lost",
    "warning_closed": "won",
    "prevented": "won",
}


def session_outcome(session: Thing) -> PaymentOutcome:
    """What a Checkout Session says of its payment."""
    found = {"provider_ref": session["id"]}
    if session["payment_status"] == "paid":
        amount, currency = session["amount_total"], session["currency"].upper()
        return PaymentOutcome(
            state="succeeded", amount=from_minor(amount, currency), currency=currency, **found
        )
    if session["status"] == "expired":
        return PaymentOutcome(state="failed", reason=gettext("The pay page was closed."), **found)
    return PaymentOutcome(state="pending", **found)


def intent_outcome(intent: Thing, row: Begun) -> PaymentOutcome:
    """What a PaymentIntent says. A page's payer may try again after a decline; a charge is over."""
    reference = row.session_id or intent["id"]
    if intent["status"] == "succeeded":
        amount, currency = intent["amount_received"], intent["currency"].upper()
        return PaymentOutcome(
            state="succeeded",
            provider_ref=reference,
            amount=from_minor(amount, currency),
            currency=currency,
        )
    is_over = intent["status"] == "canceled" or row.kind == "charge"
    if is_over and intent["status"] not in ("processing", "requires_capture"):
        error: Any = intent.get("last_payment_error") or {}
        reason = error.get("message") or gettext("The card was declined.")
        return PaymentOutcome(state="failed", provider_ref=reference, reason=reason)
    return PaymentOutcome(state="pending", provider_ref=reference)


def settle(ctx: Ctx, row: Begun, outcome: PaymentOutcome) -> None:
    """Tell the core what became of a payment; in the caller's transaction."""
    payments.settle(attempt_id=row.attempt_id, outcome=outcome, by=ctx.actor)
    if outcome.state in ("succeeded", "failed"):
        records.end(row)


def refunded(ctx: Ctx, row: Begun, refund: Thing) -> None:
    """Book one refund; in the caller's transaction. Raises Conflict while its payment is not."""
    key = (refund.get("metadata") or {}).get("key")
    status = str(refund["status"])
    state: Literal["pending", "succeeded", "failed"] = "pending"
    if status == "succeeded":
        state = "succeeded"
    elif status in ("failed", "canceled"):
        state = "failed"
        ctx.later("tell_failed_refund", key=f"refund-{refund['id']}", attempt=str(row.attempt_id),
                  refund=str(refund["id"]))  # fmt: skip
    payments.returned(
        attempt_id=row.attempt_id,
        refund_ref=str(refund["id"]),
        amount=from_minor(refund["amount"], row.currency),
        state=state,
        key=_uuid(key),
        reason=None if key else AT_STRIPE,
        by=ctx.actor,
    )


def contested(ctx: Ctx, row: Begun, case: Thing) -> None:
    """Note how a dispute stands; in the caller's transaction. Raises Conflict as `refunded`."""
    payments.dispute(
        attempt_id=row.attempt_id,
        case=str(case["id"]),
        amount=from_minor(case["amount"], row.currency),
        state=_CASES.get(str(case["status"]), "open"),
        reason=str(case.get("reason") or "") or None,
        by=ctx.actor,
    )


def catch_up(ctx: Ctx, *, intent: str) -> None:
    """A job: ask Stripe for all that became of an intent, and put it into effect.

    For what was told before it could be bound. Raises RetryLater while Stripe is away.
    """
    stripe = api.client(ctx)
    found = api.asked(lambda: stripe.v1.payment_intents.retrieve(intent)).to_dict()
    row = records.by_attempt((found.get("metadata") or {}).get("attempt"))
    if row is None:
        return
    wrong = records.differs(row, found["livemode"], found["amount"], found["currency"])
    if wrong or row.intent_id not in (None, intent):
        with transaction(by=ctx.actor):
            records.count_odd(ctx, wrong or "another payment", intent)
        return
    attempt = row.attempt_id
    records.keep(ctx, attempt, intent_id=intent)
    outcome = intent_outcome(found, row)
    _on(ctx, attempt, lambda mine: settle(ctx, mine, outcome))
    if outcome.state != "succeeded":
        return
    given: Any = {"payment_intent": intent, "limit": 100}
    for refund in api.asked(lambda: stripe.v1.refunds.list(given)).data:
        _on(ctx, attempt, partial(_with, refunded, ctx, refund.to_dict()))
    for case in api.asked(lambda: stripe.v1.disputes.list(given)).data:
        _on(ctx, attempt, partial(_with, contested, ctx, case.to_dict()))


def _with(effect: Callable[[Ctx, Begun, Thing], None], ctx: Ctx, thing: Thing, row: Begun) -> None:
    effect(ctx, row, thing)


def _on(ctx: Ctx, attempt: UUID, work: Callable[[Begun], None]) -> None:
    """One effect, one transaction, so that locks are always taken in the same order."""
    with transaction(by=ctx.actor):
        row = records.by_attempt(attempt, lock=True)
        if row is not None:
            work(row)


def _uuid(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None

"""Payments that the payer's bank contests: opened, won or lost, told by the provider in any order.

While a case is open its payment can neither be refunded nor moved. A lost case is money that went
back: it is booked as a refund, comes off the invoices, the newest first, and is due on them again.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import func, select

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict
from invoicer_core.domain.saying import say, state_word
from invoicer_core.domain.snapshots import PaymentSnapshot
from invoicer_core.hooks import codec
from invoicer_core.models import db
from invoicer_core.models.payments import Dispute, Payment
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.payments.reading import RECEIVED, get
from invoicer_core.services.payments.refunds import refund
from invoicer_core.services.payments.settling import begun
from invoicer_core.services.transaction import Unit, transaction

EVENT: Final = "payment.disputed"
TAKEN_BACK: Final = "The payer's bank took it back."
State = Literal["open", "won", "lost"]


def dispute(
    *,
    attempt_id: UUID,
    case: str,
    amount: Decimal,
    state: State,
    by: Actor,
    reason: str | None = None,
) -> PaymentSnapshot:
    """Take note of how a case stands. What is repeated, or comes after its end, changes nothing.

    Args:
        attempt_id: ours, as the payment's start was given it.
        case: the provider's reference of the case.
        amount: what is contested, in the payment's currency.

    Raises:
        NotFound: no such payment.
        Forbidden: it was begun by another plugin.
        Conflict: its money has not arrived.
    """
    with transaction(by=by) as unit:
        payment = begun(attempt_id, None, by)
        _require_money(payment)
        row = _case(payment.id, case)
        if row is not None and (row.state != "open" or row.state == state):
            return get(payment_id=payment.id)
        if row is None:
            row = _opened(payment.id, case, amount, reason)
        row.state = state
        row.closed_at = None if state == "open" else datetime.now(UTC)
        db.session.flush()
        if state == "lost":
            _take_back(payment, row, by)
        stand(payment)
        return _tell(unit, payment, row)


def _require_money(payment: Payment) -> None:
    if payment.status not in RECEIVED:
        raise Conflict(
            say(
                "This payment is %(status)s: nobody can contest it.",
                status=state_word(payment.status),
            )
        )


def stand(payment: Payment) -> None:
    """Give a payment whose money came in the status that its cases and refunds make."""
    db.session.refresh(payment)
    is_open = select(func.count()).where(
        Dispute.business_id == current_business_id(),
        Dispute.payment_id == payment.id,
        Dispute.state == "open",
    )
    if db.session.scalar(is_open):
        status = "disputed"
    elif payment.refunded == payment.amount:
        status = "refunded"
    else:
        status = "partly_refunded" if payment.refunded else "succeeded"
    if payment.status != status:
        payment.status, payment.version = status, payment.version + 1
        db.session.flush()


def _case(payment_id: int, case: str) -> Dispute | None:
    return db.session.scalars(
        select(Dispute).where(
            Dispute.business_id == current_business_id(),
            Dispute.payment_id == payment_id,
            Dispute.provider_ref == case,
        )
    ).first()


def _opened(payment_id: int, case: str, amount: Decimal, reason: str | None) -> Dispute:
    mine = {"business_id": current_business_id(), "payment_id": payment_id}
    row = Dispute(**mine, provider_ref=case, amount=amount, reason=reason, state="open")
    db.session.add(row)
    return row


def _take_back(payment: Payment, row: Dispute, by: Actor) -> None:
    """At most what is left: a refund may have been faster than the bank."""
    part = min(row.amount, payment.amount - payment.refunded)
    if part > 0:
        refund(
            payment_id=payment.id,
            amount=part,
            reason=TAKEN_BACK,
            provider_ref=row.provider_ref,
            is_done=True,
            by=by,
        )


def _tell(unit: Unit, payment: Payment, row: Dispute) -> PaymentSnapshot:
    found = get(payment_id=payment.id)
    case = {"state": row.state, "amount": row.amount, "reason": row.reason}
    ids = {"client_id": payment.client_id, "invoice_id": payment.invoice_id}
    unit.publish(EVENT, {**codec.to_json(found), "dispute": codec.to_json(case)}, **ids)
    unit.record(EVENT, payment=payment.id, state=row.state, amount=row.amount)
    return found

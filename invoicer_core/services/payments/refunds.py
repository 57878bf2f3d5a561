"""Money given back: of what is unapplied first, then off the invoices it was put on."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from invoicer_core.domain import money
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, FieldError, InvalidInput
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import PaymentSnapshot
from invoicer_core.host import refuse_objected
from invoicer_core.models import db
from invoicer_core.models.payments import Allocation, Payment, Refund
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.invoices import rows
from invoicer_core.services.payments.reading import RECEIVED, get
from invoicer_core.services.payments.recording import locked, require_usable, tell
from invoicer_core.services.transaction import transaction


def refund(
    *,
    payment_id: int,
    by: Actor,
    amount: Decimal | None = None,
    reason: str | None = None,
    provider_ref: str | None = None,
    is_done: bool = False,
) -> PaymentSnapshot:
    """Give money back: unapplied money first, then off the invoices it was put on, newest first.

    Args:
        amount: None for all that is left.
        provider_ref: the provider's word for it, where one gave the money back.
        is_done: the money is gone already: plugins were asked before, or can not change it.

    Raises:
        InvalidInput: not more than zero.
        Conflict: more than is left of the payment, or a plugin objects.
    """
    with transaction(by=by) as unit:
        payment = locked(payment_id)
        if not (is_done and payment.status in RECEIVED):
            require_usable(payment)
        left = payment.amount - payment.refunded
        amount = refundable(payment, amount, left)
        if not is_done:
            ask_plugins(payment_id, by)
        touched = _take_off(payment, amount - (left - payment.allocated), by)
        mine = {"business_id": current_business_id(), "payment_id": payment_id, "actor": by.label}
        told = {"reason": reason, "provider_ref": provider_ref}
        db.session.add(Refund(**mine, **told, amount=amount))
        db.session.flush()
        return tell(unit, payment_id, touched, "payment.refunded", amount=amount)


def ask_plugins(payment_id: int, by: Actor) -> None:
    """Let plugins object before money goes back. Raises Conflict."""
    refuse_objected(
        db.session(),
        "before_payment_refunded",
        get(payment_id=payment_id),
        business_id=current_business_id(),
        by=by,
    )


def refundable(payment: Payment, amount: Decimal | None, left: Decimal) -> Decimal:
    """The amount of a refund, at most ``left``; None for all. Raises InvalidInput, Conflict."""
    if amount is None:
        return left
    amount = money.to_currency(amount, payment.currency)
    if amount <= 0:
        raise InvalidInput.at("/amount", say("A refund is more than zero."))
    if amount > left:
        message = say(
            "Only %(left)s %(currency)s is left of this payment.",
            left=left,
            currency=payment.currency,
        )
        raise Conflict(message, [FieldError("/amount", message)])
    return amount


def release(*, invoice_id: int, amount: Decimal, by: Actor) -> dict[int, Decimal]:
    """Take up to this much of the payments off an invoice, newest first.

    Within a transaction that holds the invoice's lock. Returns what each payment (by id) got back.
    """
    statement = (
        select(Allocation.payment_id, func.sum(Allocation.amount).label("held"))
        .where(
            Allocation.business_id == current_business_id(),
            Allocation.invoice_id == invoice_id,
            Allocation.payment_id.is_not(None),
        )
        .group_by(Allocation.payment_id)
        .having(func.sum(Allocation.amount) > 0)
        .order_by(func.max(Allocation.id).desc())
    )
    plan = _shares(db.session.execute(statement).all(), amount)
    for payment_id, part in plan:
        _counter(invoice_id, payment_id, part, "credit note", by)
    return dict(plan)


def _take_off(payment: Payment, amount: Decimal, by: Actor) -> list[int]:
    """Take this much of a payment off its invoices, newest first; which invoices it touched."""
    if amount <= 0:
        return []
    statement = (
        select(Allocation.invoice_id, func.sum(Allocation.amount).label("held"))
        .where(Allocation.business_id == current_business_id(), Allocation.payment_id == payment.id)
        .group_by(Allocation.invoice_id)
        .having(func.sum(Allocation.amount) > 0)
        .order_by(func.max(Allocation.id).desc())
    )
    plan = _shares(db.session.execute(statement).all(), amount)
    for invoice_id, _ in sorted(plan):
        rows.load(invoice_id, lock=True)
    for invoice_id, part in plan:
        _counter(invoice_id, payment.id, part, "refund", by)
    return [invoice_id for invoice_id, _ in plan]


def _shares(held: Sequence[Any], amount: Decimal) -> list[tuple[int, Decimal]]:
    """In the order given, as much of each as there is, until the amount is reached."""
    plan = []
    for row_id, part in held:
        part = min(amount, part)
        if part > 0:
            plan.append((row_id, part))
            amount -= part
    return plan


def _counter(invoice_id: int, payment_id: int, part: Decimal, reason: str, by: Actor) -> None:
    db.session.add(
        Allocation(
            business_id=current_business_id(),
            invoice_id=invoice_id,
            kind="payment",
            payment_id=payment_id,
            amount=-part,
            reason=reason,
            actor=by.label,
        )
    )
    db.session.flush()

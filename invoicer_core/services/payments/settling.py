"""What became of a payment at a provider: told by its webhook or asked for, in any order, once.

Money that arrived counts, whatever was said before; what was not paid exactly as agreed is left
for a person to look at.
"""

from typing import Literal
from uuid import UUID

from sqlalchemy import select

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, Forbidden, NotFound
from invoicer_core.domain.saying import say, state_word
from invoicer_core.domain.snapshots import PaymentSnapshot
from invoicer_core.hooks.offers import PaymentOutcome
from invoicer_core.models import db
from invoicer_core.models.payments import Payment
from invoicer_core.models.portal import PaymentAttempt
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.invoices import rows, standing
from invoicer_core.services.payments.attempts import OPEN
from invoicer_core.services.payments.reading import get
from invoicer_core.services.payments.recording import locked, post, tell
from invoicer_core.services.transaction import Unit, transaction

LONGEST_REASON = 300
_ENDS = frozenset({"succeeded", "partly_refunded", "refunded", "disputed"})


def settle(
    *,
    outcome: PaymentOutcome,
    by: Actor,
    provider_ref: str | None = None,
    attempt_id: UUID | None = None,
) -> PaymentSnapshot:
    """Take note of what a provider says of a payment that was begun through it. For webhooks:
    repeated and late calls do nothing twice.

    Args:
        provider_ref: the provider's reference of the start; or
        attempt_id: ours, as the start was given it.

    Raises:
        NotFound: no such payment.
        Forbidden: it was begun by another plugin.
    """
    with transaction(by=by) as unit:
        return settle_locked(unit, begun(attempt_id, provider_ref, by), outcome)


def decide(*, payment_id: int, arrived: bool, by: Actor) -> PaymentSnapshot:
    """A person has looked at the bank or at the provider: the money of a payment whose end nobody
    told is there, or is not. What the provider says later still counts.

    Raises:
        NotFound: no such payment.
        Conflict: its end is known already.
    """
    with transaction(by=by) as unit:
        payment = locked(payment_id)
        if payment.status not in OPEN:
            raise Conflict(
                say("This payment is %(status)s already.", status=state_word(payment.status))
            )
        state: Literal["succeeded", "failed"] = "succeeded" if arrived else "failed"
        unit.record("payment.decided", payment=payment_id, arrived=arrived)
        return settle_locked(unit, payment, PaymentOutcome(state=state))


def begun(attempt_id: UUID | None, provider_ref: str | None, by: Actor) -> Payment:
    """The payment, locked. Raises NotFound; Forbidden where another plugin began it."""
    wanted = (
        Payment.public_id == attempt_id
        if attempt_id is not None
        else Payment.provider_ref == provider_ref
    )
    row = db.session.execute(
        select(Payment, PaymentAttempt.plugin)
        .join(
            PaymentAttempt,
            (PaymentAttempt.business_id == Payment.business_id)
            & (PaymentAttempt.payment_id == Payment.id),
        )
        .where(Payment.business_id == current_business_id(), wanted)
        .with_for_update(of=Payment, key_share=True)
        .execution_options(populate_existing=True)
    ).first()
    if row is None:
        raise NotFound.of("payment", attempt_id or provider_ref)
    payment: Payment = row[0]
    if by.kind == "plugin" and by.label != f"plugin:{row[1]}":
        raise Forbidden(say("This payment was begun by another plugin."))
    return payment


def settle_locked(unit: Unit, payment: Payment, outcome: PaymentOutcome) -> PaymentSnapshot:
    """As `settle`, for a payment that is locked in the running transaction."""
    is_repeated = payment.status == outcome.state == "failed"
    if payment.status in _ENDS or outcome.state == "pending" or is_repeated:
        return get(payment_id=payment.id)
    payment.provider_ref = outcome.provider_ref or payment.provider_ref
    if outcome.state == "succeeded":
        differs = _difference(payment, outcome)
        if differs is None:
            return _succeeded(unit, payment)
        return _unknown(unit, payment, differs)
    if outcome.state == "failed":
        return _failed(unit, payment, outcome)
    return _unknown(unit, payment, outcome.reason)


def _difference(payment: Payment, outcome: PaymentOutcome) -> str | None:
    """How what was paid differs from what was agreed."""
    amount = payment.amount if outcome.amount is None else outcome.amount
    currency = outcome.currency or payment.currency
    if amount == payment.amount and currency.upper() == payment.currency:
        return None
    return (
        f"The provider reports {amount} {currency}, but {payment.amount} {payment.currency} was"
        " agreed."
    )


def _succeeded(unit: Unit, payment: Payment) -> PaymentSnapshot:
    """The money is there: on the invoice up to its balance, the rest is the client's credit."""
    payment.status = "succeeded"
    payment.date = db.session.scalar(select(standing.today_sql())) or payment.date
    _touch(payment)
    touched = []
    if payment.invoice_id is not None:
        invoice = rows.load(payment.invoice_id, lock=True)
        part = min(payment.amount, invoice.balance_due)
        if invoice.state == "issued" and part > 0:
            post(payment.id, [(invoice, part)], unit.by)
            touched.append(invoice.id)
    return tell(unit, payment.id, touched)


def _failed(unit: Unit, payment: Payment, outcome: PaymentOutcome) -> PaymentSnapshot:
    _note(payment, "failed", outcome.reason)
    found = get(payment_id=payment.id)
    ids = {"client_id": payment.client_id, "invoice_id": payment.invoice_id}
    unit.publish("payment.failed", found, **ids)
    unit.record("payment.failed", payment=payment.id, amount=payment.amount)
    return found


def _unknown(unit: Unit, payment: Payment, reason: str | None) -> PaymentSnapshot:
    if payment.status != "unknown":
        unit.record("payment.unknown", payment=payment.id, amount=payment.amount)
    _note(payment, "unknown", reason)
    return get(payment_id=payment.id)


def _note(payment: Payment, status: str, reason: str | None) -> None:
    payment.status = status
    attempt = db.session.scalars(
        select(PaymentAttempt).where(
            PaymentAttempt.business_id == current_business_id(),
            PaymentAttempt.payment_id == payment.id,
        )
    ).first()
    if attempt is not None and reason:
        attempt.reason = "".join(s for s in reason[:LONGEST_REASON] if s.isprintable())
    _touch(payment)


def _touch(payment: Payment) -> None:
    payment.version = payment.version + 1
    db.session.flush()

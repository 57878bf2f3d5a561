"""Payments and the plugins they come through: which are on, and refunds that they make.

A refund is written down before the provider is asked, under a key by which it is done once. When
nobody knows how it ended it stays ``unknown``, holds its amount back, and is asked about again
under the same key; it is never asked for a second time.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, InvoicerError
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import PaymentSnapshot
from invoicer_core.hooks.answers import PermanentFailure
from invoicer_core.hooks.offers import PaymentOutcome, PaymentProvider
from invoicer_core.host import offers
from invoicer_core.host.offers import Provided
from invoicer_core.models import db
from invoicer_core.models.payments import Payment
from invoicer_core.models.statements import RefundAttempt
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.payments.reading import get
from invoicer_core.services.payments.recording import MANUAL, locked, require_usable
from invoicer_core.services.payments.refunds import ask_plugins, refund, refundable
from invoicer_core.services.rows import find_row
from invoicer_core.services.transaction import transaction

SUCCEEDED: Final = "succeeded"
UNKNOWN: Final = "unknown"
ASKED: Final = "payment.refund_asked"
"""Not a fact of the catalogue: it reaches only the one who follows refunds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundAttemptSnapshot:
    """A refund asked of a provider; ``error`` says why it failed or is not known."""

    id: int
    payment_id: int
    amount: Decimal
    state: str
    reason: str | None
    error: str | None
    created_at: datetime


def switched_on() -> tuple[tuple[str, str], ...]:
    """Name and title of every way to pay whose plugin is on."""
    every = offers.every(db.session, PaymentProvider, current_business_id())
    return tuple((each.offer.name, each.offer.title) for each in every)


def gives_back(*, payment: PaymentSnapshot) -> bool:
    """Whether a provider that is on can give this payment's money back."""
    return _provider(payment.provider) is not None


def attempts(*, payment_id: int) -> tuple[RefundAttemptSnapshot, ...]:
    """The refunds that were asked of a provider, newest first."""
    statement = (
        select(RefundAttempt)
        .where(
            RefundAttempt.business_id == current_business_id(),
            RefundAttempt.payment_id == payment_id,
        )
        .order_by(RefundAttempt.id.desc())
    )
    return tuple(_snapshot(row) for row in db.session.scalars(statement))


def give_back(
    *, payment_id: int, key: UUID, by: Actor, amount: Decimal | None = None, reason: str | None
) -> PaymentSnapshot:
    """Refund through the payment's provider; the same key again changes nothing.

    Args:
        amount: None for all that is left.

    Raises:
        NotFound: no such payment.
        InvalidInput, Conflict: as `refunds.refund`; also when the provider refuses, has no way to
            give money back, or can not say how it ended.
    """
    provided = _provider(get(payment_id=payment_id).provider)
    if provided is None:
        raise Conflict(say("No plugin that is on can give this money back: pay it back by hand."))
    attempt = _begin(payment_id, key, amount, reason, by)
    return _ask(provided, attempt, by)


def ask_again(*, payment_id: int, attempt_id: int, by: Actor) -> PaymentSnapshot:
    """Ask the provider what became of a refund, under its key. Raises as `give_back`."""
    row = _row(payment_id, attempt_id)
    provided = _provider(get(payment_id=payment_id).provider)
    if provided is None:
        raise Conflict(say("The plugin that was asked is off: switch it on and ask again."))
    return _ask(provided, _snapshot(row), by)


def _provider(name: str) -> Provided[PaymentProvider] | None:
    if name == MANUAL:
        return None
    try:
        found = offers.find(db.session, PaymentProvider, name, current_business_id())
    except InvoicerError:
        return None
    return found if found.offer.refund is not None else None


def _begin(
    payment_id: int, key: UUID, amount: Decimal | None, reason: str | None, by: Actor
) -> RefundAttemptSnapshot:
    with transaction(by=by) as unit:
        payment = locked(payment_id)
        known = db.session.scalars(
            select(RefundAttempt).where(
                RefundAttempt.business_id == current_business_id(),
                RefundAttempt.payment_id == payment_id,
                RefundAttempt.public_id == key,
            )
        ).first()
        if known is not None:
            return _snapshot(known)
        require_usable(payment)
        amount = refundable(payment, amount, _left(payment))
        ask_plugins(payment_id, by)
        row = RefundAttempt(
            business_id=current_business_id(),
            public_id=key,
            payment_id=payment_id,
            amount=amount,
            reason=reason,
            state=UNKNOWN,
            actor=by.label,
        )
        db.session.add(row)
        db.session.flush()
        asked = {"id": payment_id, "refund": row.id}
        unit.publish(ASKED, asked, client_id=payment.client_id, invoice_id=payment.invoice_id)
        unit.record(ASKED, payment=payment_id, amount=amount)
        return _snapshot(row)


def _left(payment: Payment) -> Decimal:
    """What can still go back, without what may have gone back already."""
    held = select(func.coalesce(func.sum(RefundAttempt.amount), Decimal(0))).where(
        RefundAttempt.business_id == current_business_id(),
        RefundAttempt.payment_id == payment.id,
        RefundAttempt.state == UNKNOWN,
    )
    return payment.amount - payment.refunded - (db.session.scalar(held) or Decimal(0))


def _ask(
    provided: Provided[PaymentProvider], attempt: RefundAttemptSnapshot, by: Actor
) -> PaymentSnapshot:
    """Outside of any transaction: a provider may take its time."""
    if attempt.state != UNKNOWN:
        return get(payment_id=attempt.payment_id)
    key = str(_row(attempt.payment_id, attempt.id).public_id)
    payment = get(payment_id=attempt.payment_id)
    db.session.rollback()
    outcome = _answer(provided, payment, attempt.amount, key)
    with transaction(by=by):
        row = _row(attempt.payment_id, attempt.id, lock=True)
        if row.state == UNKNOWN:
            settle_refund(row, outcome, by)
    if outcome.state == SUCCEEDED:
        return get(payment_id=attempt.payment_id)
    why = outcome.reason or "it gave no reason"
    if outcome.state == "failed":
        raise Conflict(
            say(
                "%(title)s did not give the money back: %(why)s.",
                title=provided.offer.title,
                why=why,
            )
        )
    raise Conflict(
        say(
            "%(title)s can not say yet whether the money went back (%(why)s). Ask again "
            "in a while: it is not given back twice.",
            title=provided.offer.title,
            why=why,
        )
    )


def _answer(
    provided: Provided[PaymentProvider], payment: PaymentSnapshot, amount: Decimal, key: str
) -> PaymentOutcome:
    give = provided.offer.refund
    assert give is not None  # noqa: S101 - `_provider` looked
    try:
        return give(provided.ctx, payment, amount, key)
    except PermanentFailure as refused:
        return PaymentOutcome(state="failed", reason=refused.reason)
    except Exception as error:
        provided.ctx.log.exception("refund %s of payment %s", key, payment.id)
        return PaymentOutcome(state="unknown", reason=str(error) or type(error).__name__)


def settle_refund(row: RefundAttempt, outcome: PaymentOutcome, by: Actor) -> None:
    """Write down how a refund ended, for a row that is locked in the running transaction."""
    row.error, row.provider_ref = outcome.reason, outcome.provider_ref
    if outcome.state == SUCCEEDED:
        row.state = SUCCEEDED
        refund(
            payment_id=row.payment_id,
            amount=row.amount,
            reason=row.reason,
            provider_ref=outcome.provider_ref,
            is_done=True,
            by=by,
        )
    elif outcome.state == "failed":
        row.state = "failed"
    db.session.flush()


def _row(payment_id: int, attempt_id: int, *, lock: bool = False) -> RefundAttempt:
    mine = RefundAttempt.payment_id == payment_id
    return find_row(RefundAttempt, attempt_id, "refund", mine, lock=lock)


def _snapshot(row: RefundAttempt) -> RefundAttemptSnapshot:
    return RefundAttemptSnapshot(
        id=row.id,
        payment_id=row.payment_id,
        amount=row.amount,
        state=row.state,
        reason=row.reason,
        error=row.error,
        created_at=row.created_at,
    )

"""Payments that a client begins at a provider, as rows and as what is told of them.

The payment is a row before the provider is called: pending, then succeeded, failed or unknown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, select

from invoicer_core.domain.errors import NotFound
from invoicer_core.models import db
from invoicer_core.models.payments import Payment
from invoicer_core.models.portal import PaymentAttempt
from invoicer_core.models.tenancy import current_business_id

OPEN: Final = frozenset({"pending", "unknown"})
"""Nobody has said yet whether the money is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptSnapshot:
    """A payment that was begun at a provider, as its payer may see it.

    Args:
        state: ``cancelled`` where the payer came back by the provider's cancel button and the
            provider has not said anything else.
        redirect_url: the provider's page, while it may still be used.
        reason: the provider's words for a failure.
        provider_ref: None while nobody knows what the provider calls it.
    """

    payment_id: int
    public_id: UUID
    provider: str
    invoice_id: int | None
    amount: Decimal
    currency: str
    state: Literal["pending", "cancelled", "unknown", "succeeded", "failed", "refunded"]
    redirect_url: str | None = None
    instructions: str | None = None
    reason: str | None = None
    provider_ref: str | None = None
    created_at: datetime


def find(*, invoice_id: int, public_id: UUID) -> AttemptSnapshot:
    """One attempt at an invoice. Raises NotFound."""
    found = snapshots(Payment.invoice_id == invoice_id, Payment.public_id == public_id)
    if not found:
        raise NotFound.of("payment", public_id)
    return found[0]


def under_way(*, invoice_id: int) -> tuple[AttemptSnapshot, ...]:
    """Attempts at an invoice that may still bring money: begun, not called off, not run out."""
    found = snapshots(Payment.invoice_id == invoice_id, Payment.status.in_(OPEN))
    return tuple(each for each in found if each.state in ("pending", "unknown"))


def snapshots(*conditions: ColumnElement[bool]) -> tuple[AttemptSnapshot, ...]:
    """Attempts of the business that was entered, oldest first."""
    statement = (
        select(Payment, PaymentAttempt)
        .join(
            PaymentAttempt,
            (PaymentAttempt.business_id == Payment.business_id)
            & (PaymentAttempt.payment_id == Payment.id),
        )
        .where(Payment.business_id == current_business_id(), *conditions)
        .order_by(Payment.id)
        .limit(100)
        .execution_options(populate_existing=True)
    )
    return _built([(row[0], row[1]) for row in db.session.execute(statement)])


def _built(found: Sequence[tuple[Payment, PaymentAttempt]]) -> tuple[AttemptSnapshot, ...]:
    return tuple(
        AttemptSnapshot(
            payment_id=payment.id,
            public_id=payment.public_id,
            provider=payment.provider,
            invoice_id=payment.invoice_id,
            amount=payment.amount,
            currency=payment.currency,
            state=_state(payment, attempt),
            redirect_url=attempt.redirect_url if payment.status == "pending" else None,
            instructions=attempt.instructions if payment.status in OPEN else None,
            reason=attempt.reason,
            provider_ref=payment.provider_ref,
            created_at=attempt.created_at,
        )
        for payment, attempt in found
    )


def _state(
    payment: Payment, attempt: PaymentAttempt
) -> Literal["pending", "cancelled", "unknown", "succeeded", "failed", "refunded"]:
    status = payment.status
    if status == "pending":
        is_over = attempt.expires_at is not None and attempt.expires_at < datetime.now(UTC)
        return "cancelled" if attempt.cancelled_at is not None or is_over else "pending"
    if status == "unknown" or status == "failed":
        return "unknown" if status == "unknown" else "failed"
    return "succeeded" if status == "succeeded" else "refunded"

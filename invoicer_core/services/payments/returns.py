"""Money that a provider says went back: asked for here, or given back on the provider's own pages.

Told by webhooks or asked for, in any order: each refund of the provider's is booked once.
"""

from decimal import Decimal
from typing import Literal
from uuid import UUID

from sqlalchemy import select

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict
from invoicer_core.domain.saying import say, state_word
from invoicer_core.domain.snapshots import PaymentSnapshot
from invoicer_core.hooks.offers import PaymentOutcome
from invoicer_core.models import db
from invoicer_core.models.payments import Payment, Refund
from invoicer_core.models.statements import RefundAttempt
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.payments import providers
from invoicer_core.services.payments.disputes import stand
from invoicer_core.services.payments.reading import RECEIVED, get
from invoicer_core.services.payments.refunds import refund
from invoicer_core.services.payments.settling import begun
from invoicer_core.services.transaction import transaction


def returned(
    *,
    attempt_id: UUID,
    refund_ref: str,
    amount: Decimal,
    by: Actor,
    state: Literal["pending", "succeeded", "failed"] = "succeeded",
    key: UUID | None = None,
    reason: str | None = None,
) -> PaymentSnapshot:
    """Take note of one refund at the provider.

    Args:
        attempt_id: ours, as the payment's start was given it.
        refund_ref: the provider's reference of the refund.
        key: the key that a refund asked for here was given; None for one made over there.

    Raises:
        NotFound: no such payment.
        Forbidden: it was begun by another plugin.
        Conflict: its money has not arrived.
    """
    with transaction(by=by):
        # Refunds asked for here are locked before their payment, as `providers` does it.
        asked = _asked_for(key)
        payment = begun(attempt_id, None, by)
        _require_money(payment)
        if asked is not None and asked.payment_id == payment.id:
            outcome = PaymentOutcome(state=state, provider_ref=refund_ref, reason=reason)
            if asked.state != providers.SUCCEEDED and not _is_booked(payment.id, refund_ref):
                providers.settle_refund(asked, outcome, by)
        elif state == "succeeded" and not _is_booked(payment.id, refund_ref):
            _book(payment, refund_ref, amount, reason, by)
        stand(payment)
        return get(payment_id=payment.id)


def _require_money(payment: Payment) -> None:
    if payment.status not in RECEIVED:
        raise Conflict(
            say(
                "This payment is %(status)s: nothing of it can go back.",
                status=state_word(payment.status),
            )
        )


def _asked_for(key: UUID | None) -> RefundAttempt | None:
    if key is None:
        return None
    return db.session.scalars(
        select(RefundAttempt)
        .where(
            RefundAttempt.business_id == current_business_id(),
            RefundAttempt.public_id == key,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()


def _is_booked(payment_id: int, refund_ref: str) -> bool:
    statement = select(Refund.id).where(
        Refund.business_id == current_business_id(),
        Refund.payment_id == payment_id,
        Refund.provider_ref == refund_ref,
    )
    return db.session.scalar(statement) is not None


def _book(
    payment: Payment, refund_ref: str, amount: Decimal, reason: str | None, by: Actor
) -> None:
    """At most what is left: a person may have booked the same money by hand before."""
    part = min(amount, payment.amount - payment.refunded)
    if part > 0:
        refund(
            payment_id=payment.id,
            amount=part,
            reason=reason,
            provider_ref=refund_ref,
            is_done=True,
            by=by,
        )

"""Calling a payment provider outside of any transaction, and writing down what it says."""

from collections.abc import Callable
from time import monotonic
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy import select

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.saying import say
from invoicer_core.hooks.answers import OutcomeUnknown, PermanentFailure, RetryLater
from invoicer_core.hooks.offers import PaymentOutcome, PaymentProvider
from invoicer_core.host import calls, current, offers
from invoicer_core.host.guard import HookFailed, time_limit
from invoicer_core.host.offers import Provided
from invoicer_core.models import db
from invoicer_core.models.payments import Payment
from invoicer_core.models.portal import PaymentAttempt
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.payments.settling import settle_locked
from invoicer_core.services.transaction import transaction

PATIENCE: Final = 15.0
"""Seconds that a provider may take while the payer waits."""

T = TypeVar("T")


def way_of(provider: str) -> Provided[PaymentProvider]:
    """The provider of this name. Raises NotFound; Unavailable while its plugin is off."""
    return offers.find(db.session, PaymentProvider, provider, current_business_id())


def asked(way: Provided[PaymentProvider], what: str, ask: Callable[[], T], expected: type[T]) -> T:
    """The provider's answer, within `PATIENCE`.

    Raises:
        RetryLater, PermanentFailure, OutcomeUnknown: as the plugin says.
        HookFailed: it raised anything else or answered nonsense; noted against the plugin.
    """
    db.session.rollback()
    end = monotonic() + PATIENCE
    try:
        with time_limit(PATIENCE):
            answer = ask()
        if isinstance(answer, expected):
            return answer
        raise HookFailed(f"answered {type(answer).__name__} instead of {expected.__name__}")
    except (RetryLater, PermanentFailure, OutcomeUnknown):
        raise
    except Exception as error:
        words = str(error) if isinstance(error, HookFailed) else f"raised {type(error).__name__}"
        failed = HookFailed(words)
        failed.__cause__ = error
        calls.note_failure(current(), way.plugin, f"payment {what}", current_business_id(), failed)
        if monotonic() >= end:
            raise OutcomeUnknown(say("The payment service did not answer in time.")) from error
        raise failed from error
    finally:
        db.session.rollback()


def conclude(attempt_id: UUID, outcome: PaymentOutcome, by: Actor) -> None:
    """Settle a payment with what its provider says; see `settling`. Raises NotFound."""
    with transaction(by=by) as unit:
        settle_locked(unit, payment_of(attempt_id), outcome)


def payment_of(attempt_id: UUID) -> Payment:
    """The attempt's payment, locked. Raises NotFound."""
    row = db.session.scalars(
        select(Payment)
        .where(Payment.business_id == current_business_id(), Payment.public_id == attempt_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).first()
    if row is None:
        raise NotFound.of("payment", attempt_id)
    return row


def attempt_of(payment_id: int, *, lock: bool = False) -> PaymentAttempt:
    """How a payment was begun. Raises NotFound."""
    statement = select(PaymentAttempt).where(
        PaymentAttempt.business_id == current_business_id(),
        PaymentAttempt.payment_id == payment_id,
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = db.session.scalars(statement).first()
    if row is None:
        raise NotFound.of("payment", payment_id)
    return row

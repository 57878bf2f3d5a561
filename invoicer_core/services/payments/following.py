"""What became of begun payments: asked by the payer's page, and by a worker until it is known."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from logging import getLogger
from typing import Final
from uuid import UUID

from invoicer_core.domain.actor import SYSTEM, Actor
from invoicer_core.domain.errors import Conflict, NotFound, Unavailable
from invoicer_core.hooks.answers import OutcomeUnknown, PermanentFailure, RetryLater
from invoicer_core.hooks.offers import PaymentOutcome, PaymentProvider
from invoicer_core.host.guard import HookFailed
from invoicer_core.host.offers import Provided
from invoicer_core.models import db
from invoicer_core.services.payments import attempts, providers
from invoicer_core.services.payments.asking import asked, attempt_of, conclude, way_of
from invoicer_core.services.payments.attempts import AttemptSnapshot
from invoicer_core.services.transaction import transaction

SUBSCRIBER: Final = "payments"

WAITS: Final = (
    (timedelta(minutes=2), timedelta(seconds=20)),
    (timedelta(minutes=10), timedelta(minutes=1)),
    (timedelta(hours=2), timedelta(minutes=10)),
    (timedelta(days=1), timedelta(hours=1)),
)
"""Up to which age of an attempt its provider is asked again after how long; later, each 6 hours."""

INTERRUPTED: Final = timedelta(minutes=5)
UNBEGUN: Final = timedelta(minutes=1)
"""Longer than any call takes: who asks the provider earlier may ask before it was told."""
ASK_AGAIN: Final = timedelta(seconds=2)
"""A payer's page asks often; the provider is asked no more often than this."""

_NOT_BEGUN: Final = "The payment was interrupted before the provider had answered."
log: Final = getLogger(__name__)


def look(*, invoice_id: int, public_id: UUID, by: Actor) -> AttemptSnapshot:
    """How an attempt stands; asks its provider where nobody has said yet. Raises NotFound."""
    found = attempts.find(invoice_id=invoice_id, public_id=public_id)
    try:
        way = way_of(found.provider)
        ask = _question(way, found)
        if ask is None or not _is_due(found, by):
            return found
        outcome = asked(way, "lookup", ask, PaymentOutcome)
    except (RetryLater, PermanentFailure, OutcomeUnknown, HookFailed, NotFound, Unavailable) as no:
        log.warning("payment %s: its provider did not say what became of it: %s", public_id, no)
        return found
    if outcome.state != "pending":
        conclude(public_id, outcome, by)
    return attempts.find(invoice_id=invoice_id, public_id=public_id)


def call_off(*, invoice_id: int, public_id: UUID, by: Actor) -> AttemptSnapshot:
    """The payer came back by the provider's cancel button: another payment may be begun. Should
    money come all the same, it is taken. Raises NotFound."""
    found = look(invoice_id=invoice_id, public_id=public_id, by=by)
    if found.state != "pending":
        return found
    with transaction(by=by) as unit:
        attempt = attempt_of(found.payment_id, lock=True)
        if attempt.cancelled_at is None:
            attempt.cancelled_at = datetime.now(UTC)
            db.session.flush()
            unit.record("payment.called_off", payment=found.payment_id)
    return attempts.find(invoice_id=invoice_id, public_id=public_id)


def follow(*, invoice_id: int, public_id: UUID) -> timedelta | None:
    """Ask a provider, in a worker, what became of a payment; None when that is known, else when to
    ask again."""
    found = look(invoice_id=invoice_id, public_id=public_id, by=SYSTEM)
    age = datetime.now(UTC) - found.created_at
    if found.state in ("succeeded", "failed", "refunded"):
        return None
    was_begun = found.provider_ref is not None or found.redirect_url or found.instructions
    is_lost = age > INTERRUPTED and not was_begun and found.state != "unknown"
    if is_lost and not _can_be_found(found.provider):
        conclude(public_id, PaymentOutcome(state="failed", reason=_NOT_BEGUN), SYSTEM)
        return None
    return _wait(age)


def follow_refund(*, payment_id: int, refund_id: int) -> timedelta | None:
    """Ask a provider, in a worker, what became of a refund; None when that is known, else when to
    ask again. The one who asked for it is left the first minute."""
    attempt = _refund(payment_id, refund_id)
    age = datetime.now(UTC) - attempt.created_at
    if attempt.state == providers.UNKNOWN and age > UNBEGUN:
        try:
            providers.ask_again(payment_id=payment_id, attempt_id=refund_id, by=SYSTEM)
        except Conflict as no:
            log.warning("refund %s of payment %s: %s", refund_id, payment_id, no)
        attempt = _refund(payment_id, refund_id)
    if attempt.state != providers.UNKNOWN:
        return None
    return _wait(age)


def _refund(payment_id: int, refund_id: int) -> providers.RefundAttemptSnapshot:
    every = providers.attempts(payment_id=payment_id)
    return next(each for each in every if each.id == refund_id)


def _wait(age: timedelta) -> timedelta:
    return next((wait for until, wait in WAITS if age < until), timedelta(hours=6))


def _question(
    way: Provided[PaymentProvider], found: AttemptSnapshot
) -> Callable[[], PaymentOutcome] | None:
    """How to ask what became of an attempt: by the provider's reference, or by ours where the
    provider's never arrived."""
    if found.state in ("succeeded", "failed", "refunded"):
        return None
    lookup, find, reference = way.offer.lookup, way.offer.find, found.provider_ref
    if reference is not None:
        return None if lookup is None else lambda: lookup(way.ctx, reference)
    is_answered = found.state == "unknown" or datetime.now(UTC) - found.created_at > UNBEGUN
    if find is None or not is_answered:
        return None
    return lambda: find(way.ctx, found.public_id)


def _is_due(found: AttemptSnapshot, by: Actor) -> bool:
    """Whether it is time to ask the provider again; notes the time."""
    with transaction(by=by):
        attempt = attempt_of(found.payment_id, lock=True)
        now = datetime.now(UTC)
        if attempt.checked_at is not None and now - attempt.checked_at < ASK_AGAIN:
            return False
        attempt.checked_at = now
        db.session.flush()
        return True


def _can_be_found(provider: str) -> bool:
    try:
        return way_of(provider).offer.find is not None
    except (NotFound, Unavailable):
        return True

"""What became of begun payments: asked by the payer's page, and by a worker until it is known."""

from datetime import UTC, datetime, timedelta
from logging import getLogger
from typing import Final
from uuid import UUID

from invoicer_core.domain.actor import SYSTEM, Actor
from invoicer_core.domain.errors import NotFound, Unavailable
from invoicer_core.hooks.answers import OutcomeUnknown, PermanentFailure, RetryLater
from invoicer_core.hooks.offers import PaymentOutcome
from invoicer_core.host.guard import HookFailed
from invoicer_core.models import db
from invoicer_core.models.payments import Payment
from invoicer_core.services.payments import attempts
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
ASK_AGAIN: Final = timedelta(seconds=2)
"""A payer's page asks often; the provider is asked no more often than this."""

_NOT_BEGUN: Final = "The payment was interrupted before the provider had answered."
log: Final = getLogger(__name__)


def look(*, invoice_id: int, public_id: UUID, by: Actor) -> AttemptSnapshot:
    """How an attempt stands; asks its provider where nobody has said yet. Raises NotFound."""
    found = attempts.find(invoice_id=invoice_id, public_id=public_id)
    reference = _due_for_a_question(found, by)
    if reference is None:
        return found
    try:
        way = way_of(found.provider)
        ask = way.offer.lookup
        if ask is None:
            return found
        outcome = asked(way, "lookup", lambda: ask(way.ctx, reference), PaymentOutcome)
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
    was_begun = found.redirect_url is not None or found.instructions is not None
    if age > INTERRUPTED and not was_begun and found.state != "unknown":
        conclude(public_id, PaymentOutcome(state="failed", reason=_NOT_BEGUN), SYSTEM)
        return None
    return next((wait for until, wait in WAITS if age < until), timedelta(hours=6))


def _due_for_a_question(found: AttemptSnapshot, by: Actor) -> str | None:
    """The provider's reference when it is time to ask about it; notes the time."""
    if found.state in ("succeeded", "failed", "refunded"):
        return None
    with transaction(by=by):
        attempt = attempt_of(found.payment_id, lock=True)
        payment = db.session.get_one(Payment, found.payment_id)
        now = datetime.now(UTC)
        too_soon = attempt.checked_at is not None and now - attempt.checked_at < ASK_AGAIN
        if too_soon or payment.provider_ref is None:
            return None
        attempt.checked_at = now
        db.session.flush()
        return payment.provider_ref

"""Money taken from what a client saved and agreed to, without the client at a screen.

As with every payment that is begun at a provider: a row first, then the call, and what nobody has
said is asked for and never repeated.
"""

from collections.abc import Callable
from uuid import UUID

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import NotFound, Unavailable
from invoicer_core.domain.saying import say
from invoicer_core.hooks.answers import OutcomeUnknown, PermanentFailure, RetryLater
from invoicer_core.hooks.offers import (
    Ctx,
    PaymentOutcome,
    PaymentProvider,
    PaymentRequest,
    PaymentStart,
)
from invoicer_core.host.guard import HookFailed
from invoicer_core.host.offers import Provided
from invoicer_core.models.payments import Payment
from invoicer_core.services import businesses
from invoicer_core.services.payments import attempts
from invoicer_core.services.payments.asking import asked, conclude, way_of
from invoicer_core.services.payments.attempts import AttemptSnapshot
from invoicer_core.services.payments.online import keep, write_down
from invoicer_core.services.transaction import transaction


def charge(*, invoice_id: int, provider: str, attempt_id: UUID, by: Actor) -> AttemptSnapshot:
    """Take what is open on an invoice, through a provider that keeps the client's way to pay. The
    same ``attempt_id`` again answers with the same attempt.

    Raises:
        NotFound: no such invoice; or the provider takes no money by itself.
        Conflict: nothing is open, or the whole balance is on its way.
        Unavailable: the provider's plugin is off, or it did not answer; nothing was charged.
    """
    known = attempts.snapshots(Payment.invoice_id == invoice_id, Payment.public_id == attempt_id)
    if known:
        return known[0]
    way = way_of(provider)
    take = way.offer.charge
    if take is None:
        raise NotFound(say("%(title)s takes no money by itself.", title=way.offer.title))
    invoice, wanted = write_down(invoice_id, way, attempt_id, None, by)
    request = PaymentRequest(
        attempt_id=attempt_id,
        invoice=invoice,
        amount=wanted,
        currency=invoice.currency,
        return_url="",
        cancel_url="",
        locale=businesses.current().locale or "en",
    )
    outcome = _taken(way, take, request, by)
    with transaction(by=by):
        if outcome.state == "pending":
            keep(attempt_id, PaymentStart(provider_ref=outcome.provider_ref), by)
        conclude(attempt_id, outcome, by)
    return attempts.find(invoice_id=invoice_id, public_id=attempt_id)


def _taken(
    way: Provided[PaymentProvider],
    take: Callable[[Ctx, PaymentRequest], PaymentOutcome],
    request: PaymentRequest,
    by: Actor,
) -> PaymentOutcome:
    """What the provider says. Raises Unavailable where it did nothing."""
    try:
        return asked(way, "charge", lambda: take(way.ctx, request), PaymentOutcome)
    except PermanentFailure as refusal:
        return PaymentOutcome(state="failed", reason=refusal.reason)
    except OutcomeUnknown as unknown:
        ref = unknown.provider_ref
        return PaymentOutcome(state="unknown", provider_ref=ref, reason=unknown.reason)
    except HookFailed as failed:
        # Whatever it did before it broke is not known: it is asked for, and not done again.
        return PaymentOutcome(state="unknown", reason=str(failed))
    except RetryLater as away:
        conclude(request.attempt_id, PaymentOutcome(state="failed", reason=str(away)), by)
        raise Unavailable(
            say("The payment service did not answer. Nothing was charged."), 60
        ) from away

"""Paying at a provider: what is offered, beginning a payment, and what became of it.

The provider is only ever called outside of a transaction, after the attempt was committed: when
the process dies in between, the attempt stays pending and the provider is asked about it.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select

from invoicer_core.domain import money
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, InvalidInput, NotFound, Unavailable
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.hooks.answers import OutcomeUnknown, PermanentFailure, RetryLater
from invoicer_core.hooks.offers import (
    PaymentOutcome,
    PaymentProvider,
    PaymentRequest,
    PaymentStart,
)
from invoicer_core.host import current, offers
from invoicer_core.host.guard import HookFailed
from invoicer_core.host.offers import Provided
from invoicer_core.models import db
from invoicer_core.models.payments import Payment
from invoicer_core.models.portal import PaymentAttempt
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import businesses, invoices
from invoicer_core.services.invoices import rows, standing
from invoicer_core.services.payments import attempts
from invoicer_core.services.payments.asking import asked, attempt_of, conclude, payment_of, way_of
from invoicer_core.services.payments.attempts import AttemptSnapshot
from invoicer_core.services.rows import translated
from invoicer_core.services.transaction import transaction

BEGUN: Final = "payment.begun"
"""Not a fact of the catalogue: it reaches only the one who follows begun payments."""

_TWICE: Final = say("This payment is being begun already. Reload the page to see it.")
_AWAY: Final = say(
    "The payment service did not answer. Nothing was charged; try again in a moment."
)


@dataclass(frozen=True, slots=True)
class Way:
    """A provider that a client may pay this invoice with."""

    name: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payable:
    """What may be paid on an invoice now.

    Args:
        most: the balance less what is on its way already.
        in_parts: whether the business takes part payments.
    """

    ways: tuple[Way, ...]
    most: Decimal
    in_parts: bool
    under_way: tuple[AttemptSnapshot, ...] = ()


def payable(*, invoice: InvoiceSnapshot) -> Payable:
    """How this invoice can be paid; no way where nothing is open or no provider is on."""
    if invoice.state != "issued" or invoice.balance_due <= 0:
        return Payable(ways=(), most=Decimal(0), in_parts=False)
    begun = attempts.under_way(invoice_id=invoice.id)
    most = max(invoice.balance_due - sum((each.amount for each in begun), Decimal(0)), Decimal(0))
    ways = tuple(Way(each.offer.name, each.offer.title) for each in _offered(invoice.currency))
    in_parts = bool(businesses.current().settings.get("part_payments", False))
    return Payable(ways=ways if most else (), most=most, in_parts=in_parts, under_way=begun)


def title_of(provider: str) -> str:
    """What people call a provider; its name where its plugin is gone."""
    found = (each for each in current().registry.offered(PaymentProvider))
    return next((each.offer.title for each in found if each.offer.name == provider), provider)


def start(
    *,
    invoice_id: int,
    provider: str,
    attempt_id: UUID,
    amount: Decimal | None,
    page: str,
    locale: str,
    by: Actor,
) -> AttemptSnapshot:
    """Begin a payment at a provider. The same ``attempt_id`` again answers with the same attempt.

    Args:
        amount: None for all that is open and not on its way.
        page: the address of our page of this attempt, where the payer comes back to.

    Raises:
        NotFound: no such invoice or provider.
        InvalidInput: at ``/amount``: a part where the business takes none, or too much.
        Conflict: nothing is open, or the whole balance is on its way.
        Unavailable: the provider's plugin is off, or it did not answer; nothing was charged.
    """
    known = attempts.snapshots(Payment.invoice_id == invoice_id, Payment.public_id == attempt_id)
    if known:
        return known[0]
    way = way_of(provider)
    invoice, wanted = write_down(invoice_id, way, attempt_id, amount, by)
    request = PaymentRequest(
        attempt_id=attempt_id,
        invoice=invoice,
        amount=wanted,
        currency=invoice.currency,
        return_url=page,
        cancel_url=f"{page}?cancelled=1",
        locale=locale,
    )
    _begin(way, request, by)
    return attempts.find(invoice_id=invoice_id, public_id=attempt_id)


# --- inside --------------------------------------------------------------------------------------


def _offered(currency: str) -> list[Provided[PaymentProvider]]:
    every = offers.every(db.session, PaymentProvider, current_business_id())
    return [
        each
        for each in every
        if each.offer.start is not None
        and (not each.offer.currencies or currency in each.offer.currencies)
        and is_ready(each)
    ]


def is_ready(way: Provided[PaymentProvider]) -> bool:
    """Whether a provider has what it needs; one that fails to say so has not."""
    if way.offer.ready is None:
        return True
    try:
        return way.offer.ready(way.ctx) is True
    except Exception:  # a plugin's own code: without an answer the way is not shown
        way.ctx.log.exception("the provider %s failed to say whether it is ready", way.offer.name)
        return False


def _begin(way: Provided[PaymentProvider], request: PaymentRequest, by: Actor) -> None:
    """Call the provider and write down what it says. Raises Unavailable when it is away."""
    begin = way.offer.start
    if begin is None:
        raise NotFound.of("payment provider", way.offer.name)
    attempt_id = request.attempt_id
    try:
        begun = asked(way, "start", lambda: begin(way.ctx, request), PaymentStart)
        _check_address(begun)
    except PermanentFailure as refusal:
        conclude(attempt_id, PaymentOutcome(state="failed", reason=refusal.reason), by)
    except OutcomeUnknown as unknown:
        outcome = PaymentOutcome(
            state="unknown", provider_ref=unknown.provider_ref, reason=unknown.reason
        )
        conclude(attempt_id, outcome, by)
    except (RetryLater, HookFailed) as away:
        conclude(attempt_id, PaymentOutcome(state="failed", reason=str(away)), by)
        raise Unavailable(_AWAY, 10) from away
    else:
        keep(attempt_id, begun, by)


def write_down(
    invoice_id: int,
    way: Provided[PaymentProvider],
    attempt_id: UUID,
    amount: Decimal | None,
    by: Actor,
) -> tuple[InvoiceSnapshot, Decimal]:
    """The payment and its attempt as rows, committed; the invoice and what is going to be paid.

    Raises NotFound, InvalidInput, Conflict: as `start`.
    """
    with transaction(by=by) as unit:
        invoice = rows.load(invoice_id, lock=True)
        invoices.require_balance(invoice)
        if way.offer.name not in [each.offer.name for each in _offered(invoice.currency)]:
            raise NotFound(say("This invoice cannot be paid by %(title)s.", title=way.offer.title))
        wanted = _wanted(invoice, amount)
        payment = Payment(
            business_id=current_business_id(),
            public_id=attempt_id,
            client_id=invoice.client_id,
            invoice_id=invoice_id,
            amount=wanted,
            currency=invoice.currency,
            method="online",
            status="pending",
            date=db.session.scalar(select(standing.today_sql())),
            provider=way.offer.name,
            recorded_by=by.label,
        )
        db.session.add(payment)
        with translated({"uq_payments_public_id": Conflict(_TWICE)}):
            db.session.flush()
        mine = {"business_id": payment.business_id, "payment_id": payment.id}
        db.session.add(PaymentAttempt(**mine, plugin=way.plugin))
        db.session.flush()
        unit.publish(BEGUN, {"id": payment.id, "attempt": str(attempt_id)}, invoice_id=invoice_id)
        unit.record(BEGUN, payment=payment.id, invoice=invoice_id, amount=wanted)
    return invoice, wanted


def _wanted(invoice: InvoiceSnapshot, amount: Decimal | None) -> Decimal:
    """What is going to be paid. Raises InvalidInput, Conflict."""
    now = payable(invoice=invoice)
    if now.most <= 0:
        raise Conflict(
            say(
                "A payment over all that is open was begun already. Finish it, or call it "
                "off first."
            )
        )
    if amount is None:
        return now.most
    amount = money.to_currency(amount, invoice.currency)
    if amount <= 0:
        raise InvalidInput.at("/amount", say("A payment is more than zero."))
    if amount > now.most:
        raise InvalidInput.at(
            "/amount",
            say(
                "At most %(most)s %(currency)s can be paid.",
                most=now.most,
                currency=invoice.currency,
            ),
        )
    if amount < now.most and not now.in_parts:
        raise InvalidInput.at("/amount", say("This invoice is paid as a whole."))
    return amount


def _check_address(begun: PaymentStart) -> None:
    """A page of the provider's, or words; never an address that runs a script."""
    if begun.redirect_url is None:
        if not begun.instructions:
            raise HookFailed("gave neither a page nor instructions")
        return
    split = urlsplit(begun.redirect_url)
    if split.scheme not in ("https", "http") or not split.hostname:
        raise HookFailed("gave an address that is no web page")


def keep(attempt_id: UUID, begun: PaymentStart, by: Actor) -> None:
    """Write down where a begun payment leads to."""
    with transaction(by=by):
        payment = payment_of(attempt_id)
        attempt = attempt_of(payment.id, lock=True)
        payment.provider_ref = begun.provider_ref or payment.provider_ref
        attempt.redirect_url = begun.redirect_url
        attempt.instructions = begun.instructions
        attempt.expires_at = begun.expires_at
        db.session.flush()

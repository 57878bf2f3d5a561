"""Cards that clients let a business charge: agreed to by them, saved at Stripe, charged by jobs.

The client agrees on a page of ours and saves the card on Stripe's; only then is it charged, on
issue or on the day an invoice is due, and only until the client or the business ends it.
"""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select

from invoicer_core.plugin import (
    Conflict,
    InvoiceSnapshot,
    NotFound,
    PaymentOutcome,
    PaymentRequest,
    PermanentFailure,
    RetryLater,
    Unavailable,
)
from invoicer_core.plugin.tables import current_business_id, session
from invoicer_core.plugin.use_cases import clients, invoices, payments, transaction

from . import api, effects, records
from .amounts import to_minor
from .checkout import marks
from .records import Ctx
from .tables import Card
from .words import gettext

MOST_OPEN: Final = 100
"""Invoices of one client that are looked at in one run; the others are, the next day."""


def of_client(ctx: Ctx, client_id: int, *, lock: bool = False) -> Card | None:
    """The client's card in the mode of the business's key; it may have ended."""
    statement = select(Card).where(
        Card.business_id == current_business_id(),
        Card.client_id == client_id,
        Card.livemode.is_(api.is_live(ctx)),
    )
    if lock:
        statement = statement.with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).first()


def chargeable(ctx: Ctx, client_id: int) -> Card | None:
    """The card that may be charged now; None without one, or without the client's word."""
    card = of_client(ctx, client_id)
    agreed = card is not None and card.method_id and card.agreed_at and card.ended_at is None
    return card if agreed else None


def agree(ctx: Ctx, invoice: InvoiceSnapshot, words: str, address: str | None, back: str) -> str:
    """The client agrees to these words; the address of Stripe's page on which the card is saved.

    Raises PermanentFailure, RetryLater, OutcomeUnknown: as `api.done`.
    """
    stripe = api.client(ctx)
    customer = _customer(ctx, invoice)
    attempt = uuid4()
    records.note(ctx, "card", attempt, invoice, 0, livemode=api.is_live(ctx))
    with transaction(by=ctx.actor):
        card = of_client(ctx, invoice.client_id, lock=True)
        if card is not None and chargeable(ctx, invoice.client_id) is None:
            card.agreed_text, card.agreed_from = words, address
            card.agreed_at, card.ended_at = datetime.now(UTC), None
    params: Any = {
        "mode": "setup",
        "customer": customer,
        "currency": invoice.currency.lower(),
        "success_url": back,
        "cancel_url": back,
        "client_reference_id": str(attempt),
        "metadata": marks(ctx, attempt, invoice),
    }
    once: Any = {"idempotency_key": str(attempt)}
    page = api.done(lambda: stripe.v1.checkout.sessions.create(params, once)).to_dict()
    records.keep(ctx, attempt, session_id=page["id"])
    return str(page["url"])


def _customer(ctx: Ctx, invoice: InvoiceSnapshot) -> str:
    """The client at Stripe, made once."""
    known = of_client(ctx, invoice.client_id)
    if known is not None:
        return known.customer_id
    client = clients.get(client_id=invoice.client_id)
    given: Any = {"name": client.name, "metadata": {"business": str(ctx.business.public_id)}}
    if client.email:
        given["email"] = client.email
    key = f"customer-{ctx.business.public_id}-{client.public_id}"
    once: Any = {"idempotency_key": key}
    stripe = api.client(ctx)
    customer = api.done(lambda: stripe.v1.customers.create(given, once)).id
    with transaction(by=ctx.actor):
        if of_client(ctx, invoice.client_id, lock=True) is None:
            session.add(
                Card(
                    business_id=current_business_id(),
                    client_id=invoice.client_id,
                    livemode=api.is_live(ctx),
                    customer_id=customer,
                )
            )
    return customer


def save(ctx: Ctx, *, session: str) -> None:
    """A job: the client saved a card on Stripe's page; ask which. Raises RetryLater."""
    stripe = api.client(ctx)
    row = records.by_session(session)
    page = api.asked(lambda: stripe.v1.checkout.sessions.retrieve(session)).to_dict()
    if row is None or page["status"] != "complete" or page["livemode"] is not row.livemode:
        return
    client_id = row.client_id
    intent = api.asked(lambda: stripe.v1.setup_intents.retrieve(page["setup_intent"])).to_dict()
    number = intent["payment_method"]
    method = api.asked(lambda: stripe.v1.payment_methods.retrieve(number)).to_dict()
    with transaction(by=ctx.actor):
        card = of_client(ctx, client_id, lock=True)
        if card is None or card.customer_id != page["customer"] or card.agreed_at is None:
            return
        shown = method.get("card") or {}
        card.method_id, card.ended_at = number, None
        card.brand, card.last4 = shown.get("brand"), shown.get("last4")
        again = records.by_session(row.session_id, lock=True)
        if again is not None:
            records.end(again)


def stop(ctx: Ctx, client_id: int) -> None:
    """Charge it no more, from now on; then forget it at Stripe, as soon as that can be done."""
    with transaction(by=ctx.actor):
        card = of_client(ctx, client_id, lock=True)
        if card is None or card.method_id is None:
            return
        ctx.later("forget_card", key=card.method_id, method=card.method_id)
        card.method_id, card.ended_at = None, datetime.now(UTC)


def forget(ctx: Ctx, *, method: str = "", customer: str = "") -> None:
    """A job: let Stripe forget a card, or a client with all its cards. Raises RetryLater."""
    stripe = api.client(ctx).v1
    try:
        if customer:
            api.asked(lambda: stripe.customers.delete(customer))
        else:
            api.asked(lambda: stripe.payment_methods.detach(method))
    except PermanentFailure as gone:
        ctx.log.info("it is forgotten already: %s", gone.reason)


def follow(ctx: Ctx, gone_id: int, kept_id: int) -> None:
    """One client became another: its card does too, unless the other has one that may be charged.
    Whichever is not needed is forgotten here and at Stripe."""
    with transaction(by=ctx.actor):
        own = {each.livemode: each for each in _all_of(kept_id)}
        for card in _all_of(gone_id):
            other = own.get(card.livemode)
            if other is not None and (other.method_id or not card.method_id):
                _drop(ctx, card)
                continue
            if other is not None:
                _drop(ctx, other)
                session.flush()
            card.client_id = kept_id
        records.follow(gone_id, kept_id)


def erase(ctx: Ctx, client_id: int) -> None:
    """Keep nothing of the client's cards, nor let Stripe keep the client."""
    with transaction(by=ctx.actor):
        for card in _all_of(client_id):
            _drop(ctx, card)


def reconcile(ctx: Ctx) -> None:
    """A job: what became of clients while nobody told us, because the plugin was off."""
    mine = select(Card.client_id).where(Card.business_id == current_business_id())
    for client_id in session.scalars(mine.distinct().order_by(Card.client_id)).all():
        found = clients.fate(client_id=client_id)
        if found.is_erased:
            erase(ctx, client_id)
        elif found.merged_into_id is not None:
            follow(ctx, client_id, found.merged_into_id)
        elif found.is_archived:
            stop(ctx, client_id)


def _all_of(client_id: int) -> list[Card]:
    """In test and live mode, locked."""
    mine = (Card.business_id == current_business_id(), Card.client_id == client_id)
    return list(session.scalars(select(Card).where(*mine).order_by(Card.id).with_for_update()))


def _drop(ctx: Ctx, card: Card) -> None:
    ctx.later("forget_card", key=card.customer_id, customer=card.customer_id)
    session.delete(card)


# --- charging ------------------------------------------------------------------------------------


def charge_due(ctx: Ctx) -> None:
    """A job: charge the cards of clients whose invoices are due today or were before."""
    if ctx.settings.charge != "when due":
        return
    with_card = select(Card.client_id).where(
        Card.business_id == current_business_id(),
        Card.method_id.is_not(None),
        Card.ended_at.is_(None),
        Card.livemode.is_(api.is_live(ctx)),
    )
    today = datetime.now(ZoneInfo(ctx.business.time_zone)).date()
    for client_id in session.scalars(with_card.order_by(Card.client_id)).all():
        for each in invoices.find(client_id=client_id, unpaid=True, limit=MOST_OPEN).items:
            is_due = each.due_date is not None and each.due_date <= today
            if is_due and not records.charges(each.id):
                ctx.later("charge", key=f"invoice-{each.id}", invoice=each.id)


def charge(ctx: Ctx, *, invoice: int) -> None:
    """A job: charge the client's card for an invoice, once; a declined card is not tried again.

    Raises RetryLater while Stripe is away.
    """
    found = invoices.get(invoice_id=invoice)
    if found.state != "issued" or found.balance_due <= 0 or ctx.settings.charge == "never":
        return
    if chargeable(ctx, found.client_id) is None or records.charges(invoice):
        return
    attempt = uuid4()
    try:
        payments.charge(invoice_id=invoice, provider="stripe", attempt_id=attempt, by=ctx.actor)
    except (Conflict, NotFound) as no:
        ctx.log.info("invoice %s is not charged: %s", invoice, no)
    except Unavailable as away:
        # Nothing was charged: what was noted of the try is no try.
        records.drop(ctx, attempt)
        raise RetryLater(str(away)) from away


def take(ctx: Ctx, request: PaymentRequest) -> PaymentOutcome:
    """Charge the saved card, nobody being at a screen. Raises as `api.done`."""
    card = chargeable(ctx, request.invoice.client_id)
    if card is None:
        raise PermanentFailure(gettext("The client has no card that may be charged."))
    stripe, amount = api.client(ctx), to_minor(request.amount, request.currency)
    number = request.attempt_id
    params: Any = {
        "amount": amount,
        "currency": request.currency.lower(),
        "customer": card.customer_id,
        "payment_method": card.method_id,
        "off_session": True,
        "confirm": True,
        "description": request.invoice.invoice_number,
        "metadata": marks(ctx, number, request.invoice),
    }
    records.note(ctx, "charge", number, request.invoice, amount, livemode=api.is_live(ctx))
    once: Any = {"idempotency_key": str(number)}
    intent = api.done(lambda: stripe.v1.payment_intents.create(params, once)).to_dict()
    records.keep(ctx, number, intent_id=intent["id"])
    row = records.by_attempt(number)
    if row is None:
        raise PermanentFailure("What was begun is gone.")
    return effects.intent_outcome(intent, row)

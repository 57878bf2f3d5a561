"""What was begun at Stripe, as rows: written before each call, found again, bound to what Stripe
says. What does not agree has no effect and is counted."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from invoicer_core.plugin import Context, InvoiceSnapshot
from invoicer_core.plugin.tables import current_business_id, session
from invoicer_core.plugin.use_cases import transaction

from .settings import StripeSettings
from .tables import Begun, Odd

Ctx = Context[StripeSettings]
Thing = Mapping[str, Any]


def note(
    ctx: Ctx,
    kind: str,
    attempt_id: UUID,
    invoice: InvoiceSnapshot,
    amount: int,
    *,
    livemode: bool,
) -> None:
    """Write down what is about to be begun, committed."""
    with transaction(by=ctx.actor):
        session.add(
            Begun(
                business_id=current_business_id(),
                attempt_id=attempt_id,
                kind=kind,
                client_id=invoice.client_id,
                invoice_id=invoice.id,
                amount=amount,
                currency=invoice.currency,
                livemode=livemode,
            )
        )


def keep(
    ctx: Ctx, attempt_id: UUID, *, session_id: str | None = None, intent_id: str | None = None
) -> None:
    """Write down what Stripe calls it, committed."""
    given = {"session_id": session_id, "intent_id": intent_id}
    with transaction(by=ctx.actor):
        session.execute(
            update(Begun)
            .where(Begun.business_id == current_business_id(), Begun.attempt_id == attempt_id)
            .values({name: value for name, value in given.items() if value is not None})
        )


def end(row: Begun) -> None:
    """Nothing more is expected of it; in the caller's transaction."""
    row.is_over = True
    session.flush()


def drop(ctx: Ctx, attempt_id: UUID) -> None:
    """Forget a charge that Stripe never heard of, committed."""
    with transaction(by=ctx.actor):
        row = by_attempt(attempt_id, lock=True)
        if row is not None and row.intent_id is None:
            session.delete(row)


def follow(gone_id: int, kept_id: int) -> None:
    """What was begun for a client that became another; in the caller's transaction."""
    session.execute(
        update(Begun)
        .where(Begun.business_id == current_business_id(), Begun.client_id == gone_id)
        .values(client_id=kept_id)
    )


def by_attempt(attempt: object, *, lock: bool = False) -> Begun | None:
    """By our id, as Stripe hands it back; None for anything else."""
    try:
        wanted = UUID(str(attempt))
    except ValueError:
        return None
    return _one(Begun.attempt_id == wanted, lock)


def by_session(number: object, *, lock: bool = False) -> Begun | None:
    """By Stripe's id of a Checkout Session."""
    return _one(Begun.session_id == str(number), lock) if number else None


def by_intent(number: object, *, lock: bool = False) -> Begun | None:
    """By Stripe's id of a PaymentIntent."""
    return _one(Begun.intent_id == str(number), lock) if number else None


def _one(condition: Any, lock: bool) -> Begun | None:
    statement = select(Begun).where(Begun.business_id == current_business_id(), condition)
    if lock:
        statement = statement.with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).first()


def open_pages(invoice_id: int) -> list[Begun]:
    """Pay pages of an invoice on which somebody may still pay."""
    statement = select(Begun).where(
        Begun.business_id == current_business_id(),
        Begun.invoice_id == invoice_id,
        Begun.kind == "page",
        Begun.session_id.is_not(None),
        Begun.is_over.is_(False),
    )
    return list(session.scalars(statement))


def charges(invoice_id: int) -> int:
    """How often a saved card was charged for an invoice, or was going to be."""
    statement = select(func.count()).where(
        Begun.business_id == current_business_id(),
        Begun.invoice_id == invoice_id,
        Begun.kind == "charge",
    )
    return session.scalar(statement) or 0


def expects_an_intent() -> bool:
    """Whether an intent that we do not know may be one of ours."""
    statement = select(Begun.id).where(
        Begun.business_id == current_business_id(),
        Begun.intent_id.is_(None),
        or_(Begun.session_id.is_not(None), Begun.kind == "charge"),
        Begun.kind != "card",
        Begun.created_at > func.now() - func.make_interval(0, 1),
    )
    return session.scalars(statement.limit(1)).first() is not None


def differs(row: Begun, livemode: object, amount: object, currency: object) -> str | None:
    """How what Stripe reports is not what was begun; None where it is."""
    if livemode is not row.livemode:
        return "test and live mode mixed up"
    if str(currency).upper() != row.currency:
        return "another currency"
    if amount != row.amount:
        return "another amount"
    return None


def count_odd(ctx: Ctx, reason: str, event: str) -> None:
    """Count a call that was given no effect; in the caller's transaction."""
    ctx.log.warning("a call of Stripe was given no effect (%s): %s", event, reason)
    row = insert(Odd).values(business_id=current_business_id(), reason=reason, last_event=event)
    session.execute(
        row.on_conflict_do_update(
            index_elements=["business_id", "reason"],
            set_={"times": Odd.times + 1, "last_event": event, "last_at": func.now()},
        )
    )


def odd_times() -> dict[str, int]:
    """How often each kind of odd call came."""
    rows = select(Odd.reason, Odd.times).where(Odd.business_id == current_business_id())
    return {row[0]: row[1] for row in session.execute(rows.order_by(Odd.reason))}

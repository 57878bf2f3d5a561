"""Payments found and answered, with what they were put on and what went back."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select

from invoicer_core.domain.errors import InvalidInput, NotFound
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import (
    AllocationSnapshot,
    Page,
    PaymentSnapshot,
    RefundSnapshot,
)
from invoicer_core.models import db
from invoicer_core.models.invoices import Invoice
from invoicer_core.models.parties import Client
from invoicer_core.models.payments import Allocation, Payment, Refund
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.listing import (
    ID_MOST,
    Ordering,
    has_id,
    matches,
    one_of,
    read_page,
    within_days,
)

STATUSES = (
    "pending", "succeeded", "failed", "unknown", "partly_refunded", "refunded", "disputed",
)  # fmt: skip

RECEIVED: Final = frozenset({"succeeded", "partly_refunded", "refunded", "disputed"})
"""Payments whose money came in, whatever became of it."""

_TABLE = Payment.__table__.c
_REFERENCE = func.lower(func.coalesce(_TABLE.reference, ""))
_ORDERING = Ordering(_TABLE.id, {"date": _TABLE.date, "amount": _TABLE.amount})


def get(*, payment_id: int) -> PaymentSnapshot:
    """One payment with its allocations and refunds. Raises NotFound."""
    known = 0 < payment_id <= ID_MOST
    found = _snapshots(_selection().where(Payment.id == payment_id)) if known else []
    if not found:
        raise NotFound.of("payment", payment_id)
    return found[0]


def find(
    *,
    client_id: int | None = None,
    invoice_id: int | None = None,
    status: str | None = None,
    start: date | None = None,
    end: date | None = None,
    q: str | None = None,
    sort: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
    method: str | None = None,
    state: str | None = None,
) -> Page[PaymentSnapshot]:
    """Payments, newest first unless sorted otherwise; ``q`` is looked for in the reference and the
    client's name and e-mail.

    Args:
        state: ``unapplied`` for those of which something is not used yet, ``refunded`` for those
            of which something went back, ``told`` for those that their client is told of: begun and
            broken off ones are not.
    """
    statement = _selection().where(
        _in_state(state),
        _TABLE.method == method if method else and_(True),
        has_id(_TABLE.client_id, client_id),
        within_days(_TABLE.date, start, end),
        one_of(_TABLE.status, status, STATUSES, "/status"),
        or_(matches(Client.__table__.c.search, q), matches(_REFERENCE, q)),
    )
    if invoice_id is not None:
        on_invoice = select(Allocation.payment_id).where(
            Allocation.business_id == current_business_id(),
            has_id(Allocation.__table__.c.invoice_id, invoice_id),
        )
        statement = statement.where(Payment.id.in_(on_invoice))
    return read_page(statement, _ORDERING, _build, sort=sort, limit=limit, cursor=cursor)


def _in_state(state: str | None) -> ColumnElement[bool]:
    if state is None:
        return and_(True)
    if state == "refunded":
        return _TABLE.refunded > 0
    if state == "unapplied":
        left = _TABLE.amount > _TABLE.allocated + _TABLE.refunded
        return and_(_TABLE.status.in_(("succeeded", "partly_refunded")), left)
    if state == "told":
        return _TABLE.status.in_((*RECEIVED, "unknown"))
    raise InvalidInput.at("/state", say("This is unapplied, refunded or told."))


def methods() -> tuple[str, ...]:
    """The methods of payments that are there, in order."""
    statement = select(Payment.method).where(Payment.business_id == current_business_id())
    return tuple(db.session.scalars(statement.distinct().order_by(Payment.method)))


def _selection() -> Any:
    return (
        select(Payment, Client.name)
        .join(
            Client,
            (Client.business_id == Payment.business_id) & (Client.id == Payment.client_id),
        )
        .where(Payment.business_id == current_business_id())
        .execution_options(populate_existing=True)
    )


def _snapshots(statement: Any) -> list[PaymentSnapshot]:
    return _build([tuple(row) for row in db.session.execute(statement)])


def _build(found: Sequence[Any]) -> list[PaymentSnapshot]:
    ids = [payment.id for payment, _ in found]
    allocations = _allocations_of(ids)
    refunds = _refunds_of(ids)
    return [
        PaymentSnapshot(
            id=payment.id,
            public_id=payment.public_id,
            client_id=payment.client_id,
            client_name=client_name,
            invoice_id=payment.invoice_id,
            amount=payment.amount,
            currency=payment.currency,
            method=payment.method,
            status=payment.status,
            date=payment.date,
            reference=payment.reference,
            note=payment.note,
            provider=payment.provider,
            provider_ref=payment.provider_ref,
            allocated_amount=payment.allocated,
            unapplied_amount=payment.amount - payment.allocated - payment.refunded,
            refunded_amount=payment.refunded,
            allocations=tuple(allocations.get(payment.id, ())),
            refunds=tuple(refunds.get(payment.id, ())),
            version=payment.version,
            created_at=payment.created_at,
        )
        for payment, client_name in found
    ]


def _allocations_of(ids: Sequence[int]) -> dict[int, list[AllocationSnapshot]]:
    statement = (
        select(Allocation.payment_id, Allocation, Invoice.number)
        .join(
            Invoice,
            (Invoice.business_id == Allocation.business_id) & (Invoice.id == Allocation.invoice_id),
        )
        .where(Allocation.business_id == current_business_id(), Allocation.payment_id.in_(ids))
        .order_by(Allocation.id)
    )
    found: dict[int, list[AllocationSnapshot]] = {}
    for payment_id, allocation, number in db.session.execute(statement):
        found.setdefault(payment_id or 0, []).append(
            AllocationSnapshot(
                id=allocation.id,
                invoice_id=allocation.invoice_id,
                invoice_number=number or "",
                amount=allocation.amount,
                created_at=allocation.created_at,
            )
        )
    return found


def _refunds_of(ids: Sequence[int]) -> dict[int, list[RefundSnapshot]]:
    statement = (
        select(Refund)
        .where(Refund.business_id == current_business_id(), Refund.payment_id.in_(ids))
        .order_by(Refund.id)
    )
    found: dict[int, list[RefundSnapshot]] = {}
    for refund_row in db.session.scalars(statement):
        found.setdefault(refund_row.payment_id, []).append(
            RefundSnapshot(
                id=refund_row.id,
                payment_id=refund_row.payment_id,
                amount=refund_row.amount,
                reason=refund_row.reason,
                created_at=refund_row.created_at,
            )
        )
    return found

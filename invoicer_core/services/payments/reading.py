"""Payments found and answered, with what they were put on and what went back."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from invoicer_core.domain.errors import NotFound
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

_TABLE = Payment.__table__.c
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
) -> Page[PaymentSnapshot]:
    """Payments, newest first unless sorted otherwise; ``q`` is looked for in the client's
    name and e-mail."""
    statement = _selection().where(
        has_id(_TABLE.client_id, client_id),
        within_days(_TABLE.date, start, end),
        one_of(_TABLE.status, status, STATUSES, "/status"),
        matches(Client.__table__.c.search, q),
    )
    if invoice_id is not None:
        on_invoice = select(Allocation.payment_id).where(
            Allocation.business_id == current_business_id(),
            has_id(Allocation.__table__.c.invoice_id, invoice_id),
        )
        statement = statement.where(Payment.id.in_(on_invoice))
    return read_page(statement, _ORDERING, _build, sort=sort, limit=limit, cursor=cursor)


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

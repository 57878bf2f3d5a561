"""The figures of the first page, each the sum of a list that it leads to.

Amounts are those of invoices in the business's own currency; sums over several currencies would
need a rate of today, which an issued document does not have.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, select

from invoicer_core.domain.snapshots import InvoiceSnapshot, TimelineEntry
from invoicer_core.models import db
from invoicer_core.models.invoices import Invoice
from invoicer_core.models.payments import Payment
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import drafting, invoices, timeline
from invoicer_core.services.invoices import standing

RECENT: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What is owed, what is late, what came in. Amounts are in ``currency``."""

    currency: str
    outstanding: Decimal
    outstanding_count: int
    overdue: Decimal
    overdue_count: int
    paid_this_month: Decimal
    paid_last_month: Decimal
    draft_count: int
    draft_total: Decimal
    is_new: bool
    recent_invoices: tuple[InvoiceSnapshot, ...]
    activity: tuple[TimelineEntry, ...]


def summary() -> Summary:
    """The figures as of now; months are those of the business's time zone."""
    currency = drafting.business_currency()
    open_, late, drafts = _open(currency)
    today = db.session.scalar(select(standing.today_sql())) or date.min
    month = today.replace(day=1)
    former = (month - timedelta(days=1)).replace(day=1)
    recent = invoices.find(limit=RECENT).items
    return Summary(
        currency=currency,
        outstanding=open_[0],
        outstanding_count=open_[1],
        overdue=late[0],
        overdue_count=late[1],
        draft_total=drafts[0],
        draft_count=drafts[1],
        paid_this_month=_received(currency, month, None),
        paid_last_month=_received(currency, former, month),
        is_new=not recent,
        recent_invoices=recent,
        activity=timeline.recent(),
    )


Figure = tuple[Decimal, int]


def _open(currency: str) -> tuple[Figure, Figure, Figure]:
    """Outstanding, overdue and drafts in one pass over what is not closed."""
    balance = Invoice.amount_due - Invoice.settled
    unpaid = and_(Invoice.state == "issued", Invoice.settled < Invoice.amount_due)
    draft = Invoice.state == "draft"
    row = db.session.execute(
        select(
            *_figure(unpaid, balance),
            *_figure(standing.overdue_sql(), balance),
            *_figure(draft, Invoice.total_amount),
        ).where(
            Invoice.business_id == current_business_id(),
            Invoice.currency == currency,
            Invoice.deleted_at.is_(None),
            unpaid | draft,
        )
    ).one()
    return (row[0], row[1]), (row[2], row[3]), (row[4], row[5])


def _figure(condition: ColumnElement[bool], amount: Any) -> tuple[Any, Any]:
    kept = case((condition, amount))
    return func.coalesce(func.sum(kept), Decimal(0)), func.count(kept)


def _received(currency: str, start: date, end: date | None) -> Decimal:
    """Money received less refunds, by the payments' dates."""
    conditions = [
        Payment.business_id == current_business_id(),
        Payment.currency == currency,
        Payment.status.in_(("succeeded", "partly_refunded", "refunded")),
        Payment.__table__.c.date >= start,
    ]
    if end is not None:
        conditions.append(Payment.__table__.c.date < end)
    total = func.coalesce(func.sum(Payment.amount - Payment.refunded), Decimal(0))
    return db.session.scalar(select(total).where(*conditions)) or Decimal(0)

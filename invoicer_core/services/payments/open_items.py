"""What a client's money can be put on: the invoices with a balance, oldest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from sqlalchemy import func, select

from invoicer_core.models import db
from invoicer_core.models.invoices import Invoice
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.invoices import standing

MOST: Final = 200
"""Items on one page; the oldest. Who owes more invoices than that pays these first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """An invoice on which something is open."""

    invoice_id: int
    number: str
    issue_date: date | None
    due_date: date | None
    is_overdue: bool
    total: Decimal
    balance: Decimal


def open_items(*, client_id: int, currency: str) -> tuple[OpenItem, ...]:
    """The client's invoices in this currency with a balance, by due date."""
    statement = (
        select(Invoice, standing.overdue_sql().label("late"))
        .where(
            Invoice.business_id == current_business_id(),
            Invoice.client_id == client_id,
            Invoice.currency == currency,
            Invoice.state == "issued",
            Invoice.settled < Invoice.amount_due,
        )
        .order_by(func.coalesce(Invoice.due_date, Invoice.issue_date), Invoice.id)
        .limit(MOST)
        .execution_options(populate_existing=True)
    )
    return tuple(
        OpenItem(
            invoice_id=row.id,
            number=row.number or "",
            issue_date=row.issue_date,
            due_date=row.due_date,
            is_overdue=late,
            total=row.amount_due,
            balance=row.amount_due - row.settled,
        )
        for row, late in db.session.execute(statement)
    )


def oldest_first(items: Sequence[OpenItem], amount: Decimal) -> Mapping[int, Decimal]:
    """How much of an amount goes on which invoice when the oldest are paid first."""
    parts: dict[int, Decimal] = {}
    for item in items:
        part = min(amount, item.balance)
        if part <= 0:
            break
        parts[item.invoice_id] = part
        amount -= part
    return parts

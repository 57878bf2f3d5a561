"""Every posting of a client's account in one currency: what was owed, what settled it, and when.

An invoice is owed from its date, a voided one until the day it was voided; a credit note counts
with what of it settled something; money counts on the day it came or went back. The sum of all is
what is open less what is not used yet.
"""

from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Date, Numeric, Select, Text, cast, func, literal, select, union_all

from invoicer_core.hooks.offers import StatementLine
from invoicer_core.models import db
from invoicer_core.models.invoices import CreditNote, Invoice
from invoicer_core.models.payments import Allocation, Payment, Refund
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import businesses
from invoicer_core.services.payments import RECEIVED

_ORDER: Final = ("invoice", "void", "credit_note", "payment", "refund", "write_off")


def opening(*, client_id: int, currency: str, before: date) -> Decimal:
    """What all postings of the days before come to."""
    posted = _all(client_id, currency)
    total = func.coalesce(func.sum(posted.c.amount), Decimal(0))
    return db.session.scalar(select(total).where(posted.c.day < before)) or Decimal(0)


def between(
    *, client_id: int, currency: str, start: date, end: date, balance: Decimal
) -> tuple[StatementLine, ...]:
    """The postings of the days from ``start`` to ``end``, each with the balance after it.

    Args:
        balance: what the earlier ones came to.
    """
    posted = _all(client_id, currency)
    statement = (
        select(posted)
        .where(posted.c.day >= start, posted.c.day <= end)
        .order_by(posted.c.day, posted.c.rank, posted.c.id)
    )
    lines = []
    for row in db.session.execute(statement):
        balance += row.amount
        line = StatementLine(
            date=row.day, kind=row.kind, number=row.number, amount=row.amount, balance=balance
        )
        lines.append(line)
    return tuple(lines)


def currencies(*, client_id: int) -> tuple[str, ...]:
    """The currencies in which anything was ever posted, in order."""
    mine = current_business_id()
    owed = select(Invoice.currency).where(
        Invoice.business_id == mine, Invoice.client_id == client_id, Invoice.issued_at.is_not(None)
    )
    paid = select(Payment.currency).where(
        Payment.business_id == mine, Payment.client_id == client_id, Payment.status.in_(RECEIVED)
    )
    return tuple(sorted(db.session.scalars(owed.union(paid))))


def _all(client_id: int, currency: str) -> Any:
    zone = businesses.current().time_zone
    return union_all(
        *_papers(client_id, currency, zone), *_money(client_id, currency, zone)
    ).subquery("posted")


def _papers(client_id: int, currency: str, zone: str) -> tuple[Select[Any], ...]:
    mine = current_business_id()
    invoices = (
        Invoice.business_id == mine,
        Invoice.client_id == client_id,
        Invoice.currency == currency,
        Invoice.issued_at.is_not(None),
    )
    written_off = (
        _posting("write_off", _day(Allocation.created_at, zone), Allocation.id, Invoice.number,
                 -Allocation.amount)
        .join(
            Invoice,
            (Invoice.business_id == Allocation.business_id) & (Invoice.id == Allocation.invoice_id),
        )
        .where(Allocation.business_id == mine, Allocation.kind == "write_off", *invoices)
    )  # fmt: skip
    return (
        _posting("invoice", Invoice.issue_date, Invoice.id, Invoice.number, Invoice.amount_due)
        .where(*invoices),
        _posting("void", _day(Invoice.voided_at, zone), Invoice.id, Invoice.number,
                 -Invoice.amount_due)
        .where(*invoices, Invoice.state == "void"),
        _posting("credit_note", CreditNote.issue_date, CreditNote.id, CreditNote.number,
                 -CreditNote.allocated)
        .where(
            CreditNote.business_id == mine,
            CreditNote.client_id == client_id,
            CreditNote.currency == currency,
        ),
        written_off,
    )  # fmt: skip


def _money(client_id: int, currency: str, zone: str) -> tuple[Select[Any], ...]:
    received = (
        Payment.business_id == current_business_id(),
        Payment.client_id == client_id,
        Payment.currency == currency,
        Payment.status.in_(RECEIVED),
    )
    number = func.coalesce(Payment.reference, cast(Payment.id, Text))
    paid = _posting("payment", Payment.__table__.c.date, Payment.id, number, -Payment.amount)
    returned = _posting(
        "refund", _day(Refund.created_at, zone), Refund.id, number, Refund.amount
    ).join(Payment, (Payment.business_id == Refund.business_id) & (Payment.id == Refund.payment_id))
    mine = Refund.business_id == current_business_id()
    return paid.where(*received), returned.where(mine, *received)


def _posting(kind: str, day: Any, row_id: Any, number: Any, amount: Any) -> Select[Any]:
    return select(
        cast(day, Date).label("day"),
        literal(_ORDER.index(kind)).label("rank"),
        row_id.label("id"),
        literal(kind, Text).label("kind"),
        cast(number, Text).label("number"),
        cast(amount, Numeric).label("amount"),
    )


def _day(moment: Any, zone: str) -> Any:
    """The business's day of an instant."""
    return cast(func.timezone(zone, moment), Date)

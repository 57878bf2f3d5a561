"""Suppliers' invoices to us ("bills"): from rows to snapshots."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final, Literal

from sqlalchemy import select

from invoicer_core.domain.calendar import local_day
from invoicer_core.domain.money import round_money
from invoicer_core.models import db
from invoicer_core.models.identity import Business
from invoicer_core.models.parties import Supplier
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.models.trade import Bill, BillPayment
from invoicer_core.services.rows import find_row

Status = Literal["open", "partial", "paid", "overdue", "void"]
STATUSES: Final = ("open", "overdue", "paid", "void")


@dataclass(frozen=True, slots=True, kw_only=True)
class BillPaymentSnapshot:
    """Money paid for a bill. ``undone`` when a counter row took it back; such rows themselves are
    not shown."""

    id: int
    bill_id: int
    amount: Decimal
    date: date
    method: str
    reference: str | None = None
    actor: str
    created_at: datetime
    undone: bool = False
    undone_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillSnapshot:
    """A supplier's invoice to us. ``status`` is computed: overdue is a matter of today."""

    id: int
    supplier_id: int
    supplier_name: str
    number: str
    bill_date: date
    due_date: date | None = None
    currency: str
    net_amount: Decimal
    tax_amount: Decimal
    total_amount: Decimal
    paid_amount: Decimal
    balance_due: Decimal
    status: Status
    notes: str | None = None
    void_reason: str | None = None
    voided_at: datetime | None = None
    version: int
    created_at: datetime
    updated_at: datetime


def load(bill_id: int, *, lock: bool = False) -> Bill:
    """The row of a bill. Raises NotFound."""
    return find_row(Bill, bill_id, "bill", lock=lock)


def today() -> date:
    """Today where the business is."""
    business = db.session.get_one(Business, current_business_id())
    return local_day(business.time_zone, datetime.now(UTC))


def snapshot(row: Bill) -> BillSnapshot:
    """What is shown of one bill."""
    return snapshots([row])[0]


def snapshots(rows: Sequence[Bill]) -> list[BillSnapshot]:
    """What is shown of many, with one look-up for all their suppliers."""
    if not rows:
        return []
    db.session.flush()
    day = today()
    names = _names({row.supplier_id for row in rows})
    return [_snapshot(row, names.get(row.supplier_id, ""), day) for row in rows]


def payments_of(bill_id: int) -> tuple[BillPaymentSnapshot, ...]:
    """What was paid for a bill, in the order in which it was written down."""
    rows = db.session.scalars(
        select(BillPayment)
        .where(BillPayment.business_id == current_business_id(), BillPayment.bill_id == bill_id)
        .order_by(BillPayment.id)
    ).all()
    undone = {row.reverses_id: row.reason for row in rows if row.reverses_id is not None}
    return tuple(
        BillPaymentSnapshot(
            id=row.id,
            bill_id=row.bill_id,
            amount=row.amount,
            date=row.date,
            method=row.method,
            reference=row.reference,
            actor=row.actor,
            created_at=row.created_at,
            undone=row.id in undone,
            undone_reason=undone.get(row.id),
        )
        for row in rows
        if row.reverses_id is None
    )


def _snapshot(row: Bill, supplier_name: str, day: date) -> BillSnapshot:
    money = row.currency
    balance = Decimal(0) if row.voided_at else row.total_amount - row.paid
    return BillSnapshot(
        id=row.id,
        supplier_id=row.supplier_id,
        supplier_name=supplier_name,
        number=row.number,
        bill_date=row.bill_date,
        due_date=row.due_date,
        currency=money,
        net_amount=round_money(row.total_amount - row.tax_amount, money),
        tax_amount=round_money(row.tax_amount, money),
        total_amount=round_money(row.total_amount, money),
        paid_amount=round_money(row.paid, money),
        balance_due=round_money(balance, money),
        status=_status(row, balance, day),
        notes=row.notes,
        void_reason=row.void_reason,
        voided_at=row.voided_at,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _status(row: Bill, balance: Decimal, day: date) -> Status:
    if row.voided_at is not None:
        return "void"
    if not balance:
        return "paid"
    if row.due_date is not None and row.due_date < day:
        return "overdue"
    return "partial" if row.paid else "open"


def _names(ids: set[int]) -> dict[int, str]:
    found = db.session.execute(
        select(Supplier.id, Supplier.name).where(
            Supplier.business_id == current_business_id(), Supplier.id.in_(ids)
        )
    )
    return {key: name for key, name in found}  # noqa: C416 - typed

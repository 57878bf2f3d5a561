"""What suppliers bill us, and what we pay them; recorded by hand.

A bill is a supplier's invoice to us: it carries the supplier's number, not one of ours. What is
owed is the total less the payments; a payment written down by mistake is countered, never erased.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, and_, case, func, or_, select

from invoicer_core.domain import calendar
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, FieldError
from invoicer_core.domain.money import round_money, to_currency
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import Page
from invoicer_core.models import db
from invoicer_core.models.parties import Supplier
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.models.trade import Bill, BillPayment
from invoicer_core.services.buying.bill_rows import (
    STATUSES,
    BillPaymentSnapshot,
    BillSnapshot,
    load,
    payments_of,
    snapshot,
    snapshots,
    today,
)
from invoicer_core.services.fields import (
    Check,
    calendar_day,
    check_fields,
    choice,
    currency,
    number,
    text,
)
from invoicer_core.services.listing import Ordering, has_id, matches, read_page
from invoicer_core.services.rows import (
    assign,
    check_version,
    find_row,
    refuse,
    taken,
    touch,
    translated,
)
from invoicer_core.services.transaction import transaction

METHODS: Final = ("bank_transfer", "cash", "card", "cheque", "direct_debit", "other")
ZERO: Final = Decimal(0)
CHECKS: Final[Mapping[str, Check]] = {
    "number": text(100),
    "bill_date": calendar_day,
    "due_date": calendar_day,
    "currency": currency,
    "tax_amount": number(ZERO),
    "total_amount": number(ZERO),
    "notes": text(5_000, lines=True),
}
REQUIRED: Final = ("number", "bill_date", "currency", "total_amount")
PAYMENT_CHECKS: Final[Mapping[str, Check]] = {
    "amount": number(ZERO),
    "date": calendar_day,
    "method": choice(*METHODS),
    "reference": text(200),
}
_LAST: Final = date(9999, 12, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What we owe and have paid, in one currency."""

    currency: str
    open: Decimal
    overdue: Decimal
    paid: Decimal
    count: int
    """How many bills are open."""


def record(*, supplier_id: int, fields: Mapping[str, Any], by: Actor) -> BillSnapshot:
    """Write down a supplier's invoice. Without a due date it falls due by the supplier's terms.

    Raises:
        InvalidInput: a pointer per wrong field.
        NotFound: no such supplier.
        Conflict: this supplier's bill of that number is there already (``/number``).
    """
    values = check_fields(fields, CHECKS, required=REQUIRED)
    with transaction(by=by) as unit:
        supplier = find_row(Supplier, supplier_id, "supplier", Supplier.deleted_at.is_(None))
        values["tax_amount"] = values.get("tax_amount") or ZERO
        _check_amounts(values)
        if values.get("due_date") is None and supplier.payment_terms_days is not None:
            terms = supplier.payment_terms_days
            values["due_date"] = calendar.due_date(values["bill_date"], terms)
        _check_days(values["bill_date"], values.get("due_date"))
        row = Bill(business_id=current_business_id(), supplier_id=supplier.id, **values)
        with translated({"uq_bills_number": _number_taken()}):
            db.session.add(row)
            db.session.flush()
        unit.record("bill.recorded", bill=row.id, supplier=supplier.id, total=row.total_amount)
        return snapshot(row)


def get(*, bill_id: int) -> BillSnapshot:
    """One bill. Raises NotFound."""
    return snapshot(load(bill_id))


def payments(*, bill_id: int) -> tuple[BillPaymentSnapshot, ...]:
    """What was paid for a bill, the first first. Raises NotFound."""
    return payments_of(load(bill_id).id)


def update(
    *, bill_id: int, fields: Mapping[str, Any], by: Actor, expected_version: int | None = None
) -> BillSnapshot:
    """Correct a bill. Its total cannot fall below what is paid, nor its currency change then.

    Raises:
        InvalidInput, NotFound, StaleVersion: as ever.
        Conflict: it is void, its number is another's, or money that was paid stands against it.
    """
    values = check_fields(fields, CHECKS, required=REQUIRED, partial=True)
    with transaction(by=by) as unit:
        row = load(bill_id, lock=True)
        check_version(row, expected_version, "bill", lambda: snapshot(row))
        _check_alive(row)
        if "tax_amount" in values and values["tax_amount"] is None:
            values["tax_amount"] = ZERO
        sums = {name: getattr(row, name) for name in ("currency", "tax_amount", "total_amount")}
        sums |= {name: value for name, value in values.items() if name in sums}
        _check_amounts(sums)
        values |= {name: sums[name] for name in ("tax_amount", "total_amount")}
        _check_paid(row, sums)
        _check_days(values.get("bill_date", row.bill_date), values.get("due_date", row.due_date))
        with translated({"uq_bills_number": _number_taken()}):
            changed = assign(row, values)
            db.session.flush()
        if changed:
            unit.record("bill.updated", bill=row.id, fields=sorted(changed))
        return snapshot(row)


def void(*, bill_id: int, reason: str, by: Actor) -> BillSnapshot:
    """Annul a bill that was written down by mistake. The row stays; its number is free again.

    Raises:
        InvalidInput: no reason.
        NotFound: no such bill.
        Conflict: void already, or something is paid.
    """
    values = check_fields({"reason": reason}, {"reason": text(500)}, required=("reason",))
    with transaction(by=by) as unit:
        row = load(bill_id, lock=True)
        _check_alive(row)
        if row.paid:
            raise Conflict(say("Something is paid for this bill: undo its payments first."))
        row.voided_at = datetime.now(UTC)
        row.void_reason = values["reason"]
        touch(row)
        db.session.flush()
        unit.record("bill.voided", bill=row.id, reason=row.void_reason)
        return snapshot(row)


def pay(*, bill_id: int, fields: Mapping[str, Any], by: Actor) -> BillSnapshot:
    """Write down money that was paid for a bill: all that is open, or a part.

    Args:
        fields: ``amount``, ``date`` (today without), ``method``, ``reference``.

    Raises:
        InvalidInput: a pointer per wrong field.
        NotFound: no such bill.
        Conflict: void, or more than is open (``/amount``).
    """
    values = check_fields(fields, PAYMENT_CHECKS, required=("amount", "method"))
    with transaction(by=by) as unit:
        row = load(bill_id, lock=True)
        _check_alive(row)
        amount = to_currency(values["amount"], row.currency)
        if not amount:
            refuse("/amount", say("Give an amount above 0."))
        left = row.total_amount - row.paid
        if amount > left:
            message = say(
                "Only %(left)s %(currency)s of it is open.",
                left=round_money(left, row.currency),
                currency=row.currency,
            )
            raise Conflict(message, [FieldError("/amount", message)])
        made = BillPayment(
            business_id=row.business_id,
            bill_id=row.id,
            amount=amount,
            date=values.get("date") or today(),
            method=values["method"],
            reference=values.get("reference"),
            actor=by.label,
        )
        db.session.add(made)
        db.session.flush()
        db.session.refresh(row)
        unit.record("bill.paid", bill=row.id, payment=made.id, amount=amount)
        return snapshot(row)


def undo_payment(*, bill_id: int, payment_id: int, reason: str, by: Actor) -> BillSnapshot:
    """Counter a payment that was written down by mistake.

    Raises:
        InvalidInput: no reason.
        NotFound: no such payment of this bill.
        Conflict: it is undone already.
    """
    values = check_fields({"reason": reason}, {"reason": text(500)}, required=("reason",))
    with transaction(by=by) as unit:
        row = load(bill_id, lock=True)
        of_bill = and_(BillPayment.bill_id == bill_id, BillPayment.reverses_id.is_(None))
        wrong = find_row(BillPayment, payment_id, "payment", of_bill)
        already = "uq_bill_payments_business_id_reverses_id"
        with translated({already: Conflict(say("This payment is undone already."))}):
            db.session.add(
                BillPayment(
                    business_id=row.business_id,
                    bill_id=row.id,
                    amount=-wrong.amount,
                    date=today(),
                    method=wrong.method,
                    reason=values["reason"],
                    reverses_id=wrong.id,
                    actor=by.label,
                )
            )
            db.session.flush()
        db.session.refresh(row)
        unit.record("bill.payment_undone", bill=row.id, payment=wrong.id, reason=values["reason"])
        return snapshot(row)


def find(
    *,
    q: str | None = None,
    supplier_id: int | None = None,
    status: str | None = None,
    sort: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Page[BillSnapshot]:
    """Bills, the newest first; by what is due first with ``sort="due_date"``.

    Args:
        q: words of numbers and suppliers.
        status: ``open`` (overdue ones too), ``overdue``, ``paid``, ``void``; without a wish all
            but the void ones.
    """
    if status is not None and status not in STATUSES:
        refuse("/status", say("This is one of %(known)s.", known=", ".join(STATUSES)))
    bill_number = func.lower(Bill.number, type_=Text)
    statement = (
        select(Bill)
        .join(
            Supplier, (Supplier.business_id == Bill.business_id) & (Supplier.id == Bill.supplier_id)
        )
        .where(
            Bill.business_id == current_business_id(),
            has_id(Bill.supplier_id, supplier_id),
            _of_status(status),
            or_(matches(bill_number, q), matches(Supplier.search, q)),
        )
    )
    keys = {
        "number": bill_number,
        "bill_date": Bill.bill_date,
        "due_date": func.coalesce(Bill.due_date, _LAST),
        "total_amount": Bill.total_amount,
    }
    ordering = Ordering(Bill.id, keys)
    return read_page(statement, ordering, snapshots, sort=sort, limit=limit, cursor=cursor)


def owed(*, supplier_id: int | None = None) -> tuple[Owed, ...]:
    """What we owe and have paid, by currency; to one supplier or to all."""
    left = Bill.total_amount - Bill.paid
    late = func.coalesce(Bill.due_date < today(), False)
    rows = db.session.execute(
        select(
            Bill.currency,
            func.sum(left),
            func.sum(case((late, left), else_=ZERO)),
            func.sum(Bill.paid),
            func.count().filter(left > 0),
        )
        .where(
            Bill.business_id == current_business_id(),
            Bill.voided_at.is_(None),
            has_id(Bill.supplier_id, supplier_id),
        )
        .group_by(Bill.currency)
        .order_by(Bill.currency)
    )
    return tuple(
        Owed(
            currency=money,
            open=round_money(open_, money),
            overdue=round_money(overdue, money),
            paid=round_money(paid, money),
            count=count,
        )
        for money, open_, overdue, paid, count in rows
    )


def owed_to(supplier_ids: Sequence[int]) -> dict[int, list[tuple[Decimal, str]]]:
    """What we owe each of these suppliers: amounts with their currencies."""
    rows = db.session.execute(
        select(Bill.supplier_id, Bill.currency, func.sum(Bill.total_amount - Bill.paid))
        .where(
            Bill.business_id == current_business_id(),
            Bill.supplier_id.in_(supplier_ids),
            _of_status("open"),
        )
        .group_by(Bill.supplier_id, Bill.currency)
        .order_by(Bill.currency)
    )
    found: dict[int, list[tuple[Decimal, str]]] = {}
    for supplier_id, money, amount in rows:
        found.setdefault(supplier_id, []).append((round_money(amount, money), money))
    return found


def _of_status(status: str | None) -> ColumnElement[bool]:
    alive = Bill.voided_at.is_(None)
    unpaid = and_(alive, Bill.paid < Bill.total_amount)
    conditions: dict[str | None, ColumnElement[bool]] = {
        None: alive,
        "open": unpaid,
        "paid": and_(alive, Bill.paid == Bill.total_amount),
        "void": Bill.voided_at.is_not(None),
    }
    return conditions[status] if status != "overdue" else and_(unpaid, Bill.due_date < today())


def _check_amounts(values: dict[str, Any]) -> None:
    """Amounts have the currency's digits, and the tax is a part of the total."""
    for name in ("total_amount", "tax_amount"):
        values[name] = to_currency(values[name], values["currency"], f"/{name}")
    if not values["total_amount"]:
        refuse("/total_amount", say("Give an amount above 0."))
    if values["tax_amount"] >= values["total_amount"]:
        refuse("/tax_amount", say("The tax is a part of the total, and less than it."))


def _check_paid(row: Bill, sums: Mapping[str, Any]) -> None:
    if row.paid and sums["currency"] != row.currency:
        message = say("Something is paid in this currency: undo its payments first.")
        raise Conflict(message, [FieldError("/currency", message)])
    if sums["total_amount"] < row.paid:
        message = say(
            "%(paid)s %(currency)s of it is paid already.",
            paid=round_money(row.paid, row.currency),
            currency=row.currency,
        )
        raise Conflict(message, [FieldError("/total_amount", message)])


def _check_days(bill_date: date, due: date | None) -> None:
    if due is not None and due < bill_date:
        refuse("/due_date", say("The due date is before the date of the bill."))


def _check_alive(row: Bill) -> None:
    if row.voided_at is not None:
        raise Conflict(say("This bill is void: nothing of it changes any more."))


def _number_taken() -> Conflict:
    return taken("/number", say("A bill of this supplier with this number is there already."))

"""What clients owe, how late, and what of their money is not used yet: by currency."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import case, func, select

from invoicer_core.domain.money import round_money
from invoicer_core.models import db
from invoicer_core.models.invoices import Invoice
from invoicer_core.models.payments import Payment
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.invoices import standing

USABLE: Final = ("succeeded", "partly_refunded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A client's account in one currency.

    Args:
        balance: open on issued invoices. ``overdue`` is the part that is late, ``late_since`` the
            oldest due date of it.
        unapplied: received and not put on an invoice yet.
    """

    currency: str
    balance: Decimal = Decimal(0)
    overdue: Decimal = Decimal(0)
    late_since: date | None = None
    unapplied: Decimal = Decimal(0)


def of(*, client_ids: Sequence[int]) -> dict[int, tuple[Account, ...]]:
    """The accounts of these clients in which anything is open, by currency; clients without any
    are left out."""
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for row in db.session.execute(_open(client_ids)).mappings():
        figures = {name: row[name] for name in ("balance", "overdue", "late_since")}
        found[row["client_id"], row["currency"]] = figures
    for client_id, currency, unapplied in db.session.execute(_unapplied(client_ids)):
        found.setdefault((client_id, currency), {})["unapplied"] = unapplied
    accounts: dict[int, tuple[Account, ...]] = {}
    for (client_id, currency), figures in sorted(found.items()):
        exact: dict[str, Any] = {
            name: round_money(value, currency) if isinstance(value, Decimal) else value
            for name, value in figures.items()
        }
        account = Account(currency=currency, **exact)
        accounts[client_id] = (*accounts.get(client_id, ()), account)
    return accounts


def in_currency(accounts: Sequence[Account], currency: str) -> Account:
    """The account in this currency; an empty one where nothing is open."""
    found = next((each for each in accounts if each.currency == currency), None)
    return found or Account(currency=currency)


def _open(client_ids: Sequence[int]) -> Any:
    balance = Invoice.amount_due - Invoice.settled
    late = standing.overdue_sql()
    return (
        select(
            Invoice.client_id,
            Invoice.currency,
            func.sum(balance).label("balance"),
            func.coalesce(func.sum(case((late, balance))), Decimal(0)).label("overdue"),
            func.min(case((late, Invoice.due_date))).label("late_since"),
        )
        .where(
            Invoice.business_id == current_business_id(),
            Invoice.client_id.in_(client_ids),
            Invoice.state == "issued",
            Invoice.settled < Invoice.amount_due,
        )
        .group_by(Invoice.client_id, Invoice.currency)
    )


def _unapplied(client_ids: Sequence[int]) -> Any:
    left = Payment.amount - Payment.allocated - Payment.refunded
    return (
        select(Payment.client_id, Payment.currency, func.sum(left))
        .where(
            Payment.business_id == current_business_id(),
            Payment.client_id.in_(client_ids),
            Payment.status.in_(USABLE),
            left > 0,
        )
        .group_by(Payment.client_id, Payment.currency)
    )

"""What is computed about an invoice, as SQL: `domain.lifecycle` for lists, filters and figures."""

from datetime import date

from sqlalchemy import ColumnElement, Date, and_, case, cast, exists, func, or_, select

from invoicer_core.models.identity import Business
from invoicer_core.models.invoices import Invoice
from invoicer_core.models.payments import Payment
from invoicer_core.models.tenancy import current_business_id


def today_sql() -> ColumnElement[date]:
    """The business's local day, evaluated once a query."""
    local = func.timezone(Business.time_zone, func.now())
    return select(cast(local, Date)).where(Business.id == current_business_id()).scalar_subquery()


IN_PROCESS = (
    Payment.business_id == Invoice.business_id,
    Payment.invoice_id == Invoice.id,
    Payment.status.in_(("pending", "unknown")),
)


def in_process_sql() -> ColumnElement[bool]:
    """A payment of the invoice is on its way: it is not overdue meanwhile."""
    return exists().where(*IN_PROCESS)


def overdue_sql() -> ColumnElement[bool]:
    """`lifecycle.is_overdue` in SQL."""
    return and_(
        Invoice.state == "issued",
        Invoice.settled < Invoice.amount_due,
        Invoice.due_date < today_sql(),
        ~in_process_sql(),
    )


def status_sql() -> ColumnElement[str]:
    """`lifecycle.status` in SQL: one expression for lists, filters, dashboard and exports."""
    return case(
        (Invoice.state == "draft", "draft"),
        (Invoice.state == "void", "void"),
        (Invoice.settled >= Invoice.amount_due, "paid"),
        (overdue_sql(), "overdue"),
        else_="sent",
    )


def has_status(status: str) -> ColumnElement[bool]:
    """Invoices that show this status, in a form that indexes can serve."""
    if status in ("draft", "void"):
        return Invoice.state == status
    if status == "paid":
        return and_(Invoice.state == "issued", Invoice.settled >= Invoice.amount_due)
    if status == "overdue":
        return overdue_sql()
    return and_(
        Invoice.state == "issued",
        Invoice.settled < Invoice.amount_due,
        or_(Invoice.due_date.is_(None), Invoice.due_date >= today_sql(), in_process_sql()),
    )

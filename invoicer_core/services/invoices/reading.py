"""Invoices found and answered."""

from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from invoicer_core.domain.errors import InvalidInput, NotFound
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import InvoiceSnapshot, Page
from invoicer_core.models import db
from invoicer_core.models.invoices import Invoice
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.invoices import rows, standing
from invoicer_core.services.listing import (
    COUNTED,
    COUNTED_OF_SEARCH,
    Ordering,
    has_id,
    matches,
    read_page,
    within_days,
)

STATUSES = ("draft", "sent", "paid", "overdue", "void")

_TABLE = Invoice.__table__.c
_LONG_AGO = date(1970, 1, 1)
_ORDERING = Ordering(
    _TABLE.id,
    {
        "issue_date": func.coalesce(_TABLE.issue_date, _LONG_AGO),
        "due_date": func.coalesce(_TABLE.due_date, _LONG_AGO),
        "total_amount": _TABLE.total_amount,
        "client_name": _TABLE.client_name,
        "invoice_number": func.coalesce(_TABLE.number, ""),
    },
)


def get(*, invoice_id: int) -> InvoiceSnapshot:
    """One invoice. Raises NotFound."""
    return rows.load(invoice_id)


def get_public(*, public_id: UUID) -> InvoiceSnapshot:
    """One invoice by the id that outsiders know. Raises NotFound."""
    statement = select(Invoice.id).where(
        Invoice.business_id == current_business_id(), Invoice.public_id == public_id
    )
    invoice_id = db.session.scalar(statement)
    if invoice_id is None:
        raise NotFound.of("invoice", public_id)
    return rows.load(invoice_id)


def find(
    *,
    q: str | None = None,
    status: str | None = None,
    unpaid: bool = False,
    client_id: int | None = None,
    start: date | None = None,
    end: date | None = None,
    sort: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Page[InvoiceSnapshot]:
    """Invoices, newest first unless sorted otherwise; ``start`` and ``end`` are of issue dates.

    Args:
        unpaid: only those on which something is open, overdue or not.
    """
    statement = rows.selection().where(
        matches(_TABLE.search, q),
        has_id(_TABLE.client_id, client_id),
        within_days(_TABLE.issue_date, start, end),
    )
    if status is not None:
        if status not in STATUSES:
            raise InvalidInput.at(
                "/status", say("This is one of %(known)s.", known=", ".join(STATUSES))
            )
        statement = statement.where(standing.has_status(status))
    if unpaid:
        statement = statement.where(_TABLE.state == "issued", _TABLE.settled < _TABLE.amount_due)
    names = statement.selected_columns.keys()
    return read_page(
        statement,
        _ORDERING,
        lambda found: rows.snapshots([dict(zip(names, row, strict=True)) for row in found]),
        sort=sort,
        limit=limit,
        cursor=cursor,
        counted=COUNTED_OF_SEARCH if q else COUNTED,
    )


def counts(*, client_id: int | None = None) -> dict[str, int]:
    """How many invoices show each status; statuses without any are left out."""
    statement = (
        select(standing.status_sql().label("status"), func.count().label("found"))
        .where(
            Invoice.business_id == current_business_id(),
            Invoice.deleted_at.is_(None),
            has_id(_TABLE.client_id, client_id),
        )
        .group_by("status")
    )
    return {row.status: row.found for row in db.session.execute(statement)}

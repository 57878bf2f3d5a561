"""The list of invoices as people work with it: filtered, sorted, added up, with what became of
each invoice's last message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Numeric, Select, and_, case, func, select

from invoicer_core.domain import lifecycle
from invoicer_core.domain.errors import InvalidInput
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import Page
from invoicer_core.models import db
from invoicer_core.models.documents import Message
from invoicer_core.models.invoices import Invoice, Series
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.invoices import standing
from invoicer_core.services.invoices.rows import LABEL
from invoicer_core.services.listing import (
    Ordering,
    has_id,
    matches,
    read_page,
    there_is,
    within_days,
)

STATUSES: Final = ("draft", "open", "sent", "overdue", "paid", "void")
ADDED_UP: Final = 50_000
"""Up to here counts and sums are exact; above, adding up would cost more than the page and the
list says "more than"."""

ABOUT_DELIVERY: Final = ("invoice", "reminder")
_LONG_AGO: Final = date(1970, 1, 1)
_TABLE: Final = Invoice.__table__.c
_BALANCE: Final = func.coalesce(_TABLE.amount_due - _TABLE.settled, 0, type_=Numeric)
_ORDERING: Final = Ordering(
    _TABLE.id,
    {
        "number": func.coalesce(_TABLE.number, ""),
        "client": _TABLE.client_name,
        "issued": func.coalesce(_TABLE.issue_date, _LONG_AGO),
        "due": func.coalesce(_TABLE.due_date, _LONG_AGO),
        "total": _TABLE.total_amount,
        "balance": _BALANCE,
    },
)
SORTS: Final = ("number", "client", "issued", "due", "total", "balance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which invoices are wanted; what is None does not matter.

    Args:
        q: words of number or client.
        status: one of `STATUSES`; ``open`` is sent or overdue.
        client: words of the client's name.
        issued_from, issued_to, due_from, due_to: days, both included.
        least, most: bounds of the total, in whichever currency.
    """

    q: str | None = None
    status: str | None = None
    client: str | None = None
    client_id: int | None = None
    issued_from: date | None = None
    issued_to: date | None = None
    due_from: date | None = None
    due_to: date | None = None
    series_id: int | None = None
    least: Decimal | None = None
    most: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """One invoice in the list. ``delivery`` is what is to be said of its last message: ``failed``,
    ``bounced``, ``unknown``, ``queued``, ``viewed``, ``delivered``, ``sent`` or None."""

    id: int
    invoice_number: str
    client_id: int
    client_name: str
    state: str
    status: str
    payment_state: str
    issue_date: date | None
    due_date: date | None
    currency: str
    total_amount: Decimal
    balance_due: Decimal
    delivery: str | None
    delivery_at: datetime | None
    delivery_error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What the invoices of one currency come to. Void ones count only where nothing but void ones
    were asked for; only issued ones have a balance."""

    currency: str
    total: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A filtered list in figures: how many show each status, whichever is chosen; and, of the
    chosen status, how many there are and their sums. ``exact`` is False above `ADDED_UP`."""

    by_status: Mapping[str, int]
    count: int
    sums: tuple[Sum, ...]
    exact: bool = True


def find(
    wanted: Wanted, *, sort: str | None = None, limit: int | None = None, cursor: str | None = None
) -> Page[InvoiceLine]:
    """A page of the list, newest first unless sorted by one of `SORTS`, with "-" descending.

    Its ``total`` is None: `figures` counts.

    Raises:
        InvalidInput: a filter, the order or the cursor is none.
    """
    statement = _selection().where(*conditions(wanted))
    names = statement.selected_columns.keys()

    def lines(found: Sequence[Any]) -> list[InvoiceLine]:
        return _lines([dict(zip(names, row, strict=True)) for row in found])

    page = read_page(statement, _ORDERING, lines, sort=sort, limit=limit, cursor=cursor, counted=0)
    return replace(page, total=None)


def figures(wanted: Wanted) -> Figures:
    """Counts and sums of the list, exact up to `ADDED_UP` invoices, in one pass over them."""
    kept = (
        select(
            standing.status_sql().label("status"),
            _TABLE.currency,
            _TABLE.total_amount,
            case((_TABLE.state == "issued", _TABLE.amount_due - _TABLE.settled)).label("balance"),
        )
        .where(*conditions(replace(wanted, status=None)))
        .limit(ADDED_UP + 1)
        .subquery()
    )
    statement = select(
        kept.c.status,
        kept.c.currency,
        func.count(),
        func.sum(kept.c.total_amount),
        func.coalesce(func.sum(kept.c.balance), Decimal(0)),
    ).group_by(kept.c.status, kept.c.currency)
    return _figures(wanted.status, db.session.execute(statement).all())


def _figures(status: str | None, found: Sequence[Any]) -> Figures:
    by_status: dict[str, int] = {}
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    count = 0
    chosen = {"open": ("sent", "overdue"), "sent": ("sent",)}.get(status or "", (status,))
    for each, currency, number, total, balance in found:
        by_status[each] = by_status.get(each, 0) + number
        if status is not None and each not in chosen:
            continue
        count += number
        former = sums.get(currency, (Decimal(0), Decimal(0)))
        counted = each != "void" or status == "void"
        sums[currency] = (former[0] + total, former[1] + balance) if counted else former
    return Figures(
        by_status=by_status,
        count=count,
        sums=tuple(
            Sum(currency=currency, total=total, balance=balance)
            for currency, (total, balance) in sorted(sums.items(), key=lambda each: -each[1][0])
        ),
        exact=sum(by_status.values()) <= ADDED_UP,
    )


def series() -> tuple[tuple[int, str], ...]:
    """The series of invoices to choose from: id and name."""
    statement = (
        select(Series.id, Series.name)
        .where(Series.business_id == current_business_id(), Series.document_type == "invoice")
        .order_by(Series.name)
    )
    return tuple((row.id, row.name) for row in db.session.execute(statement))


def chosen(wanted: Wanted | None, ids: Sequence[int] = ()) -> Select[Any]:
    """A select of the ids of these invoices, newest first, for `task_rows.freeze`.

    Args:
        wanted: all that fit; None takes ``ids`` instead.
    """
    some = conditions(wanted) if wanted else (*_ours(), _TABLE.id.in_([*ids]))
    return select(_TABLE.id).where(*some).order_by(_TABLE.id.desc())


def conditions(wanted: Wanted) -> tuple[ColumnElement[bool], ...]:
    """The filters as SQL. Raises InvalidInput for a status that is none, spans turned round."""
    if wanted.status is not None and wanted.status not in STATUSES:
        raise InvalidInput.at(
            "/status", say("This is one of %(known)s.", known=", ".join(STATUSES))
        )
    return (
        *_ours(),
        matches(_TABLE.search, wanted.q),
        matches(func.lower(_TABLE.client_name), wanted.client),
        has_id(_TABLE.client_id, wanted.client_id),
        has_id(_TABLE.series_id, wanted.series_id),
        within_days(_TABLE.issue_date, wanted.issued_from, wanted.issued_to),
        within_days(_TABLE.due_date, wanted.due_from, wanted.due_to),
        and_(True) if wanted.least is None else _TABLE.total_amount >= wanted.least,
        and_(True) if wanted.most is None else _TABLE.total_amount <= wanted.most,
        _shows(wanted.status),
    )


def _ours() -> tuple[ColumnElement[bool], ...]:
    return (_TABLE.business_id == current_business_id(), _TABLE.deleted_at.is_(None))


def _shows(status: str | None) -> ColumnElement[bool]:
    if status is None:
        return and_(True)
    if status == "open":
        return and_(_TABLE.state == "issued", _TABLE.settled < _TABLE.amount_due)
    return standing.has_status(status)


def _selection() -> Select[Any]:
    return select(
        _TABLE.id,
        _TABLE.number,
        _TABLE.client_id,
        _TABLE.client_name,
        _TABLE.state,
        _TABLE.issue_date,
        _TABLE.due_date,
        _TABLE.currency,
        _TABLE.total_amount,
        _TABLE.amount_due,
        _TABLE.settled,
        _TABLE.sent_at,
        _TABLE.viewed_at,
        there_is(*standing.IN_PROCESS, beside=Invoice).label("in_process"),
        standing.today_sql().label("today"),
    )


def _lines(found: Sequence[Mapping[str, Any]]) -> list[InvoiceLine]:
    messages = _last_messages([row["id"] for row in found])
    return [_line(row, messages.get(row["id"])) for row in found]


def _line(row: Mapping[str, Any], message: Any) -> InvoiceLine:
    balance: Decimal = row["amount_due"] - row["settled"]
    stands = lifecycle.standing(
        row["state"], row["amount_due"], balance, row["due_date"], row["today"], row["in_process"]
    )
    delivery, at = _delivery(row, message)
    return InvoiceLine(
        id=row["id"],
        invoice_number=row["number"] or LABEL.format(row["id"]),
        client_id=row["client_id"],
        client_name=row["client_name"],
        state=row["state"],
        status=stands.status,
        payment_state=stands.payment_state,
        issue_date=row["issue_date"],
        due_date=row["due_date"],
        currency=row["currency"],
        total_amount=row["total_amount"],
        balance_due=balance,
        delivery=delivery,
        delivery_at=at,
        delivery_error=message.error if message is not None else None,
    )


def _delivery(row: Mapping[str, Any], message: Any) -> tuple[str | None, datetime | None]:
    """What to say of the last message: a failure first, then that it was seen, then that it went
    out. A client who opened the link has it, whatever became of an earlier mail."""
    seen: datetime | None = row["viewed_at"]
    newer = message is not None and not (seen and seen > message.created_at)
    if newer and message.state in ("failed", "bounced", "unknown", "queued"):
        return message.state, message.updated_at
    if seen is not None:
        return "viewed", seen
    if message is not None and message.state in ("delivered", "read"):
        return ("viewed" if message.state == "read" else "delivered"), message.updated_at
    if message is not None or row["sent_at"] is not None:
        return "sent", row["sent_at"] or message.updated_at
    return None, None


def _last_messages(invoice_ids: Sequence[int]) -> dict[int, Any]:
    """The newest message of each of these invoices that handed it over."""
    if not invoice_ids:
        return {}
    newest = (
        select(func.max(Message.id))
        .where(
            Message.business_id == current_business_id(),
            Message.invoice_id.in_(invoice_ids),
            Message.kind.in_(ABOUT_DELIVERY),
        )
        .group_by(Message.invoice_id)
    )
    statement = select(
        Message.invoice_id, Message.state, Message.error, Message.created_at, Message.updated_at
    ).where(Message.business_id == current_business_id(), Message.id.in_(newest))
    return {row.invoice_id: row for row in db.session.execute(statement)}

"""What becomes of invoices, and which clients come back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import text

from invoicer_core.domain import trends
from invoicer_core.domain.periods import Period, week_start
from invoicer_core.domain.tables import Cell, Column, Table, Word, total_of
from invoicer_core.domain.trends import Cohort, share
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id

DELAYS: Final = (
    "early", "week-early", "on-day", "week-late", "fortnight-late", "month-late",
    "two-months-late", "later",
)  # fmt: skip
"""The buckets of `trends.DELAYS` as words."""

_DELAYS: Final = (Column("delay", "word"), Column("invoices", "count"), Column("share", "percent"))
_STEPS: Final = (Column("step", "word"), Column("invoices", "count"), Column("share", "percent"))
_COHORTS: Final = (
    Column("week", "date"), Column("how-many", "count"),
    *(Column(f"week-{at}", "percent") for at in range(trends.WEEKS)),
)  # fmt: skip

# The day a paid invoice was paid is that of its last payment.
_PAID: Final = text(
    "WITH paid AS (SELECT i.id, i.issue_date, i.due_date, max(p.date) AS day FROM invoices i"
    "  JOIN allocations a ON a.business_id = i.business_id AND a.invoice_id = i.id"
    "   AND a.kind = 'payment' AND a.amount > 0"
    "  JOIN payments p ON p.business_id = a.business_id AND p.id = a.payment_id"
    "  WHERE i.business_id = :business AND i.currency = :currency AND i.state = 'issued'"
    "  AND i.settled >= i.amount_due AND i.issue_date BETWEEN :start AND :end GROUP BY i.id)"
    " SELECT day - due_date AS delay, greatest(day - issue_date, 0) AS took, count(*) AS number"
    " FROM paid GROUP BY 1, 2"
)
_FUNNEL: Final = text(
    "SELECT count(*) AS created, count(*) FILTER (WHERE state = 'issued') AS issued,"
    " count(*) FILTER (WHERE state = 'issued' AND viewed_at IS NOT NULL) AS viewed,"
    " count(*) FILTER (WHERE state = 'issued' AND settled >= amount_due) AS paid"
    " FROM invoices i JOIN businesses b ON b.id = i.business_id"
    " WHERE i.business_id = :business AND i.currency = :currency AND i.deleted_at IS NULL"
    " AND state <> 'void'"
    " AND (i.issue_date BETWEEN :start AND :end OR i.issue_date IS NULL"
    "  AND (i.created_at AT TIME ZONE b.time_zone)::date BETWEEN :start AND :end)"
)
_CLIENTS: Final = text(
    "WITH active AS (SELECT DISTINCT client_id FROM invoices WHERE business_id = :business"
    "  AND currency = :currency AND state = 'issued' AND issue_date BETWEEN :start AND :end)"
    " SELECT count(*) AS active, count(*) FILTER (WHERE NOT EXISTS ("
    "  SELECT FROM invoices i WHERE i.business_id = :business AND i.client_id = a.client_id"
    "  AND i.state = 'issued' AND i.issue_date < :start)) AS new FROM active a"
)
_ACTIVITY: Final = text(
    "WITH firsts AS (SELECT client_id, min(issue_date) AS first FROM invoices"
    "  WHERE business_id = :business AND state = 'issued' GROUP BY client_id"
    "  HAVING min(issue_date) BETWEEN :start AND :end)"
    " SELECT DISTINCT f.client_id, f.first, i.issue_date AS day FROM firsts f"
    " JOIN invoices i ON i.business_id = :business AND i.client_id = f.client_id"
    "  AND i.state = 'issued' AND i.issue_date BETWEEN :start AND :end"
)


@dataclass(frozen=True, slots=True)
class Paid:
    """So many invoices were paid so many days after they were due (None: no due date) and after
    they were issued."""

    delay: int | None
    took: int
    number: int


@dataclass(frozen=True, slots=True)
class Funnel:
    """How far invoices came: each step counts all that reached it. Void ones are left out."""

    created: int
    issued: int
    viewed: int
    paid: int


@dataclass(frozen=True, slots=True)
class Clients:
    """How many clients were invoiced, and how many of them for the first time."""

    active: int
    new: int


def paid(period: Period, currency: str) -> tuple[Paid, ...]:
    """When the invoices issued in the period were paid, of those that are."""
    rows = db.session.execute(_PAID, _values(period, currency))
    return tuple(Paid(row.delay, row.took, row.number) for row in rows)


def days_to_pay(found: Sequence[Paid]) -> Decimal | None:
    """The median of the days from issue to payment."""
    return trends.median(each.took for each in found for _ in range(each.number))


def delay_table(found: Sequence[Paid]) -> Table:
    """How many invoices were paid early, in time and late."""
    delays = [each.delay for each in found if each.delay is not None for _ in range(each.number)]
    counts = trends.distribution(delays)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (Word(name), count, share(count, len(delays)))
        for name, count in zip(DELAYS, counts, strict=True)
    )
    return Table(name="delays", columns=_DELAYS, rows=rows, total=total_of(_DELAYS, rows))


def funnel(period: Period, currency: str) -> Funnel:
    """How far the invoices of the period came: by their date, drafts without one by the day they
    were written."""
    row = db.session.execute(_FUNNEL, _values(period, currency)).one()
    return Funnel(row.created, row.issued, row.viewed, row.paid)


def funnel_table(found: Funnel) -> Table:
    """The steps with their share of all that was written."""
    counts = (found.created, found.issued, found.viewed, found.paid)
    names = ("created", "issued", "viewed", "paid")
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (Word(f"step:{name}"), count, share(count, found.created))
        for name, count in zip(names, counts, strict=True)
    )
    return Table(name="funnel", columns=_STEPS, rows=rows)


def clients(period: Period, currency: str) -> Clients:
    """Clients of the period."""
    row = db.session.execute(_CLIENTS, _values(period, currency)).one()
    return Clients(row.active, row.new)


def cohorts(last: date) -> tuple[Cohort, ...]:
    """The clients of the twelve weeks up to that of ``last``, in whatever currency."""
    start = week_start(last) - timedelta(weeks=trends.COHORTS - 1)
    end = week_start(last) + timedelta(days=6)
    rows = db.session.execute(_ACTIVITY, _values(Period(start, end), ""))
    return trends.cohorts(((row.client_id, row.first, row.day) for row in rows), last)


def cohort_table(found: Sequence[Cohort]) -> Table:
    """A row for each week, with the share of its clients that were invoiced again."""
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (each.week, each.size, *(each.percent(at) for at in range(trends.WEEKS))) for each in found
    )
    return Table(name="cohorts", columns=_COHORTS, rows=rows)


def _values(period: Period, currency: str) -> dict[str, Any]:
    return {
        "business": current_business_id(),
        "currency": currency,
        "start": period.start,
        "end": period.end,
    }

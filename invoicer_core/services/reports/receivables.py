"""Aged receivables: what is open, by client and by how long it has been due, on one day."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import text

from invoicer_core.domain.tables import Cell, Column, Table, Target, total_of
from invoicer_core.models import db
from invoicer_core.services.reports.wishes import BANDS, Report, Wish, currencies

_SUMMARY: Final = (
    Column("client"), *(Column(band, "money") for band in BANDS), Column("total", "money")
)  # fmt: skip
_DETAIL: Final = (
    Column("invoice"), Column("client"), Column("issued-on", "date"), Column("due-on", "date"),
    Column("days-late", "number"), Column("total", "money"), Column("open", "money"),
)  # fmt: skip
_COLUMNS: Final = (
    "SELECT i.id, i.number, i.client_id, i.client_name, i.issue_date, i.due_date, i.total_amount,"
    " coalesce(:day - i.due_date, -1) AS late, "
)
_NOW: Final = text(
    _COLUMNS + "i.amount_due - i.settled AS balance FROM invoices i"
    " WHERE i.business_id = :business AND i.currency = :currency AND i.state = 'issued'"
    " AND i.settled < i.amount_due ORDER BY i.due_date, i.id"
)
# As it stood on a day that has passed: an invoice counts until the day it was voided, money from
# the day it came, a credit note from its date, what was undone or written off from the day of that.
_THEN: Final = text(
    "WITH b AS (SELECT time_zone FROM businesses WHERE id = :business), settled AS ("  # noqa: S608
    " SELECT a.invoice_id, sum(a.amount) AS amount FROM allocations a CROSS JOIN b"
    " LEFT JOIN payments p ON p.business_id = a.business_id AND p.id = a.payment_id"
    " LEFT JOIN credit_notes n ON n.business_id = a.business_id AND n.id = a.credit_note_id"
    " WHERE a.business_id = :business AND CASE WHEN a.amount < 0 OR a.kind = 'write_off'"
    "  THEN (a.created_at AT TIME ZONE b.time_zone)::date"
    "  ELSE coalesce(p.date, n.issue_date) END <= :day GROUP BY a.invoice_id)"
    " SELECT * FROM ("
    + _COLUMNS
    + "i.amount_due - coalesce(s.amount, 0) AS balance FROM invoices i CROSS JOIN b"
    " LEFT JOIN settled s ON s.invoice_id = i.id"
    " WHERE i.business_id = :business AND i.currency = :currency AND i.issued_at IS NOT NULL"
    " AND i.issue_date <= :day AND (i.state = 'issued'"
    "  OR (i.voided_at AT TIME ZONE b.time_zone)::date > :day)) o"
    " WHERE balance > 0 ORDER BY due_date, id"
)


def report(wish: Wish) -> Report:
    """By client with one column for each age, and invoice by invoice; as of the period's last day,
    at the latest today. Today's sums are those of the list of open invoices."""
    today = currencies().today
    day = min(wish.period.end, today)
    rows = db.session.execute(_NOW if day >= today else _THEN, wish.values(day=day)).all()
    return Report(
        name="receivables",
        wish=wish,
        as_of=day,
        tables=(_by_client(rows), _by_invoice(rows, wish)),
    )


def band_of(late: int) -> str:
    """How long something has been due, by its days after the due date; below zero it is not."""
    ends = (-1, 30, 60, 90)
    return BANDS[sum(1 for end in ends if late > end)]


def _by_client(rows: Sequence[Any]) -> Table:
    sums: dict[int, dict[str, Decimal]] = {}
    names: dict[int, str] = {}
    for row in rows:
        names[row.client_id] = row.client_name
        of_client = sums.setdefault(row.client_id, dict.fromkeys(BANDS, Decimal(0)))
        of_client[band_of(row.late)] += row.balance
    ordered = sorted(sums, key=lambda each: (-sum(sums[each].values()), names[each], each))
    cells: tuple[tuple[Cell, ...], ...] = tuple(
        (names[each], *sums[each].values(), sum(sums[each].values(), Decimal(0)))
        for each in ordered
    )
    return Table(
        name="receivables",
        columns=_SUMMARY,
        rows=cells,
        total=total_of(_SUMMARY, cells),
        targets=tuple(Target("client", each) for each in ordered),
    )


def _by_invoice(rows: Sequence[Any], wish: Wish) -> Table:
    kept = [row for row in rows if not wish.band or band_of(row.late) == wish.band]
    cells = tuple(
        (
            row.number,
            row.client_name,
            row.issue_date,
            row.due_date,
            max(row.late, 0),
            row.total_amount,
            row.balance,
        )
        for row in kept
    )
    table = Table(
        name="open-invoices",
        columns=_DETAIL,
        rows=cells,
        total=total_of(_DETAIL, cells),
        targets=tuple(Target("invoice", row.id) for row in kept),
    )
    return shortened(table, wish.limit)


def shortened(table: Table, limit: int | None) -> Table:
    """The first rows of a long table, with the sums of all."""
    if limit is None or len(table.rows) <= limit:
        return table
    return replace(
        table,
        rows=table.rows[:limit],
        targets=table.targets[:limit],
        left_out=len(table.rows) - limit,
    )


def as_of(wish: Wish) -> date:
    """The day that a report of balances is about."""
    return min(wish.period.end, currencies().today)

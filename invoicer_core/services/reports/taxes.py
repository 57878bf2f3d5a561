"""Tax summary: net amounts and taxes by category and rate, from the stored tax groups."""

from typing import Final

from sqlalchemy import text

from invoicer_core.domain.money import minor_units
from invoicer_core.domain.tables import Column, Table, Word, total_of
from invoicer_core.models import db
from invoicer_core.services.reports.wishes import Report, Wish

_COLUMNS: Final = (
    Column("category", "word"), Column("tax-name"), Column("rate", "percent"),
    Column("base", "money"), Column("tax-amount", "money"),
)  # fmt: skip
_ACCRUAL: Final = text(
    "SELECT category, name, rate, sum(base) AS base, sum(tax) AS tax FROM ("
    " SELECT t.category, t.name, t.rate, t.base, t.tax FROM invoices i"
    " JOIN invoice_taxes t ON t.business_id = i.business_id AND t.invoice_id = i.id"
    " WHERE i.business_id = :business AND i.currency = :currency AND i.state = 'issued'"
    " AND i.issue_date BETWEEN :start AND :end"
    " UNION ALL SELECT t.category, t.name, t.rate, -t.base, -t.tax FROM credit_notes n"
    " JOIN credit_note_taxes t ON t.business_id = n.business_id AND t.credit_note_id = n.id"
    " WHERE n.business_id = :business AND n.currency = :currency"
    " AND n.issue_date BETWEEN :start AND :end) groups"
    " GROUP BY category, name, rate ORDER BY category, rate DESC, name"
)
# A group counts with the share of its invoice that is paid. Shares are taken of all that was paid
# up to a day and rounded once, so that the parts of all periods add up to the stored group.
_CASH: Final = text(
    "WITH posted AS (SELECT a.invoice_id, a.amount, CASE WHEN a.amount > 0 THEN p.date"
    "  ELSE (a.created_at AT TIME ZONE b.time_zone)::date END AS day"
    "  FROM allocations a JOIN businesses b ON b.id = a.business_id"
    "  JOIN payments p ON p.business_id = a.business_id AND p.id = a.payment_id"
    "  WHERE a.business_id = :business AND a.kind = 'payment' AND p.currency = :currency),"
    " paid AS (SELECT invoice_id, coalesce(sum(amount) FILTER (WHERE day < :start), 0) AS before,"
    "  coalesce(sum(amount) FILTER (WHERE day <= :end), 0) AS until FROM posted"
    "  GROUP BY invoice_id HAVING bool_or(day BETWEEN :start AND :end))"
    " SELECT t.category, t.name, t.rate,"
    "  sum(round(t.base * p.until / i.amount_due, :digits)"
    "   - round(t.base * p.before / i.amount_due, :digits)) AS base,"
    "  sum(round(t.tax * p.until / i.amount_due, :digits)"
    "   - round(t.tax * p.before / i.amount_due, :digits)) AS tax"
    " FROM paid p JOIN invoices i ON i.business_id = :business AND i.id = p.invoice_id"
    " JOIN invoice_taxes t ON t.business_id = i.business_id AND t.invoice_id = i.id"
    " WHERE i.amount_due > 0 GROUP BY t.category, t.name, t.rate"
    " ORDER BY t.category, t.rate DESC, t.name"
)


def report(wish: Wish) -> Report:
    """By category, name and rate; credit notes are subtracted (``accrual``), or what was paid in
    the period counts with its share of the invoice's tax groups (``cash``)."""
    statement = _CASH if wish.basis == "cash" else _ACCRUAL
    values = wish.values()
    if wish.basis == "cash":
        values["digits"] = minor_units(wish.currency)
    found = db.session.execute(statement, values).all()
    rows = tuple((Word(row.category), row.name, row.rate, row.base, row.tax) for row in found)
    table = Table(name="tax", columns=_COLUMNS, rows=rows, total=total_of(_COLUMNS, rows))
    return Report(name="tax", wish=wish, tables=(table,))

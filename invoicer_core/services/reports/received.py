"""Payments received in a period, one by one."""

from typing import Final

from sqlalchemy import text

from invoicer_core.domain.tables import Column, Table, Target, total_of
from invoicer_core.models import db
from invoicer_core.services import figure_words
from invoicer_core.services.reports.receivables import shortened
from invoicer_core.services.reports.wishes import Report, Wish

_COLUMNS: Final = (
    Column("day", "date"), Column("client"), Column("method", "word"), Column("reference"),
    Column("amount", "money"), Column("refunded", "money"), Column("kept", "money"),
)  # fmt: skip
_METHODS: Final = (Column("method", "word"), Column("documents", "count"), Column("kept", "money"))
_PAYMENTS: Final = text(
    "SELECT p.id, p.client_id, p.date, c.name, p.method, p.reference, p.amount, p.refunded,"
    " p.amount - p.refunded AS kept FROM payments p"
    " JOIN clients c ON c.business_id = p.business_id AND c.id = p.client_id"
    " WHERE p.business_id = :business AND p.currency = :currency"
    " AND p.status IN ('succeeded', 'partly_refunded', 'refunded')"
    " AND p.date BETWEEN :start AND :end ORDER BY p.date, p.id"
)
_BY_METHOD: Final = text(
    "SELECT method, count(*) AS number, sum(amount - refunded) AS kept FROM payments"
    " WHERE business_id = :business AND currency = :currency"
    " AND status IN ('succeeded', 'partly_refunded', 'refunded')"
    " AND date BETWEEN :start AND :end GROUP BY method ORDER BY kept DESC, method"
)


def report(wish: Wish) -> Report:
    """Every payment whose money came in, with what went back of it; and sums by method."""
    found = db.session.execute(_PAYMENTS, wish.values()).all()
    rows = tuple(
        (
            row.date,
            row.name,
            figure_words.method(row.method),
            row.reference,
            row.amount,
            row.refunded,
            row.kept,
        )
        for row in found
    )
    table = Table(
        name="payments",
        columns=_COLUMNS,
        rows=rows,
        total=total_of(_COLUMNS, rows),
        targets=tuple(Target("client", row.client_id) for row in found),
    )
    sums = tuple(
        (figure_words.method(row.method), row.number, row.kept)
        for row in db.session.execute(_BY_METHOD, wish.values())
    )
    methods = Table(name="method", columns=_METHODS, rows=sums, total=total_of(_METHODS, sums))
    return Report(name="payments", wish=wish, tables=(shortened(table, wish.limit), methods))

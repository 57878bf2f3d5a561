"""A client's account over a period."""

from invoicer_core.builtin.weasyprint_document.formats import Formats
from invoicer_core.builtin.weasyprint_document.lines import column_width
from invoicer_core.builtin.weasyprint_document.view import Column, Fact, Row, Sum
from invoicer_core.plugin import Statement


def statement_rows(statement: Statement, formats: Formats) -> tuple[Row, ...]:
    """One row per document or payment, with the balance after it."""
    kinds = formats.words.kinds
    return tuple(
        Row(
            formats.date(line.date),
            f"{kinds[line.kind]} {line.number}",
            (),
            (formats.amount(line.amount), formats.amount(line.balance)),
        )
        for line in statement.lines
    )


def statement_columns(rows: tuple[Row, ...], formats: Formats) -> tuple[Column, ...]:
    """Date, document, amount, balance."""
    words = formats.words
    titles = (f"{words.amount} {formats.currency}", f"{words.balance} {formats.currency}")
    widths = (
        column_width(title, (row.cells[at] for row in rows), 45.0)
        for at, title in enumerate(titles)
    )
    return (
        Column(
            words.date, "position", column_width(words.date, (row.position for row in rows), 32.0)
        ),
        Column(words.description, "text"),
        *(Column(title, "number", width) for title, width in zip(titles, widths, strict=True)),
    )


def statement_sums(statement: Statement, formats: Formats) -> tuple[Sum, ...]:
    """The balances at the ends of the period."""
    words, money = formats.words, formats.money
    return (
        Sum(words.opening_balance, money(statement.opening_balance)),
        Sum(words.closing_balance, money(statement.closing_balance), "due"),
    )


def statement_facts(statement: Statement, formats: Formats) -> tuple[Fact, ...]:
    """The period."""
    words = formats.words
    return (Fact(words.period, formats.period(statement.start, statement.end)),)

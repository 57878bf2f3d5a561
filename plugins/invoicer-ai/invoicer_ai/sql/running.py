"""Check, run, and note down; and rows as other programs read them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from invoicer_core.plugin import Actor, InvoicerError, say
from invoicer_core.plugin.use_cases import reporting

from . import charts, records
from .guard import Checked, check


@dataclass(frozen=True, slots=True)
class Ran:
    """What was run and what it found."""

    checked: Checked
    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    is_cut: bool
    chart: charts.Chart


def run(statement: str, *, by: Actor, question: str = "") -> Ran:
    """Run a statement that the guard allows, in the current business.

    Raises:
        Refused: the guard does not allow it.
        InvoicerError: the database did not run it, or is busy.
    """
    try:
        checked = check(statement)
        found = reporting.run(checked.sql)
    except InvoicerError as error:
        kind = getattr(error, "kind", type(error).__name__)
        records.note("question.refused", by=by, question=question, sql=statement, reason=kind)
        raise
    records.note("question.run", by=by, question=question, sql=checked.sql, rows=len(found.rows))
    chart = charts.suggested(found.columns, found.types, found.rows)
    return Ran(checked, found.columns, found.types, found.rows, found.is_cut, chart)


def facts(checked: Checked) -> str:
    """What a statement does, read from its tree and not told by a model."""
    tables = ", ".join(sorted(checked.relations))
    if not tables:
        return say("It reads no table.")
    return say("It reads %(tables)s, and changes nothing.", tables=tables)


def plain(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    """Rows in values that JSON has; decimals as texts, so that no digit is lost."""
    return [[_plain(cell) for cell in row] for row in rows]


def _plain(cell: Any) -> Any:
    if cell is None or isinstance(cell, bool | int | str):
        return cell
    if isinstance(cell, Decimal):
        return format(cell, "f")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, list | tuple):
        return [_plain(each) for each in cell]
    return str(cell)


def sheet(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    """Rows for a spreadsheet: lists and lengths of time become texts."""
    return [
        [str(cell) if isinstance(cell, list | tuple | timedelta) else cell for cell in row]
        for row in rows
    ]

"""A report of the business's figures: tables with their sums, as wide as they need."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Final

from invoicer_core.builtin.weasyprint_document.formats import Formats, language_tag, parse_locale
from invoicer_core.builtin.weasyprint_document.parties import display_name
from invoicer_core.plugin import BusinessSnapshot, Report

Cell = str | int | Decimal | date | None

WIDE: Final = 5
"""Columns above this number need the paper lying down."""
_NUMBERS: Final = frozenset({"money", "number", "count", "percent"})


def report_values(
    report: Report, business: BusinessSnapshot, locale: str | None
) -> dict[str, object]:
    """What the template shows: texts only, in the reader's manner."""
    formats = Formats(parse_locale(locale, business.locale), report.currency)
    before, _, rest = formats.words.page_of.partition("{page}")
    between, _, after = rest.partition("{pages}")
    made = datetime.combine(report.made_on, time(), UTC)
    return {
        "language": language_tag(formats.locale),
        "right_to_left": formats.words.right_to_left,
        "author": display_name(business),
        "created": made.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        "title": report.title,
        "lead": report.lead,
        "made_on": formats.date(report.made_on),
        "page_of": (before, between, after),
        "is_wide": any(len(table.columns) > WIDE for table in report.tables),
        "tables": [
            {
                "title": table.title if table.title != report.title else "",
                "columns": [(title, kind in _NUMBERS) for title, kind in table.columns],
                "rows": [_texts(row, table.columns, formats) for row in table.rows],
                "total": table.total and _texts(table.total, table.columns, formats),
            }
            for table in report.tables
        ],
    }


def _texts(
    row: tuple[Cell, ...], columns: tuple[tuple[str, str], ...], formats: Formats
) -> list[str]:
    return [_text(cell, kind, formats) for cell, (_title, kind) in zip(row, columns, strict=True)]


def _text(cell: Cell, kind: str, formats: Formats) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Decimal) and kind == "money":
        return formats.amount(cell)
    if isinstance(cell, Decimal) and kind == "percent":
        return formats.percent(cell)
    if isinstance(cell, int | Decimal):
        return formats.number(Decimal(cell))
    return formats.date(cell) if isinstance(cell, date) else cell

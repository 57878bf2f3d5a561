"""Tables as files that spreadsheets open: CSV and XLSX. What was text stays text, never a formula,
and amounts stay the exact decimals they were."""

import csv
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any, Final

from invoicer_core.domain.errors import InvalidInput
from invoicer_core.domain.saying import say
from invoicer_core.hooks.first_use import on_first_use

if TYPE_CHECKING:
    import xlsxwriter
else:
    xlsxwriter = on_first_use("xlsxwriter")

CSV: Final = "text/csv; charset=utf-8"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Programs that open CSV compute cells that begin so (OWASP, CSV injection); they fold the wide
# forms of those signs to the plain ones.
FORMULA_STARTS: Final = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)
# What a number of a spreadsheet holds without loss: it is a binary fraction of 53 bits.
EXACT_DIGITS: Final = 15
LONGEST_TEXT: Final = 32_767
FIRST_YEAR: Final = 1900  # of a spreadsheet's calendar
MOST_ROWS: Final = 1_048_575
_NOT_IN_TITLES: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A table as CSV (RFC 4180) in UTF-8 with a byte order mark, so that Excel reads it as UTF-8.

    Decimals are written with all their digits and a point, days as ``2026-11-20``; a text that a
    spreadsheet would compute gets an apostrophe in front, see `harmless`.
    """
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow([harmless(name) for name in header])
    writer.writerows([_plain(value) for value in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def harmless(text: str) -> str:
    """The text with an apostrophe in front when a spreadsheet would take it for a formula."""
    return f"'{text}" if text.lstrip("'").startswith(FORMULA_STARTS) else text


def original(text: str) -> str:
    """What `harmless` was given, for reading a file of ours again."""
    if text.startswith("'") and text.lstrip("'").startswith(FORMULA_STARTS):
        return text[1:]
    return text


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return str(value)
    return harmless(str(value))


def xlsx_bytes(title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A table as a workbook of one sheet; see `workbook_bytes`."""
    return workbook_bytes([(title, header, rows)])


def workbook_bytes(
    tables: Iterable[tuple[str, Sequence[str], Iterable[Sequence[object]]]],
) -> bytes:
    """Tables as sheets of one workbook (ISO/IEC 29500): title, header, rows of each.

    Decimals and integers become numbers in the digits they have (above 15 digits, text: a number
    of a spreadsheet would lose some), days and moments become dates; a moment with a zone is
    written as its own clock shows it. Text is never a formula or a link.

    Raises InvalidInput for more rows than a sheet can hold.
    """
    out = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    taken: set[str] = set()
    with xlsxwriter.Workbook(out, options) as book:
        for title, header, rows in tables:
            _Sheet(book, _sheet_name(title, taken)).fill(header, rows)
    return out.getvalue()


class _Sheet:
    """One sheet while it is written: formats are made once per book and shape."""

    def __init__(self, book: Any, name: str) -> None:
        self._sheet = book.add_worksheet(name)
        self._book = book
        self._formats: dict[str, Any] = {}

    def fill(self, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        bold = self._book.add_format({"bold": True, "bottom": 1})
        for column, name in enumerate(header):
            self._sheet.write_string(0, column, name[:LONGEST_TEXT], bold)
        for at, row in enumerate(rows, start=1):
            if at > MOST_ROWS:
                raise InvalidInput(
                    say(
                        "A spreadsheet holds %(most)s rows: choose a shorter period, or CSV.",
                        most=MOST_ROWS,
                    )
                )
            for column, value in enumerate(row):
                self._write(at, column, value)
        self._sheet.freeze_panes(1, 0)
        self._sheet.autofit()

    def _write(self, row: int, column: int, value: object) -> None:
        sheet = self._sheet
        if value is None or value == "":
            return
        if isinstance(value, bool):
            sheet.write_boolean(row, column, value)
        elif isinstance(value, date) and value.year < FIRST_YEAR:
            sheet.write_string(row, column, value.isoformat())
        elif isinstance(value, datetime):
            sheet.write_datetime(
                row, column, value.replace(tzinfo=None), self._format("yyyy-mm-dd hh:mm")
            )
        elif isinstance(value, date):
            sheet.write_datetime(row, column, value, self._format("yyyy-mm-dd"))
        elif isinstance(value, Decimal | int) and _fits(value):
            sheet.write_number(row, column, value, self._format(_number_format(value)))
        elif isinstance(value, float):
            sheet.write_number(row, column, value)
        else:
            text = format(value, "f") if isinstance(value, Decimal) else str(value)
            sheet.write_string(row, column, text[:LONGEST_TEXT])

    def _format(self, pattern: str) -> Any:
        if pattern not in self._formats:
            self._formats[pattern] = self._book.add_format({"num_format": pattern})
        return self._formats[pattern]


def _fits(value: Decimal | int) -> bool:
    exact = Decimal(value)
    return exact.is_finite() and len(exact.normalize().as_tuple().digits) <= EXACT_DIGITS


def _number_format(value: Decimal | int) -> str:
    exponent = Decimal(value).as_tuple().exponent
    digits = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return "#,##0." + "0" * digits if digits else "#,##0"


def _sheet_name(title: str, taken: set[str]) -> str:
    """A name that spreadsheets take: at most 31 characters, some signs never, each once."""
    plain = _NOT_IN_TITLES.sub(" ", title).strip().strip("'")[:31].strip() or "Sheet"
    name, count = plain, 1
    while name.lower() in taken:
        count += 1
        name = f"{plain[: 31 - len(str(count)) - 1]} {count}"
    taken.add(name.lower())
    return name

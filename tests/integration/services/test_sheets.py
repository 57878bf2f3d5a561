"""CSV and XLSX as other programs read them: no formulas, exact amounts, real dates."""

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import openpyxl
import pytest

from invoicer_core.services import sheets

DANGEROUS = (
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1",
    "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20x",
    '=cmd|"/C calc"!A0', '=HYPERLINK("http://evil.test","x")', "=IMPORTXML(A1)", "@A1",
    "'=1", "''=1",
)  # fmt: skip
SHOWN_DAY = datetime.fromisoformat("2026-02-28")
SHOWN_MOMENT = datetime.fromisoformat("2026-11-20T14:05")
HARMLESS = ("a=1", "", " =1", "'quoted'", "Grüße", 'with "quotes", commas', "two\nlines", "1e5")


def read_csv(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(StringIO(content.decode("utf-8-sig"), newline="")))


def read_xlsx(content: bytes) -> list[list[Any]]:
    book = openpyxl.load_workbook(BytesIO(content))
    (sheet,) = book.worksheets
    return [list(row) for row in sheet.iter_rows()]


def test_no_csv_cell_is_a_formula_and_all_come_back() -> None:
    given = [*DANGEROUS, *HARMLESS]
    rows = read_csv(sheets.csv_bytes(["text", "=header"], [[text, "x"] for text in given]))
    assert rows[0] == ["text", "'=header"]
    for text, (cell, _) in zip(given, rows[1:], strict=True):
        assert not cell.startswith(sheets.FORMULA_STARTS)
        assert sheets.original(cell) == text
    assert [cell for cell, _ in rows[1 + len(DANGEROUS) :]] == list(HARMLESS)


def test_csv_amounts_and_dates_are_exact() -> None:
    row = [
        Decimal("-1234567890123456789.10"), Decimal("1E+3"), Decimal("0.000"), 7, True, None,
        date(2026, 11, 20), datetime(2026, 11, 20, 14, 5, tzinfo=UTC),
    ]  # fmt: skip
    (cells,) = read_csv(sheets.csv_bytes(["a"], [row]))[1:]
    assert cells == [
        "-1234567890123456789.10", "1000", "0.000", "7", "yes", "", "2026-11-20",
        "2026-11-20T14:05:00+00:00",
    ]  # fmt: skip


def test_no_xlsx_cell_is_a_formula_or_a_link() -> None:
    texts = [*DANGEROUS, "http://evil.test", "mailto:x@evil.test", "12.50"]
    for row, text in zip(
        read_xlsx(sheets.xlsx_bytes("T", ["text"], [[text] for text in texts]))[1:],
        texts,
        strict=True,
    ):
        assert row[0].data_type == "s"
        assert row[0].hyperlink is None
        assert row[0].value.replace("_x000D_", "\r") == text


@pytest.mark.parametrize(
    "amount", ["0.10", "9.95", "-0.005", "1234567890123.45", "999999999999999", "0.000000001"]
)
def test_xlsx_amounts_are_numbers_with_the_same_digits(amount: str) -> None:
    (cell,) = read_xlsx(sheets.xlsx_bytes("T", ["n"], [[Decimal(amount)]]))[1]
    assert cell.data_type == "n"
    assert Decimal(repr(cell.value)) == Decimal(amount)
    digits = len(amount.partition(".")[2])
    assert cell.number_format == ("#,##0." + "0" * digits if digits else "#,##0")


def test_an_amount_that_a_number_would_change_is_text() -> None:
    (cell,) = read_xlsx(sheets.xlsx_bytes("T", ["n"], [[Decimal("12345678901234567.89")]]))[1]
    assert (cell.data_type, cell.value) == ("s", "12345678901234567.89")


def test_xlsx_days_are_dates() -> None:
    rows = [
        [date(2026, 2, 28), datetime(2026, 11, 20, 14, 5, tzinfo=UTC), date(1880, 1, 1), None, 1]
    ]
    day, moment, old, nothing, _ = read_xlsx(sheets.xlsx_bytes("T", ["d"], rows))[1]
    assert (day.is_date, day.value) == (True, SHOWN_DAY)
    assert (moment.is_date, moment.value) == (True, SHOWN_MOMENT)
    assert old.value == "1880-01-01"
    assert nothing.value is None


def test_odd_titles_make_names_that_spreadsheets_take() -> None:
    table = (["a"], [[1]])
    titles = ["A/B [2026]: all*?", "x" * 60, "x" * 60, "", "'"]
    book = openpyxl.load_workbook(
        BytesIO(sheets.workbook_bytes([(title, *table) for title in titles]))
    )
    names = [sheet.title for sheet in book.worksheets]
    assert len({name.lower() for name in names}) == len(titles)
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)

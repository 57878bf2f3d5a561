"""Which picture suits a result, and what is drawn of it."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from invoicer_ai.sql.charts import Chart, lines, suggested

JAN, FEB, MAR = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
MS = 24 * 3_600_000


def test_a_line_has_its_points_in_the_order_of_time() -> None:
    rows = [(MAR, Decimal("3.10")), (JAN, Decimal("1.50")), (FEB, None)]
    chart = suggested(("month", "revenue"), ("date", "numeric"), rows)
    assert chart == Chart("line", 0, 1)
    (line,) = lines(chart, ("month", "revenue"), rows)["lines"]
    assert line["label"] == "revenue"
    assert line["labels"] == ["2026-01-01", "2026-02-01", "2026-03-01"]
    assert [(at - line["moments"][0]) / MS for at in line["moments"]] == [0, 31, 59]
    assert line["values"] == ["1.50", None, "3.10"]
    assert line["texts"] == ["1.50", "None", "3.10"]


def test_currencies_are_lines_of_their_own() -> None:
    rows = [(JAN, "EUR", 5), (JAN, "USD", 7), (FEB, "EUR", 6)]
    chart = suggested(("month", "currency", "sum"), ("date", "text", "int8"), rows)
    assert chart == Chart("line", 0, 2, 1)
    found = lines(chart, ("month", "currency", "sum"), rows)["lines"]
    assert [(line["label"], line["values"]) for line in found] == [
        ("EUR", ["5", "6"]), ("USD", ["7"]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("types", "rows"),
    [
        (("date", "int8"), [(JAN, 1), (JAN, 2)]),
        (("date", "int8"), [(JAN, 1), (None, 2)]),
        (("date", "text", "int8"), [(JAN, name, 1) for name in "abcd"]),
        (("date", "text", "int8"), [(JAN, "a", 1), (JAN, "a", 2), (FEB, "b", 1)]),
    ],
)
def test_a_day_with_several_points_is_no_line(types, rows) -> None:
    columns = ("day", "name", "n")[-len(types) :]
    assert suggested(columns, types, rows).kind == "bars"


def test_moments_are_points_too_and_what_is_endless_is_left_out() -> None:
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    rows = [(at, Decimal("Infinity")), (at.replace(hour=13), Decimal(2))]
    (line,) = lines(Chart("line", 0, 1), ("at", "n"), rows)["lines"]
    assert line["values"] == [None, "2"]
    assert line["moments"][1] - line["moments"][0] == 3_600_000

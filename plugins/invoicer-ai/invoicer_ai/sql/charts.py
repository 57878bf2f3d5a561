"""Which picture suits a result: told by the types of its columns, never by its words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, Literal

NUMBERS: Final = frozenset({"int2", "int4", "int8", "numeric", "float4", "float8"})
DAYS: Final = frozenset({"date", "timestamp", "timestamptz"})
TEXTS: Final = frozenset({"text", "varchar"})
MOST_BARS: Final = 30
MOST_POINTS: Final = 400
MOST_LINES: Final = 3


@dataclass(frozen=True, slots=True)
class Chart:
    """``label``, ``value`` and ``group`` are places of columns; None where there is nothing to
    draw, and no ``group`` where a line is one line."""

    kind: Literal["line", "bars", "number", "table"]
    label: int | None = None
    value: int | None = None
    group: int | None = None


def suggested(
    columns: Sequence[str], types: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> Chart:
    """A line over time, bars per name, one number, or only the table."""
    numbers = [
        place
        for place, kind in enumerate(types)
        if kind in NUMBERS and columns[place] != "id" and not columns[place].endswith("_id")
    ]
    if not numbers or not rows:
        return Chart("table")
    if len(rows) == 1 and len(types) == 1:
        return Chart("number", None, numbers[0])
    value = numbers[-1]
    days = [place for place, kind in enumerate(types) if kind in DAYS]
    if days and 1 < len(rows) <= MOST_POINTS:
        line = _line(days[0], value, types, rows)
        if line is not None:
            return line
    labels = [place for place in range(len(types)) if place != value]
    texts = [place for place in labels if types[place] in TEXTS]
    if labels and 1 < len(rows) <= MOST_BARS:
        return Chart("bars", (texts or labels)[0], value)
    return Chart("table")


def _line(
    day: int, value: int, types: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> Chart | None:
    """One line, or one for each of a few names; None where a day would have several points."""
    if any(not isinstance(row[day], date) for row in rows):
        return None
    if len({row[day] for row in rows}) == len(rows):
        return Chart("line", day, value)
    for place, kind in enumerate(types):
        names = {row[place] for row in rows} if kind in TEXTS else set()
        points = {(row[day], row[place]) for row in rows}
        if 1 < len(names) <= MOST_LINES and len(points) == len(rows):
            return Chart("line", day, value, place)
    return None


def lines(chart: Chart, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    """What the page's script draws: for each line its name and its points, the oldest first."""
    day, value = chart.label, chart.value
    if chart.kind != "line" or day is None or value is None:
        return {}
    found: dict[str, list[tuple[int, str, str | None, str]]] = {}
    for row in rows:
        name = columns[value] if chart.group is None else str(row[chart.group])
        found.setdefault(name, []).append(
            (_moment(row[day]), str(row[day]), _height(row[value]), str(row[value]))
        )
    return {
        "lines": [
            {
                "label": name,
                "moments": [point[0] for point in sorted(points, key=_at)],
                "labels": [point[1] for point in sorted(points, key=_at)],
                "values": [point[2] for point in sorted(points, key=_at)],
                "texts": [point[3] for point in sorted(points, key=_at)],
            }
            for name, points in sorted(found.items())
        ]
    }


def _at(point: tuple[int, str, str | None, str]) -> int:
    return point[0]


def _moment(day: date) -> int:
    """Milliseconds since 1970, as scripts count."""
    if not isinstance(day, datetime):
        day = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return int((day if day.tzinfo is not None else day.replace(tzinfo=UTC)).timestamp() * 1000)


def _height(cell: Any) -> str | None:
    """None where there is nothing to draw."""
    amount = Decimal(str(cell)) if cell is not None else Decimal("NaN")
    return format(amount, "f") if amount.is_finite() else None


def widths(chart: Chart, rows: Sequence[tuple[Any, ...]]) -> list[int]:
    """How long each bar is, in percent of the longest; negative amounts have none."""
    if chart.value is None:
        return []
    amounts = [_amount(row[chart.value]) for row in rows]
    longest = max(amounts, default=Decimal(0)) or Decimal(1)
    return [int(amount * 100 / longest) for amount in amounts]


def _amount(cell: Any) -> Decimal:
    amount = Decimal(str(cell)) if cell is not None else Decimal(0)
    return max(amount, Decimal(0)) if amount.is_finite() else Decimal(0)

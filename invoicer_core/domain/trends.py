"""Pure maths of the figures: averages, days out of the ordinary, buckets, cohorts, shares.

All in exact decimals and whole numbers, so that a figure is the same wherever it is computed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Final, Literal

from invoicer_core.domain.money import CONTEXT
from invoicer_core.domain.periods import week_start

Oddity = Literal["", "high", "low"]

WINDOW: Final = 7
BEFORE: Final = 28
DEVIATIONS: Final = 3
BUSY_DAYS: Final = 5
COHORTS: Final = 12
WEEKS: Final = 8
DELAYS: Final = (-8, -1, 0, 7, 14, 30, 60)
"""Upper ends of the buckets of payment delays, in days after the due date; one more lies above."""


def moving_average(values: Sequence[Decimal], window: int = WINDOW) -> list[Decimal | None]:
    """The mean of each value and the ``window - 1`` before it; None where there are too few."""
    averages: list[Decimal | None] = []
    total = Decimal(0)
    for at, value in enumerate(values):
        total += value
        if at >= window:
            total -= values[at - window]
        averages.append(CONTEXT.divide(total, Decimal(window)) if at >= window - 1 else None)
    return averages


def oddities(values: Sequence[Decimal], before: int = BEFORE) -> list[Oddity]:
    """Which values stand out: further than three standard deviations from the mean of the
    ``before`` values ahead of them. Where fewer than five of those are other than zero there is no
    ordinary yet, and nothing stands out.

    Compared as squares times the count squared, so that nothing is rounded.
    """
    found: list[Oddity] = []
    total = squares = Decimal(0)
    busy = 0
    for at, value in enumerate(values):
        if at < before or busy < BUSY_DAYS:
            found.append("")
        else:
            distance = value * before - total
            spread = squares * before - total * total
            is_odd = distance * distance > DEVIATIONS * DEVIATIONS * spread and distance != 0
            found.append("" if not is_odd else "high" if distance > 0 else "low")
        total, squares, busy = total + value, squares + value * value, busy + bool(value)
        if at >= before:
            left = values[at - before]
            total, squares, busy = total - left, squares - left * left, busy - bool(left)
    return found


def share(part: Decimal | int, whole: Decimal | int, digits: int = 1) -> Decimal | None:
    """``part`` of ``whole`` in percent, rounded half up; None of nothing."""
    if not whole:
        return None
    percent = CONTEXT.divide(Decimal(part) * 100, Decimal(whole))
    return percent.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def distribution(numbers: Iterable[int], ends: Sequence[int] = DELAYS) -> tuple[int, ...]:
    """How many numbers are at most the first end, then up to the next one, ..., above the last."""
    counts = [0] * (len(ends) + 1)
    for number in numbers:
        counts[sum(1 for end in ends if number > end)] += 1
    return tuple(counts)


def median(numbers: Iterable[int]) -> Decimal | None:
    """The middle one, of an even count the mean of both; None of none."""
    ordered = sorted(numbers)
    if not ordered:
        return None
    half = len(ordered) // 2
    if len(ordered) % 2:
        return Decimal(ordered[half])
    return Decimal(ordered[half - 1] + ordered[half]) / 2


@dataclass(frozen=True, slots=True)
class Cohort:
    """Clients whose first invoice was of one week (its Monday); how many of them had one in that
    week and each of the following. None: the week has not come yet."""

    week: date
    size: int
    active: tuple[int | None, ...]

    def percent(self, at: int) -> Decimal | None:
        """The share that was active in the week ``at``; None while there is none."""
        count = self.active[at]
        return None if count is None else share(count, self.size, 0)


def cohorts(
    activity: Iterable[tuple[int, date, date]],
    last: date,
    *,
    rows: int = COHORTS,
    columns: int = WEEKS,
) -> tuple[Cohort, ...]:
    """The newest ``rows`` weeks up to that of ``last``, oldest first.

    Args:
        activity: (client, day of its first invoice, day of an invoice), in any order.
    """
    newest = week_start(last)
    seen: dict[tuple[date, int], set[int]] = {}
    for client, first, day in activity:
        week = week_start(first)
        at = (week_start(day) - week).days // 7
        if 0 <= at < columns:
            seen.setdefault((week, at), set()).add(client)
    found = []
    for back in range(rows - 1, -1, -1):
        week = newest - timedelta(weeks=back)
        size = len(seen.get((week, 0), ()))
        active = tuple(
            len(seen.get((week, at), ())) if week + timedelta(weeks=at) <= newest else None
            for at in range(columns)
        )
        found.append(Cohort(week, size, active))
    return tuple(found)


def level(percent: Decimal | None, levels: int = 5) -> int:
    """How strong a cell of a heat map is: 0 for nothing, else 1 to ``levels``."""
    if not percent:
        return 0
    return min(levels, int((percent * levels / 100).to_integral_value(ROUND_CEILING)))

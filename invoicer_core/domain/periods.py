"""Spans of days that people ask for: the last 90 days, this month, the year before."""

from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from invoicer_core.domain.errors import FieldError, InvalidInput
from invoicer_core.domain.saying import say

MOST_DAYS: Final = 366 * 10
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """From the first to the last day, both in it; ``name`` is the preset it came from, or own."""

    start: date
    end: date
    name: str = "own"

    @property
    def days(self) -> int:
        """How many days it has, at least one."""
        return (self.end - self.start).days + 1

    def former(self) -> "Period":
        """What it is compared with: as many whole months before it where it is made of whole
        months, else as many days."""
        before = self.start - _DAY
        if self.start.day == 1 and (self.end + _DAY).day == 1:
            months = (self.end.year - self.start.year) * 12 + self.end.month - self.start.month + 1
            return Period(month_start(self.start, -months), before)
        return Period(self.start - timedelta(days=self.days), before)


def month_start(day: date, months: int = 0) -> date:
    """The first day of the month that lies ``months`` after the day's own."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def month_end(day: date) -> date:
    """The last day of the day's month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def week_start(day: date) -> date:
    """The Monday of the day's week (ISO 8601)."""
    return day - timedelta(days=day.weekday())


def _months(back: int, count: int) -> Callable[[date], tuple[date, date]]:
    def span(today: date) -> tuple[date, date]:
        start = month_start(today, -back)
        return start, month_start(start, count) - _DAY

    return span


def _quarter(back: int) -> Callable[[date], tuple[date, date]]:
    def span(today: date) -> tuple[date, date]:
        start = month_start(today, -((today.month - 1) % 3) - 3 * back)
        return start, month_start(start, 3) - _DAY

    return span


def _year(back: int) -> Callable[[date], tuple[date, date]]:
    def span(today: date) -> tuple[date, date]:
        return date(today.year - back, 1, 1), date(today.year - back, 12, 31)

    return span


def _days(count: int) -> Callable[[date], tuple[date, date]]:
    return lambda today: (today - timedelta(days=count - 1), today)


PRESETS: Final[Mapping[str, Callable[[date], tuple[date, date]]]] = {
    "30-days": _days(30),
    "90-days": _days(90),
    "12-months": _months(11, 12),
    "month": _months(0, 1),
    "last-month": _months(1, 1),
    "quarter": _quarter(0),
    "last-quarter": _quarter(1),
    "year": _year(0),
    "last-year": _year(1),
}


def preset(name: str, today: date) -> Period:
    """The period of a preset as of a day. Raises KeyError."""
    start, end = PRESETS[name](today)
    return Period(start, end, name)


def own(start: date, end: date) -> Period:
    """A period of somebody's own.

    Raises:
        InvalidInput: it ends before it begins, or is longer than ten years; at ``/to``.
    """
    if end < start:
        raise _refused(say("The last day is before the first one."))
    if (end - start).days >= MOST_DAYS:
        raise _refused(say("At most ten years at once: choose a shorter period."))
    return Period(start, end)


def _refused(message: str) -> InvalidInput:
    return InvalidInput(message, [FieldError("/to", message)])

"""Averages, oddities, buckets and cohorts against numbers worked out by hand."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicer_core.domain.errors import InvalidInput
from invoicer_core.domain.periods import Period, month_end, own, preset, week_start
from invoicer_core.domain.trends import (
    Cohort,
    cohorts,
    distribution,
    level,
    median,
    moving_average,
    oddities,
    share,
)

D = Decimal
AMOUNTS = st.lists(st.decimals(-1000, 1000, places=2), max_size=60)


def test_the_average_is_of_the_last_seven() -> None:
    values = [D(n) for n in (7, 0, 0, 0, 0, 0, 0, 14)]
    assert moving_average(values) == [None] * 6 + [D(1), D(2)]
    assert moving_average([D("0.10"), D("0.20")], 2) == [None, D("0.15")]
    assert moving_average([]) == []


@given(AMOUNTS)
def test_the_running_sum_is_the_sum(values: list[Decimal]) -> None:
    for at, found in enumerate(moving_average(values, 3)):
        window = values[max(0, at - 2) : at + 1]
        assert (found is None) == (len(window) < 3)
        if found is not None:
            assert found.quantize(D("0.0001")) == (sum(window) / 3).quantize(D("0.0001"))


def test_a_day_beyond_three_deviations_stands_out() -> None:
    # Mean 10, variance 100 (ten zeros and ten twenties): the border is 10 + 3 x 10 = 40.
    calm = [D(0), D(20)] * 10
    assert oddities([*calm, D(40)], 20)[-1] == ""
    assert oddities([*calm, D("40.01")], 20)[-1] == "high"
    assert oddities([*calm, D("-20.01")], 20)[-1] == "low"
    assert set(oddities([*calm, D(20)], 20)) == {""}


def test_without_an_ordinary_nothing_stands_out() -> None:
    assert oddities([D(0)] * 24 + [D(5)] * 4 + [D(900)])[-1] == ""
    assert oddities([D(0)] * 23 + [D(5)] * 5 + [D(900)])[-1] == "high"
    assert oddities([D(5)] * 10 + [D(900)])[-1] == ""
    assert oddities([D(5)] * 28 + [D(5), D(6)])[-2:] == ["", "high"]


@given(AMOUNTS)
def test_the_sliding_window_is_the_window(values: list[Decimal]) -> None:
    for at in range(len(values)):
        assert oddities(values, 6)[at] == oddities(values[max(0, at - 6) : at + 1], 6)[-1]


@pytest.mark.parametrize(
    ("part", "whole", "digits", "percent"),
    [(1, 3, 1, "33.3"), (2, 3, 0, "67"), (1, 8, 1, "12.5"), (1, 16, 1, "6.3"), (0, 5, 1, "0.0")],
)
def test_shares_are_rounded_half_up(part: int, whole: int, digits: int, percent: str) -> None:
    assert share(part, whole, digits) == D(percent)


def test_of_nothing_there_is_no_share_and_no_middle() -> None:
    assert share(0, 0) is None
    assert median([]) is None
    assert median([3, 1, 2]) == 2
    assert median([1, 2]) == D("1.5")


def test_delays_fall_into_their_buckets() -> None:
    delays = [-40, -8, -7, -1, 0, 1, 7, 8, 14, 30, 31, 60, 61, 400]
    assert distribution(delays) == (2, 2, 1, 2, 2, 1, 2, 2)
    assert distribution([]) == (0,) * 8


def test_cohorts_count_each_client_once_a_week() -> None:
    monday = date(2026, 11, 2)
    sunday = monday + timedelta(days=6)
    activity = [
        (1, monday, monday), (1, monday, sunday), (1, monday, monday + timedelta(days=7)),
        (2, sunday, sunday), (2, sunday, monday + timedelta(days=14)),
        (3, monday + timedelta(days=8), monday + timedelta(days=8)),
        (4, monday - timedelta(weeks=30), monday),
    ]  # fmt: skip
    found = cohorts(activity, date(2026, 11, 20), rows=3, columns=3)
    assert found == (
        Cohort(monday, 2, (2, 1, 1)),
        Cohort(monday + timedelta(weeks=1), 1, (1, 0, None)),
        Cohort(monday + timedelta(weeks=2), 0, (0, None, None)),
    )
    assert (found[0].percent(1), found[1].percent(2), found[2].percent(0)) == (50, None, None)
    assert len(cohorts([], date(2026, 1, 1))) == 12
    assert len(cohorts([], date(2026, 1, 1))[0].active) == 8


def test_levels_cover_all_percents() -> None:
    given = [None, D(0), D(1), D(20), D(21), D(80), D(81), D(100)]
    assert [level(each) for each in given] == [0, 0, 1, 1, 2, 4, 5, 5]


TODAY = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("name", "start", "end", "former"),
    [("30-days", "2026-03-02", "2026-03-31", "2026-01-31"),
     ("month", "2026-03-01", "2026-03-31", "2026-02-01"),
     ("last-month", "2026-02-01", "2026-02-28", "2026-01-01"),
     ("quarter", "2026-01-01", "2026-03-31", "2025-10-01"),
     ("last-quarter", "2025-10-01", "2025-12-31", "2025-07-01"),
     ("year", "2026-01-01", "2026-12-31", "2025-01-01"),
     ("last-year", "2025-01-01", "2025-12-31", "2024-01-01"),
     ("12-months", "2025-04-01", "2026-03-31", "2024-04-01")],
)  # fmt: skip
def test_presets_and_what_they_are_compared_with(
    name: str, start: str, end: str, former: str
) -> None:
    found = preset(name, TODAY)
    assert (str(found.start), str(found.end), found.name) == (start, end, name)
    before = found.former()
    assert (str(before.start), before.end) == (former, found.start - timedelta(days=1))


def test_own_periods_have_their_limits() -> None:
    assert own(TODAY, TODAY) == Period(TODAY, TODAY)
    assert own(TODAY, TODAY).days == 1
    for end in (date(2026, 3, 30), date(2037, 1, 1)):
        with pytest.raises(InvalidInput):
            own(TODAY, end)
    assert week_start(date(2026, 11, 22)) == date(2026, 11, 16)
    assert month_end(date(2028, 2, 1)) == date(2028, 2, 29)

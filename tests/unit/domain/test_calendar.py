"""The business's own day, and due dates."""

from datetime import UTC, date, datetime

import pytest

from invoicer_core.domain.calendar import check_due_date, due_date, local_day
from invoicer_core.domain.errors import InvalidInput


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("UTC", date(2026, 12, 31)),
        ("Europe/Vienna", date(2027, 1, 1)),
        ("Pacific/Kiritimati", date(2027, 1, 1)),
        ("America/Los_Angeles", date(2026, 12, 31)),
    ],
)
def test_today_is_the_day_in_the_zone_of_the_business(zone, day) -> None:
    assert local_day(zone, datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == day


def test_summer_time_moves_the_end_of_the_day() -> None:
    late = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    assert local_day("Europe/Vienna", late) == date(2026, 7, 2)
    assert local_day("Europe/Vienna", late.replace(month=1)) == date(2026, 1, 1)


@pytest.mark.parametrize(
    "zone", ["", "Mars/Base", "Europe", "../../etc/passwd", "/etc/passwd", "a\x00b", "x" * 500]
)
def test_what_is_no_time_zone_is_refused(zone) -> None:
    with pytest.raises(InvalidInput) as caught:
        local_day(zone, datetime(2026, 1, 1, tzinfo=UTC))
    assert caught.value.fields[0].pointer == "/time_zone"


def test_an_instant_without_a_zone_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="time zone"):
        local_day("UTC", datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize(
    ("days", "due"),
    [(0, date(2028, 2, 15)), (14, date(2028, 2, 29)), (30, date(2028, 3, 16))],
)
def test_a_document_falls_due_after_its_terms(days, due) -> None:
    assert due_date(date(2028, 2, 15), days) == due


@pytest.mark.parametrize("days", [-1, 3651])
def test_terms_have_limits(days) -> None:
    with pytest.raises(InvalidInput) as caught:
        due_date(date(2026, 1, 1), days)
    assert caught.value.fields[0].pointer == "/payment_terms_days"


def test_a_date_at_the_end_of_time_is_refused() -> None:
    with pytest.raises(InvalidInput):
        due_date(date(9999, 12, 31), 1)


def test_a_due_date_before_the_issue_date_is_refused() -> None:
    check_due_date(date(2026, 1, 1), date(2026, 1, 1))
    with pytest.raises(InvalidInput):
        check_due_date(date(2026, 1, 2), date(2026, 1, 1))

"""Patterns of numbers: what they may be, what they become, and when they start again."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicer_core.domain.errors import Conflict, InvalidInput
from invoicer_core.domain.numbering import Pattern, gaps

DAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("text", "reset", "number", "period"),
    [
        ("{seq}", "never", "7", ""),
        ("INV-{seq:06}", "never", "INV-000007", ""),
        ("INV-{year}-{seq:04}", "yearly", "INV-2026-0007", "2026"),
        ("{yy}/{seq:03}", "yearly", "26/007", "2026"),
        ("{year}{month}-{seq:04}", "monthly", "202611-0007", "2026-11"),
        ("R{seq:04}/{yy}", "fiscal_year", "R0007/26", "FY2026"),
        ("{client}-{year}-{seq:04}", "yearly", "ACME-2026-0007", "2026"),
        (
            "Rechnung Nr. {seq} \N{EN DASH} {year}",
            "yearly",
            "Rechnung Nr. 7 \N{EN DASH} 2026",
            "2026",
        ),
    ],
)
def test_a_pattern_becomes_a_number(text, reset, number, period) -> None:
    template = Pattern.parse(text, reset).expand(DAY, "ACME")
    assert (template.render(7), template.period_key) == (number, period)


def test_a_sequence_that_outgrows_its_width_is_written_in_full() -> None:
    assert Pattern.parse("{seq:02}", "never").expand(DAY).render(12345) == "12345"


@pytest.mark.parametrize(
    ("day", "number", "period"),
    [
        (date(2026, 3, 31), "2025-0001", "FY2025"),
        (date(2026, 4, 1), "2026-0001", "FY2026"),
        (date(2027, 1, 1), "2026-0001", "FY2026"),
    ],
)
def test_a_fiscal_year_shows_the_year_in_which_it_starts(day, number, period) -> None:
    template = Pattern.parse("{year}-{seq:04}", "fiscal_year").expand(day, fiscal_year_start=4)
    assert (template.render(1), template.period_key) == (number, period)


@pytest.mark.parametrize(
    ("text", "reset", "pointer"),
    [
        ("", "never", "/pattern"),
        ("INV", "never", "/pattern"),
        ("{seq}-{seq:04}", "never", "/pattern"),
        (" {seq}", "never", "/pattern"),
        ("{seq}\n", "never", "/pattern"),
        ("a\x00{seq}", "never", "/pattern"),
        ("a\N{RIGHT-TO-LEFT OVERRIDE}{seq}", "never", "/pattern"),
        ("{seq:4}", "never", "/pattern"),
        ("{seq:013}", "never", "/pattern"),
        ("{seq:00}", "never", "/pattern"),
        ("{day}-{seq}", "never", "/pattern"),
        ("{seq", "never", "/pattern"),
        ("}{seq}", "never", "/pattern"),
        ("{{seq}}", "never", "/pattern"),
        ("draft-{seq}", "never", "/pattern"),
        ("{client}{seq}", "never", "/pattern"),
        ("{client}1{seq}", "never", "/pattern"),
        ("{seq}{year}{client}", "never", "/pattern"),
        ("{client}-{client}-{seq}", "never", "/pattern"),
        ("x" * 47 + "{seq:04}", "never", "/pattern"),
        ("INV-{seq}", "yearly", "/pattern"),
        ("INV-{month}-{seq}", "yearly", "/pattern"),
        ("INV-{seq}", "fiscal_year", "/pattern"),
        ("INV-{year}-{seq}", "monthly", "/pattern"),
        ("INV-{month}-{seq}", "monthly", "/pattern"),
        ("{seq}", "weekly", "/reset"),
    ],
)
def test_a_pattern_that_could_repeat_or_hide_a_number_is_refused(text, reset, pointer) -> None:
    with pytest.raises(InvalidInput) as caught:
        Pattern.parse(text, reset)
    assert [field.pointer for field in caught.value.fields] == [pointer]


def test_a_pattern_of_exactly_fifty_characters_is_possible_and_one_more_is_a_conflict() -> None:
    template = Pattern.parse("x" * 46 + "{seq:04}", "never").expand(DAY)
    assert len(template.render(9999)) == 50
    with pytest.raises(Conflict, match="shorten the pattern"):
        template.render(10000)


@pytest.mark.parametrize("code", [None, "", " A", "A\tB"])
def test_a_pattern_with_the_client_needs_a_usable_code(code) -> None:
    with pytest.raises(InvalidInput):
        Pattern.parse("{client}-{seq}", "never").expand(DAY, code)


def test_the_client_does_not_split_the_counter() -> None:
    pattern = Pattern.parse("{client}-{year}-{seq}", "yearly")
    assert pattern.expand(DAY, "A").period_key == pattern.expand(DAY, "B").period_key


@pytest.mark.parametrize("month", [0, 13, -1])
def test_a_fiscal_year_starts_in_a_month(month) -> None:
    with pytest.raises(InvalidInput):
        Pattern.parse("{year}-{seq}", "fiscal_year").expand(DAY, fiscal_year_start=month)


def test_a_sequence_starts_at_one() -> None:
    with pytest.raises(ValueError, match="start at 1"):
        Pattern.parse("{seq}", "never").expand(DAY).render(0)


days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
counters = st.tuples(
    days, st.integers(1, 20000), st.sampled_from(("A", "A-1", "A-2026", "7", "71"))
)


@given(
    counters,
    counters,
    st.sampled_from(
        (
            ("{client}-{year}{seq}", "yearly"),
            ("{seq}-{client}/{yy}{month}", "monthly"),
            ("{year}{seq}", "fiscal_year"),
            ("{seq}{yy}{month}", "monthly"),
            ("{yy}{seq:04}", "yearly"),
            ("{month}{seq}", "never"),
        )
    ),
    st.integers(1, 12),
)
def test_two_places_in_the_counters_never_give_one_number(one, other, pattern, start) -> None:
    parsed = Pattern.parse(*pattern)
    places, numbers = set(), set()
    for day, seq, client in (one, other):
        template = parsed.expand(day, client, start)
        places.add((template.period_key, seq))
        numbers.add(template.render(seq))
    assert len(numbers) >= len(places)


def test_gaps_are_the_runs_of_missing_numbers() -> None:
    assert gaps([]) == []
    assert gaps([1, 2, 3]) == []
    assert gaps([5, 1, 2, 2, 9]) == [range(3, 5), range(6, 9)]
    assert gaps([3]) == [range(1, 3)]
    assert gaps([100, 102], first=100) == [range(101, 102)]


@given(st.sets(st.integers(1, 200), min_size=1))
def test_numbers_and_gaps_together_are_everything_up_to_the_highest(numbers) -> None:
    missing = {number for run in gaps(numbers) for number in run}
    assert missing | numbers == set(range(1, max(numbers) + 1))
    assert not missing & numbers

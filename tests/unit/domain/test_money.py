"""Currencies, rounding and sharing."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicer_core.domain.errors import InvalidInput
from invoicer_core.domain.money import (
    MINOR_UNITS,
    is_currency,
    minor_units,
    quantum,
    round_money,
    split,
    to_currency,
)

D = Decimal
CURRENCIES = ("EUR", "JPY", "KWD", "CLF")


def amounts(limit: int = 10**9) -> st.SearchStrategy[Decimal]:
    return st.decimals(-limit, limit, places=6, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("currency", "digits"),
    [
        ("EUR", 2), ("CHF", 2), ("INR", 2), ("HUF", 2), ("MGA", 2), ("JPY", 0), ("KRW", 0),
        ("ISK", 0), ("XOF", 0), ("KWD", 3), ("BHD", 3), ("TND", 3), ("CLF", 4), ("UYW", 4),
    ],
)  # fmt: skip
def test_a_currency_has_the_digits_of_iso_4217(currency, digits) -> None:
    assert minor_units(currency) == digits
    assert quantum(currency) == D(10) ** -digits


def test_all_codes_are_three_capitals_and_none_is_listed_twice() -> None:
    assert all(len(code) == 3 and code.isupper() for code in MINOR_UNITS)
    assert len(MINOR_UNITS) == 167


@pytest.mark.parametrize("code", ["", "eur", "EURO", "DEM", "XXX", "XAU", "\N{EURO SIGN}"])
def test_anything_else_is_no_currency(code) -> None:
    assert not is_currency(code)
    for ask in (minor_units, quantum):
        with pytest.raises(InvalidInput) as caught:
            ask(code)
        assert caught.value.fields[0].pointer == "/currency"


@pytest.mark.parametrize(
    ("typed", "currency", "rounded"),
    [
        ("0.005", "EUR", "0.01"), ("-0.005", "EUR", "-0.01"), ("0.0049999999", "EUR", "0.00"),
        ("-0.004", "EUR", "0.00"), ("2.5", "JPY", "3"), ("-2.5", "JPY", "-3"),
        ("1.0005", "KWD", "1.001"), ("7", "EUR", "7.00"), ("1E+3", "EUR", "1000.00"),
        ("999999999999999.004", "EUR", "999999999999999.00"),
    ],
)  # fmt: skip
def test_half_is_rounded_away_from_zero(typed, currency, rounded) -> None:
    assert str(round_money(D(typed), currency)) == rounded


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity", "1E15", "1E999999"])
def test_what_cannot_be_an_amount_is_refused_at_its_pointer(value) -> None:
    with pytest.raises(InvalidInput) as caught:
        round_money(D(value), "EUR", "/allocations/0/amount")
    assert caught.value.fields[0].pointer == "/allocations/0/amount"


def test_money_that_moved_is_never_rounded() -> None:
    assert str(to_currency(D("5"), "EUR")) == "5.00"
    assert str(to_currency(D("5.10000"), "EUR")) == "5.10"
    assert str(to_currency(D("500.00"), "JPY")) == "500"
    with pytest.raises(InvalidInput, match="EUR has at most 2 digits"):
        to_currency(D("5.005"), "EUR")


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        ("10.00", ["33.33", "33.33", "33.34"], ["3.33", "3.33", "3.34"]),
        ("0.02", ["1", "1", "1"], ["0.00", "0.01", "0.01"]),
        ("100", ["1", "1", "1"], ["33.34", "33.33", "33.33"]),
        ("10", ["300", "-100"], ["15.00", "-5.00"]),
        ("-10", ["1", "2"], ["-3.33", "-6.67"]),
        ("5", ["0", "0"], ["5.00", "0.00"]),
        ("5", ["7", "-7"], ["5.00", "0.00"]),
        ("0", ["1", "2"], ["0.00", "0.00"]),
    ],
)
def test_an_amount_is_split_by_share(amount, weights, parts) -> None:
    result = split(D(amount), [D(weight) for weight in weights], "EUR")
    assert [str(part) for part in result] == parts


def test_there_must_be_something_to_split_over() -> None:
    with pytest.raises(InvalidInput):
        split(D(1), [], "EUR")


@given(amounts(), st.lists(amounts(10**6), min_size=1, max_size=8), st.sampled_from(CURRENCIES))
def test_the_parts_always_add_up(amount, weights, currency) -> None:
    parts = split(amount, weights, currency)
    assert sum(parts) == round_money(amount, currency)
    assert len(parts) == len(weights)


@given(amounts(), st.lists(amounts(10**6), min_size=1, max_size=8), st.sampled_from(CURRENCIES))
def test_splitting_is_symmetric_about_zero(amount, weights, currency) -> None:
    parts = split(amount, weights, currency)
    assert split(-amount, weights, currency) == tuple(-part for part in parts)
    assert split(amount, [-weight for weight in weights], currency) == parts


@given(amounts(), st.lists(st.integers(0, 9999).map(D), min_size=1, max_size=8))
def test_no_part_is_further_from_its_share_than_the_odd_cents(amount, weights) -> None:
    total = sum(weights)
    parts = split(amount, weights, "EUR")
    for part, weight in zip(parts, weights, strict=True):
        if total:
            share = round_money(amount, "EUR") * weight / total
            assert abs(part - share) <= D("0.01") * len(weights)

"""Amounts in Stripe's smallest units, there and back, and what can not be said in them."""

from decimal import Decimal

import pytest
from invoicer_stripe.amounts import CURRENCIES, THREE, TWO_ZEROS, WHOLE, from_minor, to_minor

from invoicer_core.plugin import PermanentFailure, minor_units
from tests.peers.stripe_rules import HUNDREDS, NO_DIGITS, TENS


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("119.00", "EUR", 11900), ("0.50", "USD", 50), ("1190", "JPY", 1190),
        ("10.230", "KWD", 10230), ("5", "ISK", 500), ("1000.00", "MGA", 1000),
        ("999999.99", "GBP", 99999999),
    ],
)  # fmt: skip
def test_there_and_back(amount, currency, minor):
    assert to_minor(Decimal(amount), currency) == minor
    back = from_minor(minor, currency)
    assert back == Decimal(amount)
    assert -back.as_tuple().exponent == minor_units(currency)


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("10.234", "KWD"), ("0.001", "BHD"), ("10.5", "JPY"), ("5.50", "ISK"), ("1000.50", "MGA"),
     ("0.005", "EUR"), ("0", "EUR"), ("-1", "EUR"), ("1", "UGX"), ("1", "XXX"), ("1", "eur")],
)  # fmt: skip
def test_nothing_is_rounded(amount, currency):
    with pytest.raises(PermanentFailure):
        to_minor(Decimal(amount), currency)


@pytest.mark.parametrize("currency", sorted(CURRENCIES))
def test_every_currency_comes_back_the_same(currency):
    amount = Decimal(1234) if currency in WHOLE | TWO_ZEROS else Decimal("1234.50")
    assert from_minor(to_minor(amount, currency), currency) == amount


def test_the_peer_counts_as_we_do():
    assert {each.upper() for each in NO_DIGITS} == WHOLE
    assert {each.upper() for each in TENS} == THREE
    assert {each.upper() for each in HUNDREDS} >= TWO_ZEROS

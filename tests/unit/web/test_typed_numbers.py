"""Numbers as people type them, read exactly and without guessing wrong by a factor of 1000."""

from decimal import Decimal

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from invoicer_core.web.forms.reading import shown_number, typed_number

GERMAN, ENGLISH, SWISS = Locale("de"), Locale("en"), Locale("de", "CH")


@pytest.mark.parametrize(
    ("text", "locale", "value"),
    [
        ("1.234,50", GERMAN, "1234.50"),
        ("1,234.50", GERMAN, "1234.50"),
        ("1,234.50", ENGLISH, "1234.50"),
        ("1.234,50", ENGLISH, "1234.50"),
        ("1.234", GERMAN, "1234"),
        ("1.234", ENGLISH, "1.234"),
        ("1,234", ENGLISH, "1234"),
        ("1,234", GERMAN, "1.234"),
        ("12.50", GERMAN, "12.50"),
        ("12,5", ENGLISH, "12.5"),
        ("0.125", GERMAN, "0.125"),
        ("1.234.567", GERMAN, "1234567"),
        ("1'234.50", SWISS, "1234.50"),
        ("1 234,5", GERMAN, "1234.5"),
        ("-3", ENGLISH, "-3"),
        ("1234567.1234567891", ENGLISH, "1234567.1234567891"),
    ],
)
def test_reads(text: str, locale: Locale, value: str) -> None:
    assert typed_number(text, locale) == Decimal(value)


@pytest.mark.parametrize(
    "text", ["", "abc", "1e5", "NaN", "Infinity", "1,2,3.4.5", "1.2,3.4", "--1", "٣", "1" * 31, "."]
)
def test_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        typed_number(text, ENGLISH)


@given(
    st.decimals(-(10**9), 10**9, places=4) | st.decimals(-(10**6), 10**6, places=3),
    st.sampled_from([GERMAN, ENGLISH, SWISS]),
)
def test_what_is_shown_is_read_back(value: Decimal, locale: Locale) -> None:
    assert typed_number(shown_number(value, locale), locale) == value

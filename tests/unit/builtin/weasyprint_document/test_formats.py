from datetime import date
from decimal import Decimal

import pytest

from invoicer_core.builtin.weasyprint_document.formats import Formats, parse_locale
from invoicer_core.builtin.weasyprint_document.words import CATALOG, words_for

SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " "})


def formats(locale: str, currency: str = "EUR") -> Formats:
    return Formats(parse_locale(locale), currency)


@pytest.mark.parametrize(
    ("locale", "currency", "value", "expected"),
    [
        ("en_US", "USD", "1234567.5", "$1,234,567.50"),
        ("de_DE", "EUR", "1234567.50", "1.234.567,50 €"),
        ("fr_FR", "EUR", "-1234.5", "-1 234,50 €"),
        ("en_IN", "INR", "1234567.00", "₹12,34,567.00"),
        ("en", "JPY", "2197", "¥2,197"),
        ("en", "KWD", "1.235", "KWD 1.235"),
        ("en", "IQD", "5", "IQD 5.000"),  # three digits by ISO 4217, none by CLDR
        ("en", "EUR", "0", "€0.00"),
        ("en", "EUR", "999999999999999.99", "€999,999,999,999,999.99"),
    ],
)
def test_money_has_the_currencys_digits_in_the_locales_manner(locale, currency, value, expected):
    assert formats(locale, currency).money(Decimal(value)).translate(SPACES) == expected


def test_stored_zeros_beyond_the_minor_unit_are_not_printed_but_real_digits_are():
    assert formats("en").amount(Decimal("119.0000000000")) == "119.00"
    assert formats("en").amount(Decimal("33.3350")) == "33.335"
    assert formats("en").amount(Decimal("0.0000000001")) == "0.0000000001"


@pytest.mark.parametrize(
    ("locale", "value", "unit", "expected"),
    [
        ("en", "1", "HUR", "1 hour"),
        ("en", "2.5", "HUR", "2.5 hours"),
        ("de", "2.5", "HUR", "2,5 Stunden"),
        ("fr", "3", "MON", "3 mois"),
        ("en", "1234.123456789", "KGM", "1,234.123456789 kg"),
        ("de", "1", "C62", "1 Stück"),
        ("es", "2.000", "C62", "2 uds."),
        ("ja", "2", "HUR", "2 時間"),
        ("ar", "1", "HUR", "1 ساعة"),
        ("en", "3", "ZZ9", "3 ZZ9"),
        ("en", "1E+2", "C62", "100 pcs"),
    ],
)
def test_quantities_name_their_unit(locale, value, unit, expected):
    assert formats(locale).quantity(Decimal(value), unit).translate(SPACES) == expected


def test_percent_and_dates():
    assert formats("en").percent(Decimal("8.875")) == "8.875%"
    assert formats("de").percent(Decimal("19.00")).translate(SPACES) == "19 %"
    assert formats("de").date(date(2026, 11, 20)) == "20.11.2026"
    assert formats("en_US").long_date(date(2026, 11, 20)) == "November 20, 2026"
    assert formats("en").period(date(2026, 11, 1), date(2026, 11, 1)) == "Nov 1, 2026"


@pytest.mark.parametrize("wild", ["", "xx_YY", "../../etc/passwd", "de'; --", "a" * 500, "e\0n"])
def test_an_unknown_locale_falls_through_to_the_next(wild):
    assert str(parse_locale(wild, "de-AT")) == "de_AT"
    assert str(parse_locale(wild)) == "en"


def test_every_language_has_every_word_with_the_same_blanks():
    def blanks(text: str) -> list[str]:
        return sorted(part.split("}")[0] for part in text.split("{")[1:])

    english = CATALOG["en"]
    assert set(CATALOG) >= {"en", "de", "fr", "es"}
    for words in CATALOG.values():
        for name in english.__dataclass_fields__:
            mine, reference = getattr(words, name), getattr(english, name)
            if isinstance(reference, str):
                assert mine.strip()
                assert blanks(mine) == blanks(reference), name
            elif not isinstance(reference, bool):
                assert mine.keys() == reference.keys(), name


def test_a_language_without_a_table_gets_english_words():
    assert words_for("ko") is CATALOG["en"]

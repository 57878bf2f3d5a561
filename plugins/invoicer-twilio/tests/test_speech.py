"""Words as a voice says them."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invoicer_twilio import speech, voice
from invoicer_twilio.words import LANGUAGES, say, words


@pytest.mark.parametrize(
    ("value", "currency", "locale", "spoken"),
    [
        ("1234.50", "EUR", "en", "1234 euros and 50 cents"),
        ("1234.50", "EUR", "de-AT", "1234 Euro und 50 Cent"),
        ("1234.50", "EUR", "fr", "1234 euros et 50 centimes"),
        ("1234.50", "EUR", "es", "1234 euros con 50 céntimos"),
        ("1", "EUR", "en", "1 euro"),
        ("1.01", "GBP", "en-GB", "1 British pound and 1 penny"),
        ("0.05", "USD", "en-US", "5 cents"),
        ("1500000", "JPY", "en", "1500000 Japanese yen"),
        ("12.345", "KWD", "de", "12,345 Kuwait-Dinar"),
        ("7.10", "SEK", "en", "7.1 Swedish kronor"),
        ("3", "EUR", "it", "3 euros"),
    ],
)
def test_amounts_are_spoken_as_people_do(value, currency, locale, spoken):
    assert speech.amount(Decimal(value), currency, locale) == spoken


@pytest.mark.parametrize(
    ("locale", "spoken", "language"),
    [
        ("en-GB", "30 November 2026", "en-GB"),
        ("en-US", "November 30, 2026", "en-US"),
        ("de", "30. November 2026", "de-DE"),
        ("fr", "30 novembre 2026", "fr-FR"),
        ("es_ES", "30 de noviembre de 2026", "es-ES"),
        ("pl", "30 November 2026", "en-GB"),
        ("de-XX-evil", "30. November 2026", "de-DE"),
    ],
)
def test_days_are_spoken_with_the_months_name(locale, spoken, language):
    assert speech.day(date(2026, 11, 30), locale) == spoken
    assert speech.voice_of(locale) == language


def test_a_number_is_spelled():
    assert speech.spelled("INV-2026-0042") == "I N V, 2 0 2 6, 0 0 4 2"


def test_every_language_has_every_sentence():
    names = {language: set(words(language)) for language in LANGUAGES}
    assert names["en"] == names["de"] == names["fr"] == names["es"]
    assert all(set(words(each)["minor"]) == {"EUR", "USD", "GBP", "CHF"} for each in LANGUAGES)


def test_what_is_filled_in_is_no_pattern():
    assert "{number.__class__}" in say("en", "help", business="{number.__class__}")


@given(st.text(max_size=200))
def test_what_is_said_can_stand_in_xml(text):
    said = voice.clean(text)
    assert all(sign.isprintable() for sign in said)
    assert len(voice.clean(text * 100)) <= voice.LONGEST_SAY

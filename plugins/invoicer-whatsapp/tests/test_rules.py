"""What needs no server: the window, templates as they are entered, numbers, words for errors."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from invoicer_whatsapp.composing import is_open
from invoicer_whatsapp.failures import in_words
from invoicer_whatsapp.news import sender_of
from invoicer_whatsapp.settings import WhatsAppSettings, template_for

from invoicer_core.domain.errors import InvalidInput
from invoicer_core.hooks.answers import PermanentFailure
from invoicer_core.hooks.settings import validated

NOW = datetime(2026, 3, 29, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("ago", "open_"),
    [
        (timedelta(0), True),
        (timedelta(hours=23, minutes=59, seconds=59), True),
        (timedelta(hours=24) - TICK, True),
        (timedelta(hours=24), False),
        (timedelta(hours=24) + TICK, False),
        (timedelta(days=400), False),
        (-timedelta(minutes=2), True),
    ],
)
def test_the_window_ends_after_24_hours(ago, open_):
    assert is_open(NOW - ago, NOW) is open_


def test_who_never_wrote_gets_templates():
    assert not is_open(None, NOW)


@pytest.mark.parametrize("zone", [ZoneInfo("Europe/Berlin"), timezone(timedelta(hours=-11))])
def test_no_zone_and_no_change_of_clocks_moves_the_window(zone):
    """Berlin's clocks went forward between the two: 24 hours stay 24 hours."""
    last = (NOW - timedelta(hours=24)).astimezone(zone)
    assert not is_open(last, NOW)
    assert is_open(last + TICK, NOW)
    assert not is_open(last.astimezone(UTC), NOW.astimezone(zone))


def settings(**given):
    return validated(WhatsAppSettings, given)


@pytest.mark.parametrize(
    ("locale", "name"),
    [
        ("de", "rechnung"), ("de-AT", "rechnung_at"), ("de_CH", "rechnung"),
        ("en", "invoice_us"), ("fr", "invoice_us"), ("", "invoice_us"), ("EN_us", "invoice_us"),
    ],
)  # fmt: skip
def test_the_readers_language_chooses_the_template(locale, name):
    lines = "invoice_us en_US number\n\n  rechnung de number\nrechnung_at de_AT number\n"
    found = template_for(settings(template_invoice=lines), "invoice", locale)
    assert (found.name, found.values) == (name, ("number",))


def test_a_kind_without_templates_takes_those_for_everything_else():
    given = settings(template_other="any en text", template_invoice="one en document number")
    assert template_for(given, "reminder", "en").name == "any"
    assert template_for(given, "portal_code", "en").name == "any"
    assert template_for(given, "invoice", "en").carries_file


def test_without_a_template_it_says_what_to_do():
    with pytest.raises(PermanentFailure, match=r"24 hours.*approved template.*reminder.*Settings"):
        template_for(settings(template_invoice="one en number"), "reminder", "en")


@pytest.mark.parametrize(
    ("lines", "words"),
    [("invoice_ready", "no language"), ("a en nmuber", "nmuber is none of the values")],
)
def test_a_template_that_cannot_be_read_is_not_kept(lines, words):
    with pytest.raises(InvalidInput) as refused:
        settings(template_invoice=lines)
    assert words in refused.value.fields[0].message


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("4917612345678", "+4917612345678"), ("whatsapp:+4917612345678", "+4917612345678"),
        ("DE.1349", None), (None, None), (17, None), ("", None), ("+", None),
        ("++49176123456", None),
    ],
)  # fmt: skip
def test_who_writes_is_known_by_the_number(given, read):
    assert sender_of(given) == read


@pytest.mark.parametrize("code", [None, "", "x", "9" * 5000, -1, 1.5, [], "١"])
def test_a_code_that_is_none_is_left_out(code):
    assert in_words(code, "Odd\r\n<b>thing") == "Odd<b>thing"

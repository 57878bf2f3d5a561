"""Parts of text messages, and what they cost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicer_core.domain.segments import BASIC, EXTENDED, LIMITS, plain, segments

BASIC_TEXT = st.text(st.sampled_from(sorted(BASIC)), max_size=700)
GSM_TEXT = st.text(st.sampled_from(sorted(BASIC | EXTENDED)), max_size=700)
ANY_TEXT = st.text(max_size=400)


@pytest.mark.parametrize(
    ("text", "encoding", "count"),
    [
        ("", "GSM-7", 0),
        ("a" * 160, "GSM-7", 1),
        ("a" * 161, "GSM-7", 2),
        ("a" * 306, "GSM-7", 2),
        ("a" * 307, "GSM-7", 3),
        ("€" * 80, "GSM-7", 1),
        ("€" * 81, "GSM-7", 2),
        ("ä" * 160, "GSM-7", 1),
        ("ç" * 70, "UCS-2", 1),
        ("Ç" * 160, "GSM-7", 1),
        ("ç" * 71, "UCS-2", 2),
        ("ж" * 134, "UCS-2", 2),
        ("ж" * 135, "UCS-2", 3),
        ("😀" * 35, "UCS-2", 1),
        ("😀" * 36, "UCS-2", 2),
        ("`", "UCS-2", 1),
        ("“Hi”", "UCS-2", 1),
        ("line\nline\r", "GSM-7", 1),
    ],
)
def test_known_lengths(text, encoding, count):
    found = segments(text)
    assert (found.encoding, found.count) == (encoding, count)


def test_an_escaped_sign_is_not_torn_apart():
    """152 signs and a euro leave one septet of the first part empty."""
    assert segments("a" * 152 + "€" + "a" * 151).count == 2
    assert segments("a" * 152 + "€" + "a" * 152).count == 3


def test_a_surrogate_pair_is_not_torn_apart():
    assert segments("ж" * 66 + "😀" + "ж" * 65).count == 2
    assert segments("ж" * 66 + "😀" + "ж" * 66).count == 3


def test_the_alphabet_is_that_of_the_standard():
    assert len(BASIC) == 127  # 128 places, one of which is the escape
    assert len(EXTENDED) == 10
    assert not BASIC & EXTENDED


@given(BASIC_TEXT)
def test_plain_texts_follow_the_arithmetic(text):
    length = len(text)
    assert segments(text).count == (-(-length // 153) if length > 160 else int(length > 0))


@given(GSM_TEXT)
def test_the_alphabet_keeps_to_seven_bits(text):
    found = segments(text)
    assert found.encoding == "GSM-7"
    assert found.units == len(text) + sum(sign in EXTENDED for sign in text)


@given(ANY_TEXT)
def test_the_parts_hold_the_text_and_hardly_more(text):
    found = segments(text)
    alone, part = LIMITS[found.encoding]
    room = alone if found.count == 1 else found.count * part
    assert found.units <= room
    if found.count > 1:  # at most one unit is lost at the end of each part
        assert found.units > (found.count - 1) * (part - 1)


@given(ANY_TEXT, st.sampled_from(sorted(BASIC)))
def test_more_text_never_needs_fewer_parts(text, sign):
    assert segments(text + sign).count >= segments(text).count


@given(ANY_TEXT)
def test_units_of_ucs2_are_those_of_utf16(text):
    found = segments(text + "ж")
    assert found.units == len((text + "ж").encode("utf-16-le", "surrogatepass")) // 2


def test_typographic_signs_do_not_double_the_price():
    assert plain("572,39\u00a0€ – “fällig”…") == '572,39 € - "fällig"...'
    assert plain("1\u202f234 €") == "1 234 €"
    for kept in ("Привет – “мир”", "5 € ж"):
        assert plain(kept) == kept


@given(ANY_TEXT)
def test_plain_text_is_never_dearer(text):
    assert segments(plain(text)).count <= segments(text.strip()).count
    assert plain(plain(text)) == plain(text)

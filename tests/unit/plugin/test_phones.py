"""Telephone numbers: only what can be dialled from anywhere, and nothing guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicer_core.plugin import PermanentFailure
from invoicer_core.plugin.phones import e164, required


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("+49 30 901820", "+4930901820"),
        ("+43 (660) 12-34.567", "+436601234567"),
        ("+1/555/123\u00a04567", "+15551234567"),
        ("030 901820", None),
        ("0049 30 901820", None),
        ("+49 (0)30 901820", None),
        ("+0 123 4567", None),
        ("+49", None),
        ("+4930901820123456", None),
        ("+49 30 90182O", None),
        ("+٤٩٣٠٩٠١٨٢٠", None),
        ("+4930901820;DROP", None),
        ("+49 176 123-45678", "+4917612345678"),
        ("+1 (555) 078.3881", "+15550783881"),
        ("+0", None),
        ("me@there.test", None),
        ("", None),
        (None, None),
    ],
)
def test_only_numbers_that_can_be_dialled_from_anywhere(written, found):
    assert e164(written) == found


def test_a_refusal_says_how_to_write_it():
    with pytest.raises(PermanentFailure, match=r"plus and the country code"):
        required("030 901820")


@given(st.text(max_size=40))
def test_whatever_is_written_gives_a_number_or_none(written):
    found = e164(written)
    assert found is None or (found[0] == "+" and found[1:].isdigit() and 7 <= len(found[1:]) <= 15)

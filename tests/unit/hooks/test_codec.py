"""The JSON codec: exact both ways, and nothing that another reader could read otherwise."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicer_core.domain.document import Tax
from invoicer_core.domain.errors import InvalidInput
from invoicer_core.hooks.codec import dumps, loads, to_json


class Color(Enum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class One:
    value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Many:
    name: str
    amount: Decimal
    parts: tuple[One, ...] = ()
    nothing: str | None = None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("12.50"), "12.50"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0E-10"), "0.0000000000"),
        (Decimal("1E-8"), "0.00000001"),
        (Decimal("-0.00"), "-0.00"),
        (1234567890123456, "1234567890123456"),
        (True, "true"),
        (None, "null"),
        (date(2026, 11, 20), '"2026-11-20"'),
        (datetime(2026, 11, 20, 10, 30, tzinfo=UTC), '"2026-11-20T10:30:00Z"'),
        (UUID(int=7), '"00000000-0000-0000-0000-000000000007"'),
        (Color.RED, '"red"'),
        ({"a": (1, Decimal("2.0"))}, '{"a":[1,2.0]}'),
        (frozenset({"b", "a"}), '["a","b"]'),
        (One(Decimal("0.10")), '{"value":0.10}'),
        (One(), "{}"),
        (Many("x", Decimal(1), (One(),)), '{"name":"x","amount":1,"parts":[{}]}'),
        ("Grüße \u2028 \x00", '"Grüße \u2028 \\u0000"'),
    ],
)
def test_a_value_is_written_in_one_way(value, text):
    assert dumps(value) == text


@pytest.mark.parametrize("value", [1.5, object(), b"bytes", {1.5: "x"}, {True: "x"}])
def test_a_type_without_a_json_form_is_refused(value):
    with pytest.raises(TypeError):
        dumps(value)
    with pytest.raises(TypeError):
        to_json(value)


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+41", "1E-41"])
def test_a_number_that_is_none_is_not_written(value):
    with pytest.raises(InvalidInput):
        dumps({"amount": Decimal(value)})
    with pytest.raises(InvalidInput):
        to_json({"amount": Decimal(value)})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("NaN", "NaN"),
        ("[Infinity]", "Infinity"),
        ("-Infinity", "Infinity"),
        ('{"a":1,"b":2,"a":1}', '"a" stands twice'),
        ('{"deep":[{"x":1,"x":2}]}', '"x" stands twice'),
        ("1e400", "digits"),
        ("1e-400", "digits"),
        ("1" * 5000, "digits"),
        ("0." + "1" * 50, "digits"),
        ("9" * 30 + "e30", "digits"),
        ("[1,", "not valid JSON"),
        ("", "not valid JSON"),
        ("{} {}", "not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('"\\ud800"', "UTF-8"),
        ('{"\\udfff": 1}', "UTF-8"),
        ('"a\\u0000b"', "U+0000"),
        (b"\xff\xfe", "UTF-8"),
    ],
)
def test_a_text_that_could_mean_two_things_is_refused(text, words):
    with pytest.raises(InvalidInput) as caught:
        loads(text)
    assert words in caught.value.detail


def test_numbers_are_read_exactly():
    read = loads(b'{"a": 1234567890123456.1234567, "b": 7, "c": 1e3, "d": 0.10}')
    assert read == {
        "a": Decimal("1234567890123456.1234567"),
        "b": 7,
        "c": Decimal(1000),
        "d": Decimal("0.10"),
    }
    assert str(read["c"]) == "1000"
    assert str(read["d"]) == "0.10"


amounts = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15)
texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | amounts.filter(lambda number: abs(number.as_tuple().exponent) <= 20)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_what_is_written_is_read_back_the_same(value):
    assert loads(dumps(value)) == value
    assert loads(dumps(to_json(value))) == value


@given(amounts.filter(lambda number: abs(number.as_tuple().exponent) <= 20))
def test_no_number_is_written_with_an_exponent(number):
    assert "E" not in dumps(number).upper()


def test_a_snapshot_and_its_plain_form_are_written_alike():
    tax = Tax("S", Decimal(19))
    assert dumps(tax) == dumps(to_json(tax))
    assert "exemption_code" not in to_json(tax)


def test_an_indented_text_says_the_same():
    value = {"a": Decimal("1.50"), "b": [1, 2]}
    assert loads(dumps(value, indent=2)) == value
    assert "\n" in dumps(value, indent=2)


def test_a_backslash_before_u0000_is_text_like_any_other():
    assert loads(r'["\\u0000 and \u00e9"]') == ["\\u0000 and é"]
    with pytest.raises(InvalidInput):
        loads(r'["\u0000"]')

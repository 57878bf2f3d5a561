"""Credits of chosen items: their share of every discount, and never an odd cent too much."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicer_core.domain.credit import remaining_document, settle
from invoicer_core.domain.credit_parts import chosen_document
from invoicer_core.domain.document import Document
from invoicer_core.domain.errors import Conflict, InvalidInput
from invoicer_core.domain.totals import compute
from tests.unit.domain.made import amount, document, item, percent, vat

D = Decimal
TWO = document(item("4", "25", vat("19")), item("1", "100", vat("7")))


def test_a_part_of_an_item_keeps_its_price_and_tax() -> None:
    credit = compute(chosen_document(TWO, {0: D(1)}))
    assert (credit.net_total, credit.tax_total) == (D("25.00"), D("4.75"))


def test_amounts_off_a_line_follow_its_quantity() -> None:
    original = document(item("4", "25", vat(), discounts=(amount("10"),), charges=(amount("6"),)))
    assert compute(chosen_document(original, {0: D(1)})).net_total == D("24.00")


def test_percentages_of_a_line_stay() -> None:
    original = document(item("4", "25", vat(), discounts=(percent("10"),)))
    assert compute(chosen_document(original, {0: D(2)})).net_total == D("45.00")


def test_a_discount_on_everything_falls_on_the_chosen_items_by_their_share() -> None:
    original = replace(
        TWO, discounts=(amount("20", spread=True),), charges=(amount("8", spread=True),)
    )
    credit = compute(chosen_document(original, {1: D(1)}))
    assert (credit.discount_total, credit.charge_total) == (D("10.00"), D("4.00"))
    assert credit.net_total == D("94.00")


def test_nothing_prepaid_is_mirrored() -> None:
    original = replace(TWO, prepaid=(D(50),))
    assert compute(chosen_document(original, {0: D(4)})).prepaid_total == 0


@pytest.mark.parametrize(
    ("chosen", "pointer"),
    [({}, "/items"), ({0: D(0)}, "/items"), ({0: D(5)}, "/items/0/quantity"),
     ({0: D(-1)}, "/items/0/quantity"), ({7: D(1)}, "/items/7")],
)  # fmt: skip
def test_what_is_not_on_the_invoice_is_not_credited(
    chosen: dict[int, Decimal], pointer: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        chosen_document(TWO, chosen)
    assert refused.value.fields[0].pointer == pointer


def test_a_return_is_credited_like_any_item() -> None:
    original = document(item("5", "10", vat()), item("-2", "10", vat()))
    assert compute(chosen_document(original, {1: D(-1)})).net_total == D("-10.00")


cents = st.integers(1, 99_99).map(lambda value: D(value) / 100)
lines = st.builds(
    lambda quantity, price, rate: item(str(quantity), str(price), vat(rate)),
    st.integers(1, 12), cents, st.sampled_from(["19", "7"]),
)  # fmt: skip
off = st.one_of(
    st.just(()),
    st.integers(1, 99).map(lambda value: (amount(str(D(value) / 100), spread=True),)),
    st.sampled_from(["3", "12.5"]).map(lambda value: (percent(value, spread=True),)),
)
originals = st.builds(
    lambda items, discounts, holds: document(
        *items, discounts=discounts, prices_include_tax=holds
    ),
    st.lists(lines, min_size=2, max_size=4), off, st.booleans(),
)  # fmt: skip


@given(originals, st.data())
def test_a_chosen_item_and_the_rest_add_up_to_the_invoice(
    original: Document, data: st.DataObject
) -> None:
    sums = compute(original)
    at = data.draw(st.integers(0, len(original.items) - 1))
    quantity = D(data.draw(st.integers(1, int(original.items[at].quantity))))
    part = chosen_document(original, {at: quantity})
    first = settle(sums, (), compute(part))
    try:
        rest = remaining_document(original, [(part, first)])
    except Conflict:  # the others were worth nothing
        return
    last = settle(sums, [first], compute(rest))
    assert first.total_amount + last.total_amount == sums.total_amount
    assert first.tax_total + last.tax_total == sums.tax_total

"""However quantities are divided over credits, all credits together are the invoice."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from invoicer_core.domain.credit import remainder, remaining_document, settle
from invoicer_core.domain.credit_parts import chosen_document, course
from invoicer_core.domain.document import Document, Item, Rounding, Tax, Totals, Withholding
from invoicer_core.domain.errors import InvalidInput
from invoicer_core.domain.totals import compute
from tests.unit.domain.made import amount, document, item, percent, vat
from tests.unit.domain.strategies import decimals, documents

D = Decimal
COMPOUND = (vat("5", name="GST"), vat("9.975", name="QST", compound=True))
PAIR = (vat("9", name="CGST"), vat("9", name="SGST"))


def credit_all(original: Document, parts: Sequence[dict[int, Decimal]]) -> list[Totals]:
    """Credit these quantities, one credit after another; what each came to."""
    sums = compute(original)
    documents_: list[Document] = []
    settled: list[Totals] = []
    taken: dict[int, Decimal] = {}
    for quantities in parts:
        part = chosen_document(original, quantities, taken)
        result = settle(sums, settled, compute(part), course(original, documents_, part))
        left = remainder(sums, [*settled, result])
        check_consistent(result)
        check_nothing_below_zero(left, sums)
        documents_.append(part)
        settled.append(result)
        for place, quantity in quantities.items():
            taken[place] = taken.get(place, D(0)) + quantity
    return settled


def check_consistent(credit: Totals) -> None:
    """Its sums are those of its parts (EN 16931 BR-CO-10 to BR-CO-16)."""
    assert credit.subtotal == sum(line.net_amount for line in credit.items)
    assert credit.net_total == credit.subtotal - credit.discount_total + credit.charge_total
    assert credit.tax_total == sum((row.tax for row in credit.taxes), D(0))
    assert credit.total_amount == credit.net_total + credit.tax_total
    assert credit.amount_due == credit.total_amount - credit.withheld_total + credit.rounding


def check_nothing_below_zero(left: Totals, sums: Totals) -> None:
    for row in left.taxes:
        assert row.base >= 0
        assert row.tax >= 0
    assert left.net_total >= 0
    assert left.total_amount >= 0
    assert left.withheld_total * sums.withheld_total >= 0
    assert left.amount_due >= 0 or sums.amount_due + sums.prepaid_total < 0


def check_nothing_left(original: Document, credits_: Sequence[Totals]) -> None:
    left = remainder(compute(original), credits_)
    for row in left.taxes:
        assert (row.base, row.tax) == (0, 0)
    assert (left.net_total, left.tax_total, left.total_amount) == (0, 0, 0)
    assert (left.withheld_total, left.rounding, left.amount_due) == (0, 0, 0)


@pytest.mark.parametrize("count", [3, 10, 97])
@pytest.mark.parametrize("price", ["0.97", "0.99", "33.33", "33.335", "0.005", "0.50"])
@pytest.mark.parametrize("holds_tax", [True, False])
def test_one_at_a_time_never_drifts(price: str, count: int, holds_tax: bool) -> None:
    original = document(item(str(count), price, vat("19")), prices_include_tax=holds_tax)
    found = credit_all(original, [{0: D(1)}] * count)
    check_nothing_left(original, found)
    totals = [credit.total_amount + credit.rounding for credit in found]
    cent = D("0.01")
    assert max(totals) - min(totals) <= 3 * cent


def test_the_issue_of_one_cent() -> None:
    line = item("1", "0.97", vat("19"))
    original = document(line, line, line, item("5", "10", vat("19")), prices_include_tax=True)
    found = credit_all(original, [{0: D(1)}, {1: D(1)}, {2: D(1)}, {3: D(5)}])
    assert [credit.amount_due for credit in found] == [D("0.97")] * 3 + [D("50.00")]
    check_nothing_left(original, found)


def test_a_discount_on_one_tax_is_credited_with_the_lines_of_that_tax() -> None:
    original = document(
        item("2", "50", vat("19")), item("1", "50", vat("7")),
        discounts=(amount("10", tax=vat("19")), percent("10", tax=vat("7"))),
        charges=(amount("4", tax=vat("20")),),
    )  # fmt: skip
    found = credit_all(original, [{1: D(1)}, {0: D(1)}, {0: D(1)}])
    assert [credit.discount_total for credit in found] == [D("15.00"), D("5.00"), D("5.00")]
    check_nothing_left(original, found)


def test_goodwill_in_between_stays_what_it_is() -> None:
    original = document(item("3", "33.33", vat("19")))
    sums = compute(original)
    goodwill = Document("EUR", (Item("Sorry", D(1), D("5"), taxes=(vat("19"),)),))
    first = settle(sums, [], compute(goodwill), course(original, [], goodwill))
    part = chosen_document(original, {0: D(1)})
    second = settle(sums, [first], compute(part), course(original, [goodwill], part))
    assert (first.net_total, second.net_total) == (D("5.00"), D("33.33"))
    rest = remaining_document(original, [(goodwill, first), (part, second)])
    last = settle(sums, [first, second], compute(rest), course(original, [goodwill, part], rest))
    check_nothing_left(original, [first, second, last])


def test_lines_without_their_discount_are_not_silently_lowered() -> None:
    original = document(item("2", "100", vat("19")), discounts=(percent("10"),))
    bare = document(item("1", "100", vat("19")))
    assert settle(compute(original), [], compute(bare), course(original, [], bare)).net_total == 100


def test_a_rounded_cent_of_a_small_line_does_not_decide_where_a_charge_goes() -> None:
    small = item("0.001", "5", vat("19"))
    original = document(small, small, charges=(amount("0.34", spread=True),))
    half = {0: D("0.0005"), 1: D("0.0005")}
    found = credit_all(original, [half, half])
    assert [credit.charge_total for credit in found] == [D("0.17"), D("0.17")]
    check_nothing_left(original, found)


def test_a_charge_on_halves_worth_nothing_ends_in_the_group_that_has_it() -> None:
    lines = item("0.001", "0", vat("19")), item("0.001", "5", vat("7"))
    original = document(*lines, charges=(amount("0.14", spread=True),))
    half = {0: D("0.0005"), 1: D("0.0005")}
    check_nothing_left(original, credit_all(original, [half, half]))


def test_a_charge_left_off_the_last_lines_is_not_credited_silently() -> None:
    original = document(item("2", "100", vat("19")), charges=(amount("10", spread=True),))
    sums = compute(original)
    part = chosen_document(original, {0: D(1)})
    first = settle(sums, [], compute(part), course(original, [], part))
    bare = replace(part, charges=())
    last = settle(sums, [first], compute(bare), course(original, [part], bare))
    assert last.net_total == 100
    assert remainder(sums, [first, last]).net_total == 5


taxes = st.sampled_from([(vat("19"),), (vat("7"),), (vat("0", "Z"),), ()])
lines = st.builds(
    lambda quantity, price, tax, discounts: Item(
        "Thing", quantity, price, taxes=tax, discounts=discounts
    ),
    st.integers(1, 8).map(D), decimals("0", "99", 3), taxes,
    st.one_of(
        st.just(()), st.sampled_from(["3", "12.5"]).map(lambda p: (percent(p),)),
    ),
)  # fmt: skip


def _of_taxes(kind: tuple[Tax, ...]) -> st.SearchStrategy[tuple[Item, ...]]:
    made = lines.map(lambda line: replace(line, taxes=kind))
    return st.lists(made, min_size=1, max_size=4).map(tuple)


several = st.one_of(
    st.lists(lines, min_size=1, max_size=4).map(tuple),
    st.sampled_from([COMPOUND, PAIR]).flatmap(_of_taxes),
)
off = st.one_of(
    st.just(()),
    st.integers(1, 99).map(lambda value: (amount(str(D(value) / 100), spread=True),)),
    st.sampled_from(["3", "12.5"]).map(lambda value: (percent(value, spread=True),)),
)
originals = st.builds(
    Document,
    st.sampled_from(["EUR", "JPY", "KWD"]), several,
    prices_include_tax=st.booleans(), discounts=off, charges=off,
    withholding=st.sampled_from([(), (Withholding(D("15.5")),), (Withholding(D(5), on="gross"),)]),
    rounding=st.sampled_from([None, Rounding(increment=D(1)), Rounding(increment=D("0.05"))]),
)  # fmt: skip


def _valid(original: Document) -> Totals:
    try:
        sums = compute(original)
    except InvalidInput:
        assume(False)
        raise
    assume(sums.amount_due >= 0)
    assume(all(row.base >= 0 for row in sums.taxes))
    return sums


@settings(max_examples=150, deadline=None)
@given(originals, st.data())
def test_any_division_ends_at_nothing(original: Document, data: st.DataObject) -> None:
    sums = _valid(original)
    assume(sums.total_amount > 0)
    left = {place: int(line.quantity) for place, line in enumerate(original.items)}
    parts: list[dict[int, Decimal]] = []
    while any(left.values()):
        taken = {
            place: data.draw(st.integers(0, count), label="taken")
            for place, count in left.items() if count
        }  # fmt: skip
        if not any(taken.values()):
            taken = {place: 1 for place, count in left.items() if count}
        parts.append({place: D(count) for place, count in taken.items() if count})
        for place, count in taken.items():
            left[place] -= count
    event(f"{len(parts)} credits")
    check_nothing_left(original, credit_all(original, parts))


@settings(max_examples=150, deadline=None)
@given(documents(negative=False), st.data())
def test_halves_of_any_document_and_its_rest_end_at_nothing(
    original: Document, data: st.DataObject
) -> None:
    # A percentage of everything on one tax may be more than all that has this tax.
    everywhere = tuple(each for each in original.discounts if each.tax is None)
    original = replace(original, discounts=everywhere)
    sums = _valid(original)
    places = data.draw(st.sets(st.integers(0, len(original.items) - 1), min_size=1), label="places")
    halves = {place: original.items[place].quantity / 2 for place in places}
    try:
        part = chosen_document(original, halves)
        computed = compute(part)
    except InvalidInput:
        assume(False)
        raise
    first = settle(sums, [], computed, course(original, [], part))
    check_consistent(first)
    check_nothing_below_zero(remainder(sums, [first]), sums)
    rest = {
        place: line.quantity - halves.get(place, D(0)) for place, line in enumerate(original.items)
    }
    second = chosen_document(original, {place: q for place, q in rest.items() if q}, halves)
    last = settle(sums, [first], compute(second), course(original, [part], second))
    check_consistent(last)
    check_nothing_left(original, [first, last])

"""Credits never exceed the document, and the last one takes what is left."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invoicer_core.domain.credit import check_credit, remainder, remaining_document, settle
from invoicer_core.domain.document import Document, Rounding, Totals, Withholding
from invoicer_core.domain.errors import Conflict, InvalidInput
from invoicer_core.domain.totals import compute
from tests.unit.domain.made import amount, document, item, percent, vat
from tests.unit.domain.strategies import documents

D = Decimal
MIXED = document(item("2", "100", vat("19")), item("1", "50", vat("7")))


def rows(totals: Totals) -> list[tuple[str, str]]:
    return [(str(row.base), str(row.tax)) for row in totals.taxes]


def full(original: Document) -> Totals:
    return settle(compute(original), (), compute(remaining_document(original, ())))


def test_a_full_credit_has_the_totals_of_the_document() -> None:
    assert full(MIXED) == compute(MIXED)


def test_a_full_credit_gives_back_what_was_prepaid_too() -> None:
    original = replace(MIXED, prepaid=(D("91.50"),))
    credit = full(original)
    assert (compute(original).amount_due, credit.amount_due) == (D("200.00"), D("291.50"))
    assert credit.prepaid_total == 0


def test_a_full_credit_repeats_the_cash_rounding_that_was_made() -> None:
    original = document(
        item("1", "10.03"), prepaid=(D("1.02"),), rounding=Rounding(increment=D("0.05"))
    )
    assert compute(original).rounding == D("-0.01")
    assert full(original).rounding == D("-0.01")
    assert compute(remaining_document(original, ())).amount_due == D("10.02")


def test_two_partial_credits_leave_the_remainder_of_each_group() -> None:
    parts = [document(item("1", "100", vat("19"))), document(item("1", "20", vat("7")))]
    left = remainder(compute(MIXED), [compute(part) for part in parts])
    assert rows(left) == [("100.00", "19.00"), ("30.00", "2.10")]
    assert left.total_amount == D("151.10")
    rest = remaining_document(MIXED, [(part, compute(part)) for part in parts])
    assert [(line.unit_price, line.taxes[0].rate) for line in rest.items] == [
        (D("100.00"), D(19)), (D("30.00"), D(7)),
    ]  # fmt: skip


def test_the_last_credit_takes_the_remaining_tax_and_not_its_own() -> None:
    original = document(*[item("1", "0.10", vat("5")) for _ in range(3)])
    one = document(item("1", "0.10", vat("5")))
    assert rows(compute(original)) == [("0.30", "0.02")]
    given_back: list[Totals] = []
    for _ in range(3):
        given_back.append(settle(compute(original), given_back, compute(one)))
    assert [str(credit.tax_total) for credit in given_back] == ["0.01", "0.01", "0.00"]
    assert sum(credit.total_amount for credit in given_back) == D("0.32")
    assert given_back[-1].amount_due == D("0.10")


def test_a_group_that_is_credited_to_its_end_takes_its_own_remaining_tax() -> None:
    small = item("1", "0.09", vat("5"))
    original = compute(document(small, small, item("1", "100", vat("19"))))
    first = settle(original, [], compute(document(small)))
    last = settle(original, [first], compute(document(small)))
    assert [str(credit.tax_total) for credit in (first, last)] == ["0.00", "0.01"]
    assert (last.total_amount, last.amount_due) == (D("0.10"), D("0.10"))
    assert rows(remainder(original, [first, last])) == [("0.00", "0.00"), ("100.00", "19.00")]


def test_tax_that_is_used_up_by_rounding_is_not_credited_twice() -> None:
    small = item("1", "0.10", vat("5"))
    original = compute(document(small, small, small, small))
    given_back: list[Totals] = []
    for _ in range(3):
        given_back.append(settle(original, given_back, compute(document(small))))
    assert [str(credit.tax_total) for credit in given_back] == ["0.01", "0.01", "0.00"]
    assert remainder(original, given_back).total_amount == D("0.10")


def test_the_rounding_of_inclusive_prices_is_credited_with_the_last_one() -> None:
    original = document(item("3", "33.33", vat("19")), prices_include_tax=True)
    assert compute(original).amount_due == D("99.99")
    part = document(item("1", "33.33", vat("19")), prices_include_tax=True)
    first = settle(compute(original), [], compute(part))
    rest = remaining_document(original, [(part, first)])
    last = settle(compute(original), [first], compute(rest))
    assert first.amount_due == D("33.33")
    assert first.amount_due + last.amount_due == D("99.99")
    assert first.tax_total + last.tax_total == compute(original).tax_total


@pytest.mark.parametrize(
    ("credit", "words"),
    [
        (document(item("201", "1", vat("19"))), "only 200.00"),
        (document(item("1", "50.01", vat("7"))), "only 50.00"),
        (document(item("1", "250.01")), "Without tax only 250.00"),
    ],
)
def test_more_than_is_left_is_a_conflict(credit, words) -> None:
    with pytest.raises(Conflict, match=words):
        check_credit(compute(MIXED), [], compute(credit))


def test_what_was_credited_before_counts() -> None:
    half = compute(document(item("1", "101", vat("19"))))
    check_credit(compute(MIXED), [], half)
    with pytest.raises(Conflict, match=r"only 99\.00"):
        check_credit(compute(MIXED), [half], half)


def test_a_group_that_the_document_does_not_have_cannot_be_credited() -> None:
    with pytest.raises(InvalidInput, match="nothing under VAT 10 %"):
        check_credit(compute(MIXED), [], compute(document(item("1", "1", vat("10")))))


def test_a_credit_below_zero_is_refused() -> None:
    with pytest.raises(InvalidInput, match="below zero"):
        check_credit(compute(MIXED), [], compute(document(item("-1", "1", vat("19")))))


def test_a_return_line_of_the_document_is_credited_up_to_its_own_size() -> None:
    original = compute(document(item("1", "100", vat("19")), item("-1", "10", vat("7"))))
    check_credit(
        original, [], compute(document(item("1", "50", vat("19")), item("-1", "10", vat("7"))))
    )
    with pytest.raises(Conflict):
        check_credit(
            original, [], compute(document(item("1", "50", vat("19")), item("-1", "11", vat("7"))))
        )


def test_the_total_is_a_limit_of_its_own() -> None:
    original = compute(
        document(item("1", "100", vat("19")), item("1", "50"), item("-1", "50", vat("7")))
    )
    assert original.total_amount == D("115.50")
    with pytest.raises(Conflict, match=r"^Only 115\.50"):
        check_credit(original, [], compute(document(item("1", "100", vat("19")))))


def test_nothing_is_left_after_a_full_credit() -> None:
    with pytest.raises(Conflict, match="credited already"):
        remaining_document(MIXED, [(MIXED, compute(MIXED))])
    left = remainder(compute(MIXED), [compute(MIXED)])
    assert (left.total_amount, left.amount_due) == (0, 0)


def test_taxes_of_one_rate_are_credited_by_name_when_the_document_has_two() -> None:
    central, state = vat("9", name="CGST"), vat("9", name="SGST")
    original = document(item("2", "100", central, state))
    part = document(item("1", "100", central, state))
    first = settle(compute(original), [], compute(part))
    last = settle(
        compute(original), [first], compute(remaining_document(original, [(part, first)]))
    )
    assert rows(last) == [("100.00", "9.00"), ("100.00", "9.00")]
    assert first.total_amount + last.total_amount == D("236.00")


def test_a_credit_after_document_discounts_takes_what_they_left() -> None:
    original = replace(MIXED, discounts=(percent("10"),), charges=(amount("5", tax=vat("19")),))
    part = document(item("1", "100", vat("19")))
    first = settle(compute(original), [], compute(part))
    last = settle(
        compute(original), [first], compute(remaining_document(original, [(part, first)]))
    )
    assert first.total_amount + last.total_amount == compute(original).total_amount


@pytest.mark.parametrize("price", ["0.99", "0.97", "33.33", "0.50"])
def test_inclusive_lines_credited_one_by_one_come_to_the_document(price) -> None:
    line = item("1", price, vat("19"))
    original = document(line, line, line, prices_include_tax=True)
    given_back: list[Totals] = []
    for _ in range(3):
        part = compute(document(line, prices_include_tax=True))
        given_back.append(settle(compute(original), given_back, part))
    assert [credit.amount_due for credit in given_back] == [D(price)] * 3
    assert rows(remainder(compute(original), given_back)) == [("0.00", "0.00")]
    for credit in given_back:
        assert credit.subtotal == sum(line.net_amount for line in credit.items)


def test_withholding_is_credited_in_the_same_share() -> None:
    original = replace(MIXED, withholding=(Withholding(D("15.5")),))
    part = replace(original, items=MIXED.items[:1])
    first = settle(compute(original), [], compute(part))
    last = settle(
        compute(original), [first], compute(remaining_document(original, [(part, first)]))
    )
    assert first.withheld_total + last.withheld_total == compute(original).withheld_total
    assert first.amount_due + last.amount_due == compute(original).amount_due


@settings(max_examples=120, deadline=None)
@given(documents(negative=False), st.data())
def test_credits_of_single_lines_and_the_rest_add_up_to_the_document(document, data) -> None:
    document = replace(document, discounts=(), charges=(), prepaid=(), withholding=())
    original = compute(document)
    order = data.draw(st.permutations(range(len(document.items))))
    done: list[Document] = []
    given_back: list[Totals] = []
    for place in order[:-1]:
        part = replace(document, items=(document.items[place],))
        try:
            given_back.append(settle(original, given_back, compute(part)))
        except Conflict:  # inclusive nets of single lines may be a cent above the group's
            assert document.prices_include_tax
            continue
        done.append(part)
        assert sum(credit.total_amount for credit in given_back) <= original.total_amount
    try:
        rest = remaining_document(document, list(zip(done, given_back, strict=True)))
    except Conflict:
        assert sum(credit.net_total for credit in given_back) == original.net_total
        return
    given_back.append(settle(original, given_back, compute(rest)))
    assert sum(credit.amount_due for credit in given_back) == original.amount_due
    left = remainder(original, given_back)
    assert not any(row.base or row.tax for row in left.taxes)
    assert left.total_amount == 0

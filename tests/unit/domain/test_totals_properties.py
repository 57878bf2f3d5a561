"""What holds for every document, and a comparison with totals computed another way."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from invoicer_core.domain.document import Document, Rounding, Totals
from invoicer_core.domain.money import quantum
from invoicer_core.domain.totals import compute, explain
from tests.unit.domain.oracle import Oracle, key_of
from tests.unit.domain.strategies import documents

MANY = settings(max_examples=120, deadline=None)


def minor(value: Decimal, oracle: Oracle) -> int:
    scaled = value.scaleb(oracle.digits)
    assert scaled == int(scaled)
    return int(scaled)


@MANY
@given(documents())
def test_a_second_implementation_with_fractions_comes_to_the_same(document: Document) -> None:
    oracle, totals = Oracle(document), compute(document)
    rows = {(r.category, Fraction(r.rate)): r for r in totals.taxes}
    assert {k: minor(r.base, oracle) for k, r in rows.items()} == {
        k: v for k, v in oracle.base.items() if k
    }
    assert {k: minor(r.tax, oracle) for k, r in rows.items()} == {
        k: v for k, v in oracle.tax.items() if k
    }
    assert len(rows) == len(totals.taxes)
    assert minor(totals.net_total, oracle) == oracle.net
    assert minor(totals.tax_total, oracle) == oracle.tax_total
    assert minor(totals.total_amount, oracle) == oracle.total
    assert minor(totals.rounding, oracle) == oracle.residue
    assert minor(totals.amount_due + totals.withheld_total, oracle) == oracle.before_withholding
    assert [minor(line.total_price, oracle) for line in totals.items] == [
        value for _, value in oracle.line_amounts
    ]


@MANY
@given(documents())
def test_the_sums_are_those_of_the_standard(document: Document) -> None:
    totals = compute(document)
    assert totals.subtotal == sum(line.net_amount for line in totals.items)
    assert totals.net_total == totals.subtotal - totals.discount_total + totals.charge_total
    assert totals.tax_total == sum(row.tax for row in totals.taxes)
    assert totals.total_amount == totals.net_total + totals.tax_total
    assert totals.amount_due == (
        totals.total_amount - totals.withheld_total - totals.prepaid_total + totals.rounding
    )


@MANY
@given(documents())
def test_every_amount_has_exactly_the_digits_of_its_currency(document: Document) -> None:
    totals = compute(document)
    exponent = quantum(document.currency).as_tuple().exponent
    for amount in amounts_of(totals):
        assert amount.as_tuple().exponent == exponent
        assert not (amount.is_zero() and amount.is_signed())


def amounts_of(totals: Totals) -> list[Decimal]:
    sums = [
        totals.subtotal, totals.discount_total, totals.charge_total, totals.net_total,
        totals.tax_total, totals.total_amount, totals.withheld_total, totals.prepaid_total,
        totals.rounding, totals.amount_due,
    ]  # fmt: skip
    for row in totals.taxes:
        sums += [row.base, row.tax]
    for line in totals.items:
        sums += [line.gross_amount, line.discount_amount, line.charge_amount]
        sums += [line.total_price, line.net_amount]
    return sums


@MANY
@given(documents())
def test_the_lines_and_adjustments_of_a_group_add_up_to_its_base(document: Document) -> None:
    explained = explain(document)
    nets: dict[object, Decimal] = {}
    for item, line in zip(document.items, explained.totals.items, strict=True):
        key = key_of(item)
        nets[key] = nets.get(key, Decimal(0)) + line.net_amount
    for sign, parts in ((-1, explained.discounts), (1, explained.charges)):
        for part in parts:
            tax = part.taxes[0] if part.taxes else None
            key = None if tax is None else (tax.category, Fraction(tax.rate))
            nets[key] = nets.get(key, Decimal(0)) + sign * part.amount
    bases = {(r.category, Fraction(r.rate)): r.base for r in explained.totals.taxes}
    nets.pop(None, None)
    assert nets == bases


@MANY
@given(documents())
def test_an_inclusive_amount_due_is_the_advertised_one(document: Document) -> None:
    document = replace(
        document, prices_include_tax=True, prepaid=(), withholding=(), discounts=(), charges=()
    )
    totals = compute(document)
    assert totals.amount_due == sum(line.total_price for line in totals.items)
    groups = max(1, len({key_of(item) for item in document.items}))
    assert abs(totals.rounding) <= groups * quantum(document.currency)


@MANY
@given(documents(negative=False))
def test_an_inclusive_net_line_is_near_its_own_quotient(document: Document) -> None:
    document = replace(document, prices_include_tax=True, discounts=(), charges=())
    step = quantum(document.currency)
    for item, line in zip(document.items, compute(document).items, strict=True):
        rate = item.taxes[0].rate / 100 if item.taxes else Decimal(0)
        assert abs(line.net_amount - line.total_price / (1 + rate)) <= step * Decimal("1.5")
        assert line.total_price or not line.net_amount


@MANY
@given(documents(), st.randoms(use_true_random=False))
def test_the_order_of_the_lines_changes_no_group(document: Document, random) -> None:
    document = replace(document, discounts=(), charges=())
    shuffled = list(document.items)
    random.shuffle(shuffled)
    before, after = compute(document), compute(replace(document, items=tuple(shuffled)))
    assert set(before.taxes) == set(after.taxes)
    assert replace(before, items=(), taxes=()) == replace(after, items=(), taxes=())


@MANY
@given(documents())
def test_a_mirrored_document_has_mirrored_totals(document: Document) -> None:
    document = replace(document, prepaid=(), charges=())
    lines = tuple(replace(item, charges=()) for item in document.items)
    mirrored = tuple(replace(item, quantity=-item.quantity) for item in lines)
    before = compute(replace(document, items=lines))
    after = compute(replace(document, items=mirrored))
    assert [-a for a in amounts_of(before)] == amounts_of(after)


@MANY
@given(documents(), st.sampled_from(("0.05", "0.10", "0.25", "1", "5")))
def test_cash_rounding_moves_the_amount_due_to_a_coin_and_nothing_else(
    document: Document, increment: str
) -> None:
    document = replace(document, currency="EUR")
    coin = Decimal(increment)
    plain = compute(document)
    rounded = compute(replace(document, rounding=Rounding(increment=coin)))
    assert rounded.amount_due % coin == 0
    assert abs(rounded.amount_due - plain.amount_due) <= coin / 2
    assert replace(rounded, rounding=plain.rounding, amount_due=plain.amount_due) == plain


@MANY
@given(documents())
def test_trailing_zeros_in_the_input_change_nothing(document: Document) -> None:
    spelled = tuple(
        replace(
            item,
            quantity=item.quantity + Decimal("0.0000000000"),
            taxes=tuple(replace(tax, rate=tax.rate + Decimal("0.00")) for tax in item.taxes),
        )
        for item in document.items
    )
    assert compute(replace(document, items=spelled)) == compute(document)

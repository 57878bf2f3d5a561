"""What cannot be computed is refused, with a pointer to the field."""

from dataclasses import replace
from decimal import Decimal

import pytest

from invoicer_core.domain.document import (
    Adjustment,
    Document,
    PriceDiscount,
    Rounding,
    Withholding,
)
from invoicer_core.domain.errors import InvalidInput
from invoicer_core.domain.totals import compute
from tests.unit.domain.made import amount, document, item, percent, vat

D = Decimal
LINE = item("1", "100", vat("19"))


def pointers(faulty: Document) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        compute(faulty)
    assert all(field.message for field in caught.value.fields)
    return [field.pointer for field in caught.value.fields]


def with_line(**changes) -> Document:
    return document(replace(LINE, **changes))


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "1E15", "-1E15", "1E-11"])
@pytest.mark.parametrize("name", ["quantity", "unit_price", "base_quantity"])
def test_a_number_that_is_not_finite_or_too_long_is_refused(name, value) -> None:
    assert pointers(with_line(**{name: D(value)})) == [f"/items/0/{name}"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"unit_price": D("-1")}, "/items/0/unit_price"),
        ({"base_quantity": D(0)}, "/items/0/base_quantity"),
        ({"base_quantity": D(-1)}, "/items/0/base_quantity"),
        ({"price_discounts": (PriceDiscount(),)}, "/items/0/price_discounts/0"),
        ({"price_discounts": (PriceDiscount(D(1), D(1)),)}, "/items/0/price_discounts/0"),
        ({"price_discounts": (PriceDiscount(D(-1)),)}, "/items/0/price_discounts/0/amount"),
        ({"price_discounts": (PriceDiscount(D("100.01")),)}, "/items/0/price_discounts"),
        ({"price_discounts": (PriceDiscount(percent=D(101)),)},
         "/items/0/price_discounts/0/percent"),
        ({"discounts": (Adjustment(),)}, "/items/0/discounts/0"),
        ({"discounts": (Adjustment(D(1), D(1)),)}, "/items/0/discounts/0"),
        ({"discounts": (percent("100.5"),)}, "/items/0/discounts/0/percent"),
        ({"discounts": (percent("-1"),)}, "/items/0/discounts/0/percent"),
        ({"discounts": (percent("1", base="-5"),)}, "/items/0/discounts/0/base"),
        ({"discounts": (amount("1"), amount("-1"))}, "/items/0/discounts/1/amount"),
        ({"discounts": (amount("NaN"),)}, "/items/0/discounts/0/amount"),
        ({"discounts": (Adjustment(D(1), base=D(1)),)}, "/items/0/discounts/0/base"),
        ({"discounts": (amount("100.01"),)}, "/items/0/discounts"),
        ({"discounts": (percent("60"), percent("60"))}, "/items/0/discounts"),
        ({"discounts": (amount("1", tax=vat("19")),)}, "/items/0/discounts/0/tax"),
        ({"charges": (amount("1", spread=True),)}, "/items/0/charges/0/spread"),
        ({"charges": (amount("-1"),)}, "/items/0/charges/0/amount"),
        ({"taxes": (vat("19", "X"),)}, "/items/0/taxes/0/category"),
        ({"taxes": (vat("-1"),)}, "/items/0/taxes/0/rate"),
        ({"taxes": (vat("NaN"),)}, "/items/0/taxes/0/rate"),
        ({"taxes": (vat("19", "AE"),)}, "/items/0/taxes/0/rate"),
        ({"taxes": (vat("5"), vat("5.0"))}, "/items/0/taxes/1"),
        ({"quantity": D("9E14"), "unit_price": D("9E14")}, "/items/0"),
    ],
)  # fmt: skip
def test_a_faulty_line_is_refused(changes, pointer) -> None:
    assert pointers(with_line(**changes)) == [pointer]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"discounts": (amount("5"), amount("1", tax=vat("7")))}, "/discounts/1/tax"),
        ({"discounts": (amount("1", tax=vat("19"), spread=True),)}, "/discounts/0/spread"),
        ({"discounts": (amount("60"), amount("41"))}, "/discounts/1"),
        ({"discounts": (percent("101"),)}, "/discounts/0/percent"),
        ({"discounts": (amount("-1"),)}, "/discounts/0/amount"),
        ({"charges": (amount("1", tax=vat("7", "Q")),)}, "/charges/0/tax/category"),
        ({"charges": (amount("1", tax=vat("0", "O")),)}, "/charges/0/tax/category"),
        ({"prepaid": (D(1), D("-1"))}, "/prepaid/1"),
        ({"prepaid": (D("1.005"),)}, "/prepaid/0"),
        ({"withholding": (Withholding(D(101)),)}, "/withholding/0/rate"),
        ({"withholding": (Withholding(D(1), on="tax"),)}, "/withholding/0/on"),  # type: ignore[arg-type]
        ({"rounding": Rounding()}, "/rounding"),
        ({"rounding": Rounding(D(1), D(1))}, "/rounding"),
        ({"rounding": Rounding(increment=D(0))}, "/rounding/increment"),
        ({"rounding": Rounding(increment=D("0.005"))}, "/rounding/increment"),
        ({"rounding": Rounding(amount=D("0.001"))}, "/rounding/amount"),
        ({"currency": "EURO"}, "/currency"),
        ({"items": (item("1", "900000000000000", vat("19")),)}, "/items"),
        ({"items": (item("1", "900000000000000"),) * 2}, "/items"),
    ],
)
def test_a_faulty_document_is_refused(changes, pointer) -> None:
    assert pointers(replace(document(LINE), **changes)) == [pointer]


def test_outside_the_scope_of_tax_stands_alone() -> None:
    outside = item("1", "1", vat("0", "O"))
    assert compute(document(outside, outside)).total_amount == D("2.00")
    assert pointers(document(LINE, outside)) == ["/items/1/taxes/0/category"]


def test_all_faults_are_told_at_once() -> None:
    faulty = document(
        item("NaN", "-1"), item("1", "1", vat("-5")), prepaid=(D(-1),), discounts=(Adjustment(),)
    )
    assert pointers(faulty) == [
        "/items/0/quantity", "/items/0/unit_price", "/items/1/taxes/0/rate", "/discounts/0",
        "/prepaid/0",
    ]  # fmt: skip


def test_what_is_just_possible_is_computed() -> None:
    assert compute(with_line(discounts=(percent("100"),))).total_amount == 0
    assert compute(replace(document(LINE), discounts=(amount("100"),))).total_amount == 0
    assert compute(with_line(charges=(percent("150"),))).net_total == D("250.00")
    assert compute(with_line(taxes=(vat("0", "S"),))).total_amount == D("100.00")
    assert compute(replace(document(LINE), prepaid=(D("50.000"),))).prepaid_total == D("50.00")


def test_a_return_line_does_not_become_a_sale_by_its_discounts() -> None:
    returned = item("-1", "100", discounts=(percent("60"), percent("60")))
    assert pointers(document(returned)) == ["/items/0/discounts"]


def test_a_return_line_takes_its_discount_back() -> None:
    returned = item("-1", "100", discounts=(amount("-10"),))
    assert compute(document(returned)).total_amount == D("-90.00")

"""What is payable: withholding, prepaid money and the rounding of cash."""

from decimal import Decimal

import pytest

from invoicer_core.domain.document import Rounding, Withholding
from invoicer_core.domain.totals import compute
from tests.unit.domain.made import amount, document, item, vat

D = Decimal


@pytest.mark.parametrize(
    ("base", "withheld"), [("net", "13.50"), ("gross", "16.07"), ("items", "15.00")]
)
def test_withholding_is_of_the_base_it_names(base, withheld) -> None:
    totals = compute(
        document(
            item("1", "100", vat("19")),
            discounts=(amount("10"),),
            withholding=(Withholding(D(15), on=base),),
        )
    )
    assert totals.withheld_total == D(withheld)
    assert totals.total_amount == D("107.10")
    assert totals.amount_due == D("107.10") - D(withheld)


@pytest.mark.parametrize(
    ("price", "increment", "rounding", "due"),
    [
        ("10.02", "0.05", "-0.02", "10.00"),
        ("10.03", "0.05", "0.02", "10.05"),
        ("10.025", "0.05", "0.02", "10.05"),
        ("10.50", "1", "0.50", "11.00"),
        ("10.49", "1", "-0.49", "10.00"),
        ("10.05", "0.10", "0.05", "10.10"),
    ],
)
def test_cash_is_rounded_to_the_nearest_coin(price, increment, rounding, due) -> None:
    totals = compute(document(item("1", price), rounding=Rounding(increment=D(increment))))
    assert (str(totals.rounding), str(totals.amount_due)) == (rounding, due)


def test_a_stated_rounding_is_added_as_it_stands() -> None:
    totals = compute(document(item("1", "10.03"), rounding=Rounding(amount=D("-0.03"))))
    assert (totals.total_amount, totals.amount_due) == (D("10.03"), D("10.00"))


def test_cash_rounding_comes_on_top_of_the_inclusive_residue() -> None:
    totals = compute(
        document(
            item("1", "99.99", vat("19")),
            prices_include_tax=True,
            rounding=Rounding(increment=D("0.05")),
        )
    )
    assert (totals.total_amount, totals.rounding, totals.amount_due) == (
        D("100.00"), D("0.00"), D("100.00"),
    )  # fmt: skip


def test_more_prepaid_than_the_total_is_owed_back() -> None:
    totals = compute(document(item("1", "10"), prepaid=(D("7"), D("8.5"))))
    assert (totals.prepaid_total, totals.amount_due) == (D("15.50"), D("-5.50"))

"""Totals computed by hand: the rules' own table first, then each rule by itself."""

from decimal import Decimal

import pytest

from invoicer_core.domain.document import (
    PriceDiscount,
    Rounding,
    Tax,
    Totals,
    Withholding,
)
from invoicer_core.domain.totals import compute, explain
from tests.unit.domain.made import amount, document, item, percent, vat

D = Decimal


def sums(totals: Totals) -> tuple[str, str, str]:
    return str(totals.net_total), str(totals.tax_total), str(totals.total_amount)


def rows(totals: Totals) -> list[tuple[str, str, str]]:
    return [(str(row.rate), str(row.base), str(row.tax)) for row in totals.taxes]


# -- the table


def test_a_precise_price_keeps_its_digits_until_the_line() -> None:
    totals = compute(document(item("3", "33.335", vat("20"))))
    assert str(totals.items[0].net_amount) == "100.01"
    assert sums(totals) == ("100.01", "20.00", "120.01")


def test_tax_is_rounded_once_per_group_not_per_line() -> None:
    totals = compute(document(item("1", "1.24", vat("10")), item("1", "1.24", vat("10"))))
    assert rows(totals) == [("10", "2.48", "0.25")]


def test_a_line_discount_is_rounded_by_itself() -> None:
    line = compute(document(item("3", "1.000", discounts=(percent("12.5"),)))).items[0]
    assert (line.gross_amount, line.discount_amount, line.net_amount) == (
        D("3.00"), D("0.38"), D("2.62"),
    )  # fmt: skip


def test_a_document_discount_is_shared_and_the_odd_cent_goes_to_the_largest_group() -> None:
    explained = explain(
        document(
            item("1", "33.33", vat("20")),
            item("1", "33.33", vat("10")),
            item("1", "33.34", vat("0")),
            discounts=(amount("10.00", spread=True),),
        )
    )
    assert [str(part.amount) for part in explained.discounts] == ["3.33", "3.33", "3.34"]
    assert rows(explained.totals) == [
        ("20", "30.00", "6.00"), ("10", "30.00", "3.00"), ("0", "30.00", "0.00"),
    ]  # fmt: skip
    assert sums(explained.totals) == ("90.00", "9.00", "99.00")


def test_an_inclusive_price_holds_its_tax() -> None:
    totals = compute(document(item("1", "500.00", vat("19")), prices_include_tax=True))
    assert sums(totals) == ("420.17", "79.83", "500.00")
    assert totals.rounding == 0


def test_the_cent_that_no_net_gives_is_shown_as_rounding() -> None:
    totals = compute(document(item("1", "99.99", vat("19")), prices_include_tax=True))
    assert sums(totals) == ("84.03", "15.97", "100.00")
    assert (str(totals.rounding), str(totals.amount_due)) == ("-0.01", "99.99")


@pytest.mark.parametrize("marks", [(False, True), (True, True), (True, False)])
def test_a_compound_tax_is_on_the_base_and_the_first_however_it_is_marked(marks) -> None:
    first = vat("5", name="GST", compound=marks[0])
    second = vat("9.5", name="QST", compound=marks[1])
    totals = compute(document(item("1", "100.00", first, second)))
    assert rows(totals) == [("5", "100.00", "5.00"), ("9.5", "105.00", "9.98")]
    assert sums(totals) == ("100.00", "14.98", "114.98")


def test_yen_have_no_digits() -> None:
    totals = compute(document(item("3", "333", vat("10")), currency="JPY"))
    assert sums(totals) == ("999", "100", "1099")


def test_kuwaiti_dinars_have_three_digits() -> None:
    totals = compute(document(item("1", "1.2345", vat("5")), currency="KWD"))
    assert sums(totals) == ("1.235", "0.062", "1.297")


def test_half_a_cent_goes_away_from_zero_on_both_sides() -> None:
    assert compute(document(item("1", "1.005"))).total_amount == D("1.01")
    assert compute(document(item("-1", "1.005"))).total_amount == D("-1.01")


# -- lines


def test_the_whole_example_of_a_body_comes_to_what_is_computed_by_hand() -> None:
    totals = compute(
        document(
            item(
                "2.5", "100.00", vat("19"),
                price_discounts=(PriceDiscount(amount=D("1.00")),),
                discounts=(percent("10", reason="regular"),),
                charges=(amount("5.00", reason="rush"),),
            ),
            discounts=(amount("10.00", tax=vat("19")), percent("5", spread=True)),
            charges=(amount("4.00", tax=vat("19")),),
            prepaid=(D("50.00"),),
            withholding=(Withholding(D(15), on="net"),),
            rounding=Rounding(increment=D("0.05")),
        )
    )  # fmt: skip
    # 2.5 x 99 = 247.50; - 24.75 + 5.00 = 227.75; - 10.00 - 11.39 + 4.00 = 210.36
    assert totals.subtotal == D("227.75")
    assert (totals.discount_total, totals.charge_total) == (D("21.39"), D("4.00"))
    assert sums(totals) == ("210.36", "39.97", "250.33")
    assert (totals.withheld_total, totals.prepaid_total) == (D("31.55"), D("50.00"))
    assert (totals.rounding, totals.amount_due) == (D("0.02"), D("168.80"))


def test_a_price_per_hundred_divides_before_rounding() -> None:
    totals = compute(document(item("250", "1.99", base_quantity="100")))
    assert totals.total_amount == D("4.98")


def test_price_discounts_are_each_of_the_price_and_never_rounded() -> None:
    off = (PriceDiscount(amount=D("0.0005")), PriceDiscount(percent=D(10)))
    totals = compute(document(item("1000", "0.015", price_discounts=off)))
    assert totals.total_amount == D("13.00")


def test_several_line_discounts_are_each_of_the_gross() -> None:
    totals = compute(document(item("1", "100", discounts=(percent("10"), percent("10")))))
    assert totals.total_amount == D("80.00")


def test_a_percentage_can_have_a_base_of_its_own() -> None:
    totals = compute(document(item("1", "100", discounts=(percent("10", base="33.33"),))))
    assert totals.total_amount == D("96.67")


def test_a_percentage_of_a_return_line_goes_the_other_way() -> None:
    line = compute(document(item("-1", "100", discounts=(percent("10"),)))).items[0]
    assert (line.discount_amount, line.net_amount) == (D("-10.00"), D("-90.00"))


def test_the_largest_numbers_with_all_their_digits_are_rounded_exactly() -> None:
    totals = compute(document(item("0.0000000001", "99999999999999.9950000001")))
    assert totals.total_amount == D("10000.00")
    exact = compute(document(item("3", "33333333333333.3333333333", vat("19"))))
    assert exact.net_total == D("100000000000000.00")
    # 99999999999900.004999999999999995: the usual 28 digits would make it a half
    off = (PriceDiscount(percent=D("0.0000000001")),)
    near = compute(document(item("100000000000000.005", "1", price_discounts=off)))
    assert near.net_total == D("99999999999900.00")


def test_a_quotient_just_below_half_a_cent_is_not_rounded_up() -> None:
    totals = compute(document(item("0.0149999999", "1", base_quantity="3")))
    assert totals.total_amount == D("0.00")


def test_a_document_without_lines_comes_to_nothing() -> None:
    totals = compute(document())
    assert (totals.taxes, totals.amount_due) == ((), D("0.00"))


# -- tax groups


def test_lines_of_one_category_and_rate_are_one_group_whatever_the_tax_is_called() -> None:
    totals = compute(
        document(item("1", "1.24", vat("10")), item("1", "1.24", vat("10.0", name="MwSt")))
    )
    assert rows(totals) == [("10", "2.48", "0.25")]


def test_zero_rated_and_exempt_are_different_groups_of_the_same_rate() -> None:
    totals = compute(document(item("1", "5", vat("0", "Z")), item("1", "7", vat("0", "E"))))
    assert [(row.category, row.base) for row in totals.taxes] == [("Z", D("5.00")), ("E", D(7))]


def test_the_reasons_of_exemption_are_carried_into_the_breakdown() -> None:
    first = vat("0", "E", exemption_code="VATEX-EU-132", exemption_text="Article 132")
    second = vat("0", "E", exemption_code="VATEX-EU-135", exemption_text="Article 135")
    row = compute(document(item("1", "5", first), item("1", "1", first), item("1", "5", second)))
    assert row.taxes[0].exemption_code == "VATEX-EU-132"
    assert row.taxes[0].exemption_text == "Article 132; Article 135"


def test_untaxed_lines_count_but_have_no_line_in_the_breakdown() -> None:
    totals = compute(document(item("1", "10"), item("1", "20", vat("19"))))
    assert rows(totals) == [("19", "20.00", "3.80")]
    assert sums(totals) == ("30.00", "3.80", "33.80")


def test_two_taxes_on_one_line_count_its_base_once() -> None:
    gst, pst = vat("5", name="GST"), vat("9.5", name="PST")
    totals = compute(document(item("1", "100", gst, pst), item("1", "50", gst)))
    assert rows(totals) == [("5", "150.00", "7.50"), ("9.5", "100.00", "9.50")]
    assert sums(totals) == ("150.00", "17.00", "167.00")


def test_two_taxes_of_the_same_rate_on_a_line_are_told_apart_by_name() -> None:
    central, state = vat("9", name="CGST"), vat("9", name="SGST")
    totals = compute(document(item("1", "100", central, state)))
    assert [(row.name, row.base, row.tax) for row in totals.taxes] == [
        ("CGST", D("100.00"), D("9.00")), ("SGST", D("100.00"), D("9.00")),
    ]  # fmt: skip


def test_three_compound_taxes_build_on_each_other_in_order() -> None:
    taxes = [vat(rate, name=rate, compound=True) for rate in ("10", "10", "10")]
    taxes = [Tax("S", t.rate, f"T{n}", compound=True) for n, t in enumerate(taxes)]
    totals = compute(document(item("1", "100", *taxes)))
    assert rows(totals) == [
        ("10", "100.00", "10.00"), ("10", "110.00", "11.00"), ("10", "121.00", "12.10"),
    ]  # fmt: skip


def test_a_compound_price_that_holds_its_taxes_is_taken_apart() -> None:
    taxes = (vat("5", name="GST"), vat("9.5", name="QST", compound=True))
    totals = compute(document(item("1", "114.98", *taxes), prices_include_tax=True))
    assert sums(totals) == ("100.00", "14.98", "114.98")


# -- document discounts and charges


def test_a_discount_with_a_tax_falls_on_that_group_alone() -> None:
    totals = compute(
        document(
            item("1", "100", vat("19")), item("1", "100", vat("7")),
            discounts=(amount("10", tax=vat("7")),), charges=(amount("4", tax=vat("19")),),
        )
    )  # fmt: skip
    assert rows(totals) == [("19", "104.00", "19.76"), ("7", "90.00", "6.30")]


def test_a_percentage_of_the_document_is_of_the_sum_of_lines() -> None:
    totals = compute(
        document(
            item("1", "100", vat("19")), item("1", "50", vat("7")),
            discounts=(percent("10", tax=vat("19")), percent("10")),
        )
    )  # fmt: skip
    # 15.00 on 19 % and 15.00 shared 10.00 to 5.00
    assert rows(totals) == [("19", "75.00", "14.25"), ("7", "45.00", "3.15")]


def test_a_discount_without_a_tax_is_shared_over_all_groups_untaxed_lines_included() -> None:
    totals = compute(
        document(item("1", "30", vat("20")), item("1", "10"), discounts=(amount("4"),))
    )
    assert rows(totals) == [("20", "27.00", "5.40")]
    assert totals.net_total == D("36.00")


def test_shares_follow_the_sign_of_the_groups() -> None:
    explained = explain(
        document(
            item("1", "300", vat("20")), item("-1", "100", vat("10")), discounts=(amount("10"),)
        )
    )
    assert [part.amount for part in explained.discounts] == [D("15.00"), D("-5.00")]
    assert rows(explained.totals) == [("20", "285.00", "57.00"), ("10", "-95.00", "-9.50")]


def test_a_charge_may_bring_a_tax_that_no_line_has() -> None:
    totals = compute(
        document(item("1", "100", vat("7")), charges=(amount("10", tax=vat("19", name="VAT")),))
    )
    assert rows(totals) == [("7", "100.00", "7.00"), ("19", "10.00", "1.90")]


def test_a_discount_may_name_the_tax_that_only_a_charge_has() -> None:
    totals = compute(
        document(
            item("1", "100", vat("7")),
            charges=(amount("10", tax=vat("19")),),
            discounts=(amount("2", tax=vat("19")),),
        )
    )
    assert rows(totals) == [("7", "100.00", "7.00"), ("19", "8.00", "1.52")]


def test_a_discount_on_lines_with_two_taxes_lowers_the_base_of_both() -> None:
    taxes = (vat("5", name="GST"), vat("7", name="PST"))
    totals = compute(document(item("1", "100", *taxes), discounts=(amount("10"),)))
    assert rows(totals) == [("5", "90.00", "4.50"), ("7", "90.00", "6.30")]
    assert totals.total_amount == D("100.80")


def test_a_charge_on_a_free_document_is_taxed_as_its_first_group() -> None:
    totals = compute(
        document(item("1", "0", vat("19")), item("1", "0", vat("7")), charges=(amount("5"),))
    )
    assert rows(totals) == [("19", "5.00", "0.95"), ("7", "0.00", "0.00")]


# -- prices that hold the tax


def test_inclusive_lines_are_moved_by_single_cents_to_add_up() -> None:
    lines = [item("1", "0.99", vat("19")) for _ in range(3)]
    totals = compute(document(*lines, prices_include_tax=True))
    # 2.97 / 1.19 = 2.4958 -> 2.50; each 0.8319 -> 0.83, so one of them is 0.84
    assert [str(line.net_amount) for line in totals.items] == ["0.84", "0.83", "0.83"]
    assert sums(totals) == ("2.50", "0.48", "2.98")
    assert (totals.rounding, totals.amount_due) == (D("-0.01"), D("2.97"))


def test_inclusive_groups_are_taken_apart_each_by_itself() -> None:
    totals = compute(
        document(
            item("1", "119.00", vat("19")), item("1", "10.70", vat("7")), item("1", "5"),
            prices_include_tax=True,
        )
    )  # fmt: skip
    assert rows(totals) == [("19", "100.00", "19.00"), ("7", "10.00", "0.70")]
    assert (totals.subtotal, totals.amount_due) == (D("115.00"), D("134.70"))


def test_an_inclusive_document_discount_holds_its_tax_too() -> None:
    totals = compute(
        document(
            item("1", "119", vat("19")), item("1", "107", vat("7")),
            discounts=(amount("11.90", tax=vat("19")),), charges=(amount("10.70", tax=vat("7")),),
            prices_include_tax=True,
        )
    )  # fmt: skip
    assert (totals.subtotal, totals.discount_total, totals.charge_total) == (
        D("200.00"), D("10.00"), D("10.00"),
    )  # fmt: skip
    assert rows(totals) == [("19", "90.00", "17.10"), ("7", "110.00", "7.70")]
    assert totals.amount_due == D("224.80")


def test_an_inclusive_discount_in_percent_is_of_the_advertised_sum() -> None:
    totals = compute(
        document(item("1", "200", vat("20")), discounts=(percent("50"),), prices_include_tax=True)
    )
    assert (totals.amount_due, totals.net_total) == (D("100.00"), D("83.33"))


def test_the_cent_goes_to_the_line_whose_rounding_was_farthest_off() -> None:
    lines = [item("1", price, vat("19")) for price in ("1.00", "0.99", "0.99", "0.99")]
    totals = compute(document(*lines, prices_include_tax=True))
    # 3.97 / 1.19 = 3.336 -> 3.34; 0.8403 is less far off than 0.8319
    assert [str(line.net_amount) for line in totals.items] == ["0.84", "0.84", "0.83", "0.83"]


def test_a_free_line_stays_free_when_cents_are_moved() -> None:
    charges = tuple(amount("0.01") for _ in range(4))
    lines = (item("1", "0", vat("100")), item("1", "10", vat("100")))
    totals = compute(document(*lines, charges=charges, prices_include_tax=True))
    # 10.04 / 2 = 5.02, of which four charges of 0.005 -> 0.01
    assert [str(line.net_amount) for line in totals.items] == ["0.00", "4.98"]
    assert (totals.charge_total, totals.net_total) == (D("0.04"), D("5.02"))


def test_inclusive_charges_of_a_tax_without_lines_add_up_too() -> None:
    charges = tuple(amount("0.99", tax=vat("19")) for _ in range(3))
    explained = explain(
        document(item("1", "1.07", vat("7")), charges=charges, prices_include_tax=True)
    )
    assert [str(part.amount) for part in explained.charges] == ["0.83", "0.83", "0.84"]
    assert explained.totals.net_total == D("3.50")

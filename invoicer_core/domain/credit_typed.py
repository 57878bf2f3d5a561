"""The discounts and charges of a document as typed, before any tax group rounds them."""

from dataclasses import replace
from decimal import Decimal

from invoicer_core.domain.document import ZERO, Document
from invoicer_core.domain.totals import compute


def typed_adjustments(document: Document) -> dict[tuple[object, ...], Decimal]:
    """What the discounts and charges come to as entered, for each set of taxes they are on."""
    sums = compute(replace(document, discounts=(), charges=(), prepaid=(), rounding=None)).items
    result: dict[tuple[object, ...], Decimal] = {}

    def count(amount: Decimal, *key: object) -> None:
        result[key] = result.get(key, ZERO) + amount

    for item, line in zip(document.items, sums, strict=True):
        rates = tuple((tax.category, tax.rate) for tax in item.taxes)
        count(line.discount_amount, "discounts", "line", rates)
        count(line.charge_amount, "charges", "line", rates)
    whole = sum((line.total_price for line in sums), ZERO)
    for kind, own in (("discounts", document.discounts), ("charges", document.charges)):
        for each in own:
            base = whole if each.base is None else each.base
            amount = base * each.percent / 100 if each.percent is not None else each.amount or ZERO
            count(amount, kind, each.tax and (each.tax.category, each.tax.rate))
    return result


def count_adjustments(document: Document) -> int:
    """How many discounts and charges it has, those of its lines included."""
    lines = sum(len(item.discounts) + len(item.charges) for item in document.items)
    return lines + len(document.discounts) + len(document.charges)

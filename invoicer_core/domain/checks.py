"""What a document must not contain, found before anything is computed: all faults at once.

Faults that need an amount (a discount above its line) are found while computing, in ``totals``.
"""

from decimal import Decimal
from typing import Final

from invoicer_core.domain.document import Adjustment, Document, Item, PriceDiscount, Rounding, Tax
from invoicer_core.domain.errors import FieldError, InvalidInput
from invoicer_core.domain.money import number_fault
from invoicer_core.domain.saying import say
from invoicer_core.domain.tax import CATEGORIES, RATE_LIMIT, ZERO_RATE_CATEGORIES

HUNDRED: Final = Decimal(100)
BASES: Final = ("net", "gross", "items")


def check_document(document: Document, step: Decimal) -> None:
    """Refuse what no rule can compute.

    Args:
        document: what was typed.
        step: the currency's smallest amount.

    Raises:
        InvalidInput: with one pointer per faulty field.
    """
    faults: list[FieldError] = []
    for index, item in enumerate(document.items):
        _check_item(item, index, faults)
    for kind, adjustments in (("discounts", document.discounts), ("charges", document.charges)):
        for index, adjustment in enumerate(adjustments):
            pointer = f"/{kind}/{index}"
            _check_adjustment(adjustment, pointer, kind == "discounts", faults)
            if adjustment.tax is not None:
                _check_tax(adjustment.tax, f"{pointer}/tax", faults)
                if adjustment.spread:
                    message = say("Name a tax or spread the amount over all of them, not both.")
                    faults.append(FieldError(f"{pointer}/spread", message))
    _check_payable(document, step, faults)
    _check_outside_scope(document, faults)
    if faults:
        raise InvalidInput.listing(faults)


def _check_item(item: Item, index: int, faults: list[FieldError]) -> None:
    if fault := number_fault(item.quantity):
        faults.append(FieldError(f"/items/{index}/quantity", fault))
    if fault := number_fault(item.unit_price) or _negative_price(item.unit_price):
        faults.append(FieldError(f"/items/{index}/unit_price", fault))
    fault = number_fault(item.base_quantity)
    if fault or item.base_quantity <= 0:
        message = fault or say("The quantity that a price is for must be above zero.")
        faults.append(FieldError(f"/items/{index}/base_quantity", message))
    for place, tax in enumerate(item.taxes):
        _check_tax(tax, f"/items/{index}/taxes/{place}", faults)
        if tax in item.taxes[:place]:
            message = say("The same tax is named twice on one line.")
            faults.append(FieldError(f"/items/{index}/taxes/{place}", message))
    for place, off in enumerate(item.price_discounts):
        _check_price_discount(off, f"/items/{index}/price_discounts/{place}", faults)
    for place, adjustment in enumerate(item.discounts):
        _check_line_adjustment(adjustment, f"/items/{index}/discounts/{place}", True, faults)
    for place, adjustment in enumerate(item.charges):
        _check_line_adjustment(adjustment, f"/items/{index}/charges/{place}", False, faults)


def _negative_price(price: Decimal) -> str | None:
    """EN 16931 BR-27: the price of an item is never negative."""
    if price < 0:
        return say("A price is never negative: give a negative quantity, or use a discount.")
    return None


def _check_price_discount(off: PriceDiscount, pointer: str, faults: list[FieldError]) -> None:
    if (off.amount is None) == (off.percent is None):
        faults.append(FieldError(pointer, say("Give either an amount or a percentage.")))
        return
    if off.amount is not None:
        fault = number_fault(off.amount) or _below_zero(off.amount)
        if fault:
            faults.append(FieldError(f"{pointer}/amount", fault))
    if off.percent is not None and (fault := _percent_fault(off.percent, HUNDRED)):
        faults.append(FieldError(f"{pointer}/percent", fault))


def _check_line_adjustment(
    adjustment: Adjustment, pointer: str, is_discount: bool, faults: list[FieldError]
) -> None:
    _check_adjustment(adjustment, pointer, is_discount, faults)
    if adjustment.tax is not None or adjustment.spread:
        name = "spread" if adjustment.tax is None else "tax"
        message = say("A discount or charge of a line always has the taxes of its line.")
        faults.append(FieldError(f"{pointer}/{name}", message))


def _check_adjustment(
    adjustment: Adjustment, pointer: str, is_discount: bool, faults: list[FieldError]
) -> None:
    amount, percent, base = adjustment.amount, adjustment.percent, adjustment.base
    if (amount is None) == (percent is None):
        faults.append(FieldError(pointer, say("Give either an amount or a percentage.")))
    elif amount is not None and (fault := number_fault(amount)):
        faults.append(FieldError(f"{pointer}/amount", fault))
    elif percent is not None:
        most = HUNDRED if is_discount else RATE_LIMIT
        if fault := _percent_fault(percent, most):
            faults.append(FieldError(f"{pointer}/percent", fault))
    if base is None:
        return
    if percent is None:
        faults.append(FieldError(f"{pointer}/base", say("Only a percentage can have a base.")))
    elif fault := number_fault(base):
        faults.append(FieldError(f"{pointer}/base", fault))


def _percent_fault(percent: Decimal, most: Decimal) -> str | None:
    if fault := number_fault(percent):
        return fault
    if percent < 0 or percent > most:
        return say("The percentage must be from 0 to %(most)s.", most=most)
    return None


def _below_zero(amount: Decimal) -> str | None:
    return say("The amount must not be negative.") if amount < 0 else None


def _check_tax(tax: Tax, pointer: str, faults: list[FieldError]) -> None:
    """A rate of zero under S is let through here: e-invoice exports refuse it (BR-S-5)."""
    if tax.category not in CATEGORIES:
        known = ", ".join(CATEGORIES)
        message = say(
            "There is no tax category %(category)s; there are %(known)s.",
            category=repr(tax.category[:12]),
            known=known,
        )
        faults.append(FieldError(f"{pointer}/category", message))
    elif fault := _percent_fault(tax.rate, RATE_LIMIT):
        faults.append(FieldError(f"{pointer}/rate", fault))
    elif tax.rate and tax.category in ZERO_RATE_CATEGORIES:
        meaning = CATEGORIES[tax.category]
        message = say(
            "The rate of category %(category)s (%(meaning)s) is always 0.",
            category=tax.category,
            meaning=meaning,
        )
        faults.append(FieldError(f"{pointer}/rate", message))


def _check_outside_scope(document: Document, faults: list[FieldError]) -> None:
    """EN 16931 BR-O-11 to BR-O-14: category O stands alone on a document."""
    seen: dict[bool, str] = {}
    for index, item in enumerate(document.items):
        for place, tax in enumerate(item.taxes):
            seen.setdefault(tax.category == "O", f"/items/{index}/taxes/{place}/category")
    for kind, adjustments in (("discounts", document.discounts), ("charges", document.charges)):
        for index, adjustment in enumerate(adjustments):
            if adjustment.tax is not None:
                seen.setdefault(adjustment.tax.category == "O", f"/{kind}/{index}/tax/category")
    if len(seen) > 1:
        message = say(
            "Category O (outside the scope of tax) cannot be mixed with other categories."
        )
        faults.append(FieldError(seen[True], message))


def _check_payable(document: Document, step: Decimal, faults: list[FieldError]) -> None:
    for index, amount in enumerate(document.prepaid):
        if fault := number_fault(amount) or _below_zero(amount) or _too_fine(amount, step):
            faults.append(FieldError(f"/prepaid/{index}", fault))
    for index, kept in enumerate(document.withholding):
        if fault := _percent_fault(kept.rate, HUNDRED):
            faults.append(FieldError(f"/withholding/{index}/rate", fault))
        if kept.on not in BASES:
            message = say("Withholding is on net, gross or items.")
            faults.append(FieldError(f"/withholding/{index}/on", message))
    if document.rounding is not None:
        _check_rounding(document.rounding, step, faults)


def _check_rounding(rounding: Rounding, step: Decimal, faults: list[FieldError]) -> None:
    increment, amount = rounding.increment, rounding.amount
    if (increment is None) == (amount is None):
        faults.append(FieldError("/rounding", say("Give either an increment or an amount.")))
        return
    if increment is not None:
        fault = number_fault(increment) or _too_fine(increment, step)
        if fault or increment <= 0:
            message = fault or say("The increment must be above zero.")
            faults.append(FieldError("/rounding/increment", message))
    if amount is not None and (fault := number_fault(amount) or _too_fine(amount, step)):
        faults.append(FieldError("/rounding/amount", fault))


def _too_fine(amount: Decimal, step: Decimal) -> str | None:
    if amount % step:
        return say("The currency has no amount smaller than %(step)s.", step=step)
    return None

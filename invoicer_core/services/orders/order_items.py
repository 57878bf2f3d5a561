"""The lines of an order as they are typed: checked, completed from the catalogue, priced."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from invoicer_core.domain.document import Document, Item, Tax
from invoicer_core.domain.errors import FieldError, InvalidInput
from invoicer_core.domain.saying import say
from invoicer_core.domain.tax import CATEGORIES
from invoicer_core.domain.units import DEFAULT, unit_code
from invoicer_core.models.catalog import Product
from invoicer_core.services import drafting
from invoicer_core.services.fields import (
    Check,
    check_fields,
    choice,
    flag,
    number,
    text,
    whole,
    written,
)
from invoicer_core.services.listing import ID_MOST
from invoicer_core.services.rows import find_row
from invoicer_core.services.tax_rates import PERCENT

ITEMS_MOST: Final = 1_000
TAXES_MOST: Final = 10


def each(check: Check, most: int) -> Check:
    """A list whose entries pass a check; faults are named by place."""

    def check_list(value: Any) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise ValueError(say("This must be a list."))
        if len(value) > most:
            raise ValueError(
                say(
                    "This list has %(count)s entries; at most %(most)s are possible.",
                    count=len(value),
                    most=most,
                )
            )
        found, faults = [], []
        for place, entry in enumerate(value):
            try:
                found.append(check(entry))
            except InvalidInput as refusal:
                faults += [FieldError(f"/{place}{at.pointer}", at.message) for at in refusal.fields]
            except ValueError as refusal:
                faults.append(FieldError(f"/{place}", str(refusal)))
        if faults:
            raise InvalidInput.listing(faults)
        return found

    return check_list


def _above_zero(value: Any) -> Decimal:
    quantity: Decimal = number()(value)
    if quantity <= 0:
        raise ValueError(say("This must be above 0."))
    return quantity


TAX_CHECKS: Final[Mapping[str, Check]] = {
    "name": text(100),
    "category": choice(*CATEGORIES),
    "rate": PERCENT,
    "compound": flag,
    "exemption_code": text(30),
    "exemption_text": text(500),
}


def _tax(value: Any) -> Tax:
    if isinstance(value, Tax):
        return value
    if not isinstance(value, Mapping):
        raise ValueError(say("This must be an object with category and rate."))
    found = check_fields(value, TAX_CHECKS)
    return Tax(**{name: part for name, part in found.items() if part is not None})


ITEM_CHECKS: Final[Mapping[str, Check]] = {
    "product_id": whole(1, ID_MOST),
    "product_name": text(500, lines=True),
    "quantity": _above_zero,
    "unit": written(unit_code, 30),
    "unit_price": number(Decimal(0)),
    "taxes": each(_tax, TAXES_MOST),
    "tax_rate_id": whole(1, ID_MOST),
}


def _item(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(say("This must be an object with product_name, quantity and unit_price."))
    catalogued = value.get("product_id") is not None
    required = ("quantity",) if catalogued else ("product_name", "quantity", "unit_price")
    return check_fields(value, ITEM_CHECKS, required=required)


def _items(value: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = each(_item, ITEMS_MOST)(value)
    if not found:
        raise ValueError(say("An order has at least one line."))
    return found


ITEMS: Final[Check] = _items
"""The field ``items``: each names a product, or what is ordered with its price."""


def priced(items: Sequence[Mapping[str, Any]], currency: str) -> Document:
    """The lines as a document that totals can be computed of. What a line leaves out comes from
    its product: name, unit, price, tax.

    Raises:
        NotFound: no such product or tax rate, by pointer.
        InvalidInput: taxes and tax_rate_id on one line.
    """
    lines = tuple(_line(item, place) for place, item in enumerate(items))
    return drafting.complete(Document(currency=currency, items=lines), currency)


def _line(item: Mapping[str, Any], place: int) -> Item:
    product = None
    if (product_id := item.get("product_id")) is not None:
        pointer = f"/items/{place}/product_id"
        there = Product.deleted_at.is_(None)
        product = find_row(Product, product_id, "product", there, pointer=pointer)
    rate_id, taxes = item.get("tax_rate_id"), item.get("taxes")
    if product is not None and rate_id is None and taxes is None:
        rate_id = product.tax_rate_id
    price = item.get("unit_price")
    return Item(
        description=item.get("product_name") or (product.name if product else ""),
        quantity=item["quantity"],
        unit_price=price if price is not None else product.unit_price if product else Decimal(0),
        unit=item.get("unit") or (product.unit if product else DEFAULT),
        product_id=product_id,
        taxes=tuple(taxes or ()),
        tax_rate_id=rate_id,
    )

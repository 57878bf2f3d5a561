"""Short ways to write documents in tests: strings become exact decimals."""

from decimal import Decimal
from typing import Any

from invoicer_core.domain.document import Adjustment, Document, Item, Tax


def vat(rate: str = "19", category: str = "S", **more: Any) -> Tax:
    return Tax(category, Decimal(rate), **more)


def item(quantity: str, price: str, *taxes: Tax, **more: Any) -> Item:
    if "base_quantity" in more:
        more["base_quantity"] = Decimal(more["base_quantity"])
    return Item("Thing", Decimal(quantity), Decimal(price), taxes=taxes, **more)


def document(*items: Item, currency: str = "EUR", **more: Any) -> Document:
    return Document(currency, items, **more)


def amount(value: str, **more: Any) -> Adjustment:
    return Adjustment(amount=Decimal(value), **more)


def percent(value: str, base: str | None = None, **more: Any) -> Adjustment:
    return Adjustment(percent=Decimal(value), base=None if base is None else Decimal(base), **more)

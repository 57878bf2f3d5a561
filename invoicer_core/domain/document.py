"""What is typed of an invoice or credit note: the input of the totals.

Field names are those of the API body; EN 16931 business terms are given in brackets.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Tax:
    """One tax on a line or an adjustment: category [BT-151], rate in percent [BT-152]."""

    category: str = "S"
    rate: Decimal = ZERO
    name: str = "VAT"
    compound: bool = False
    exemption_code: str | None = None
    exemption_text: str | None = None


@dataclass(frozen=True, slots=True)
class PriceDiscount:
    """Off the unit price before multiplying [BT-147]: an amount per unit, or a percentage."""

    amount: Decimal | None = None
    percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A discount or charge of a line [BG-27, BG-28] or of the document [BG-20, BG-21].

    ``percent`` is of ``base``, or without one of the line's gross (document: of the sum of lines).
    ``tax`` names the tax group of a document adjustment; ``spread`` divides it over all groups.
    """

    amount: Decimal | None = None
    percent: Decimal | None = None
    base: Decimal | None = None
    reason: str | None = None
    reason_code: str | None = None
    tax: Tax | None = None
    spread: bool = False


@dataclass(frozen=True, slots=True)
class Withholding:
    """Tax the client keeps back; lowers what is payable, not the total. Rate in percent."""

    rate: Decimal
    on: Literal["net", "gross", "items"] = "net"
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Rounding:
    """Of the amount due only [BT-114]: to a cash ``increment``, or a stated ``amount``."""

    increment: Decimal | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One line [BG-25]. ``unit`` is a UN/ECE Recommendation 20 code [BT-130]."""

    description: str
    quantity: Decimal
    unit_price: Decimal
    base_quantity: Decimal = Decimal(1)
    unit: str = "C62"
    product_id: int | None = None
    price_discounts: tuple[PriceDiscount, ...] = ()
    discounts: tuple[Adjustment, ...] = ()
    charges: tuple[Adjustment, ...] = ()
    taxes: tuple[Tax, ...] = ()
    details: str | None = None
    sku: str | None = None
    period_start: date | None = None
    period_end: date | None = None
    tax_rate_id: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """All that decides the totals, and nothing else."""

    currency: str
    items: tuple[Item, ...]
    prices_include_tax: bool = False
    discounts: tuple[Adjustment, ...] = ()
    charges: tuple[Adjustment, ...] = ()
    prepaid: tuple[Decimal, ...] = ()
    withholding: tuple[Withholding, ...] = ()
    rounding: Rounding | None = None


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """The tax of one group [BG-23]: base [BT-116], tax [BT-117]."""

    name: str
    category: str
    rate: Decimal
    base: Decimal
    tax: Decimal
    compound: bool = False
    exemption_code: str | None = None
    exemption_text: str | None = None


@dataclass(frozen=True, slots=True)
class ItemTotals:
    """What a line comes to. ``net_amount`` [BT-131] is without tax; ``total_price`` is the line
    as entered (gross - discounts + charges, holding the tax when prices include it)."""

    gross_amount: Decimal
    discount_amount: Decimal
    charge_amount: Decimal
    total_price: Decimal
    net_amount: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """Every sum of a document [BG-22], each exact to the currency's minor unit."""

    items: tuple[ItemTotals, ...]
    subtotal: Decimal
    discount_total: Decimal
    charge_total: Decimal
    net_total: Decimal
    taxes: tuple[TaxTotal, ...]
    tax_total: Decimal
    total_amount: Decimal
    withheld_total: Decimal
    prepaid_total: Decimal
    rounding: Decimal
    amount_due: Decimal

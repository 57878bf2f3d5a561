"""What is sold: products with taxes and stock, and orders of it."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from invoicer_core.domain.document import Tax


@dataclass(frozen=True, slots=True, kw_only=True)
class CategorySnapshot:
    """A group of products."""

    id: int
    name: str
    parent_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRateSnapshot:
    """A tax of the business; ``rate`` in percent."""

    id: int
    name: str
    category: str
    rate: Decimal
    exemption_code: str | None = None
    exemption_text: str | None = None
    compound: bool = False
    is_default: bool = False
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductSnapshot:
    """A catalogue entry; ``stock_quantity`` is None where stock is not counted."""

    id: int
    public_id: UUID
    sku: str | None = None
    name: str
    description: str | None = None
    category: str | None = None
    category_id: int | None = None
    unit: str
    unit_price: Decimal
    cost_price: Decimal | None = None
    currency: str | None = None
    tax_rate: Decimal | None = None
    tax_rate_id: int | None = None
    stock_quantity: Decimal | None = None
    low_stock_level: Decimal | None = None
    is_active: bool = True
    version: int = 1
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StockMovementSnapshot:
    """One change of a product's stock; ``invoice_id`` when an invoice caused it."""

    id: int
    product_id: int
    quantity: Decimal
    stock_after: Decimal
    reason: str
    invoice_id: int | None = None
    created_at: datetime
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderItemSnapshot:
    """One line of an order."""

    id: int
    product_name: str
    quantity: Decimal
    unit_price: Decimal
    total_price: Decimal
    product_id: int | None = None
    unit: str | None = None
    taxes: tuple[Tax, ...] = ()
    invoiced_quantity: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSnapshot:
    """A client's order, with the invoices made of it."""

    id: int
    public_id: UUID
    order_number: str
    client_id: int
    client_name: str | None = None
    status: Literal["pending", "processing", "completed", "cancelled"]
    currency: str
    total_amount: Decimal
    order_date: date
    notes: str | None = None
    items: tuple[OrderItemSnapshot, ...] = ()
    invoice_ids: tuple[int, ...] = ()
    version: int = 1
    created_at: datetime
    updated_at: datetime

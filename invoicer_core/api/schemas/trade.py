"""Bodies of clients, suppliers, products, orders, tax rates, categories, stock and series."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, WithJsonSchema

from invoicer_core.api.schemas.base import (
    SAYS_SOMETHING,
    Body,
    Day,
    Flag,
    Id,
    Name,
    Positive,
    Quantity,
    Stored,
    Text30,
    Text100,
    Text500,
    decimal_schema,
)
from invoicer_core.api.schemas.documents import MOST_ITEMS, TaxInput
from invoicer_core.api.schemas.messages import ChannelOrder
from invoicer_core.api.schemas.parties import Currency, PartyFields

ShortName = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=100, pattern=SAYS_SOMETHING),
    Stored,
]
Notes = Annotated[str, StringConstraints(strict=True, max_length=5_000), Stored]
Unit = Annotated[str, StringConstraints(strict=True, max_length=30), Stored]
Sku = Annotated[str, StringConstraints(strict=True, max_length=64), Stored]
Pattern = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=100), Stored]
Percent = Annotated[Positive, Field(le=1000), WithJsonSchema(decimal_schema("0", "1000"))]
AboveZero = Annotated[Quantity, Field(gt=0), WithJsonSchema(decimal_schema("0.0000000001"))]
TaxCategory = Literal["S", "Z", "E", "AE", "K", "G", "O", "L", "M"]
DocumentType = Literal["invoice", "credit_note", "quote", "order", "receipt"]
Reset = Literal["never", "yearly", "fiscal_year", "monthly"]

LEFT_OUT: Any = Field(default_factory=lambda: None)
"""Of a field that may be left out, but is never null."""


class ClientUpdate(PartyFields):
    """What changes of a client; null empties a field."""

    name: Name = LEFT_OUT
    buyer_reference: Text100 | None = None
    credit_limit: Positive | None = None
    notes: Notes | None = None
    channels: ChannelOrder | None = None


class ClientInput(ClientUpdate):
    """A new client."""

    name: Name


class ContactUpdate(Body):
    """What changes of a person at a client."""

    name: Name = LEFT_OUT
    email: Text500 | None = None
    phone: Text100 | None = None
    role: Text100 | None = None
    is_primary: Flag | None = None


class ContactInput(ContactUpdate):
    """A person at a client."""

    name: Name


class SupplierUpdate(PartyFields):
    """What changes of a supplier; null empties a field."""

    name: Name = LEFT_OUT
    client_id: Id | None = None
    notes: Notes | None = None


class SupplierInput(SupplierUpdate):
    """A new supplier; ``client_id`` is the client record it is invoiced through."""

    name: Name


class ArchiveInput(Body):
    """Take out of the lists (true, without a wish), or back into them."""

    archived: Flag = True


class ProductUpdate(Body):
    """What changes of a product; null empties a field. Another stock is a correction."""

    sku: Sku | None = None
    name: Name = LEFT_OUT
    description: Notes | None = None
    category: Text100 | None = None
    category_id: Id | None = None
    unit: Unit | None = None
    unit_price: Positive = LEFT_OUT
    cost_price: Positive | None = None
    currency: Currency | None = None
    tax_rate: Percent | None = None
    tax_rate_id: Id | None = None
    stock_quantity: Positive | None = None
    low_stock_level: Positive | None = None
    is_active: Flag | None = None


class ProductInput(ProductUpdate):
    """A new product. ``unit`` is a code (KGM) or a word (kg); ``tax_rate`` is in percent and is
    found or made, ``category`` is a name and is found or made."""

    name: Name
    unit_price: Positive


class CategoryUpdate(Body):
    """What changes of a category."""

    name: ShortName = LEFT_OUT
    parent_id: Id | None = None


class CategoryInput(CategoryUpdate):
    """A new category."""

    name: ShortName


class StockInput(Body):
    """A movement: above zero in, below zero out."""

    quantity: Quantity
    reason: Name


class TaxRateUpdate(Body):
    """What changes of a tax rate; documents that are issued keep theirs."""

    name: ShortName = LEFT_OUT
    category: TaxCategory | None = None
    rate: Percent = LEFT_OUT
    exemption_code: Text30 | None = None
    exemption_text: Text500 | None = None
    compound: Flag | None = None
    is_default: Flag | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None


class TaxRateInput(TaxRateUpdate):
    """A new tax rate, in percent; category S without one."""

    name: ShortName
    rate: Percent


class OrderItemInput(Body):
    """One line: a product, or what is ordered with its price. A product gives name, unit, price
    and tax where they are left out."""

    product_id: Id | None = None
    product_name: Text500 | None = None
    quantity: AboveZero
    unit: Unit | None = None
    unit_price: Positive | None = None
    taxes: Annotated[list[TaxInput], Field(max_length=10)] | None = None
    tax_rate_id: Id | None = None


OrderItems = Annotated[list[OrderItemInput], Field(min_length=1, max_length=MOST_ITEMS)]


class OrderInput(Body):
    """A new order."""

    client_id: Id
    items: OrderItems
    currency: Currency | None = None
    order_date: Day | None = None
    notes: Notes | None = None


class OrderUpdate(Body):
    """What changes of an order: its status at any time; its lines, client and currency while it
    is pending and not invoiced."""

    status: Literal["pending", "processing", "completed", "cancelled"] = LEFT_OUT
    client_id: Id = LEFT_OUT
    items: OrderItems = LEFT_OUT
    currency: Currency = LEFT_OUT
    order_date: Day = LEFT_OUT
    notes: Notes | None = None


class InvoicedItemInput(Body):
    """How much of a line of the order goes on the invoice."""

    id: Id
    quantity: AboveZero


class OrderInvoiceInput(Body):
    """Which part of an order to invoice: all that is left without ``items``."""

    items: Annotated[list[InvoicedItemInput], Field(min_length=1, max_length=MOST_ITEMS)] | None = (
        None
    )
    issue: Flag = False
    send: Flag = False


class NumberSeriesUpdate(Body):
    """How the next documents are numbered; numbers that were given stay."""

    name: ShortName = LEFT_OUT
    pattern: Pattern = LEFT_OUT
    reset: Reset = LEFT_OUT
    ordered_dates: Flag = LEFT_OUT
    is_default: Flag = LEFT_OUT


class NumberSeriesInput(NumberSeriesUpdate):
    """A new series: ``INV-{year}-{seq:04}``."""

    document_type: DocumentType
    name: ShortName
    pattern: Pattern

"""Frozen values that services return: the JSON body, the webhook body, the template context,
the renderer's input, the hook argument and the live payload. One shape, many uses.

A field without a value is None and is left out of the JSON.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from invoicer_core.domain.document import (
    Adjustment,
    PriceDiscount,
    Rounding,
    Tax,
    TaxTotal,
    Withholding,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Identifier:
    """An id with its scheme: a registration [BT-30] or an electronic address [BT-34]."""

    value: str
    scheme: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A business, client or supplier as it stands on a document."""

    name: str
    legal_name: str | None = None
    email: str | None = None
    phone: str | None = None
    address: str | None = None
    city: str | None = None
    postcode: str | None = None
    region: str | None = None
    country: str | None = None
    vat_id: str | None = None
    tax_number: str | None = None
    registration: Identifier | None = None
    electronic_address: Identifier | None = None
    contact_name: str | None = None
    iban: str | None = None
    bic: str | None = None
    currency: str | None = None
    locale: str | None = None
    payment_terms_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessSnapshot(Party):
    """The legal entity that issues. ``role`` is that of the member who asks."""

    id: int
    public_id: UUID
    time_zone: str
    settings: dict[str, Any] = field(default_factory=dict)
    version: int = 1
    created_at: datetime
    updated_at: datetime
    role: str | None = None
    logo_file_id: int | None = None
    color: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSnapshot:
    """A person at a client."""

    id: int
    name: str
    email: str | None = None
    phone: str | None = None
    role: str | None = None
    is_primary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSnapshot(Party):
    """The party we invoice. ``balance`` is what is open, in the client's currency."""

    id: int
    public_id: UUID
    buyer_reference: str | None = None
    credit_limit: Decimal | None = None
    notes: str | None = None
    contacts: tuple[ContactSnapshot, ...] = ()
    balance: Decimal | None = None
    version: int = 1
    archived_at: datetime | None = None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierSnapshot(Party):
    """The party we buy from."""

    id: int
    public_id: UUID
    client_id: int | None = None
    notes: str | None = None
    version: int = 1
    archived_at: datetime | None = None
    created_at: datetime
    updated_at: datetime


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
    """One change of a product's stock."""

    id: int
    product_id: int
    quantity: Decimal
    stock_after: Decimal
    reason: str
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


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceItemSnapshot:
    """One line of a document, as entered and as computed; see `document.Item`."""

    id: int
    description: str
    quantity: Decimal
    unit_price: Decimal
    total_price: Decimal
    net_amount: Decimal
    gross_amount: Decimal
    unit: str = "C62"
    base_quantity: Decimal = Decimal(1)
    product_id: int | None = None
    details: str | None = None
    sku: str | None = None
    period_start: date | None = None
    period_end: date | None = None
    price_discounts: tuple[PriceDiscount, ...] = ()
    discounts: tuple[Adjustment, ...] = ()
    charges: tuple[Adjustment, ...] = ()
    taxes: tuple[Tax, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentBody:
    """What an invoice and a credit note have in common: items, adjustments, totals, parties."""

    id: int
    public_id: UUID
    client_id: int
    client_public_id: UUID
    client_name: str
    currency: str
    prices_include_tax: bool
    issue_date: date | None = None
    issued_at: datetime | None = None
    notes: str | None = None
    items: tuple[InvoiceItemSnapshot, ...] = ()
    discounts: tuple[Adjustment, ...] = ()
    charges: tuple[Adjustment, ...] = ()
    prepaid: tuple[Decimal, ...] = ()
    withholding: tuple[Withholding, ...] = ()
    rounding_rule: Rounding | None = None
    subtotal: Decimal
    discount_total: Decimal
    charge_total: Decimal
    net_total: Decimal
    taxes: tuple[TaxTotal, ...] = ()
    tax_total: Decimal
    total_amount: Decimal
    withheld_total: Decimal
    prepaid_total: Decimal
    rounding: Decimal
    amount_due: Decimal
    seller: Party | None = None
    buyer: Party | None = None
    pdf_url: str | None = None
    version: int = 1
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceSnapshot(DocumentBody):
    """``status`` is the contract's projection; ``state`` is what is stored."""

    invoice_number: str
    state: Literal["draft", "issued", "void"]
    status: Literal["draft", "sent", "paid", "overdue", "void"]
    payment_state: Literal["draft", "unpaid", "partial", "paid", "void"]
    is_overdue: bool
    balance_due: Decimal
    due_date: date | None = None
    order_id: int | None = None
    buyer_reference: str | None = None
    purchase_order: str | None = None
    payment_terms: str | None = None
    payment_means: str | None = None
    exchange_rate: Decimal | None = None
    internal_note: str | None = None
    tags: tuple[str, ...] = ()
    reminders_stopped: bool = False
    sent_at: datetime | None = None
    viewed_at: datetime | None = None
    voided_at: datetime | None = None
    void_reason: str | None = None
    plugins: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNoteSnapshot(DocumentBody):
    """A credit of one invoice: ``allocated_amount`` went on its balance, the rest is surplus."""

    credit_note_number: str
    invoice_id: int
    invoice_number: str
    reason: str | None = None
    settlement: Literal["refund", "credit", "out_of_band"] = "credit"
    allocated_amount: Decimal
    surplus_amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationSnapshot:
    """The part of a payment that was put on an invoice; negative: taken off again."""

    id: int
    invoice_id: int
    invoice_number: str
    amount: Decimal
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSnapshot:
    """Money that went back of a payment."""

    id: int
    payment_id: int
    amount: Decimal
    reason: str | None = None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSnapshot:
    """Money received. ``unapplied_amount`` is the client's credit."""

    id: int
    public_id: UUID
    client_id: int
    client_name: str | None = None
    invoice_id: int | None = None
    amount: Decimal
    currency: str
    method: str
    status: Literal[
        "pending", "succeeded", "failed", "unknown", "partly_refunded", "refunded", "disputed"
    ]
    date: date
    reference: str | None = None
    note: str | None = None
    provider: str
    provider_ref: str | None = None
    allocated_amount: Decimal
    unapplied_amount: Decimal
    refunded_amount: Decimal
    allocations: tuple[AllocationSnapshot, ...] = ()
    refunds: tuple[RefundSnapshot, ...] = ()
    version: int = 1
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAttemptSnapshot:
    """One attempt over one channel."""

    id: int
    channel: str
    recipient: str
    state: Literal["queued", "sent", "delivered", "failed", "bounced", "read", "unknown"]
    error: str | None = None
    provider_ref: str | None = None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSnapshot:
    """What was said to a client, and how it fared."""

    id: int
    kind: str
    subject: str | None = None
    text: str | None = None
    client_id: int | None = None
    invoice_id: int | None = None
    channel: str
    recipient: str
    state: Literal["queued", "sent", "delivered", "failed", "bounced", "read", "unknown"]
    error: str | None = None
    attempts: tuple[MessageAttemptSnapshot, ...] = ()
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """A rendered, hashed and stored file of an invoice or credit note."""

    id: int
    kind: str
    invoice_id: int | None = None
    credit_note_id: int | None = None
    revision: int
    store: str
    key: str
    sha256: str
    size: int
    media_type: str
    filename: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSnapshot:
    """An uploaded file."""

    id: int
    public_id: UUID
    name: str
    media_type: str
    size: int
    sha256: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSnapshot:
    """A user's seat in a business."""

    id: int
    user_id: int
    email: str
    name: str | None = None
    role: str
    permissions: tuple[str, ...] = ()
    version: int = 1
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSnapshot:
    """A person who can sign in."""

    id: int
    public_id: UUID
    email: str
    name: str | None = None
    locale: str | None = None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One line of an invoice's story: what happened, when, by whom, and how it ended."""

    at: datetime
    name: str
    title: str
    actor: str | None = None
    state: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """One page of a list. ``next_cursor`` is None on the last page; ``total`` may be None above
    the number that is counted exactly."""

    items: tuple[T, ...]
    next_cursor: str | None = None
    total: int | None = None

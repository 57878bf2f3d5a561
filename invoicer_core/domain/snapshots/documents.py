"""Invoices and credit notes, and the files made of them."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from invoicer_core.domain.document import (
    Adjustment,
    PriceDiscount,
    Rounding,
    Tax,
    TaxTotal,
    Withholding,
)
from invoicer_core.domain.snapshots.parties import Party


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
class StoredDocument:
    """A rendered, hashed and stored file of an invoice, credit note, payment (its receipt) or
    statement."""

    id: int
    kind: str
    invoice_id: int | None = None
    credit_note_id: int | None = None
    payment_id: int | None = None
    statement_id: int | None = None
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

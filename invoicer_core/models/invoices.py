"""Invoices and credit notes with their items and tax groups; the series that number them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from invoicer_core.models.base import Base, Edited, OfBusiness, Public, Row, owned


class Series(Row, OfBusiness, Edited, Base):
    """A run of numbers with a pattern and a reset rule."""

    __tablename__ = "series"

    document_type: Mapped[str]
    name: Mapped[str]
    pattern: Mapped[str]
    reset: Mapped[str] = mapped_column(server_default=text("'yearly'"))
    is_default: Mapped[bool] = mapped_column(server_default=text("true"))
    ordered_dates: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (
        *owned("series"),
        UniqueConstraint("business_id", "document_type", "name"),
        Index(
            "uq_series_default",
            "business_id",
            "document_type",
            unique=True,
            postgresql_where=text("is_default"),
        ),
        CheckConstraint(
            "document_type IN ('invoice', 'credit_note', 'quote', 'order', 'receipt')",
            name="document_type",
        ),
        CheckConstraint("reset IN ('never', 'yearly', 'fiscal_year', 'monthly')", name="reset"),
    )


class SeriesCounter(OfBusiness, Base):
    """The last number given in one period of a series. Its row is the lock that numbers take."""

    __tablename__ = "series_counters"

    series_id: Mapped[int] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]
    last_date: Mapped[date]

    __table_args__ = (
        ForeignKeyConstraint(["business_id", "series_id"], ["series.business_id", "series.id"]),
        {"postgresql_with": {"fillfactor": 50}},
    )


class DocumentColumns:
    """What an invoice and a credit note have in common."""

    client_id: Mapped[int]
    client_public_id: Mapped[UUID]
    client_name: Mapped[str]
    series_id: Mapped[int | None]
    period: Mapped[str | None]
    seq: Mapped[int | None]
    number: Mapped[str | None]
    currency: Mapped[str]
    prices_include_tax: Mapped[bool] = mapped_column(server_default=text("false"))
    issue_date: Mapped[date | None]
    issued_at: Mapped[datetime | None]
    notes: Mapped[str | None]
    adjustments: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    subtotal: Mapped[Decimal]
    discount_total: Mapped[Decimal]
    charge_total: Mapped[Decimal]
    net_total: Mapped[Decimal]
    tax_total: Mapped[Decimal]
    total_amount: Mapped[Decimal]
    withheld_total: Mapped[Decimal]
    prepaid_total: Mapped[Decimal]
    rounding: Mapped[Decimal]
    amount_due: Mapped[Decimal]
    seller: Mapped[dict[str, Any] | None]
    buyer: Mapped[dict[str, Any] | None]


class Invoice(Row, OfBusiness, Edited, Public, DocumentColumns, Base):
    """The sales document we issue.

    ``settled`` is the sum of its allocations, kept by trigger; the balance is
    ``amount_due - settled``. After ``issued_at`` is set a trigger refuses to change what counts.
    """

    __tablename__ = "invoices"

    state: Mapped[str] = mapped_column(server_default=text("'draft'"))
    due_date: Mapped[date | None]
    order_id: Mapped[int | None]
    buyer_reference: Mapped[str | None]
    purchase_order: Mapped[str | None]
    payment_terms: Mapped[str | None]
    payment_means: Mapped[str | None]
    exchange_rate: Mapped[Decimal | None]
    internal_note: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    reminders_stopped: Mapped[bool] = mapped_column(server_default=text("false"))
    settled: Mapped[Decimal] = mapped_column(server_default=text("0"))
    sent_at: Mapped[datetime | None]
    viewed_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str | None]
    overdue_noted_for: Mapped[date | None]
    plugins: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    deleted_at: Mapped[datetime | None]
    search: Mapped[str] = mapped_column(
        Computed("lower(coalesce(number, '') || ' ' || client_name)", persisted=True)
    )

    __table_args__ = (
        *owned(
            "invoices",
            refers=[("client_id", "clients"), ("order_id", "orders"), ("series_id", "series")],
            root=False,
        ),
        UniqueConstraint("business_id", "series_id", "number"),
        CheckConstraint("state IN ('draft', 'issued', 'void')", name="state"),
        CheckConstraint("(state = 'draft') = (issued_at IS NULL)", name="issued_at"),
        CheckConstraint("(issued_at IS NULL) = (number IS NULL)", name="number"),
        CheckConstraint("(state = 'void') = (voided_at IS NOT NULL)", name="voided_at"),
        CheckConstraint("settled >= 0 AND settled <= greatest(amount_due, 0)", name="settled"),
        CheckConstraint("deleted_at IS NULL OR issued_at IS NULL", name="deleted"),
        Index(
            "ix_invoices_newest",
            "business_id",
            text("id DESC"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_invoices_open",
            "business_id",
            "due_date",
            postgresql_where=text("state = 'issued' AND settled < amount_due"),
        ),
        Index("ix_invoices_issue_date", "business_id", "issue_date"),
        Index(
            "ix_invoices_search",
            "business_id",
            "search",
            postgresql_using="gin",
            postgresql_ops={"search": "gin_trgm_ops"},
        ),
    )


class ItemColumns:
    """One line of a document, as entered and as computed."""

    position: Mapped[int]
    product_id: Mapped[int | None]
    description: Mapped[str]
    details: Mapped[str | None]
    sku: Mapped[str | None]
    quantity: Mapped[Decimal]
    unit: Mapped[str]
    unit_price: Mapped[Decimal]
    base_quantity: Mapped[Decimal]
    period_start: Mapped[date | None]
    period_end: Mapped[date | None]
    adjustments: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    taxes: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    gross_amount: Mapped[Decimal]
    total_price: Mapped[Decimal]
    net_amount: Mapped[Decimal]


class InvoiceItem(Row, OfBusiness, ItemColumns, Base):
    """One line of an invoice."""

    __tablename__ = "invoice_items"

    invoice_id: Mapped[int]

    __table_args__ = (
        UniqueConstraint("business_id", "id"),
        Index("ix_invoice_items_invoice_id", "business_id", "invoice_id", "position"),
        ForeignKeyConstraint(
            ["business_id", "invoice_id"],
            ["invoices.business_id", "invoices.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["business_id", "product_id"], ["products.business_id", "products.id"]
        ),
    )


class TaxColumns:
    """The tax of one group."""

    position: Mapped[int]
    name: Mapped[str]
    category: Mapped[str]
    rate: Mapped[Decimal]
    base: Mapped[Decimal]
    tax: Mapped[Decimal]
    compound: Mapped[bool] = mapped_column(server_default=text("false"))
    exemption_code: Mapped[str | None]
    exemption_text: Mapped[str | None]


class InvoiceTax(Row, OfBusiness, TaxColumns, Base):
    """One tax group of an invoice."""

    __tablename__ = "invoice_taxes"

    invoice_id: Mapped[int]

    __table_args__ = (
        UniqueConstraint("business_id", "id"),
        Index("ix_invoice_taxes_invoice_id", "business_id", "invoice_id", "position"),
        ForeignKeyConstraint(
            ["business_id", "invoice_id"],
            ["invoices.business_id", "invoices.id"],
            ondelete="CASCADE",
        ),
    )


class CreditNote(Row, OfBusiness, Edited, Public, DocumentColumns, Base):
    """A numbered document that lowers one invoice. Born issued; positive amounts."""

    __tablename__ = "credit_notes"

    invoice_id: Mapped[int]
    invoice_number: Mapped[str]
    reason: Mapped[str | None]
    settlement: Mapped[str]
    allocated: Mapped[Decimal] = mapped_column(server_default=text("0"))
    surplus: Mapped[Decimal] = mapped_column(server_default=text("0"))

    __table_args__ = (
        *owned(
            "credit_notes",
            refers=[("client_id", "clients"), ("invoice_id", "invoices")],
            root=False,
        ),
        UniqueConstraint("business_id", "series_id", "number"),
        CheckConstraint("settlement IN ('refund', 'credit', 'out_of_band')", name="settlement"),
        CheckConstraint(
            "allocated >= 0 AND surplus >= 0 AND allocated <= amount_due AND surplus <= amount_due",
            name="parts",
        ),
    )


class CreditNoteItem(Row, OfBusiness, ItemColumns, Base):
    """One line of a credit note."""

    __tablename__ = "credit_note_items"

    credit_note_id: Mapped[int]

    __table_args__ = owned(
        "credit_note_items", refers=[("credit_note_id", "credit_notes")], root=False
    )


class CreditNoteTax(Row, OfBusiness, TaxColumns, Base):
    """One tax group of a credit note."""

    __tablename__ = "credit_note_taxes"

    credit_note_id: Mapped[int]

    __table_args__ = owned(
        "credit_note_taxes", refers=[("credit_note_id", "credit_notes")], root=False
    )

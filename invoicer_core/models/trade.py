"""Files attached to other things, what suppliers bill, and what was paid to them."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from invoicer_core.models.base import Base, Edited, OfBusiness, Row, owned


class Attachment(Row, OfBusiness, Base):
    """A file on one other thing. Taking it off leaves the row, with the moment of it."""

    __tablename__ = "attachments"

    file_id: Mapped[int]
    invoice_id: Mapped[int | None]
    client_id: Mapped[int | None]
    product_id: Mapped[int | None]
    supplier_id: Mapped[int | None]
    bill_id: Mapped[int | None]
    order_id: Mapped[int | None]
    actor: Mapped[str]
    removed_at: Mapped[datetime | None]

    __table_args__ = (
        *owned(
            "attachments",
            refers=[
                ("file_id", "files"),
                ("invoice_id", "invoices"),
                ("client_id", "clients"),
                ("product_id", "products"),
                ("supplier_id", "suppliers"),
                ("bill_id", "bills"),
                ("order_id", "orders"),
            ],
            root=False,
        ),
        CheckConstraint(
            "num_nonnulls(invoice_id, client_id, product_id, supplier_id, bill_id, order_id) = 1",
            name="one",
        ),
        Index(
            "uq_attachments_once",
            "business_id",
            "file_id",
            text("coalesce(invoice_id, 0)"),
            text("coalesce(client_id, 0)"),
            text("coalesce(product_id, 0)"),
            text("coalesce(supplier_id, 0)"),
            text("coalesce(bill_id, 0)"),
            text("coalesce(order_id, 0)"),
            unique=True,
            postgresql_where=text("removed_at IS NULL"),
        ),
    )


class Bill(Row, OfBusiness, Edited, Base):
    """A supplier's invoice to us. ``paid`` is kept by trigger."""

    __tablename__ = "bills"

    supplier_id: Mapped[int]
    number: Mapped[str]
    bill_date: Mapped[date]
    due_date: Mapped[date | None]
    currency: Mapped[str]
    tax_amount: Mapped[Decimal]
    total_amount: Mapped[Decimal]
    paid: Mapped[Decimal] = mapped_column(server_default=text("0"))
    notes: Mapped[str | None]
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str | None]

    __table_args__ = (
        *owned("bills", refers=[("supplier_id", "suppliers")], root=False),
        CheckConstraint("total_amount > 0 AND tax_amount >= 0", name="amounts"),
        CheckConstraint("tax_amount < total_amount", name="tax"),
        CheckConstraint("paid >= 0 AND paid <= total_amount", name="paid"),
        CheckConstraint("voided_at IS NULL OR paid = 0", name="void"),
        Index(
            "uq_bills_number",
            "business_id",
            "supplier_id",
            text("lower(number)"),
            unique=True,
            postgresql_where=text("voided_at IS NULL"),
        ),
        Index(
            "ix_bills_open",
            "business_id",
            "due_date",
            postgresql_where=text("voided_at IS NULL AND paid < total_amount"),
        ),
    )


class BillPayment(Row, OfBusiness, Base):
    """Money paid to a supplier for one bill. Append only: a mistake is countered by a row with
    the negative amount."""

    __tablename__ = "bill_payments"

    bill_id: Mapped[int]
    amount: Mapped[Decimal]
    date: Mapped[date]
    method: Mapped[str]
    reference: Mapped[str | None]
    reason: Mapped[str | None]
    reverses_id: Mapped[int | None]
    actor: Mapped[str]

    __table_args__ = (
        *owned(
            "bill_payments",
            refers=[("bill_id", "bills"), ("reverses_id", "bill_payments")],
            root=False,
        ),
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("(amount < 0) = (reverses_id IS NOT NULL)", name="reverses"),
        UniqueConstraint("business_id", "reverses_id"),
    )

"""Money received, what it was put on, and money that went back. Only ever countered."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from invoicer_core.models.base import Base, Edited, OfBusiness, Public, Row, owned


class Payment(Row, OfBusiness, Edited, Public, Base):
    """Money received, or being received. A row before any gateway is called.

    ``allocated`` and ``refunded`` are kept by trigger; what remains is the client's credit.
    """

    __tablename__ = "payments"

    client_id: Mapped[int]
    invoice_id: Mapped[int | None]
    amount: Mapped[Decimal]
    currency: Mapped[str]
    method: Mapped[str]
    status: Mapped[str]
    date: Mapped[date]
    reference: Mapped[str | None]
    note: Mapped[str | None]
    provider: Mapped[str]
    provider_ref: Mapped[str | None]
    recorded_by: Mapped[str]
    allocated: Mapped[Decimal] = mapped_column(server_default=text("0"))
    refunded: Mapped[Decimal] = mapped_column(server_default=text("0"))

    __table_args__ = (
        *owned(
            "payments", refers=[("client_id", "clients"), ("invoice_id", "invoices")], root=False
        ),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint(
            "allocated >= 0 AND refunded >= 0 AND allocated + refunded <= amount", name="parts"
        ),
        CheckConstraint(
            "status IN ('pending', 'succeeded', 'failed', 'unknown', 'partly_refunded',"
            " 'refunded', 'disputed')",
            name="status",
        ),
        UniqueConstraint("business_id", "provider", "provider_ref"),
        Index("ix_payments_newest", "business_id", text("id DESC")),
    )


class Allocation(Row, OfBusiness, Base):
    """A posting on an invoice: part of a payment, of a credit note, or a write-off.

    Append only: a mistake is countered by a row with the negative amount.
    """

    __tablename__ = "allocations"

    invoice_id: Mapped[int]
    kind: Mapped[str]
    payment_id: Mapped[int | None]
    credit_note_id: Mapped[int | None]
    amount: Mapped[Decimal]
    reason: Mapped[str | None]
    reverses_id: Mapped[int | None]
    actor: Mapped[str]

    __table_args__ = (
        *owned(
            "allocations",
            refers=[
                ("invoice_id", "invoices"),
                ("payment_id", "payments"),
                ("credit_note_id", "credit_notes"),
                ("reverses_id", "allocations"),
            ],
            root=False,
        ),
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint(
            "(kind = 'payment' AND payment_id IS NOT NULL AND credit_note_id IS NULL)"
            " OR (kind = 'credit_note' AND credit_note_id IS NOT NULL AND payment_id IS NULL)"
            " OR (kind = 'write_off' AND payment_id IS NULL AND credit_note_id IS NULL)",
            name="kind",
        ),
        UniqueConstraint("business_id", "reverses_id"),
    )


class Refund(Row, OfBusiness, Base):
    """Money going back of a payment. Append only."""

    __tablename__ = "refunds"

    payment_id: Mapped[int]
    amount: Mapped[Decimal]
    reason: Mapped[str | None]
    provider_ref: Mapped[str | None]
    actor: Mapped[str]

    __table_args__ = (
        *owned("refunds", refers=[("payment_id", "payments")], root=False),
        CheckConstraint("amount > 0", name="amount"),
    )


class Dispute(Row, OfBusiness, Base):
    """A case of a payer's bank against a payment; ``provider_ref`` is the provider's name of it."""

    __tablename__ = "disputes"

    payment_id: Mapped[int]
    provider_ref: Mapped[str]
    amount: Mapped[Decimal]
    reason: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default=text("'open'"))
    closed_at: Mapped[datetime | None]

    __table_args__ = (
        *owned("disputes", refers=[("payment_id", "payments")], root=False),
        UniqueConstraint("business_id", "payment_id", "provider_ref"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("state IN ('open', 'won', 'lost')", name="state"),
    )

"""Statements of account as they were sent, consents of contacts, refunds asked of providers."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from invoicer_core.models.base import Base, OfBusiness, Public, Row, owned


class Statement(Row, OfBusiness, Public, Base):
    """A client's account over a period, frozen: ``body`` is what its PDF says."""

    __tablename__ = "statements"

    client_id: Mapped[int]
    currency: Mapped[str]
    start_date: Mapped[date]
    end_date: Mapped[date]
    opening_balance: Mapped[Decimal]
    closing_balance: Mapped[Decimal]
    body: Mapped[dict[str, Any]]
    digest: Mapped[str]
    actor: Mapped[str]

    __table_args__ = owned("statements", refers=[("client_id", "clients")], root=False)


class ContactConsent(Row, OfBusiness, Base):
    """A contact agreed to a channel on a day, or took it back; or whoever has an address did, of
    which only a hash is kept. The newest row counts; append only, and gone with the contact."""

    __tablename__ = "contact_consents"

    contact_id: Mapped[int | None]
    address_hash: Mapped[bytes | None]
    channel: Mapped[str]
    given: Mapped[bool]
    how: Mapped[str]
    day: Mapped[date]
    actor: Mapped[str]

    __table_args__ = (
        UniqueConstraint("business_id", "id"),
        Index("ix_contact_consents_contact_id", "business_id", "contact_id"),
        ForeignKeyConstraint(
            ["business_id", "contact_id"],
            ["contacts.business_id", "contacts.id"],
            ondelete="CASCADE",
        ),
        Index("ix_contact_consents_address_hash", "business_id", "address_hash"),
        CheckConstraint("num_nonnulls(contact_id, address_hash) = 1", name="whose"),
        CheckConstraint("channel ~ '^[a-z][a-z0-9_.-]{0,63}$'", name="channel"),
    )


class StatementRunRow(OfBusiness, Base):
    """What became of one client's account in a run that sends statements to all who owe."""

    __tablename__ = "statement_run_rows"

    business_id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    outcome: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    reason: Mapped[str | None]
    statement_id: Mapped[int | None]
    message_id: Mapped[int | None]

    __table_args__ = (
        *(
            ForeignKeyConstraint(["business_id", column], [f"{table}.business_id", f"{table}.id"])
            for column, table in (
                ("task_id", "tasks"), ("client_id", "clients"), ("statement_id", "statements"),
                ("message_id", "messages"),
            )
        ),
        *(
            Index(f"ix_statement_run_rows_{column}", "business_id", column)
            for column in ("client_id", "statement_id", "message_id")
        ),
        CheckConstraint("outcome IN ('waiting', 'sent', 'skipped', 'failed')", name="outcome"),
    )  # fmt: skip


class RefundAttempt(Row, OfBusiness, Public, Base):
    """A refund asked of a provider, written down before it is asked; ``public_id`` is the key under
    which the provider does it once. ``unknown`` until the provider has answered."""

    __tablename__ = "refund_attempts"

    payment_id: Mapped[int]
    amount: Mapped[Decimal]
    reason: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default=text("'unknown'"))
    provider_ref: Mapped[str | None]
    error: Mapped[str | None]
    actor: Mapped[str]

    __table_args__ = (
        *owned("refund_attempts", refers=[("payment_id", "payments")], root=False),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("state IN ('unknown', 'succeeded', 'failed')", name="state"),
    )

"""What the plugin keeps: what was begun at Stripe, cards that clients let us charge, odd calls.

The references to the core's tables stand in the migration."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from invoicer_core.plugin.tables import DeclarativeBase, OfBusiness, table_registry


class Base(DeclarativeBase):
    """Tables of this plugin."""

    registry = table_registry("stripe")


class Begun(OfBusiness, Base):
    """Something begun at Stripe, written down before Stripe is called: what Stripe says of it
    later has effect only where it is this, over this amount.

    ``kind``: ``page`` a pay page, ``charge`` a saved card that is charged, ``card`` a page on which
    a card is saved. ``amount`` is in Stripe's smallest unit.
    """

    __tablename__ = "begun"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    attempt_id: Mapped[UUID]
    kind: Mapped[str]
    client_id: Mapped[int]
    invoice_id: Mapped[int]
    amount: Mapped[int]
    currency: Mapped[str]
    livemode: Mapped[bool]
    session_id: Mapped[str | None]
    intent_id: Mapped[str | None]
    is_over: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (
        UniqueConstraint("business_id", "attempt_id"),
        UniqueConstraint("business_id", "session_id"),
        UniqueConstraint("business_id", "intent_id"),
        Index("ix_begun_invoice_id", "business_id", "invoice_id"),
    )


class Card(OfBusiness, Base):
    """A client's way to pay that is kept at Stripe, and the words with which they agreed to have
    it charged. ``method_id`` is set while it may be charged."""

    __tablename__ = "cards"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    client_id: Mapped[int]
    livemode: Mapped[bool]
    customer_id: Mapped[str]
    method_id: Mapped[str | None]
    brand: Mapped[str | None]
    last4: Mapped[str | None]
    agreed_text: Mapped[str | None]
    agreed_at: Mapped[datetime | None]
    agreed_from: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (UniqueConstraint("business_id", "client_id", "livemode"),)


class Odd(OfBusiness, Base):
    """Genuine calls of Stripe that were given no effect, counted by reason."""

    __tablename__ = "odd"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    reason: Mapped[str]
    times: Mapped[int] = mapped_column(server_default=text("1"))
    last_event: Mapped[str]
    last_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (UniqueConstraint("business_id", "reason"),)

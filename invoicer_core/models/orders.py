"""Clients' orders and their items."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from invoicer_core.models.base import Base, Edited, OfBusiness, Public, Row, owned


class Order(Row, OfBusiness, Edited, Public, Base):
    """A client's order."""

    __tablename__ = "orders"

    order_number: Mapped[str]
    client_id: Mapped[int]
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    currency: Mapped[str]
    total_amount: Mapped[Decimal]
    order_date: Mapped[date]
    notes: Mapped[str | None]
    deleted_at: Mapped[datetime | None]

    __table_args__ = (
        *owned("orders", refers=[("client_id", "clients")], root=False),
        UniqueConstraint("business_id", "order_number"),
        CheckConstraint(
            "status IN ('pending', 'processing', 'completed', 'cancelled')", name="status"
        ),
    )


class OrderItem(Row, OfBusiness, Base):
    """One line of an order."""

    __tablename__ = "order_items"

    order_id: Mapped[int]
    position: Mapped[int]
    product_id: Mapped[int | None]
    product_name: Mapped[str]
    quantity: Mapped[Decimal]
    unit: Mapped[str | None]
    unit_price: Mapped[Decimal]
    total_price: Mapped[Decimal]
    invoiced_quantity: Mapped[Decimal] = mapped_column(server_default=text("0"))
    taxes: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))

    __table_args__ = (
        *owned("order_items", refers=[("product_id", "products")], root=False),
        Index("ix_order_items_order_id", "business_id", "order_id", "position"),
        ForeignKeyConstraint(
            ["business_id", "order_id"],
            ["orders.business_id", "orders.id"],
            ondelete="CASCADE",
        ),
    )

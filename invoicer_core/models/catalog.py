"""Products with categories, tax rates and stock."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Computed, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from invoicer_core.models.base import Base, Edited, OfBusiness, Public, Row, owned


class TaxRate(Row, OfBusiness, Edited, Base):
    """A tax of the business: category, percent, exemption, validity [BT-151, BT-152]."""

    __tablename__ = "tax_rates"

    name: Mapped[str]
    category: Mapped[str] = mapped_column(server_default=text("'S'"))
    rate: Mapped[Decimal]
    exemption_code: Mapped[str | None]
    exemption_text: Mapped[str | None]
    compound: Mapped[bool] = mapped_column(server_default=text("false"))
    is_default: Mapped[bool] = mapped_column(server_default=text("false"))
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    archived_at: Mapped[datetime | None]

    __table_args__ = (
        *owned("tax_rates"),
        CheckConstraint("category IN ('S','Z','E','AE','K','G','O','L','M')", name="category"),
    )


class Category(Row, OfBusiness, Edited, Base):
    """A group of products."""

    __tablename__ = "categories"

    name: Mapped[str]
    parent_id: Mapped[int | None]

    __table_args__ = (
        *owned("categories", refers=[("parent_id", "categories")]),
        UniqueConstraint("business_id", "name"),
    )


class Product(Row, OfBusiness, Edited, Public, Base):
    """A catalogue entry."""

    __tablename__ = "products"

    sku: Mapped[str | None]
    name: Mapped[str]
    description: Mapped[str | None]
    category_id: Mapped[int | None]
    unit: Mapped[str] = mapped_column(server_default=text("'C62'"))
    unit_price: Mapped[Decimal]
    cost_price: Mapped[Decimal | None]
    currency: Mapped[str | None]
    tax_rate_id: Mapped[int | None]
    stock_quantity: Mapped[Decimal | None]
    low_stock_level: Mapped[Decimal | None]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    deleted_at: Mapped[datetime | None]
    search: Mapped[str] = mapped_column(
        Computed(
            "lower(name || ' ' || coalesce(sku, '') || ' ' || coalesce(description, ''))",
            persisted=True,
        )
    )

    __table_args__ = (
        *owned("products", refers=[("category_id", "categories"), ("tax_rate_id", "tax_rates")]),
        Index(
            "uq_products_sku",
            "business_id",
            text("lower(sku)"),
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_products_search",
            "business_id",
            "search",
            postgresql_using="gin",
            postgresql_ops={"search": "gin_trgm_ops"},
        ),
    )


class StockMovement(Row, OfBusiness, Base):
    """One change of a product's stock, with its reason. Append only; an invoice moves a product
    once for each reason, however often it is told."""

    __tablename__ = "stock_movements"

    product_id: Mapped[int]
    quantity: Mapped[Decimal]
    stock_after: Mapped[Decimal]
    reason: Mapped[str]
    invoice_id: Mapped[int | None]
    actor: Mapped[str]

    __table_args__ = (
        *owned("stock_movements", refers=[("product_id", "products")]),
        Index(
            "uq_stock_movements_invoice",
            "business_id",
            "invoice_id",
            "product_id",
            "reason",
            unique=True,
            postgresql_where=text("invoice_id IS NOT NULL"),
        ),
    )

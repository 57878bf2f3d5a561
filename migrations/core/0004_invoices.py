"""Series of numbers, invoices."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "series",
        sa.Column("document_type", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("reset", sa.Text(), server_default=sa.text("'yearly'"), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("ordered_dates", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "document_type IN ('invoice', 'credit_note', 'quote', 'order', 'receipt')",
            name="ck_series_document_type",
        ),
        sa.CheckConstraint(
            "reset IN ('never', 'yearly', 'fiscal_year', 'monthly')", name="ck_series_reset"
        ),
        sa.ForeignKeyConstraint(["business_id"], ["businesses.id"], name="fk_series_business_id"),
        sa.PrimaryKeyConstraint("id", name="pk_series"),
        sa.UniqueConstraint(
            "business_id", "document_type", "name", name="uq_series_business_id_document_type_name"
        ),
        sa.UniqueConstraint("business_id", "id", name="uq_series_business_id_id"),
    )
    op.create_index(
        "uq_series_default",
        "series",
        ["business_id", "document_type"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )
    op.create_table(
        "series_counters",
        sa.Column("series_id", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("last_date", sa.Date(), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id", "series_id"],
            ["series.business_id", "series.id"],
            name="fk_series_counters_business_id_series_id",
        ),
        sa.PrimaryKeyConstraint("series_id", "period", name="pk_series_counters"),
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "invoices",
        sa.Column("state", sa.Text(), server_default=sa.text("'draft'"), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("buyer_reference", sa.Text(), nullable=True),
        sa.Column("purchase_order", sa.Text(), nullable=True),
        sa.Column("payment_terms", sa.Text(), nullable=True),
        sa.Column("payment_means", sa.Text(), nullable=True),
        sa.Column("exchange_rate", sa.Numeric(), nullable=True),
        sa.Column("internal_note", sa.Text(), nullable=True),
        sa.Column(
            "tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column(
            "reminders_stopped", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
        sa.Column("settled", sa.Numeric(), server_default=sa.text("0"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("viewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.Column("overdue_noted_for", sa.Date(), nullable=True),
        sa.Column(
            "plugins",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "search",
            sa.Text(),
            sa.Computed("lower(coalesce(number, '') || ' ' || client_name)", persisted=True),
            nullable=False,
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "public_id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False
        ),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("client_public_id", sa.Uuid(), nullable=False),
        sa.Column("client_name", sa.Text(), nullable=False),
        sa.Column("series_id", sa.BigInteger(), nullable=True),
        sa.Column("period", sa.Text(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column(
            "prices_include_tax", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
        sa.Column("issue_date", sa.Date(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column(
            "adjustments",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("subtotal", sa.Numeric(), nullable=False),
        sa.Column("discount_total", sa.Numeric(), nullable=False),
        sa.Column("charge_total", sa.Numeric(), nullable=False),
        sa.Column("net_total", sa.Numeric(), nullable=False),
        sa.Column("tax_total", sa.Numeric(), nullable=False),
        sa.Column("total_amount", sa.Numeric(), nullable=False),
        sa.Column("withheld_total", sa.Numeric(), nullable=False),
        sa.Column("prepaid_total", sa.Numeric(), nullable=False),
        sa.Column("rounding", sa.Numeric(), nullable=False),
        sa.Column("amount_due", sa.Numeric(), nullable=False),
        sa.Column("seller", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("buyer", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("(state = 'draft') = (issued_at IS NULL)", name="ck_invoices_issued_at"),
        sa.CheckConstraint(
            "(state = 'void') = (voided_at IS NOT NULL)", name="ck_invoices_voided_at"
        ),
        sa.CheckConstraint("state IN ('draft', 'issued', 'void')", name="ck_invoices_state"),
        sa.CheckConstraint("(issued_at IS NULL) = (number IS NULL)", name="ck_invoices_number"),
        sa.CheckConstraint("deleted_at IS NULL OR issued_at IS NULL", name="ck_invoices_deleted"),
        sa.CheckConstraint(
            "settled >= 0 AND settled <= greatest(amount_due, 0)", name="ck_invoices_settled"
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "client_id"],
            ["clients.business_id", "clients.id"],
            name="fk_invoices_business_id_client_id",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "order_id"],
            ["orders.business_id", "orders.id"],
            name="fk_invoices_business_id_order_id",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "series_id"],
            ["series.business_id", "series.id"],
            name="fk_invoices_business_id_series_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_invoices"),
        sa.UniqueConstraint("business_id", "id", name="uq_invoices_business_id_id"),
        sa.UniqueConstraint(
            "business_id", "series_id", "number", name="uq_invoices_business_id_series_id_number"
        ),
        sa.UniqueConstraint("public_id", name="uq_invoices_public_id"),
    )
    op.create_index("ix_invoices_client_id", "invoices", ["business_id", "client_id"], unique=False)
    op.create_index(
        "ix_invoices_issue_date", "invoices", ["business_id", "issue_date"], unique=False
    )
    op.create_index(
        "ix_invoices_newest",
        "invoices",
        ["business_id", sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_invoices_open",
        "invoices",
        ["business_id", "due_date"],
        unique=False,
        postgresql_where=sa.text("state = 'issued' AND settled < amount_due"),
    )
    op.create_index("ix_invoices_order_id", "invoices", ["business_id", "order_id"], unique=False)
    op.create_index(
        "ix_invoices_search",
        "invoices",
        ["business_id", "search"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search": "gin_trgm_ops"},
    )
    op.create_index("ix_invoices_series_id", "invoices", ["business_id", "series_id"], unique=False)
    op.create_table(
        "invoice_items",
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=True),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Numeric(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_price", sa.Numeric(), nullable=False),
        sa.Column("base_quantity", sa.Numeric(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=True),
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column(
            "adjustments",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "taxes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("gross_amount", sa.Numeric(), nullable=False),
        sa.Column("total_price", sa.Numeric(), nullable=False),
        sa.Column("net_amount", sa.Numeric(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id", "invoice_id"],
            ["invoices.business_id", "invoices.id"],
            name="fk_invoice_items_business_id_invoice_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "product_id"],
            ["products.business_id", "products.id"],
            name="fk_invoice_items_business_id_product_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_invoice_items"),
        sa.UniqueConstraint("business_id", "id", name="uq_invoice_items_business_id_id"),
    )
    op.create_index(
        "ix_invoice_items_invoice_id",
        "invoice_items",
        ["business_id", "invoice_id", "position"],
        unique=False,
    )
    op.create_table(
        "invoice_taxes",
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("rate", sa.Numeric(), nullable=False),
        sa.Column("base", sa.Numeric(), nullable=False),
        sa.Column("tax", sa.Numeric(), nullable=False),
        sa.Column("compound", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("exemption_code", sa.Text(), nullable=True),
        sa.Column("exemption_text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["business_id", "invoice_id"],
            ["invoices.business_id", "invoices.id"],
            name="fk_invoice_taxes_business_id_invoice_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_invoice_taxes"),
        sa.UniqueConstraint("business_id", "id", name="uq_invoice_taxes_business_id_id"),
    )
    op.create_index(
        "ix_invoice_taxes_invoice_id",
        "invoice_taxes",
        ["business_id", "invoice_id", "position"],
        unique=False,
    )


def downgrade() -> None:
    raise NotImplementedError("the first tables are not taken back: restore a backup instead")

"""Invoices, credit notes, payments, messages."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
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
        "credit_notes",
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_number", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("settlement", sa.Text(), nullable=False),
        sa.Column("allocated", sa.Numeric(), server_default=sa.text("0"), nullable=False),
        sa.Column("surplus", sa.Numeric(), server_default=sa.text("0"), nullable=False),
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
        sa.CheckConstraint(
            "settlement IN ('refund', 'credit', 'out_of_band')", name="ck_credit_notes_settlement"
        ),
        sa.CheckConstraint(
            "allocated >= 0 AND surplus >= 0 AND allocated <= amount_due AND surplus <= amount_due",
            name="ck_credit_notes_parts",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "client_id"],
            ["clients.business_id", "clients.id"],
            name="fk_credit_notes_business_id_client_id",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "invoice_id"],
            ["invoices.business_id", "invoices.id"],
            name="fk_credit_notes_business_id_invoice_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_credit_notes"),
        sa.UniqueConstraint("business_id", "id", name="uq_credit_notes_business_id_id"),
        sa.UniqueConstraint(
            "business_id",
            "series_id",
            "number",
            name="uq_credit_notes_business_id_series_id_number",
        ),
        sa.UniqueConstraint("public_id", name="uq_credit_notes_public_id"),
    )
    op.create_index(
        "ix_credit_notes_client_id", "credit_notes", ["business_id", "client_id"], unique=False
    )
    op.create_index(
        "ix_credit_notes_invoice_id", "credit_notes", ["business_id", "invoice_id"], unique=False
    )
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
    op.create_table(
        "messages",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=True),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'queued'"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column(
            "attachments",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
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
        sa.CheckConstraint(
            "state IN ('queued', 'sent', 'delivered', 'failed', 'bounced', 'read', 'unknown')",
            name="ck_messages_state",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "client_id"],
            ["clients.business_id", "clients.id"],
            name="fk_messages_business_id_client_id",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "invoice_id"],
            ["invoices.business_id", "invoices.id"],
            name="fk_messages_business_id_invoice_id",
        ),
        sa.ForeignKeyConstraint(["business_id"], ["businesses.id"], name="fk_messages_business_id"),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("business_id", "id", name="uq_messages_business_id_id"),
        sa.UniqueConstraint("business_id", "token", name="uq_messages_business_id_token"),
    )
    op.create_index("ix_messages_client_id", "messages", ["business_id", "client_id"], unique=False)
    op.create_index(
        "ix_messages_invoice_id", "messages", ["business_id", "invoice_id"], unique=False
    )
    op.create_index(
        "ix_messages_newest",
        "messages",
        ["business_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "payments",
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("allocated", sa.Numeric(), server_default=sa.text("0"), nullable=False),
        sa.Column("refunded", sa.Numeric(), server_default=sa.text("0"), nullable=False),
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
        sa.CheckConstraint(
            "status IN ('pending', 'succeeded', 'failed', 'unknown', 'partly_refunded', 'refunded', 'disputed')",
            name="ck_payments_status",
        ),
        sa.CheckConstraint(
            "allocated >= 0 AND refunded >= 0 AND allocated + refunded <= amount",
            name="ck_payments_parts",
        ),
        sa.CheckConstraint("amount > 0", name="ck_payments_amount"),
        sa.ForeignKeyConstraint(
            ["business_id", "client_id"],
            ["clients.business_id", "clients.id"],
            name="fk_payments_business_id_client_id",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "invoice_id"],
            ["invoices.business_id", "invoices.id"],
            name="fk_payments_business_id_invoice_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_payments"),
        sa.UniqueConstraint("business_id", "id", name="uq_payments_business_id_id"),
        sa.UniqueConstraint(
            "business_id",
            "provider",
            "provider_ref",
            name="uq_payments_business_id_provider_provider_ref",
        ),
        sa.UniqueConstraint("public_id", name="uq_payments_public_id"),
    )
    op.create_index("ix_payments_client_id", "payments", ["business_id", "client_id"], unique=False)
    op.create_index(
        "ix_payments_invoice_id", "payments", ["business_id", "invoice_id"], unique=False
    )
    op.create_index(
        "ix_payments_newest",
        "payments",
        ["business_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "allocations",
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("credit_note_id", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reverses_id", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'payment' AND payment_id IS NOT NULL AND credit_note_id IS NULL) OR (kind = 'credit_note' AND credit_note_id IS NOT NULL AND payment_id IS NULL) OR (kind = 'write_off' AND payment_id IS NULL AND credit_note_id IS NULL)",
            name="ck_allocations_kind",
        ),
        sa.CheckConstraint("amount <> 0", name="ck_allocations_amount"),
        sa.ForeignKeyConstraint(
            ["business_id", "credit_note_id"],
            ["credit_notes.business_id", "credit_notes.id"],
            name="fk_allocations_business_id_credit_note_id",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "invoice_id"],
            ["invoices.business_id", "invoices.id"],
            name="fk_allocations_business_id_invoice_id",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "payment_id"],
            ["payments.business_id", "payments.id"],
            name="fk_allocations_business_id_payment_id",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "reverses_id"],
            ["allocations.business_id", "allocations.id"],
            name="fk_allocations_business_id_reverses_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_allocations"),
        sa.UniqueConstraint("business_id", "id", name="uq_allocations_business_id_id"),
        sa.UniqueConstraint(
            "business_id", "reverses_id", name="uq_allocations_business_id_reverses_id"
        ),
    )
    op.create_index(
        "ix_allocations_credit_note_id",
        "allocations",
        ["business_id", "credit_note_id"],
        unique=False,
    )
    op.create_index(
        "ix_allocations_invoice_id", "allocations", ["business_id", "invoice_id"], unique=False
    )
    op.create_index(
        "ix_allocations_payment_id", "allocations", ["business_id", "payment_id"], unique=False
    )
    op.create_index(
        "ix_allocations_reverses_id", "allocations", ["business_id", "reverses_id"], unique=False
    )
    op.create_table(
        "credit_note_items",
        sa.Column("credit_note_id", sa.BigInteger(), nullable=False),
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
            ["business_id", "credit_note_id"],
            ["credit_notes.business_id", "credit_notes.id"],
            name="fk_credit_note_items_business_id_credit_note_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_credit_note_items"),
        sa.UniqueConstraint("business_id", "id", name="uq_credit_note_items_business_id_id"),
    )
    op.create_index(
        "ix_credit_note_items_credit_note_id",
        "credit_note_items",
        ["business_id", "credit_note_id"],
        unique=False,
    )
    op.create_table(
        "credit_note_taxes",
        sa.Column("credit_note_id", sa.BigInteger(), nullable=False),
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
            ["business_id", "credit_note_id"],
            ["credit_notes.business_id", "credit_notes.id"],
            name="fk_credit_note_taxes_business_id_credit_note_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_credit_note_taxes"),
        sa.UniqueConstraint("business_id", "id", name="uq_credit_note_taxes_business_id_id"),
    )
    op.create_index(
        "ix_credit_note_taxes_credit_note_id",
        "credit_note_taxes",
        ["business_id", "credit_note_id"],
        unique=False,
    )
    op.create_table(
        "documents",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("credit_note_id", sa.BigInteger(), nullable=True),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id", "credit_note_id"],
            ["credit_notes.business_id", "credit_notes.id"],
            name="fk_documents_business_id_credit_note_id",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "invoice_id"],
            ["invoices.business_id", "invoices.id"],
            name="fk_documents_business_id_invoice_id",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "payment_id"],
            ["payments.business_id", "payments.id"],
            name="fk_documents_business_id_payment_id",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name="fk_documents_business_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
        sa.UniqueConstraint("business_id", "id", name="uq_documents_business_id_id"),
    )
    op.create_index(
        "ix_documents_credit_note_id", "documents", ["business_id", "credit_note_id"], unique=False
    )
    op.create_index(
        "ix_documents_invoice_id", "documents", ["business_id", "invoice_id"], unique=False
    )
    op.create_index(
        "ix_documents_payment_id", "documents", ["business_id", "payment_id"], unique=False
    )
    op.create_index(
        "uq_documents_revision",
        "documents",
        [
            "business_id",
            "kind",
            sa.literal_column("coalesce(invoice_id, 0)"),
            sa.literal_column("coalesce(credit_note_id, 0)"),
            sa.literal_column("coalesce(payment_id, 0)"),
            "revision",
        ],
        unique=True,
    )
    op.create_table(
        "message_attempts",
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("provider_ref", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'sent', 'delivered', 'failed', 'bounced', 'read', 'unknown')",
            name="ck_message_attempts_state",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "message_id"],
            ["messages.business_id", "messages.id"],
            name="fk_message_attempts_business_id_message_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_message_attempts"),
        sa.UniqueConstraint("business_id", "id", name="uq_message_attempts_business_id_id"),
    )
    op.create_index(
        "ix_message_attempts_message_id",
        "message_attempts",
        ["business_id", "message_id"],
        unique=False,
    )
    op.create_table(
        "refunds",
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("provider_ref", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_refunds_amount"),
        sa.ForeignKeyConstraint(
            ["business_id", "payment_id"],
            ["payments.business_id", "payments.id"],
            name="fk_refunds_business_id_payment_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_refunds"),
        sa.UniqueConstraint("business_id", "id", name="uq_refunds_business_id_id"),
    )
    op.create_index("ix_refunds_payment_id", "refunds", ["business_id", "payment_id"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("the first tables are not taken back: restore a backup instead")

"""Credit notes, payments, what they are put on, refunds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
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

"""Rendered documents, messages and their attempts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
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


def downgrade() -> None:
    raise NotImplementedError("the first tables are not taken back: restore a backup instead")

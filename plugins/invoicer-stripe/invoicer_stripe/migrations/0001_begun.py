"""What was begun at Stripe, saved cards, and odd calls."""
# ruff: noqa: D103, INP001 - Alembic reads this folder

import sqlalchemy as sa
from alembic import op

from invoicer_core.plugin.tables import protect

revision = "stripe_0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def _common() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
    ]


def _of(column: str, table: str) -> sa.ForeignKeyConstraint:
    target = f"public.{table}"
    return sa.ForeignKeyConstraint(
        ["business_id", column], [f"{target}.business_id", f"{target}.id"]
    )


def upgrade() -> None:
    op.create_table(
        "begun",
        *_common(),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("intent_id", sa.Text(), nullable=True),
        sa.Column("is_over", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.UniqueConstraint("business_id", "attempt_id"),
        sa.UniqueConstraint("business_id", "session_id"),
        sa.UniqueConstraint("business_id", "intent_id"),
        _of("invoice_id", "invoices"),
    )
    op.create_index("ix_begun_invoice_id", "begun", ["business_id", "invoice_id"])
    _make_cards()
    _make_odd()
    connection = op.get_bind()
    protect(connection, "stripe", "begun")
    protect(connection, "stripe", "cards")
    protect(connection, "stripe", "odd")


def _make_cards() -> None:
    op.create_table(
        "cards",
        *_common(),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("method_id", sa.Text(), nullable=True),
        sa.Column("brand", sa.Text(), nullable=True),
        sa.Column("last4", sa.Text(), nullable=True),
        sa.Column("agreed_text", sa.Text(), nullable=True),
        sa.Column("agreed_at", MOMENT, nullable=True),
        sa.Column("agreed_from", sa.Text(), nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.UniqueConstraint("business_id", "client_id", "livemode"),
        _of("client_id", "clients"),
    )


def _make_odd() -> None:
    op.create_table(
        "odd",
        *_common(),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("times", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("last_event", sa.Text(), nullable=False),
        sa.Column("last_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.UniqueConstraint("business_id", "reason"),
        sa.ForeignKeyConstraint(["business_id"], ["public.businesses.id"]),
    )


def downgrade() -> None:
    op.drop_table("odd")
    op.drop_table("cards")
    op.drop_table("begun")

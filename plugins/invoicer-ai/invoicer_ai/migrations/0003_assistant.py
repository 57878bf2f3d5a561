"""Conversations with the assistant, and what waits for a person's confirmation."""
# ruff: noqa: D103, INP001 - Alembic reads this folder

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from invoicer_core.plugin.tables import protect

revision = "ai_0003"
down_revision = "ai_0002"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def _common() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
    ]


def _text(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def upgrade() -> None:
    op.create_table(
        "turns",
        *_common(),
        sa.Column("thread", sa.Uuid(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        _text("answer"),
        sa.Column("state", sa.Text(), server_default="running", nullable=False),
        _text("trouble"),
        sa.Column("steps", JSONB(), server_default="[]", nullable=False),
        sa.Column("created_at", _MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.UniqueConstraint("business_id", "id"),
        sa.ForeignKeyConstraint(["business_id"], ["public.businesses.id"]),
    )
    op.create_index("ix_turns_thread", "turns", ["business_id", "user_id", "thread", "id"])
    op.create_table(
        "actions",
        *_common(),
        sa.Column("turn_id", sa.BigInteger(), nullable=True),
        sa.Column("tool", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("arguments", JSONB(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        _text("result"),
        _text("trouble"),
        sa.Column("created_at", _MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("decided_at", _MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'done', 'failed', 'dismissed')", name="state"),
        sa.ForeignKeyConstraint(["business_id"], ["public.businesses.id"]),
        sa.ForeignKeyConstraint(
            ["business_id", "turn_id"], ["plugin_ai.turns.business_id", "plugin_ai.turns.id"]
        ),
    )
    op.create_index("ix_actions_user_id", "actions", ["business_id", "user_id", "state", "id"])
    protect(op.get_bind(), "ai", "turns")
    protect(op.get_bind(), "ai", "actions")


def downgrade() -> None:
    op.drop_table("actions")
    op.drop_table("turns")

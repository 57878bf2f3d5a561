"""Everything that was asked of a model."""
# ruff: noqa: D103, INP001 - Alembic reads this folder

import sqlalchemy as sa
from alembic import op

from invoicer_core.plugin.tables import protect

revision = "ai_0002"
down_revision = "ai_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "generations",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="running", nullable=False),
        sa.Column("trouble", sa.Text(), server_default="", nullable=False),
        sa.Column("tokens_in", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tokens_out", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cost", sa.Numeric(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["business_id"], ["public.businesses.id"]),
    )
    op.create_index("ix_generations_created_at", "generations", ["business_id", "created_at"])
    protect(op.get_bind(), "ai", "generations")


def downgrade() -> None:
    op.drop_table("generations")

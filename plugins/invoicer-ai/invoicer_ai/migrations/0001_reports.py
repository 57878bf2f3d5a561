"""Statements that are kept as reports."""
# ruff: noqa: D103, INP001 - Alembic reads this folder

import sqlalchemy as sa
from alembic import op

from invoicer_core.plugin.tables import protect

revision = "ai_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "reports",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.UniqueConstraint("business_id", "name"),
        sa.ForeignKeyConstraint(["business_id"], ["public.businesses.id"]),
    )
    protect(op.get_bind(), "ai", "reports")


def downgrade() -> None:
    op.drop_table("reports")

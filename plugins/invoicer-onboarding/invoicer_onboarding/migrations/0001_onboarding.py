"""The tables of effects and imports."""
# ruff: noqa: D103, INP001 - Alembic reads this folder

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from invoicer_core.plugin.tables import protect

revision = "onboarding_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "effects",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("detail", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.UniqueConstraint("business_id", "key"),
        sa.ForeignKeyConstraint(["business_id"], ["public.businesses.id"]),
    )
    op.create_table(
        "imports",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("rows", JSONB(), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("errors", JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["business_id"], ["public.businesses.id"]),
    )
    protect(op.get_bind(), "onboarding", "effects")
    protect(op.get_bind(), "onboarding", "imports")


def downgrade() -> None:
    op.drop_table("imports")
    op.drop_table("effects")

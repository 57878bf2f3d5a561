"""The table of noted invoices."""

import sqlalchemy as sa
from alembic import op

from invoicer_core.plugin.tables import protect

revision = "good_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "noted",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.BigInteger(), server_default="1", nullable=False),
        sa.UniqueConstraint("business_id", "invoice_id"),
        sa.ForeignKeyConstraint(["business_id"], ["public.businesses.id"]),
    )
    protect(op.get_bind(), "good", "noted")


def downgrade() -> None:
    op.drop_table("noted")

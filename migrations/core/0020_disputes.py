"""Cases of payers' banks against payments."""

import sqlalchemy as sa
from alembic import op

from invoicer_core.models.policies import protect

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "disputes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("closed_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["business_id", "payment_id"],
            ["payments.business_id", "payments.id"],
            name="fk_disputes_business_id_payment_id",
        ),
        sa.CheckConstraint("amount > 0", name="ck_disputes_amount"),
        sa.CheckConstraint("state IN ('open', 'won', 'lost')", name="ck_disputes_state"),
        sa.PrimaryKeyConstraint("id", name="pk_disputes"),
        sa.UniqueConstraint("business_id", "id", name="uq_disputes_business_id_id"),
        sa.UniqueConstraint(
            "business_id",
            "payment_id",
            "provider_ref",
            name="uq_disputes_business_id_payment_id_provider_ref",
        ),
    )
    op.create_index("ix_disputes_payment_id", "disputes", ["business_id", "payment_id"])
    protect(op.get_bind(), "disputes", grants=("SELECT", "INSERT", "UPDATE"))


def downgrade() -> None:
    op.drop_table("disputes")

"""Visits of public pages: what analytics count, without a trace of who it was."""

import sqlalchemy as sa
from alembic import op

from invoicer_core.models.policies import protect

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "visits",
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("client_id", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("visitor", sa.LargeBinary(), nullable=False),
        sa.Column("views", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        _instant("last_at"),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        _instant("created_at"),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("views > 0", name="ck_visits_views"),
        sa.CheckConstraint("last_at >= created_at", name="ck_visits_last_at"),
        sa.ForeignKeyConstraint(["business_id"], ["businesses.id"], name="fk_visits_business_id"),
        sa.ForeignKeyConstraint(
            ["business_id", "invoice_id"],
            ["invoices.business_id", "invoices.id"],
            name="fk_visits_business_id_invoice_id",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "client_id"],
            ["clients.business_id", "clients.id"],
            name="fk_visits_business_id_client_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_visits"),
        sa.UniqueConstraint("business_id", "id", name="uq_visits_business_id_id"),
    )
    op.create_index("ix_visits_invoice_id", "visits", ["business_id", "invoice_id"])
    op.create_index("ix_visits_client_id", "visits", ["business_id", "client_id"])
    op.create_index("ix_visits_created_at", "visits", ["business_id", "created_at"])
    op.create_index("ix_visits_visitor", "visits", ["business_id", "visitor"])
    protect(op.get_bind(), "visits", grants=("SELECT", "INSERT", "UPDATE"))


def _instant(name: str) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def downgrade() -> None:
    op.drop_table("visits")

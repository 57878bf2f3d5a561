"""Payments begun at a provider, one-time codes and sessions of the clients' portal."""

import sqlalchemy as sa
from alembic import op

from invoicer_core.models.policies import protect

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLES = {
    "payment_attempts": ("SELECT", "INSERT", "UPDATE"),
    "portal_codes": ("SELECT", "INSERT", "UPDATE", "DELETE"),
    "portal_sessions": ("SELECT", "INSERT", "UPDATE", "DELETE"),
}


def _common() -> list[sa.Column[object]]:
    moment = sa.DateTime(timezone=True)
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
    ]


def _refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["business_id", column],
        [f"{target}.business_id", f"{target}.id"],
        name=f"fk_{table}_business_id_{column}",
    )


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "payment_attempts",
        *_common(),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("plugin", sa.Text(), nullable=False),
        sa.Column("redirect_url", sa.Text(), nullable=True),
        sa.Column("instructions", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("expires_at", moment, nullable=True),
        sa.Column("cancelled_at", moment, nullable=True),
        sa.Column("checked_at", moment, nullable=True),
        _refers("payment_attempts", "payment_id", "payments"),
        sa.PrimaryKeyConstraint("id", name="pk_payment_attempts"),
        sa.UniqueConstraint("business_id", "id", name="uq_payment_attempts_business_id_id"),
        sa.UniqueConstraint(
            "business_id", "payment_id", name="uq_payment_attempts_business_id_payment_id"
        ),
    )
    op.create_index(
        "ix_payment_attempts_payment_id", "payment_attempts", ["business_id", "payment_id"]
    )
    op.create_table(
        "portal_codes",
        *_common(),
        sa.Column(
            "public_id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False
        ),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("used_at", moment, nullable=True),
        sa.CheckConstraint("tries >= 0", name="ck_portal_codes_tries"),
        _refers("portal_codes", "client_id", "clients"),
        sa.PrimaryKeyConstraint("id", name="pk_portal_codes"),
        sa.UniqueConstraint("business_id", "id", name="uq_portal_codes_business_id_id"),
        sa.UniqueConstraint("public_id", name="uq_portal_codes_public_id"),
    )
    op.create_index("ix_portal_codes_client_id", "portal_codes", ["business_id", "client_id"])
    op.create_table(
        "portal_sessions",
        *_common(),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("last_seen_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("revoked_at", moment, nullable=True),
        _refers("portal_sessions", "client_id", "clients"),
        sa.PrimaryKeyConstraint("id", name="pk_portal_sessions"),
        sa.UniqueConstraint("business_id", "id", name="uq_portal_sessions_business_id_id"),
        sa.UniqueConstraint("token_hash", name="uq_portal_sessions_token_hash"),
    )
    op.create_index("ix_portal_sessions_client_id", "portal_sessions", ["business_id", "client_id"])
    op.create_index(
        "ix_portal_sessions_expires_at", "portal_sessions", ["business_id", "expires_at"]
    )
    for table, grants in TABLES.items():
        protect(op.get_bind(), table, grants=grants)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)

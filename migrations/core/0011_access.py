"""Second factors and recovery codes of users; API keys of businesses; how far their set-up is."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from invoicer_core.models.policies import open_gate, protect

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEPT = ("SELECT", "INSERT", "UPDATE")
RIGHTS = (
    "REVOKE ALL ON second_factors, recovery_codes FROM invoicer_app",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON second_factors, recovery_codes TO invoicer_app",
)


def upgrade() -> None:
    _factors()
    _keys()
    _steps()
    connection = op.get_bind()
    for statement in RIGHTS:
        connection.execute(text(statement))
    protect(connection, "api_keys", grants=KEPT)
    open_gate(connection, "api_keys", select=["id", "business_id", "token_hash"])
    protect(connection, "first_steps", grants=KEPT)


def _factors() -> None:
    op.create_table(
        "second_factors",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("failures", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        *_row(),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_second_factors_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_second_factors"),
        sa.UniqueConstraint("user_id", name="uq_second_factors_user_id"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        *_row(),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_recovery_codes_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_codes"),
        sa.UniqueConstraint("user_id", "code_hash", name="uq_recovery_codes_user_id_code_hash"),
    )


def _keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        *_row(),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["business_id"], ["businesses.id"], name="fk_api_keys_business_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_api_keys_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("business_id", "id", name="uq_api_keys_business_id_id"),
        sa.UniqueConstraint("token_hash", name="uq_api_keys_token_hash"),
    )
    op.create_index("ix_api_keys_user_id", "api_keys", ["user_id"])


def _steps() -> None:
    op.create_table(
        "first_steps",
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        _instant("updated_at"),
        sa.CheckConstraint("state IN ('done', 'skipped')", name="ck_first_steps_state"),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name="fk_first_steps_business_id"
        ),
        sa.PrimaryKeyConstraint("business_id", "step", name="pk_first_steps"),
    )


def _row() -> tuple[sa.Column[object], sa.Column[object]]:
    return (
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        _instant("created_at"),
    )


def _instant(name: str) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def downgrade() -> None:
    for table in ("first_steps", "api_keys", "recovery_codes", "second_factors"):
        op.drop_table(table)

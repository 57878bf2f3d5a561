"""Webhooks to others: their endpoints, and the log of what was sent to them."""

import sqlalchemy as sa
from alembic import op

from invoicer_core.models.policies import protect

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

NOW = sa.text("now()")


def _instant(name: str, *, required: bool = False) -> sa.Column[object]:
    given = {"server_default": NOW} if required else {}
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not required, **given)


def _number(name: str, *, default: str | None = None, nullable: bool = False) -> sa.Column[object]:
    given = {"server_default": sa.text(default)} if default is not None else {}
    return sa.Column(name, sa.BigInteger(), nullable=nullable, **given)


def _row() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        _instant("created_at", required=True),
        _number("business_id"),
    ]


def upgrade() -> None:
    _endpoints()
    _attempts()
    connection = op.get_bind()
    protect(connection, "webhook_endpoints", grants=("SELECT", "INSERT", "UPDATE"))
    protect(connection, "webhook_attempts", grants=("SELECT", "INSERT", "UPDATE"))


def _endpoints() -> None:
    op.create_table(
        "webhook_endpoints",
        *_row(),
        _number("version", default="1"),
        _instant("updated_at", required=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("events", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'on'"), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("former_sealed", sa.Text(), nullable=True),
        _instant("former_until"),
        _number("failures", default="0"),
        _instant("failing_since"),
        _instant("hold_until"),
        _instant("last_success_at"),
        sa.Column("last_error", sa.Text(), nullable=True),
        _instant("deleted_at"),
        sa.CheckConstraint("state IN ('on', 'off', 'failing')", name="ck_webhook_endpoints_state"),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name="fk_webhook_endpoints_business_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_endpoints"),
        sa.UniqueConstraint("business_id", "id", name="uq_webhook_endpoints_business_id_id"),
    )
    op.create_index(
        "ix_webhook_endpoints_heard",
        "webhook_endpoints",
        ["business_id"],
        postgresql_where=sa.text("state <> 'off' AND deleted_at IS NULL"),
    )


def _attempts() -> None:
    op.create_table(
        "webhook_attempts",
        *_row(),
        _number("endpoint_id"),
        _number("delivery_id"),
        _number("event_id"),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'begun'"), nullable=False),
        _number("status", nullable=True),
        _number("milliseconds", nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("response", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('begun', 'succeeded', 'failed')", name="ck_webhook_attempts_state"
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "endpoint_id"],
            ["webhook_endpoints.business_id", "webhook_endpoints.id"],
            name="fk_webhook_attempts_business_id_endpoint_id",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "delivery_id"],
            ["deliveries.business_id", "deliveries.id"],
            name="fk_webhook_attempts_business_id_delivery_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_attempts"),
        sa.UniqueConstraint("business_id", "id", name="uq_webhook_attempts_business_id_id"),
    )
    for name in ("endpoint_id", "delivery_id"):
        op.create_index(f"ix_webhook_attempts_{name}", "webhook_attempts", ["business_id", name])


def downgrade() -> None:
    op.drop_table("webhook_attempts")
    op.drop_table("webhook_endpoints")

"""Events, deliveries, workflows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("schema_version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=True),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column(
            "xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text::bigint)"),
            nullable=False,
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.UniqueConstraint("business_id", "id", name="uq_events_business_id_id"),
    )
    op.create_index("ix_events_feed", "events", ["business_id", "xid", "id"], unique=False)
    op.create_index(
        "ix_events_invoice_id",
        "events",
        ["business_id", "invoice_id"],
        unique=False,
        postgresql_where=sa.text("invoice_id IS NOT NULL"),
    )
    op.create_table(
        "deliveries",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("subscriber", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'due'"), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('due', 'leased', 'done', 'parked', 'skipped')", name="ck_deliveries_state"
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "event_id"],
            ["events.business_id", "events.id"],
            name="fk_deliveries_business_id_event_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("business_id", "id", name="uq_deliveries_business_id_id"),
    )
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'due'"),
    )
    op.create_index(
        "ix_deliveries_event_id", "deliveries", ["business_id", "event_id"], unique=False
    )
    op.create_index(
        "ix_deliveries_leased",
        "deliveries",
        ["leased_until"],
        unique=False,
        postgresql_where=sa.text("state = 'leased'"),
    )
    op.create_index(
        "ix_deliveries_parked",
        "deliveries",
        ["business_id", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'parked'"),
    )
    op.create_table(
        "workflow_runs",
        sa.Column("workflow", sa.Text(), nullable=False),
        sa.Column("workflow_version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'running'"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column(
            "input",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "output",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "status IN ('running', 'waiting', 'succeeded', 'failed')",
            name="ck_workflow_runs_status",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "invoice_id"],
            ["invoices.business_id", "invoices.id"],
            name="fk_workflow_runs_business_id_invoice_id",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name="fk_workflow_runs_business_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_workflow_runs"),
        sa.UniqueConstraint("business_id", "id", name="uq_workflow_runs_business_id_id"),
    )
    op.create_index(
        "ix_workflow_runs_invoice_id", "workflow_runs", ["business_id", "invoice_id"], unique=False
    )
    op.create_table(
        "workflow_steps",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'running'"), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column(
            "output",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id", "run_id"],
            ["workflow_runs.business_id", "workflow_runs.id"],
            name="fk_workflow_steps_business_id_run_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_workflow_steps"),
        sa.UniqueConstraint("business_id", "id", name="uq_workflow_steps_business_id_id"),
    )
    op.create_index(
        "ix_workflow_steps_run_id", "workflow_steps", ["business_id", "run_id"], unique=False
    )


def downgrade() -> None:
    raise NotImplementedError("the first tables are not taken back: restore a backup instead")

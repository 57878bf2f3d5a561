"""Runs of workflows that are given up, states that a person skipped or corrected, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

OLD = "status IN ('running', 'waiting', 'succeeded', 'failed')"
NEW = "status IN ('running', 'waiting', 'succeeded', 'failed', 'undoing', 'cancelled')"

DROP = (
    "ALTER TABLE workflow_runs"
    " DROP CONSTRAINT IF EXISTS ck_workflow_runs_ck_workflow_runs_status,"
    " DROP CONSTRAINT IF EXISTS ck_workflow_runs_status"
)
"""The table was made with the prefix of the naming convention twice."""


def upgrade() -> None:
    op.execute(DROP)
    op.create_check_constraint(op.f("ck_workflow_runs_status"), "workflow_runs", NEW)
    op.add_column("workflow_runs", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column(
        "workflow_runs", sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("workflow_steps", sa.Column("reason", sa.Text(), nullable=True))
    op.create_index(
        "ix_workflow_runs_status", "workflow_runs", ["business_id", "status", "id"], unique=False
    )


def downgrade() -> None:
    op.drop_index("ix_workflow_runs_status", "workflow_runs")
    op.drop_column("workflow_steps", "reason")
    op.drop_column("workflow_runs", "given_up_at")
    op.drop_column("workflow_runs", "reason")
    op.execute(
        "UPDATE workflow_runs SET status = 'failed' WHERE status IN ('undoing', 'cancelled')"
    )
    op.execute(DROP)
    op.create_check_constraint(op.f("ck_workflow_runs_status"), "workflow_runs", OLD)

"""What was told before a run began: everything else may be what it waits for, however early."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "workflow_runs",
        sa.Column(
            "told_before",
            sa.Text(),
            server_default=sa.text("(pg_current_snapshot()::text)"),
            nullable=False,
        ),
    )


def downgrade() -> None:
    op.drop_column("workflow_runs", "told_before")

"""Visits have their time: the run-time login may throw old ones away."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("GRANT DELETE ON visits TO invoicer_app")


def downgrade() -> None:
    op.execute("REVOKE DELETE ON visits FROM invoicer_app")

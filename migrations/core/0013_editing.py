"""Editing needs no table: unsaved text stays in the browser, earlier versions are in the events."""

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass

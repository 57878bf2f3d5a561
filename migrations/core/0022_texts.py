"""Texts kept for notes and terms, tasks that can be stopped, and links that change an address."""

import sqlalchemy as sa
from alembic import op

from invoicer_core.models.policies import protect

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

OPEN = "state IN ('queued', 'running', 'done', 'failed')"
STOPPED = "state IN ('queued', 'running', 'done', 'failed', 'stopped')"


def upgrade() -> None:
    op.create_table(
        "saved_texts",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("kind IN ('notes', 'terms')", name="ck_saved_texts_kind"),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name="fk_saved_texts_business_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_saved_texts"),
        sa.UniqueConstraint("business_id", "id", name="uq_saved_texts_business_id_id"),
        sa.UniqueConstraint(
            "business_id", "kind", "name", name="uq_saved_texts_business_id_kind_name"
        ),
    )  # fmt: skip
    protect(op.get_bind(), "saved_texts")
    op.add_column(
        "tasks",
        sa.Column("is_stopping", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.drop_constraint(op.f("ck_tasks_ck_tasks_state"), "tasks")
    op.create_check_constraint(op.f("ck_tasks_state"), "tasks", STOPPED)
    op.add_column("one_time_tokens", sa.Column("email", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("one_time_tokens", "email")
    op.execute("UPDATE tasks SET state = 'failed' WHERE state = 'stopped'")
    op.drop_constraint(op.f("ck_tasks_state"), "tasks")
    op.create_check_constraint(op.f("ck_tasks_ck_tasks_state"), "tasks", OPEN)
    op.drop_column("tasks", "is_stopping")
    op.drop_table("saved_texts")

"""Background tasks with their rows, and saved views of lists."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from invoicer_core.models.policies import protect

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KEPT = ("SELECT", "INSERT", "UPDATE")
EVERYTHING = (*KEPT, "DELETE")


def upgrade() -> None:
    _tasks()
    _task_rows()
    _views()
    connection = op.get_bind()
    protect(connection, "tasks", grants=KEPT)
    protect(connection, "task_rows", grants=KEPT)
    protect(connection, "saved_views", grants=EVERYTHING)
    protect(connection, "default_views", grants=EVERYTHING)


def _tasks() -> None:
    empty = sa.text("'{}'")
    op.create_table(
        "tasks",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'queued'"), nullable=False),
        sa.Column("data", postgresql.JSONB(), server_default=empty, nullable=False),
        sa.Column("resume", postgresql.JSONB(), server_default=empty, nullable=False),
        sa.Column("done", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("total", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("message", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("actor", postgresql.JSONB(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        _instant("updated_at"),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        _instant("created_at"),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed')", name="ck_tasks_state"
        ),
        sa.ForeignKeyConstraint(["business_id"], ["businesses.id"], name="fk_tasks_business_id"),
        sa.ForeignKeyConstraint(
            ["business_id", "file_id"],
            ["files.business_id", "files.id"],
            name="fk_tasks_business_id_file_id",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "delivery_id"],
            ["deliveries.business_id", "deliveries.id"],
            name="fk_tasks_business_id_delivery_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
        sa.UniqueConstraint("business_id", "id", name="uq_tasks_business_id_id"),
    )
    op.create_index("ix_tasks_newest", "tasks", ["business_id", sa.text("id DESC")])
    op.create_index("ix_tasks_file_id", "tasks", ["business_id", "file_id"])
    op.create_index("ix_tasks_delivery_id", "tasks", ["business_id", "delivery_id"])


def _task_rows() -> None:
    op.create_table(
        "task_rows",
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('waiting', 'done', 'skipped', 'failed')", name="ck_task_rows_outcome"
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "task_id"],
            ["tasks.business_id", "tasks.id"],
            name="fk_task_rows_business_id_task_id",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "invoice_id"],
            ["invoices.business_id", "invoices.id"],
            name="fk_task_rows_business_id_invoice_id",
        ),
        sa.PrimaryKeyConstraint("business_id", "task_id", "position", name="pk_task_rows"),
        sa.UniqueConstraint(
            "business_id",
            "task_id",
            "invoice_id",
            name="uq_task_rows_business_id_task_id_invoice_id",
        ),
    )
    op.create_index("ix_task_rows_invoice_id", "task_rows", ["business_id", "invoice_id"])


def _views() -> None:
    op.create_table(
        "saved_views",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", postgresql.JSONB(), nullable=False),
        sa.Column("shared", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        _instant("created_at"),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name="fk_saved_views_business_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_saved_views"),
        sa.UniqueConstraint("business_id", "id", name="uq_saved_views_business_id_id"),
        sa.UniqueConstraint(
            "business_id",
            "user_id",
            "page",
            "name",
            name="uq_saved_views_business_id_user_id_page_name",
        ),
    )
    op.create_table(
        "default_views",
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("view_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id", "view_id"],
            ["saved_views.business_id", "saved_views.id"],
            name="fk_default_views_business_id_view_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("business_id", "user_id", "page", name="pk_default_views"),
    )
    op.create_index("ix_default_views_view_id", "default_views", ["business_id", "view_id"])


def _instant(name: str) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def downgrade() -> None:
    for table in ("default_views", "saved_views", "task_rows", "tasks"):
        op.drop_table(table)

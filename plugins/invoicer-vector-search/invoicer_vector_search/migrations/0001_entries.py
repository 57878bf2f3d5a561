"""Vectors of texts, what has to be read anew, and which model serves."""
# ruff: noqa: D103, INP001 - Alembic reads this folder

import sqlalchemy as sa
from alembic import op
from invoicer_vector_search.tables import Vector

from invoicer_core.plugin.tables import protect

revision = "vector_search_0001"
down_revision = None
branch_labels = None
depends_on = None


def _common() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
    ]


def _thing() -> list[sa.Column[object]]:
    return [
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("thing_id", sa.BigInteger(), nullable=False),
    ]


def _owner() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["business_id"], ["public.businesses.id"])


def upgrade() -> None:
    op.create_table(
        "entries",
        *_common(),
        sa.Column("model", sa.Text(), nullable=False),
        *_thing(),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("vector", Vector(), nullable=False),
        sa.UniqueConstraint("business_id", "model", "kind", "thing_id"),
        _owner(),
    )
    op.create_table(
        "stale",
        *_common(),
        *_thing(),
        sa.Column("mark", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.UniqueConstraint("business_id", "kind", "thing_id"),
        _owner(),
    )
    op.create_table(
        "serving",
        *_common(),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("building", sa.Text(), nullable=True),
        sa.Column("task_id", sa.BigInteger(), nullable=True),
        sa.UniqueConstraint("business_id"),
        _owner(),
    )
    connection = op.get_bind()
    protect(connection, "vector_search", "entries")
    protect(connection, "vector_search", "stale")
    protect(connection, "vector_search", "serving")


def downgrade() -> None:
    op.drop_table("serving")
    op.drop_table("stale")
    op.drop_table("entries")

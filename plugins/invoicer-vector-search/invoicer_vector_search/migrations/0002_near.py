"""Room for approximate indexes: numbered places, each for one kind of texts of one business."""
# ruff: noqa: D103, INP001 - Alembic reads this folder

import sqlalchemy as sa
from alembic import op

from invoicer_core.plugin.tables import protect

revision = "vector_search_0002"
down_revision = "vector_search_0001"
branch_labels = None
depends_on = None

PLACES = (
    (range(1, 17), "vector", 384),
    (range(101, 109), "vector", 1536),
    (range(201, 209), "halfvec", 3072),
)


def upgrade() -> None:
    op.add_column("entries", sa.Column("place", sa.BigInteger(), nullable=True))
    op.create_table(
        "near",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=True),
        sa.UniqueConstraint("business_id", "model", "kind"),
        sa.UniqueConstraint("place"),
        sa.ForeignKeyConstraint(["business_id"], ["public.businesses.id"]),
    )
    protect(op.get_bind(), "vector_search", "near")
    op.create_index(
        "entries_far",
        "entries",
        ["business_id", "model", "kind"],
        postgresql_where=sa.text("place IS NULL"),
    )
    for places, kind, dimension in PLACES:
        for place in places:
            op.create_index(
                f"entries_near_{place}",
                "entries",
                [sa.text(f"(vector::{kind}({dimension})) {kind}_cosine_ops")],
                postgresql_using="hnsw",
                postgresql_where=sa.text(f"place = {place}"),
            )


def downgrade() -> None:
    for places, _kind, _dimension in PLACES:
        for place in places:
            op.drop_index(f"entries_near_{place}", "entries")
    op.drop_index("entries_far", "entries")
    op.drop_table("near")
    op.drop_column("entries", "place")

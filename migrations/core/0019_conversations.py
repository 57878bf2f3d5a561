"""Messages that come in, threads, a client's order of channels, a business's own words, and the
consent of whoever has an address."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from invoicer_core.models.policies import protect

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _widen_messages()
    order = sa.Column("channels", postgresql.ARRAY(sa.Text()), nullable=True)
    op.add_column("clients", order)
    _widen_consents()
    _make_templates()
    protect(op.get_bind(), "message_templates")


def _widen_messages() -> None:
    moment = sa.DateTime(timezone=True)
    for column in (
        sa.Column("direction", sa.Text(), server_default=sa.text("'out'"), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("provider_ref", sa.Text(), nullable=True),
        sa.Column("automatic", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("due_at", moment, nullable=True),
        sa.Column("read_at", moment, nullable=True),
    ):
        op.add_column("messages", column)
    op.create_check_constraint(
        op.f("ck_messages_direction"), "messages", "direction IN ('out', 'in')"
    )
    op.create_foreign_key(
        "fk_messages_business_id_thread_id", "messages", "messages",
        ["business_id", "thread_id"], ["business_id", "id"],
    )  # fmt: skip
    op.create_index("ix_messages_thread_id", "messages", ["business_id", "thread_id"])
    op.create_index(
        "uq_messages_provider_ref", "messages", ["business_id", "channel", "provider_ref"],
        unique=True, postgresql_where=sa.text("direction = 'in'"),
    )  # fmt: skip
    op.create_index(
        "ix_messages_unread", "messages", ["business_id"],
        postgresql_where=sa.text("direction = 'in' AND read_at IS NULL"),
    )  # fmt: skip
    op.create_index(
        "ix_message_attempts_provider_ref", "message_attempts",
        ["business_id", "channel", "provider_ref"],
        postgresql_where=sa.text("provider_ref IS NOT NULL"),
    )  # fmt: skip


def _widen_consents() -> None:
    table = "contact_consents"
    op.alter_column(table, "contact_id", nullable=True)
    op.add_column(table, sa.Column("address_hash", sa.LargeBinary(), nullable=True))
    op.create_index("ix_contact_consents_address_hash", table, ["business_id", "address_hash"])
    op.create_check_constraint(
        op.f("ck_contact_consents_whose"), table, "num_nonnulls(contact_id, address_hash) = 1"
    )
    op.drop_constraint(op.f("ck_contact_consents_ck_contact_consents_channel"), table)
    op.create_check_constraint(
        op.f("ck_contact_consents_channel"), table, "channel ~ '^[a-z][a-z0-9_.-]{0,63}$'"
    )


def _make_templates() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "message_templates",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("updated_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("form IN ('long', 'short')", name="ck_message_templates_form"),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name="fk_message_templates_business_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_message_templates"),
        sa.UniqueConstraint("business_id", "id", name="uq_message_templates_business_id_id"),
        sa.UniqueConstraint(
            "business_id",
            "kind",
            "form",
            "language",
            name="uq_message_templates_business_id_kind_form_language",
        ),
    )


def downgrade() -> None:
    raise NotImplementedError("messages that came in are not thrown away: restore a backup")

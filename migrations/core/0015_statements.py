"""Statements of account, consents of contacts, refunds through providers; clients that are merged.

An issued paper may follow its client into the one that client was merged into, and change nothing
else: the triggers that freeze it say so.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from invoicer_core.models.policies import protect

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

APPEND_ONLY = ("SELECT", "INSERT")
KEPT = ("SELECT", "INSERT", "UPDATE")

MOVES = """
CREATE FUNCTION guard_move() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved text[] := ARRAY['client_id', 'client_public_id', 'version', 'updated_at', 'search'];
BEGIN
    IF (to_jsonb(OLD) - moved) IS DISTINCT FROM (to_jsonb(NEW) - moved) OR NOT EXISTS (
        SELECT FROM clients c WHERE c.business_id = OLD.business_id AND c.id = OLD.client_id
        AND c.merged_into_id = NEW.client_id)
    THEN
        RAISE EXCEPTION '% %: it follows its client into the one it was merged into, no other way',
            TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
FORGETS = """
CREATE FUNCTION guard_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.name LIKE 'client.%' OR OLD.name LIKE 'message.%')
       AND NEW.data = jsonb_build_object('id', OLD.data -> 'id', 'erased', true)
       AND (to_jsonb(OLD) - 'data') IS NOT DISTINCT FROM (to_jsonb(NEW) - 'data')
       AND EXISTS (SELECT FROM clients c WHERE c.business_id = OLD.business_id
                   AND c.id = OLD.client_id AND c.erased_at IS NOT NULL)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'UPDATE of events is refused: rows are only ever added'
        USING ERRCODE = 'restrict_violation';
END $$;
DROP TRIGGER append_only ON events;
CREATE TRIGGER append_only BEFORE DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER forgotten BEFORE UPDATE ON events
    FOR EACH ROW EXECUTE FUNCTION guard_event();
GRANT UPDATE (data) ON events TO invoicer_app;
"""
"""What was told of an erased client is forgotten too; nothing else of an event ever changes."""
FROZEN = {"invoices": "guard_invoice", "credit_notes": "guard_credit_note",
          "payments": "guard_payment", "statements": "refuse_change"}  # fmt: skip


def upgrade() -> None:
    connection = op.get_bind()
    op.add_column("clients", sa.Column("merged_into_id", sa.BigInteger(), nullable=True))
    op.add_column("clients", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(
        "fk_clients_business_id_merged_into_id", "clients", "clients",
        ["business_id", "merged_into_id"], ["business_id", "id"],
    )  # fmt: skip
    op.create_index("ix_clients_merged_into_id", "clients", ["business_id", "merged_into_id"])
    _make_statements()
    _make_consents()
    _make_refund_attempts()
    _make_runs()
    protect(connection, "statements", grants=KEPT)
    protect(connection, "contact_consents", grants=APPEND_ONLY)
    protect(connection, "refund_attempts", grants=KEPT)
    protect(connection, "statement_run_rows", grants=KEPT)
    connection.exec_driver_sql(MOVES.replace("%", "%%"))
    connection.exec_driver_sql(FORGETS.replace("%", "%%"))
    for table, guard in FROZEN.items():
        issued = "OLD.issued_at IS NOT NULL AND " if table == "invoices" else ""
        moving = f"{issued}OLD.client_id IS DISTINCT FROM NEW.client_id"
        statements = (
            f"DROP TRIGGER IF EXISTS guard ON {table}",
            f"CREATE TRIGGER guard BEFORE DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {guard}()",
            f"CREATE TRIGGER guard_change BEFORE UPDATE ON {table}"
            f" FOR EACH ROW WHEN (NOT ({moving})) EXECUTE FUNCTION {guard}()",
            f"CREATE TRIGGER guard_move BEFORE UPDATE ON {table}"
            f" FOR EACH ROW WHEN ({moving}) EXECUTE FUNCTION guard_move()",
        )
        for statement in statements:
            connection.exec_driver_sql(statement)


def _id(*, public: bool = False) -> tuple[sa.Column, ...]:
    columns = (
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
    )
    key = sa.Column(
        "public_id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False
    )
    return (*columns, key) if public else columns


def _refers(table: str, column: str, target: str, **more: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["business_id", column],
        [f"{target}.business_id", f"{target}.id"],
        name=f"fk_{table}_business_id_{column}",
        **more,
    )


def _make_statements() -> None:
    op.create_table(
        "statements",
        *_id(public=True),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=False),
        sa.Column("opening_balance", sa.Numeric(), nullable=False),
        sa.Column("closing_balance", sa.Numeric(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        _refers("statements", "client_id", "clients"),
        sa.PrimaryKeyConstraint("id", name="pk_statements"),
        sa.UniqueConstraint("business_id", "id", name="uq_statements_business_id_id"),
        sa.UniqueConstraint("public_id", name="uq_statements_public_id"),
    )
    op.create_index("ix_statements_client_id", "statements", ["business_id", "client_id"])
    op.add_column("documents", sa.Column("statement_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        "fk_documents_business_id_statement_id", "documents", "statements",
        ["business_id", "statement_id"], ["business_id", "id"],
    )  # fmt: skip
    op.create_index("ix_documents_statement_id", "documents", ["business_id", "statement_id"])
    op.drop_index("uq_documents_revision", "documents")
    columns = ("invoice_id", "credit_note_id", "payment_id", "statement_id")
    op.create_index(
        "uq_documents_revision",
        "documents",
        ["business_id", "kind", *(sa.text(f"coalesce({name}, 0)") for name in columns), "revision"],
        unique=True,
    )


def _make_consents() -> None:
    op.create_table(
        "contact_consents",
        *_id(),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "channel IN ('email', 'sms', 'whatsapp', 'voice')", name="ck_contact_consents_channel"
        ),
        _refers("contact_consents", "contact_id", "contacts", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_contact_consents"),
        sa.UniqueConstraint("business_id", "id", name="uq_contact_consents_business_id_id"),
    )
    op.create_index(
        "ix_contact_consents_contact_id", "contact_consents", ["business_id", "contact_id"]
    )


def _make_refund_attempts() -> None:
    op.create_table(
        "refund_attempts",
        *_id(public=True),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'unknown'"), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_refund_attempts_amount"),
        sa.CheckConstraint(
            "state IN ('unknown', 'succeeded', 'failed')", name="ck_refund_attempts_state"
        ),
        _refers("refund_attempts", "payment_id", "payments"),
        sa.PrimaryKeyConstraint("id", name="pk_refund_attempts"),
        sa.UniqueConstraint("business_id", "id", name="uq_refund_attempts_business_id_id"),
        sa.UniqueConstraint("public_id", name="uq_refund_attempts_public_id"),
    )
    op.create_index(
        "ix_refund_attempts_payment_id", "refund_attempts", ["business_id", "payment_id"]
    )


def _make_runs() -> None:
    op.create_table(
        "statement_run_rows",
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("statement_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('waiting', 'sent', 'skipped', 'failed')",
            name="ck_statement_run_rows_outcome",
        ),
        _refers("statement_run_rows", "task_id", "tasks"),
        _refers("statement_run_rows", "client_id", "clients"),
        _refers("statement_run_rows", "statement_id", "statements"),
        _refers("statement_run_rows", "message_id", "messages"),
        sa.PrimaryKeyConstraint(
            "business_id", "task_id", "client_id", "currency", name="pk_statement_run_rows"
        ),
    )
    for column in ("client_id", "statement_id", "message_id"):
        op.create_index(
            f"ix_statement_run_rows_{column}", "statement_run_rows", ["business_id", column]
        )


def downgrade() -> None:
    raise NotImplementedError("statements that were sent are not thrown away: restore a backup")

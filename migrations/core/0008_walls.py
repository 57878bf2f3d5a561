"""Whose rows are whose: row level security, the gate's columns, and what each login may do."""

from alembic import op
from sqlalchemy import text

from invoicer_core.models.policies import open_gate, protect

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

APPEND_ONLY = ("SELECT", "INSERT")
KEPT = ("SELECT", "INSERT", "UPDATE")

TABLES: dict[str, tuple[str, ...]] = {
    "memberships": ("SELECT", "INSERT", "UPDATE", "DELETE"),
    "idempotency_keys": ("SELECT", "INSERT", "DELETE"),
    "plugin_states": ("SELECT", "INSERT", "UPDATE", "DELETE"),
    "plugin_settings": ("SELECT", "INSERT", "UPDATE", "DELETE"),
    "audit_heads": KEPT,
    "audit_entries": APPEND_ONLY,
    "files": KEPT,
    "clients": KEPT,
    "contacts": ("SELECT", "INSERT", "UPDATE", "DELETE"),
    "suppliers": KEPT,
    "tax_rates": KEPT,
    "categories": ("SELECT", "INSERT", "UPDATE", "DELETE"),
    "products": KEPT,
    "stock_movements": APPEND_ONLY,
    "orders": KEPT,
    "order_items": ("SELECT", "INSERT", "UPDATE", "DELETE"),
    "series": KEPT,
    "series_counters": KEPT,
    "invoices": KEPT,
    "invoice_items": ("SELECT", "INSERT", "UPDATE", "DELETE"),
    "invoice_taxes": ("SELECT", "INSERT", "DELETE"),
    "credit_notes": KEPT,
    "credit_note_items": APPEND_ONLY,
    "credit_note_taxes": APPEND_ONLY,
    "payments": KEPT,
    "allocations": APPEND_ONLY,
    "refunds": APPEND_ONLY,
    "documents": APPEND_ONLY,
    "messages": KEPT,
    "message_attempts": KEPT,
    "events": APPEND_ONLY,
    "deliveries": KEPT,
    "workflow_runs": KEPT,
    "workflow_steps": KEPT,
}
"""What `invoicer_app` may do with each table of a business; deleting is the exception."""


def upgrade() -> None:
    connection = op.get_bind()
    for table, grants in TABLES.items():
        protect(connection, table, grants=grants)
    protect(connection, "businesses", column="id", grants=KEPT)
    open_gate(connection, "businesses", select=["id", "public_id", "time_zone", "deleted_at"])
    open_gate(connection, "memberships", select=["id", "business_id", "user_id", "role"])
    open_gate(connection, "invoices", select=["id", "business_id", "public_id"])
    open_gate(connection, "clients", select=["id", "business_id", "public_id"])
    open_gate(connection, "files", select=["id", "business_id", "public_id"])
    open_gate(
        connection,
        "deliveries",
        select=[
            "id", "business_id", "event_id", "subscriber", "state", "attempts", "due_at",
            "leased_until",
        ],
        update=["state", "attempts", "due_at", "leased_until", "done_at"],
    )  # fmt: skip
    for statement in (
        "GRANT USAGE ON SCHEMA public TO invoicer_app, invoicer_gate",
        "GRANT USAGE ON SEQUENCE businesses_id_seq, invoices_id_seq, invoice_items_id_seq"
        " TO invoicer_app",
        "REVOKE ALL ON users, sign_ins, one_time_tokens, security_events FROM invoicer_app",
        "GRANT SELECT, INSERT, UPDATE ON users, sign_ins, one_time_tokens TO invoicer_app",
        "GRANT DELETE ON sign_ins, one_time_tokens TO invoicer_app",
        "GRANT SELECT, INSERT ON security_events TO invoicer_app",
        "REVOKE ALL ON alembic_version FROM invoicer_app, invoicer_gate",
        "GRANT SELECT ON alembic_version TO invoicer_app",
    ):
        connection.execute(text(statement))


def downgrade() -> None:
    raise NotImplementedError("the walls are not taken down: restore a backup instead")

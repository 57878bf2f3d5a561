"""Attachments, suppliers' bills and what was paid for them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text

from invoicer_core.models.policies import protect

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

KEPT = ("SELECT", "INSERT", "UPDATE")
HELD = ("invoice_id", "client_id", "product_id", "supplier_id", "bill_id", "order_id")

GUARDS = """
CREATE FUNCTION guard_bill() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.business_id, OLD.supplier_id, OLD.created_at)
       IS DISTINCT FROM (NEW.business_id, NEW.supplier_id, NEW.created_at)
       OR OLD.voided_at IS NOT NULL
    THEN
        RAISE EXCEPTION 'bill %: its supplier can not change, nor anything once it is void', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.paid > 0 AND NEW.currency <> OLD.currency THEN
        RAISE EXCEPTION 'bill %: money was paid in its currency', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER guard BEFORE UPDATE ON bills
    FOR EACH ROW EXECUTE FUNCTION guard_bill();

CREATE FUNCTION post_bill_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE bills SET paid = paid + NEW.amount, version = version + 1, updated_at = now()
     WHERE business_id = NEW.business_id AND id = NEW.bill_id;
    RETURN NULL;
END $$;

CREATE TRIGGER post AFTER INSERT ON bill_payments
    FOR EACH ROW EXECUTE FUNCTION post_bill_payment();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON bill_payments
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    _bills()
    _bill_payments()
    _attachments()
    connection = op.get_bind()
    protect(connection, "attachments", grants=KEPT)
    protect(connection, "bills", grants=KEPT)
    protect(connection, "bill_payments", grants=("SELECT", "INSERT"))
    connection.exec_driver_sql(GUARDS.replace("%", "%%"))


def downgrade() -> None:
    for table in ("attachments", "bill_payments", "bills"):
        op.drop_table(table)
    for function in ("post_bill_payment", "guard_bill"):
        op.execute(text("DROP FUNCTION " + function + "()"))


def _bills() -> None:
    op.create_table(
        "bills",
        sa.Column("supplier_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("bill_date", sa.Date(), nullable=False),
        sa.Column("due_date", sa.Date()),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("tax_amount", sa.Numeric(), nullable=False),
        sa.Column("total_amount", sa.Numeric(), nullable=False),
        sa.Column("paid", sa.Numeric(), server_default=text("0"), nullable=False),
        sa.Column("notes", sa.Text()),
        sa.Column("voided_at", sa.DateTime(timezone=True)),
        sa.Column("void_reason", sa.Text()),
        *_row(),
        sa.Column("version", sa.BigInteger(), server_default=text("1"), nullable=False),
        _moment("updated_at"),
        sa.CheckConstraint("total_amount > 0 AND tax_amount >= 0", name="ck_bills_amounts"),
        sa.CheckConstraint("tax_amount < total_amount", name="ck_bills_tax"),
        sa.CheckConstraint("paid >= 0 AND paid <= total_amount", name="ck_bills_paid"),
        sa.CheckConstraint("voided_at IS NULL OR paid = 0", name="ck_bills_void"),
        *_keys("bills", [("supplier_id", "suppliers")]),
    )
    _indexes("bills", ["supplier_id"])
    op.create_index(
        "uq_bills_number",
        "bills",
        ["business_id", "supplier_id", text("lower(number)")],
        unique=True,
        postgresql_where=text("voided_at IS NULL"),
    )
    op.create_index(
        "ix_bills_open",
        "bills",
        ["business_id", "due_date"],
        postgresql_where=text("voided_at IS NULL AND paid < total_amount"),
    )


def _bill_payments() -> None:
    op.create_table(
        "bill_payments",
        sa.Column("bill_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("reverses_id", sa.BigInteger()),
        sa.Column("actor", sa.Text(), nullable=False),
        *_row(),
        sa.CheckConstraint("amount <> 0", name="ck_bill_payments_amount"),
        sa.CheckConstraint(
            "(amount < 0) = (reverses_id IS NOT NULL)", name="ck_bill_payments_reverses"
        ),
        *_keys("bill_payments", [("bill_id", "bills"), ("reverses_id", "bill_payments")]),
        sa.UniqueConstraint(
            "business_id", "reverses_id", name="uq_bill_payments_business_id_reverses_id"
        ),
    )
    _indexes("bill_payments", ["bill_id", "reverses_id"])


def _attachments() -> None:
    parents = [(column, f"{column.removesuffix('_id')}s") for column in HELD]
    op.create_table(
        "attachments",
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        *(sa.Column(column, sa.BigInteger()) for column in HELD),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        *_row(),
        sa.CheckConstraint(f"num_nonnulls({', '.join(HELD)}) = 1", name="ck_attachments_one"),
        *_keys("attachments", [("file_id", "files"), *parents]),
    )
    _indexes("attachments", ["file_id", *HELD])
    op.create_index(
        "uq_attachments_once",
        "attachments",
        ["business_id", "file_id", *(text(f"coalesce({column}, 0)") for column in HELD)],
        unique=True,
        postgresql_where=text("removed_at IS NULL"),
    )


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=text("now()"), nullable=False)


def _row() -> tuple[sa.Column[object], ...]:
    """What every table of a business has."""
    return (
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        _moment("created_at"),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
    )


def _keys(table: str, parents: Sequence[tuple[str, str]]) -> tuple[sa.schema.SchemaItem, ...]:
    """Its keys; a reference carries the business."""
    return (
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("business_id", "id", name=f"uq_{table}_business_id_id"),
        *(
            sa.ForeignKeyConstraint(
                ["business_id", column],
                [f"{parent}.business_id", f"{parent}.id"],
                name=f"fk_{table}_business_id_{column}",
            )
            for column, parent in parents
        ),
    )


def _indexes(table: str, columns: Sequence[str]) -> None:
    for column in columns:
        op.create_index(f"ix_{table}_{column}", table, ["business_id", column])

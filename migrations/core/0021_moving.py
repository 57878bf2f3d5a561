"""A document may move to another store; what it is stays as it was made."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

GUARD = """
CREATE FUNCTION guard_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE'
       OR (to_jsonb(OLD) - 'store') IS DISTINCT FROM (to_jsonb(NEW) - 'store')
    THEN
        RAISE EXCEPTION 'document %: only the store that keeps it can change', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

DROP TRIGGER append_only ON documents;
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON documents
    FOR EACH ROW EXECUTE FUNCTION guard_document();

GRANT UPDATE (store) ON documents TO invoicer_app;
CREATE INDEX ix_documents_store ON documents (business_id, store, id);
CREATE INDEX ix_files_store ON files (business_id, store, id);
"""
UNGUARD = """
DROP INDEX ix_files_store;
DROP INDEX ix_documents_store;
REVOKE UPDATE (store) ON documents FROM invoicer_app;
DROP TRIGGER guard ON documents;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON documents
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP FUNCTION guard_document();
"""


def upgrade() -> None:
    # A percent sign would be taken for a placeholder.
    op.get_bind().exec_driver_sql(GUARD.replace("%", "%%"))


def downgrade() -> None:
    op.get_bind().exec_driver_sql(UNGUARD)

"""What the database itself refuses: changes of issued documents, deletions, over-allocation."""

from alembic import op
from sqlalchemy import text

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

APPEND_ONLY = ("audit_entries", "events", "stock_movements", "allocations", "refunds",
               "security_events", "credit_note_items", "credit_note_taxes", "documents")  # fmt: skip

FROZEN = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: rows are only ever added', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION refuse_issue() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'not issued: the draft or the series does not allow it'
        USING ERRCODE = 'IV001';
END $$;

CREATE FUNCTION guard_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.issued_at IS NOT NULL THEN
            RAISE EXCEPTION 'invoice % is issued and can not be deleted', OLD.number
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.issued_at IS NULL THEN
        RETURN NEW;
    END IF;
    IF (OLD.business_id, OLD.public_id, OLD.client_id, OLD.client_public_id, OLD.client_name,
        OLD.series_id, OLD.period, OLD.seq, OLD.number, OLD.currency, OLD.prices_include_tax,
        OLD.issue_date, OLD.issued_at, OLD.notes, OLD.adjustments, OLD.subtotal,
        OLD.discount_total, OLD.charge_total, OLD.net_total, OLD.tax_total, OLD.total_amount,
        OLD.withheld_total, OLD.prepaid_total, OLD.rounding, OLD.amount_due, OLD.seller,
        OLD.buyer, OLD.order_id, OLD.buyer_reference, OLD.purchase_order, OLD.payment_terms,
        OLD.payment_means, OLD.exchange_rate, OLD.created_at)
       IS DISTINCT FROM
       (NEW.business_id, NEW.public_id, NEW.client_id, NEW.client_public_id, NEW.client_name,
        NEW.series_id, NEW.period, NEW.seq, NEW.number, NEW.currency, NEW.prices_include_tax,
        NEW.issue_date, NEW.issued_at, NEW.notes, NEW.adjustments, NEW.subtotal,
        NEW.discount_total, NEW.charge_total, NEW.net_total, NEW.tax_total, NEW.total_amount,
        NEW.withheld_total, NEW.prepaid_total, NEW.rounding, NEW.amount_due, NEW.seller,
        NEW.buyer, NEW.order_id, NEW.buyer_reference, NEW.purchase_order, NEW.payment_terms,
        NEW.payment_means, NEW.exchange_rate, NEW.created_at)
    THEN
        RAISE EXCEPTION 'invoice % is issued: what it says can not change', OLD.number
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state = 'void' AND NEW.state <> 'void' OR NEW.state = 'draft' THEN
        RAISE EXCEPTION 'invoice %: % can not become %', OLD.number, OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = 'void' AND OLD.state <> 'void' AND NEW.settled <> 0 THEN
        RAISE EXCEPTION 'invoice %: money was put on it, so it can not be void', OLD.number
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON invoices
    FOR EACH ROW EXECUTE FUNCTION guard_invoice();

CREATE FUNCTION guard_parts_added() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    part record;
BEGIN
    FOR part IN SELECT DISTINCT business_id, invoice_id FROM added LOOP
        -- Parts may come in the very transaction that issues the invoice, and never later.
        PERFORM FROM invoices i WHERE i.business_id = part.business_id
            AND i.id = part.invoice_id AND i.issued_at <> transaction_timestamp();
        IF FOUND THEN
            RAISE EXCEPTION 'the invoice is issued: its % can not change', TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

CREATE FUNCTION guard_parts_taken() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM invoices i WHERE i.business_id = OLD.business_id
               AND i.id = OLD.invoice_id AND i.issued_at IS NOT NULL) THEN
        RAISE EXCEPTION 'the invoice is issued: its % can not change', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION guard_credit_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR
       (to_jsonb(OLD) - ARRAY['allocated', 'version', 'updated_at'])
       IS DISTINCT FROM
       (to_jsonb(NEW) - ARRAY['allocated', 'version', 'updated_at'])
    THEN
        RAISE EXCEPTION 'credit note % is issued: what it says can not change', OLD.number
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON credit_notes
    FOR EACH ROW EXECUTE FUNCTION guard_credit_note();

CREATE FUNCTION guard_credit_note_parts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM credit_notes c WHERE c.business_id = NEW.business_id
               AND c.id = NEW.credit_note_id AND c.created_at <> transaction_timestamp()) THEN
        RAISE EXCEPTION 'the credit note is issued: its % can not change', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION guard_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR
       (OLD.business_id, OLD.client_id, OLD.amount, OLD.currency, OLD.provider, OLD.created_at)
       IS DISTINCT FROM
       (NEW.business_id, NEW.client_id, NEW.amount, NEW.currency, NEW.provider, NEW.created_at)
    THEN
        RAISE EXCEPTION 'payment %: its amount, currency and client can not change', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON payments
    FOR EACH ROW EXECUTE FUNCTION guard_payment();

CREATE FUNCTION post_allocation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE invoices SET settled = settled + NEW.amount,
           paid_at = CASE WHEN settled + NEW.amount >= amount_due THEN now() END,
           version = version + 1, updated_at = now()
     WHERE business_id = NEW.business_id AND id = NEW.invoice_id AND state = 'issued';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'money can be put on issued invoices only'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.payment_id IS NOT NULL THEN
        UPDATE payments SET allocated = allocated + NEW.amount, updated_at = now()
         WHERE business_id = NEW.business_id AND id = NEW.payment_id;
    ELSIF NEW.credit_note_id IS NOT NULL THEN
        UPDATE credit_notes SET allocated = allocated + NEW.amount, updated_at = now()
         WHERE business_id = NEW.business_id AND id = NEW.credit_note_id;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER post AFTER INSERT ON allocations
    FOR EACH ROW EXECUTE FUNCTION post_allocation();

CREATE FUNCTION post_refund() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE payments SET refunded = refunded + NEW.amount,
           status = CASE WHEN refunded + NEW.amount = amount THEN 'refunded'
                         ELSE 'partly_refunded' END,
           version = version + 1, updated_at = now()
     WHERE business_id = NEW.business_id AND id = NEW.payment_id;
    RETURN NULL;
END $$;

CREATE TRIGGER post AFTER INSERT ON refunds
    FOR EACH ROW EXECUTE FUNCTION post_refund();
"""


def upgrade() -> None:
    connection = op.get_bind()
    # A percent sign would be taken for a placeholder.
    connection.exec_driver_sql(FROZEN.replace("%", "%%"))
    for table in APPEND_ONLY:
        connection.execute(
            text(
                "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON "
                + table
                + " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )
        )
    for table in ("invoice_items", "invoice_taxes"):
        connection.execute(
            text(
                "CREATE TRIGGER guard_added AFTER INSERT ON "
                + table
                + " REFERENCING NEW TABLE AS added"
                " FOR EACH STATEMENT EXECUTE FUNCTION guard_parts_added()"
            )
        )
        connection.execute(
            text(
                "CREATE TRIGGER guard_taken BEFORE UPDATE OR DELETE ON "
                + table
                + " FOR EACH ROW EXECUTE FUNCTION guard_parts_taken()"
            )
        )
    for table in ("credit_note_items", "credit_note_taxes"):
        connection.execute(
            text(
                "CREATE TRIGGER guard_added BEFORE INSERT ON "
                + table
                + " FOR EACH ROW EXECUTE FUNCTION guard_credit_note_parts()"
            )
        )


def downgrade() -> None:
    raise NotImplementedError("the guards are not taken down: restore a backup instead")

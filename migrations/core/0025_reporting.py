"""Six views for reports and questions, and the walls of the login that reads them.

Security invoker: a view shows what the login behind the question may see of the tables, which is
the rows of the business that was entered, and of the columns only those that a view names. Prices
of purchase, addresses of payers, secrets and internal notes are granted to nobody here.
"""

from alembic import op
from sqlalchemy import text

from invoicer_core.models.policies import open_reporting

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

TABLES = {
    "businesses": ("id", "time_zone"),
    "categories": ("business_id", "id", "name"),
    "clients": (
        "business_id", "id", "name", "email", "phone", "address", "city", "postcode", "region",
        "country", "vat_id", "currency", "payment_terms_days", "archived_at", "deleted_at",
        "created_at",
    ),
    "products": (
        "business_id", "id", "sku", "name", "description", "category_id", "unit", "unit_price",
        "currency", "stock_quantity", "low_stock_level", "is_active", "deleted_at", "created_at",
    ),
    "orders": (
        "business_id", "id", "order_number", "client_id", "total_amount", "currency", "status",
        "order_date", "deleted_at", "created_at",
    ),
    "invoices": (
        "business_id", "id", "number", "client_id", "client_name", "order_id", "state",
        "issue_date", "due_date", "currency", "subtotal", "tax_total", "total_amount", "amount_due",
        "settled", "notes", "sent_at", "paid_at", "deleted_at", "created_at",
    ),
    "invoice_items": (
        "business_id", "id", "invoice_id", "product_id", "position", "description", "quantity",
        "unit", "unit_price", "taxes", "net_amount", "total_price",
    ),
    "payments": (
        "business_id", "id", "invoice_id", "client_id", "amount", "currency", "method", "status",
        "date", "refunded", "provider", "provider_ref", "created_at",
    ),
}  # fmt: skip

VIEWS = {
    "clients": "SELECT id, name, email, phone, address, city, postcode, region, country, vat_id,"
    " currency, payment_terms_days, archived_at IS NOT NULL AS is_archived, created_at"
    " FROM public.clients WHERE deleted_at IS NULL",
    "products": "SELECT p.id, p.sku, p.name, p.description, c.name AS category, p.unit,"
    " p.unit_price, p.currency, p.stock_quantity, p.low_stock_level, p.is_active, p.created_at"
    " FROM public.products p LEFT JOIN public.categories c"
    " ON c.business_id = p.business_id AND c.id = p.category_id WHERE p.deleted_at IS NULL",
    "orders": "SELECT id, order_number, client_id, total_amount, currency, status, order_date,"
    " created_at FROM public.orders WHERE deleted_at IS NULL",
    "invoices": "SELECT i.id, i.number AS invoice_number, i.client_id, i.client_name, i.order_id,"
    " CASE WHEN i.state <> 'issued' THEN i.state WHEN i.amount_due <= i.settled THEN 'paid'"
    " WHEN i.due_date < (now() AT TIME ZONE b.time_zone)::date AND NOT EXISTS (SELECT FROM"
    " public.payments p WHERE p.business_id = i.business_id AND p.invoice_id = i.id"
    " AND p.status = 'pending') THEN 'overdue' ELSE 'sent' END AS status,"
    " i.issue_date, i.due_date, i.currency, i.subtotal, i.tax_total AS tax_amount,"
    " i.total_amount, i.settled AS paid_amount,"
    " CASE WHEN i.state = 'issued' THEN i.amount_due - i.settled ELSE 0 END AS balance_due,"
    " i.notes, i.sent_at, i.paid_at, i.created_at"
    " FROM public.invoices i JOIN public.businesses b ON b.id = i.business_id"
    " WHERE i.deleted_at IS NULL",
    "invoice_items": "SELECT t.id, t.invoice_id, t.product_id, t.position, t.description,"
    " t.quantity, t.unit, t.unit_price,"
    " (SELECT coalesce(sum((x ->> 'rate')::numeric), 0) FROM jsonb_array_elements(t.taxes) x)"
    " AS tax_rate, t.net_amount, t.total_price AS line_total"
    " FROM public.invoice_items t JOIN public.invoices i"
    " ON i.business_id = t.business_id AND i.id = t.invoice_id WHERE i.deleted_at IS NULL",
    "payments": "SELECT id, invoice_id, client_id, amount, currency, method, status,"
    " date AS paid_at, refunded AS refunded_amount, provider, provider_ref, created_at"
    " FROM public.payments",
}

COMMENTS = {
    "clients": "Who is invoiced. One row per client.",
    "clients.country": "Two letters, e.g. DE.",
    "clients.vat_id": "VAT number with the country's letters.",
    "clients.payment_terms_days": "Days until an invoice is due, where the client has terms of its"
    " own.",
    "clients.is_archived": "No longer active.",
    "products": "What is sold, goods and services.",
    "products.sku": "The article number.",
    "products.category": "Name of the product's group; may be empty.",
    "products.unit": "Unit of measure as a UN/ECE code: C62 piece, HUR hour, KGM kilogram.",
    "products.unit_price": "Price of one unit without or with tax as the business enters prices.",
    "products.stock_quantity": "How many are in stock; empty where stock is not kept.",
    "products.low_stock_level": "At or below this stock the product runs short.",
    "orders": "Orders of clients, before or beside invoices.",
    "orders.client_id": "clients.id",
    "orders.status": "pending, processing, completed or cancelled.",
    "invoices": "Invoices with what is paid and what is owed. Drafts are among them.",
    "invoices.invoice_number": "Empty for drafts.",
    "invoices.client_id": "clients.id",
    "invoices.client_name": "The client's name when the invoice was written.",
    "invoices.order_id": "orders.id, where it came of an order.",
    "invoices.status": "draft, sent (issued and open), overdue (open after the due date), paid or"
    " void. Sales are sent, overdue and paid together.",
    "invoices.issue_date": "Day of the invoice; empty for drafts.",
    "invoices.due_date": "Payable until this day.",
    "invoices.currency": "Three letters, e.g. EUR. Do not add amounts of different currencies.",
    "invoices.subtotal": "Sum of the lines before discounts and charges of the document.",
    "invoices.tax_amount": "Tax in the total.",
    "invoices.total_amount": "Total with tax.",
    "invoices.paid_amount": "Settled so far by payments, credit notes and write-offs.",
    "invoices.balance_due": "Still owed; 0 for drafts and void invoices.",
    "invoices.notes": "The text on the invoice.",
    "invoices.paid_at": "When it was paid in full.",
    "invoice_items": "Lines of invoices.",
    "invoice_items.invoice_id": "invoices.id",
    "invoice_items.product_id": "products.id; empty for free lines.",
    "invoice_items.tax_rate": "Percent, all taxes of the line together.",
    "invoice_items.net_amount": "Amount of the line without tax.",
    "invoice_items.line_total": "Amount of the line as entered.",
    "payments": "Money received, or being received.",
    "payments.invoice_id": "invoices.id, where it was paid for one invoice.",
    "payments.client_id": "clients.id",
    "payments.method": "card, bank_transfer, cash and the like.",
    "payments.status": "succeeded, pending, failed, unknown, partly_refunded, refunded or disputed."
    " Received money is succeeded and partly_refunded.",
    "payments.paid_at": "Day of the payment.",
    "payments.refunded_amount": "What went back of it.",
    "payments.provider_ref": "The provider's own name of the payment.",
}


def upgrade() -> None:
    connection = op.get_bind()
    for table, columns in TABLES.items():
        key = "id" if table == "businesses" else "business_id"
        open_reporting(connection, table, columns=columns, key=key)
    statements = ["CREATE SCHEMA reporting"]
    for name, query in VIEWS.items():
        statements.append(f"CREATE VIEW reporting.{name} WITH (security_invoker = true) AS {query}")
    for name, said in COMMENTS.items():
        kind = "COLUMN" if "." in name else "VIEW"
        quoted = said.replace("'", "''")
        statements.append(f"COMMENT ON {kind} reporting.{name} IS '{quoted}'")
    statements += [
        "GRANT USAGE ON SCHEMA reporting TO invoicer_app, invoicer_sql",
        "GRANT SELECT ON ALL TABLES IN SCHEMA reporting TO invoicer_app, invoicer_sql",
    ]
    for statement in statements:
        # The only colons are those of casts; an escaped one is no parameter.
        connection.execute(text(statement.replace(":", "\\:")))


def downgrade() -> None:
    op.execute("DROP SCHEMA reporting CASCADE")
    for table, columns in TABLES.items():
        op.execute(f"DROP POLICY of_questions ON {table}")
        named = ", ".join(columns)
        op.execute(f"REVOKE SELECT ({named}) ON {table} FROM invoicer_sql")  # noqa: S608

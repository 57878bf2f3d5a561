"""Sales by client and by product, of the invoices issued in a period less the credit notes."""

from decimal import Decimal
from typing import Any, Final

from sqlalchemy import text

from invoicer_core.domain.tables import Cell, Column, Table, Target, Word, total_of
from invoicer_core.models import db
from invoicer_core.services import revenue
from invoicer_core.services.reports.wishes import Report, Wish

_CLIENT_COLUMNS: Final = (
    Column("client"), Column("invoices", "count"), Column("net", "money"),
    Column("tax-amount", "money"), Column("total", "money"), Column("credited", "money"),
    Column("revenue", "money"),
)  # fmt: skip
_PRODUCT_COLUMNS: Final = (
    Column("product"), Column("category"), Column("quantity", "number"), Column("revenue", "money"),
)  # fmt: skip
_CLIENTS: Final = text(
    "WITH sold AS (SELECT client_id, count(*) AS invoices, sum(net_total) AS net,"
    "  sum(tax_total) AS tax, sum(total_amount) AS total FROM invoices"
    "  WHERE business_id = :business AND currency = :currency AND state = 'issued'"
    "  AND issue_date BETWEEN :start AND :end GROUP BY client_id),"
    " credited AS (SELECT client_id, sum(net_total) AS net, sum(total_amount) AS total"
    "  FROM credit_notes WHERE business_id = :business AND currency = :currency"
    "  AND issue_date BETWEEN :start AND :end GROUP BY client_id)"
    " SELECT c.id, c.name, coalesce(s.invoices, 0) AS invoices, coalesce(s.net, 0) AS net,"
    "  coalesce(s.tax, 0) AS tax, coalesce(s.total, 0) AS total,"
    "  coalesce(k.total, 0) AS credited, coalesce(s.net, 0) - coalesce(k.net, 0) AS revenue"
    " FROM sold s FULL JOIN credited k ON k.client_id = s.client_id"
    " JOIN clients c ON c.business_id = :business AND c.id = coalesce(s.client_id, k.client_id)"
    " ORDER BY revenue DESC, c.name, c.id"
)
_PRODUCTS: Final = text(
    "WITH line AS (SELECT t.product_id, t.description, t.quantity, t.net_amount AS net"
    "  FROM invoices i JOIN invoice_items t"
    "   ON t.business_id = i.business_id AND t.invoice_id = i.id"
    "  WHERE i.business_id = :business AND i.currency = :currency AND i.state = 'issued'"
    "  AND i.issue_date BETWEEN :start AND :end"
    "  UNION ALL SELECT t.product_id, t.description, -t.quantity, -t.net_amount"
    "  FROM credit_notes n JOIN credit_note_items t"
    "   ON t.business_id = n.business_id AND t.credit_note_id = n.id"
    "  WHERE n.business_id = :business AND n.currency = :currency"
    "  AND n.issue_date BETWEEN :start AND :end),"
    " sums AS (SELECT product_id, CASE WHEN product_id IS NULL THEN description END AS text,"
    "  sum(quantity) AS quantity, sum(net) AS net FROM line GROUP BY 1, 2)"
    " SELECT s.product_id, coalesce(p.name, s.text) AS name, c.name AS category, s.quantity, s.net"
    " FROM sums s LEFT JOIN products p ON p.business_id = :business AND p.id = s.product_id"
    " LEFT JOIN categories c ON c.business_id = p.business_id AND c.id = p.category_id"
    " ORDER BY s.net DESC, 2, s.product_id"
)


def by_client(wish: Wish) -> Report:
    """Each client's invoices with net, tax and total, what was credited, and the revenue left."""
    found = db.session.execute(_CLIENTS, wish.values()).all()
    rows = tuple(
        (row.name, row.invoices, row.net, row.tax, row.total, row.credited, row.revenue)
        for row in found
    )
    table = Table(
        name="clients",
        columns=_CLIENT_COLUMNS,
        rows=rows,
        total=total_of(_CLIENT_COLUMNS, rows),
        targets=tuple(Target("client", row.id) for row in found),
    )
    return Report(name="clients", wish=wish, tables=(table,))


def by_product(wish: Wish) -> Report:
    """Each product's quantity and revenue; lines without a product by what they say."""
    found = product_sums(wish)
    rows: list[tuple[Cell, ...]] = [
        (row.name, row.category, row.quantity, row.net) for row in found
    ]
    targets = [Target("product", row.product_id) if row.product_id else None for row in found]
    whole = revenue.total(wish.period, wish.currency) - sum((row.net for row in found), Decimal(0))
    if whole:
        rows.append((Word("whole"), None, None, whole))
        targets.append(None)
    table = Table(
        name="products",
        columns=_PRODUCT_COLUMNS,
        rows=tuple(rows),
        total=total_of(_PRODUCT_COLUMNS, rows),
        targets=tuple(targets),
    )
    return Report(name="products", wish=wish, tables=(table,))


def product_sums(wish: Wish) -> list[Any]:
    """``product_id``, ``name``, ``category``, ``quantity`` and ``net`` of all that was sold, the
    most first. Discounts and charges on whole invoices are not in it."""
    return list(db.session.execute(_PRODUCTS, wish.values()))

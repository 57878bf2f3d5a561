"""Many invoices of one business, written by sets of rows as the owner of the tables.

Forty surnames and twenty-five trades make a thousand different names of clients; a client has fifty
invoices, in the largest business a hundred. Four of five are paid, all have their PDF.
"""

from typing import Any, Final

import psycopg

SURNAMES: Final = (
    "Abendroth", "Achterberg", "Bajorek", "Bellamy", "Castellano", "Chowdhury", "Dąbrowski",
    "Delacroix", "Eriksen", "Escobedo", "Fairweather", "Fitzgerald", "Grünwald", "Guerrero",
    "Halvorsen", "Hernández", "Ibrahimović", "Iwanowa", "Jankowski", "Johansson", "Kavanagh",
    "Kowalczyk", "Lindqvist", "Lombardi", "Montague", "Müller", "Nakamura", "Novotná", "O'Sullivan",
    "Okonkwo", "Papadopoulos", "Petersen", "Quintero", "Rasmussen", "Schwarzenbach", "Silveira",
    "Thorvaldsen", "Vandenberg", "Wolański", "Zimmermann",
)  # fmt: skip
TRADES: Final = (
    "Architects", "Bakery", "Bicycles", "Brewery", "Carpentry", "Catering", "Ceramics", "Dairy",
    "Consulting", "Dental", "Electrics", "Engineering", "Films", "Flowers", "Foods", "Gardens",
    "Holdings", "Instruments", "Joinery", "Logistics", "Optics", "Plumbing", "Print", "Textiles",
    "Translations",
)  # fmt: skip

FEWEST: Final = 20
"""Clients of the smallest business; the first of every business have the same names."""

_PARTS: Final = ("invoice_items", "invoice_taxes")

_CLIENTS: Final = """
    INSERT INTO clients (business_id, name, email, city)
    SELECT %(business)s,
           s.name || ' ' || t.name || ' ' || (array['Ltd', 'GmbH', 'SARL'])[1 + n %% 3],
           'office' || n || '@client.test', 'Town ' || n %% 90
    FROM generate_series(0, %(clients)s - 1) n
    JOIN unnest(%(surnames)s::text[]) WITH ORDINALITY s (name, at)
      ON s.at = 1 + n %% cardinality(%(surnames)s::text[])
    JOIN unnest(%(trades)s::text[]) WITH ORDINALITY t (name, at)
      ON t.at = 1 + n / cardinality(%(surnames)s::text[]) %% cardinality(%(trades)s::text[])
"""
_INVOICES: Final = """
    WITH client AS (
        SELECT id, public_id, name, row_number() OVER (ORDER BY id) - 1 AS at
        FROM clients WHERE business_id = %(business)s
    )
    INSERT INTO invoices (business_id, client_id, client_public_id, client_name, series_id, period,
        seq, number, currency, state, issue_date, due_date, issued_at, subtotal, discount_total,
        charge_total, net_total, tax_total, total_amount, withheld_total, prepaid_total, rounding,
        amount_due, settled, paid_at, seller, buyer)
    SELECT %(business)s, client.id, client.public_id, client.name, series.id, day.period, n,
           'INV-' || day.period || '-' || lpad(n::text, 6, '0'), 'EUR', 'issued', day.issued,
           day.issued + 14, day.issued + time '10:00', 300, 0, 0, 300, 57, 357, 0, 0, 0, 357,
           CASE WHEN n %% 10 < 8 THEN 357 ELSE 0 END,
           CASE WHEN n %% 10 < 8 THEN day.issued + time '15:00' END,
           '{"name": "Bench"}', jsonb_build_object('name', client.name)
    FROM generate_series(1, %(size)s) n
    CROSS JOIN LATERAL (SELECT current_date - ((%(size)s - n) * 1000 / %(size)s)::int AS issued) d
    CROSS JOIN LATERAL (SELECT d.issued, extract(year FROM d.issued)::text AS period) day
    JOIN client ON client.at = (n * 7919::bigint) %% %(clients)s
    JOIN series ON series.business_id = %(business)s AND series.document_type = 'invoice'
               AND series.is_default
    ORDER BY n
"""
_ITEMS: Final = """
    INSERT INTO invoice_items (business_id, invoice_id, position, description, quantity, unit,
        unit_price, base_quantity, taxes, gross_amount, total_price, net_amount)
    SELECT business_id, id, place, 'Consulting, part ' || place, 1, 'C62', 100, 1,
           '[{"name": "VAT", "category": "S", "rate": 19}]', 100, 100, 100
    FROM invoices CROSS JOIN generate_series(0, 2) place
    WHERE business_id = %(business)s ORDER BY id, place
"""
_TAXES: Final = """
    INSERT INTO invoice_taxes (business_id, invoice_id, position, name, category, rate, base, tax)
    SELECT business_id, id, 0, 'VAT', 'S', 19, 300, 57
    FROM invoices WHERE business_id = %(business)s ORDER BY id
"""
_PAYMENTS: Final = """
    INSERT INTO payments (business_id, client_id, invoice_id, amount, currency, method, status,
        date, provider, recorded_by, allocated)
    SELECT business_id, client_id, id, 357, 'EUR', 'bank_transfer', 'succeeded', issue_date,
           'manual', 'Bench', 357
    FROM invoices WHERE business_id = %(business)s AND paid_at IS NOT NULL ORDER BY id
"""
_DOCUMENTS: Final = """
    INSERT INTO documents (business_id, kind, invoice_id, revision, store, key, sha256, size,
        media_type, filename)
    SELECT business_id, 'invoice', id, 1, 'local_store', 'bench/' || id, md5(id::text), 20000,
           'application/pdf', number || '.pdf'
    FROM invoices WHERE business_id = %(business)s ORDER BY id
"""


def fill(connection: psycopg.Connection[Any], business: int, size: int) -> None:
    """Clients and ``size`` issued invoices of three items each, over a thousand days.

    The guard that keeps parts from being added to issued invoices is set aside within the
    transaction: an update of every row instead would leave the table twice as large.
    """
    clients = min(max(size // 50, FEWEST), 2_000)
    given = {
        "business": business,
        "size": size,
        "clients": clients,
        "surnames": list(SURNAMES),
        "trades": list(TRADES),
    }
    for table in _PARTS:
        connection.execute(_guard(table, "DISABLE"))
    for statement in (_CLIENTS, _INVOICES, _ITEMS, _TAXES, _PAYMENTS, _DOCUMENTS):
        connection.execute(statement, given)
    for table in _PARTS:
        connection.execute(_guard(table, "ENABLE"))


def _guard(table: str, verb: str) -> psycopg.sql.Composed:
    text = psycopg.sql.SQL("ALTER TABLE {} {} TRIGGER guard_added")
    return text.format(psycopg.sql.Identifier(table), psycopg.sql.SQL(verb))


def settle(connection: psycopg.Connection[Any]) -> None:
    """What autovacuum would do a minute later: statistics, and which pages all can see."""
    connection.execute(
        "VACUUM ANALYZE clients, invoices, invoice_items, invoice_taxes, payments, documents"
    )

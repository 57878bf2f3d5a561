"""What a plain script would write for one issued invoice of ten lines: the same rows as ours,
statement by statement, in one transaction with the same durability."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, LiteralString

import psycopg
from psycopg.types.json import Jsonb

from bench.stage import Stage
from invoicer_core.config import libpq_url

Cursor = psycopg.Cursor[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Given:
    """For whom the script writes, and an invoice as JSON: what an event carries."""

    business: int
    client_id: int
    client_public_id: str
    event: dict[str, Any]


def work(made: Stage, given: Given) -> Callable[[], Callable[[], None]]:
    """What each bare writer does, over one connection that stays open."""
    address = libpq_url(made.config.database_url or "")

    def begin() -> Callable[[], None]:
        connection = psycopg.connect(address, prepare_threshold=2)
        return lambda: write(connection, given)

    return begin


def write(connection: psycopg.Connection[tuple[Any, ...]], given: Given) -> None:
    """One invoice."""
    with connection.transaction():
        cursor = connection.cursor()
        cursor.execute("SELECT set_config('app.business_id', %s, true)", (str(given.business),))
        invoice = _draft(cursor, given)
        _parts(cursor, given.business, invoice)
        series = _one(
            cursor,
            "SELECT id FROM series WHERE business_id = %s AND document_type = 'invoice'",
            (given.business,),
        )
        _events(cursor, given, invoice)
        seq = _number(cursor, given.business, invoice, series)
        _audit(cursor, given.business, seq)
        cursor.execute("SELECT pg_notify('due', '')")


def _one(cursor: Cursor, statement: LiteralString, values: tuple[Any, ...]) -> int:
    row = cursor.execute(statement, values).fetchone()
    assert row is not None
    return int(row[0])


def _draft(cursor: Cursor, given: Given) -> int:
    return _one(
        cursor,
        "INSERT INTO invoices (business_id, client_id, client_public_id, client_name, currency,"
        " issue_date, due_date, subtotal, discount_total, charge_total, net_total, tax_total,"
        " total_amount, withheld_total, prepaid_total, rounding, amount_due) VALUES"
        " (%s, %s, %s, 'Bench client', 'EUR', current_date, current_date + 14, 2500, 0, 0, 2500,"
        " 325, 2825, 0, 0, 0, 2825) RETURNING id",
        (given.business, given.client_id, given.client_public_id),
    )


def _parts(cursor: Cursor, business: int, invoice: int) -> None:
    cursor.executemany(
        "INSERT INTO invoice_items (business_id, invoice_id, position, description, quantity,"
        " unit, unit_price, base_quantity, taxes, gross_amount, total_price, net_amount)"
        " VALUES (%s, %s, %s, %s, %s, 'C62', %s, 1, %s, %s, %s, %s)",
        [
            (business, invoice, place, f"Consulting, part {place}", Decimal("2.5"), Decimal(100),
             Jsonb([{"rate": 19}]), Decimal(250), Decimal(250), Decimal(250))
            for place in range(10)
        ],
    )  # fmt: skip
    cursor.executemany(
        "INSERT INTO invoice_taxes (business_id, invoice_id, position, name, category, rate,"
        " base, tax) VALUES (%s, %s, %s, 'VAT', 'S', %s, 1250, %s)",
        [(business, invoice, 0, 7, Decimal("87.5")), (business, invoice, 1, 19, Decimal("237.5"))],
    )


def _events(cursor: Cursor, given: Given, invoice: int) -> None:
    """Two events, and for the second a plugin's delivery beside the live one."""
    deliver = "INSERT INTO deliveries (business_id, event_id, subscriber) VALUES (%s, %s, %s)"
    event = 0
    for name in ("invoice.created", "invoice.issued"):
        event = _one(
            cursor,
            "INSERT INTO events (business_id, name, data, invoice_id, actor)"
            " VALUES (%s, %s, %s, %s, 'bench') RETURNING id",
            (given.business, name, Jsonb(given.event), invoice),
        )
        cursor.execute(deliver, (given.business, event, "live"))
    cursor.execute(deliver, (given.business, event, "plugin:invoice_delivery"))


def _number(cursor: Cursor, business: int, invoice: int, series: int) -> int:
    seq = _one(
        cursor,
        "INSERT INTO series_counters (business_id, series_id, period, last, last_date)"
        " VALUES (%s, %s, 'bare', 1, current_date) ON CONFLICT (series_id, period) DO UPDATE"
        " SET last = series_counters.last + 1 RETURNING last",
        (business, series),
    )
    cursor.execute(
        "UPDATE invoices SET state = 'issued', issued_at = now(), number = %s, seq = %s,"
        " series_id = %s, period = 'bare', seller = %s, buyer = %s WHERE business_id = %s"
        " AND id = %s",
        (f"BARE-{seq:05}", seq, series, Jsonb({"name": "A"}), Jsonb({"name": "B"}), business,
         invoice),
    )  # fmt: skip
    return seq


def _audit(cursor: Cursor, business: int, seq: int) -> None:
    cursor.execute(
        "UPDATE audit_heads SET seq = seq + 1, prev = hash,"
        " hash = sha256(hash || convert_to(%s, 'UTF8')) WHERE business_id = %s"
        " RETURNING seq, prev, hash",
        (f"issued {seq}", business),
    )
    link = cursor.fetchone()
    assert link is not None
    cursor.execute(
        "INSERT INTO audit_entries (business_id, seq, payload, prev, hash)"
        " VALUES (%s, %s, %s, %s, %s)",
        (business, link[0], f"issued {seq}", link[1], link[2]),
    )

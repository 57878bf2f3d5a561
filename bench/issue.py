"""Create and issue an invoice of ten lines in one HTTP call, beside a bare psycopg script that
writes the same rows with the same durability, at 1, 8 and 16 clients on one business.

First with worker and clock stopped, then with them running. Usage: python -m bench.issue [seconds]
"""

import json
import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from bench.stage import Stage, median, percentile, stage
from invoicer_core.config import libpq_url

CLIENTS = (1, 8, 16)
GOAL_RATE, GOAL_SHARE, GOAL_P50 = 300, 0.40, 0.006


def load(clients: int, seconds: float, work: Callable[[], Callable[[], None]]) -> list[float]:
    """Seconds of each call, by this many threads working for that long; any error ends the run."""
    times: list[float] = []
    errors: list[BaseException] = []
    start = threading.Barrier(clients + 1)
    ended = threading.Event()

    def run() -> None:
        try:
            call = work()
            for _ in range(5):
                call()
            start.wait()
            while not ended.is_set():
                begun = time.perf_counter()
                call()
                times.append(time.perf_counter() - begun)
        except BaseException as error:
            errors.append(error)
            start.abort()

    threads = [threading.Thread(target=run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    start.wait()
    time.sleep(seconds)
    ended.set()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return times


def body(client_id: int) -> bytes:
    """Ten lines in two tax groups."""
    items = [
        {
            "description": f"Consulting, part {place}",
            "quantity": 2.5,
            "unit_price": 100.0,
            "taxes": [{"name": "VAT", "category": "S", "rate": 19 if place % 2 else 7}],
        }
        for place in range(10)
    ]
    return json.dumps({"client_id": client_id, "items": items, "issue": True}).encode()


def over_http(made: Stage, token: str, client_id: int) -> Callable[[], Callable[[], None]]:
    """What each HTTP client does, over one connection that stays open."""
    sent = body(client_id)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    def work() -> Callable[[], None]:
        connection = made.connect()

        def call() -> None:
            connection.request("POST", "/api/v1/invoices", sent, headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 201:
                raise RuntimeError(f"{answer.status}: {text[:300]!r}")

        return call

    return work


def bare(made: Stage, business: int, client: tuple[int, Any], sample: dict[str, Any]) -> Any:
    """What each bare writer does: the same rows, statement by statement, in one transaction."""
    address = libpq_url(made.config.database_url or "")

    def work() -> Callable[[], None]:
        connection = psycopg.connect(address, prepare_threshold=2)
        return lambda: write(connection, business, client, sample)

    return work


def write(
    connection: psycopg.Connection[Any], business: int, client: tuple[int, Any], event: Any
) -> None:
    """One invoice as a plain script would write it."""
    number = Decimal
    with connection.transaction():
        cursor = connection.cursor()
        cursor.execute("SELECT set_config('app.business_id', %s, true)", (str(business),))
        cursor.execute(
            "INSERT INTO invoices (business_id, client_id, client_public_id, client_name, currency,"
            " issue_date, due_date, subtotal, discount_total, charge_total, net_total, tax_total,"
            " total_amount, withheld_total, prepaid_total, rounding, amount_due) VALUES"
            " (%s, %s, %s, 'Bench client', 'EUR', current_date, current_date + 14, 2500, 0, 0, 2500,"
            " 325, 2825, 0, 0, 0, 2825) RETURNING id",
            (business, *client),
        )
        (invoice,) = cursor.fetchone() or (0,)
        cursor.executemany(
            "INSERT INTO invoice_items (business_id, invoice_id, position, description, quantity,"
            " unit, unit_price, base_quantity, taxes, gross_amount, total_price, net_amount)"
            " VALUES (%s, %s, %s, %s, %s, 'C62', %s, 1, %s, %s, %s, %s)",
            [
                (business, invoice, place, f"Consulting, part {place}", number("2.5"), number(100),
                 Jsonb([{"rate": 19}]), number(250), number(250), number(250))
                for place in range(10)
            ],
        )  # fmt: skip
        cursor.executemany(
            "INSERT INTO invoice_taxes (business_id, invoice_id, position, name, category, rate,"
            " base, tax) VALUES (%s, %s, %s, 'VAT', 'S', %s, 1250, %s)",
            [(business, invoice, 0, 7, number("87.5")), (business, invoice, 1, 19, number("237.5"))],
        )
        cursor.execute(
            "SELECT id FROM series WHERE business_id = %s AND document_type = 'invoice'", (business,)
        )
        (series,) = cursor.fetchone() or (0,)
        for name in ("invoice.created", "invoice.issued"):
            cursor.execute(
                "INSERT INTO events (business_id, name, data, invoice_id, actor)"
                " VALUES (%s, %s, %s, %s, 'bench') RETURNING id",
                (business, name, Jsonb(event), invoice),
            )
            (event_id,) = cursor.fetchone() or (0,)
            cursor.execute(
                "INSERT INTO deliveries (business_id, event_id, subscriber) VALUES (%s, %s, 'live')",
                (business, event_id),
            )
        cursor.execute(
            "INSERT INTO deliveries (business_id, event_id, subscriber)"
            " VALUES (%s, %s, 'plugin:invoice_delivery')",
            (business, event_id),
        )
        cursor.execute(
            "INSERT INTO series_counters (business_id, series_id, period, last, last_date)"
            " VALUES (%s, %s, 'bare', 1, current_date) ON CONFLICT (series_id, period) DO UPDATE"
            " SET last = series_counters.last + 1 RETURNING last",
            (business, series),
        )
        (seq,) = cursor.fetchone() or (0,)
        cursor.execute(
            "UPDATE invoices SET state = 'issued', issued_at = now(), number = %s, seq = %s,"
            " series_id = %s, period = 'bare', seller = %s, buyer = %s WHERE business_id = %s"
            " AND id = %s",
            (f"BARE-{seq:05}", seq, series, Jsonb({"name": "A"}), Jsonb({"name": "B"}), business,
             invoice),
        )  # fmt: skip
        cursor.execute(
            "UPDATE audit_heads SET seq = seq + 1, prev = hash,"
            " hash = sha256(hash || convert_to(%s, 'UTF8')) WHERE business_id = %s"
            " RETURNING seq, prev, hash",
            (f"issued {seq}", business),
        )
        link = cursor.fetchone() or (0, b"", b"")
        cursor.execute(
            "INSERT INTO audit_entries (business_id, seq, payload, prev, hash)"
            " VALUES (%s, %s, %s, %s, %s)",
            (business, link[0], f"issued {seq}", link[1], link[2]),
        )
        cursor.execute("SELECT pg_notify('due', '')")


def report(label: str, clients: int, times: list[float], seconds: float) -> float:
    """Print one line; returns calls per second."""
    rate = len(times) / seconds
    print(
        f"{label:<22} {clients:>2} clients  {rate:7.0f}/s   p50 {median(times) * 1000:6.1f} ms"
        f"   p99 {percentile(times, 0.99) * 1000:6.1f} ms",
        flush=True,
    )
    return rate


def main() -> None:
    """Measure, print, compare."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    with stage() as made:
        made.start("web")
        token = made.owner()
        client_id = made.client(token)
        _, sample = made.call("POST", "/api/v1/invoices", json.loads(body(client_id)), token)
        _, shown = made.call("GET", f"/api/v1/clients/{client_id}", None, token)
        _, me = made.call("GET", "/api/v1/businesses", None, token)
        business, client = int(me[0]["id"]), (client_id, shown["public_id"])
        http = over_http(made, token, client_id)
        script = bare(made, business, client, sample)
        for jobs in (False, True):
            if jobs:
                made.start("worker", "clock")
            name = "with worker and clock" if jobs else "web alone"
            for clients in CLIENTS:
                theirs = load(clients, seconds, script)
                ours = load(clients, seconds, http)
                plain = report("bare psycopg", clients, theirs, seconds)
                rate = report(name, clients, ours, seconds)
                print(f"{'':<22} {clients:>2} clients  {rate / plain:7.0%} of the bare script")
    print(
        f"goals: {GOAL_RATE}/s and {GOAL_SHARE:.0%} of the bare script at 16 clients,"
        f" p50 below {GOAL_P50 * 1000:.0f} ms at 1"
    )


if __name__ == "__main__":
    main()

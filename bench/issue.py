"""Create and issue an invoice of ten lines in one HTTP call, beside a bare psycopg script that
writes the same rows with the same durability, at 1, 8 and 16 clients on one business.

First with worker and clock stopped, then with them running. Usage: python -m bench.issue [seconds]
"""

import json
import sys
from collections.abc import Callable

from bench import bare
from bench.load import load
from bench.stage import Stage, median, percentile, stage

CLIENTS = (1, 8, 16)
GOAL_RATE, GOAL_SHARE, GOAL_P50 = 300, 0.40, 0.006


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
        script = bare.work(made, bare.Given(business, *client, sample))
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

"""Dashboard, analytics and reports of a business with 20,000 invoices, over HTTP.

Usage: python -m bench.figures [rounds] [invoices]
"""

import http.client
import re
import sys
import time
from typing import Any, Final
from urllib.parse import urlencode

import psycopg

from bench.crowd import fill
from bench.stage import Stage, median, percentile, stage

PAGES: Final = {
    "dashboard": ("/", 100),
    "analytics, 90 days": ("/analytics", 300),
    "analytics, 12 months": ("/analytics?period=12-months", 300),
    "receivables": ("/reports/receivables", None),
    "receivables of last month": ("/reports/receivables?period=last-month", None),
    "tax by payment, 12 months": ("/reports/tax?period=12-months&basis=cash", None),
    "sales by client, 12 months": ("/reports/clients?period=12-months", None),
}
"""Each page, and its goal in milliseconds."""

_POSTED: Final = """
    INSERT INTO allocations (business_id, invoice_id, kind, payment_id, amount, actor)
    SELECT business_id, invoice_id, 'payment', id, amount, 'Bench' FROM payments
    WHERE business_id = %(business)s
"""
_VISITS: Final = """
    INSERT INTO visits (business_id, invoice_id, client_id, channel, device, visitor, views,
        created_at, last_at)
    SELECT business_id, id, client_id, (array['email', 'link'])[1 + id %% 2],
        (array['mobile', 'desktop'])[1 + id %% 2],
        decode(md5(client_id || '/' || issue_date), 'hex'), 2,
        issue_date + time '10:00', issue_date + time '10:03'
    FROM invoices WHERE business_id = %(business)s
"""


def main(arguments: list[str]) -> None:
    """Fill, measure, print."""
    rounds = int(arguments[0]) if arguments else 30
    size = int(arguments[1]) if len(arguments) > 1 else 20_000
    with stage() as made:
        made.start("web")
        account, token = made.account()
        with psycopg.connect(made.owner_url) as connection:
            _fill(connection, made.business(token), size)
        with psycopg.connect(made.owner_url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
        browser = _sign_in(made, account)
        for name, (path, goal) in PAGES.items():
            times = [_ask(browser, path) for _ in range(rounds + 3)][3:]
            aim = f"   (goal {goal} ms)" if goal else ""
            print(
                f"{name:<28} p50 {median(times) * 1000:6.1f} ms"
                f"   p95 {percentile(times, 0.95) * 1000:6.1f} ms{aim}",
                flush=True,
            )


def _fill(connection: psycopg.Connection[Any], business: int, size: int) -> None:
    """Invoices, with what was paid on each and who looked at it."""
    fill(connection, business, size)
    connection.execute("ALTER TABLE allocations DISABLE TRIGGER USER")
    connection.execute(_POSTED, {"business": business})
    connection.execute("ALTER TABLE allocations ENABLE TRIGGER USER")
    connection.execute(_VISITS, {"business": business})


class _Browser:
    """A connection with a session cookie."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self._connection = connection
        self._cookies: dict[str, str] = {}

    def send(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        headers["Sec-Fetch-Site"] = "same-origin"
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = urlencode(form) if form is not None else None
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        for line in answer.headers.get_all("Set-Cookie") or ():
            name, _, rest = line.partition("=")
            self._cookies[name] = rest.partition(";")[0]
        return answer.status, answer.read().decode()


def _sign_in(made: Stage, account: dict[str, str]) -> _Browser:
    browser = _Browser(made.connect())
    page = browser.send("GET", "/sign-in")[1]
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
    status, text = browser.send("POST", "/sign-in", {**hidden, **account})
    assert status == 302, text[:300]
    return browser


def _ask(browser: _Browser, path: str) -> float:
    begun = time.perf_counter()
    status, text = browser.send("GET", path)
    took = time.perf_counter() - begun
    assert status == 200, text[:300]
    return took


if __name__ == "__main__":
    main(sys.argv[1:])

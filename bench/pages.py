"""Pages of large amounts of data as the signed-in owner gets them: how long the server takes.

A business of 20,000 invoices: its list as it opens, by tab, by column, deep inside, searched and
filtered. And the editor with a draft of 200 items: the page, and its totals while somebody types.
Every page must take less than 100 ms (p95) on the server, which a request on a kept
connection of the same machine measures from outside.

Usage: python -m bench.pages [rounds] [invoices]
"""

import re
import sys
import time
from collections import defaultdict
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import quote, urlencode

import psycopg

from bench.crowd import SURNAMES, TRADES, fill, settle
from bench.stage import Stage, median, percentile, stage

INVOICES = 20_000
ITEMS = 200
GOAL = 0.1
"""Seconds."""

HIDDEN = re.compile(rb'name="(form_secret|once)" value="([^"]*)"')
FIELD = re.compile(r'<input [^>]*?name="([^"]+)" value="([^"]*)"')
NEXT = re.compile(rb'href="(/invoices\?[^"]*cursor=[^"]*)"')


class Browser:
    """Somebody signed in, on a connection that stays open."""

    def __init__(self, made: Stage, account: dict[str, str]) -> None:
        self.connection: HTTPConnection = made.connect()
        self.cookies: dict[str, str] = {}
        secret = dict(HIDDEN.findall(self.get("/sign-in")[1]))
        fields = {**account, "form_secret": secret[b"form_secret"].decode()}
        answer, text = self.ask("POST", "/sign-in", urlencode(fields))
        assert answer.status == 302, text[:300]

    def get(self, path: str) -> tuple[float, bytes]:
        """Seconds until the whole page was there, and the page."""
        begun = time.perf_counter()
        answer, text = self.ask("GET", path)
        took = time.perf_counter() - begun
        assert answer.status == 200, (path, answer.status, text[:300])
        return took, text

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[HTTPResponse, bytes]:
        """One request with the cookies so far."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer, text


def list_pages(browser: Browser) -> dict[str, str]:
    """The addresses of the list of invoices by what they show."""
    deep = NEXT.search(browser.get("/invoices?status=all&sort=client")[1])
    assert deep is not None
    surname = quote(SURNAMES[3])
    return {
        "list, newest": "/invoices?status=all",
        "list, open": "/invoices?status=open",
        "list, overdue": "/invoices?status=overdue",
        "list, by number": "/invoices?status=all&sort=-number",
        "list, by client": "/invoices?status=all&sort=client",
        "list, by client, second page": deep[1].decode().replace("&amp;", "&"),
        "list, by due date": "/invoices?status=all&sort=-due",
        "list, by balance": "/invoices?status=all&sort=-balance",
        "list, one client searched": f"/invoices?status=all&q={surname}+{quote(TRADES[0])}",
        "list, common name searched": f"/invoices?status=all&q={surname}",
        "list, filtered": "/invoices?status=paid&from=2026-01-01&least=100&most=1000",
    }


def long_draft(made: Stage, token: str) -> int:
    """The id of a draft with 200 items."""
    tax = {"name": "VAT", "category": "S", "rate": 19}
    items = [
        {"description": f"Item {at}", "quantity": at, "unit_price": "12.50", "taxes": [tax]}
        for at in range(1, ITEMS + 1)
    ]
    body = {"client_id": made.client(token), "currency": "EUR", "items": items}
    status, answer = made.call("POST", "/api/v1/invoices", body, token)
    assert status == 201, answer
    return int(answer["id"])


def measure_totals(browser: Browser, draft: int, rounds: int) -> list[float]:
    """The seconds of the totals of what the editor's form holds."""
    page = browser.get(f"/invoices/{draft}/edit")[1].decode()
    form = page[page.index('id="editor"') :]
    fields = [(name, value) for name, value in FIELD.findall(form) if name != "once"]
    assert sum(name == "item-key" for name, _ in fields) == ITEMS
    fields += [("item-unit", "C62"), ("item-tax", "none")] * ITEMS + [("currency", "EUR")]
    body, times = urlencode(fields), []
    for turn in range(-3, rounds):
        begun = time.perf_counter()
        answer, text = browser.ask("POST", f"/invoices/totals?invoice_id={draft}", body)
        took = time.perf_counter() - begun
        assert answer.status == 200, text[:300]
        assert text.count(b"<output") == ITEMS, text[:300]
        if turn >= 0:
            times.append(took)
    return times


def measure(browser: Browser, pages: dict[str, str], rounds: int) -> dict[str, list[float]]:
    """The seconds of each page, asked for in turn."""
    times: dict[str, list[float]] = defaultdict(list)
    for turn in range(-3, rounds):
        for name, path in pages.items():
            took, _ = browser.get(path)
            if turn >= 0:
                times[name].append(took)
    return times


def report(times: dict[str, list[float]]) -> bool:
    """One line a page; whether all are within the goal."""
    for name, each in times.items():
        slow = "" if percentile(each, 0.95) < GOAL else f"   more than {GOAL * 1000:.0f} ms"
        print(
            f"  {name:<32} p50 {median(each) * 1000:6.1f} ms"
            f"   p95 {percentile(each, 0.95) * 1000:6.1f} ms{slow}"
        )
    return all(percentile(each, 0.95) < GOAL for each in times.values())


def main(arguments: list[str]) -> int:
    """Fill, measure, print; the status says whether the goal was met."""
    rounds = int(arguments[0]) if arguments else 30
    size = int(arguments[1]) if len(arguments) > 1 else INVOICES
    with stage() as made:
        made.start("web")
        account, token = made.account()
        with psycopg.connect(made.owner_url) as connection:
            fill(connection, made.business(token), size)
        with psycopg.connect(made.owner_url, autocommit=True) as connection:
            settle(connection)
        browser = Browser(made, account)
        draft = long_draft(made, token)
        pages = list_pages(browser) | {f"editor, {ITEMS} items": f"/invoices/{draft}/edit"}
        print(f"{size:,} invoices, {rounds} rounds (goal: p95 below {GOAL * 1000:.0f} ms)")
        times = measure(browser, pages, rounds)
        times[f"totals, {ITEMS} items"] = measure_totals(browser, draft, rounds)
        return 0 if report(times) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

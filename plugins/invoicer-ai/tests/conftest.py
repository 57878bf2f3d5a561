"""A business with invoices, a neighbour with its own, and the plugin switched on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from flask import Flask
from invoicer_ai import AiPlugin

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.services import businesses
from tests.factories import Api, make_caller

STATEMENTS: Final = Path(__file__).parent / "statements"
CANARY: Final = "Qwertzuela"
"""Only the other business has it, and no catalogue of the database (which knows foreign tables)."""

DAY: Final = datetime(2026, 3, 2, tzinfo=UTC).date().isoformat()


def doubled(start: str, times: int, step: str, end: str) -> str:
    """A text that grows with each SELECT around the last."""
    for _ in range(times):
        start = f"SELECT {step} x FROM ({start}) q"  # noqa: S608
    return f"SELECT {end} FROM ({start}) q"  # noqa: S608


BUILT: Final = (
    "",
    ";",
    "SELECT '\0'",
    "SELECT '\ud800'",
    "SELECT " + "(" * 61 + "1" + ")" * 61,
    "SELECT 1 " + "/**/" * 3000,
    "SELECT 1" + " + 1" * 1900,
    "SELECT " + "NOT " * 1500 + "true",
    "SELECT " + "- " * 1900 + "1 + pg_sleep(1)",
    *(
        doubled(f"SELECT '{'a' * 90}' x", 12, step, end)
        for step, end in (
            ("x || x", "x"),
            ("concat(x, x)", "x"),
            ("concat_ws(x, x, x)", "length(x)"),
            ("replace(x, 'a', 'aa')", "x"),
            ("regexp_replace(x, 'a', 'aa', 'g')", "upper(x)"),
            ("overlay(x PLACING x FROM 1)", "x || x || x || x"),
        )
    ),
    *(
        f"SELECT count(*) FROM (SELECT {made} x FROM generate_series(1, 9999) a) q WHERE {wrong}"  # noqa: S608
        for made in ("string_agg('aaaa', '')", "array_to_string(array_agg('aaaa'::text), '')")
        for wrong in (
            "x LIKE '%aaaab'",
            "x ILIKE '%aaaab'",
            "x ~ '(a+)+b'",
            "x SIMILAR TO '%b'",
            "'b' || x = 'c'",
            "'a' LIKE x",
            "strpos(x, 'ab') > 0",
            "position('ab' IN x) > 0",
            "replace(x, 'a', 'b') = 'c'",
            "split_part(x, 'b', 2) = ''",
            "starts_with(x, 'b')",
            "'a' LIKE ANY (SELECT x)",
            "coalesce(x, 'a') LIKE 'b'",
            "max(x) OVER () LIKE 'b'",
            "upper(x) || 'b' = 'c'",
            "(SELECT x) LIKE 'b'",
            "CASE WHEN true THEN x END LIKE 'b'",
        )
    ),
    "WITH q (t) AS (SELECT string_agg(name, '') FROM clients) SELECT 1 FROM q WHERE t LIKE 'a'",
    "SELECT 1 FROM (SELECT * FROM (SELECT string_agg(name, '') x FROM clients) a) b"
    " JOIN clients ON x LIKE name",
    "SELECT 1 FROM (SELECT '' UNION ALL SELECT string_agg(name, '') FROM clients) a (t)"
    " WHERE t LIKE 'b'",
    f"SELECT {' || '.join(['id'] * 200)} FROM clients AS c (a, id)",  # noqa: S608
    "SELECT 1 FROM unnest((SELECT array_agg(name) FROM clients)) t WHERE t LIKE 'b'",
    f"SELECT {' + '.join(['mod(x, y)'] * 30)} FROM (SELECT 9.9 ^ 99999 x, 7.7 ^ 50000 y) q",  # noqa: S608
    f"SELECT {' + '.join(['power(x, 50000)'] * 20)} FROM (SELECT total_amount x FROM invoices) q",  # noqa: S608
    "SELECT '" + "x" * 9000 + "'",
    "SELECT 1 UNION ALL " * 400 + "SELECT 1",
)
"""Hostile by their size or depth."""


@pytest.fixture(scope="session")
def canary() -> str:
    """What must never be read from here."""
    return CANARY


@pytest.fixture(scope="session")
def hostile() -> tuple[str, ...]:
    """Statements that must be refused, one a line, by kind."""
    files = sorted(STATEMENTS.glob("hostile_*.sql"))
    lines = [line for file in files for line in file.read_text("utf-8").splitlines()]
    return (*lines, *BUILT)


@pytest.fixture(scope="session")
def benign() -> tuple[str, ...]:
    """Statements that must be allowed: what people ask of their invoices."""
    return tuple((STATEMENTS / "benign.sql").read_text("utf-8").splitlines())


@dataclass
class Books:
    """Two businesses; ``mine`` is asked, ``other`` must never answer."""

    app: Flask
    mine: Api
    other: Api
    client_id: int

    def execute(self, sql: str, **more: Any) -> Any:
        return self.mine.post("/ai/sql/execute", {"sql": sql, **more})

    def rows(self, sql: str) -> list[list[Any]]:
        answer = self.execute(sql)
        assert answer.status_code == 200, answer.text
        return answer.get_json()["rows"]


def fill(caller: Api, name: str, price: str) -> int:
    """A client with an issued invoice and a paid part of it."""
    client = caller.made("/clients", {"name": name, "email": f"{name.lower()}@x.test",
                                      "country": "DE"})  # fmt: skip
    item = {"description": f"Work for {name}", "quantity": "2", "unit_price": price}
    invoice = caller.made(
        "/invoices",
        {"client_id": client["id"], "items": [item], "issue_date": DAY},
    )
    assert caller.post(f"/invoices/{invoice['id']}/issue").status_code == 200
    caller.made(
        f"/invoices/{invoice['id']}/payments",
        {"amount": "10.00", "method": "cash", "date": DAY},
    )
    return int(client["id"])


@pytest.fixture(scope="session")
def asked_app(config: Config) -> Flask:
    return create_app(config, plugins=[AiPlugin])


@pytest.fixture(scope="session")
def books(asked_app: Flask) -> Books:
    mine, other = make_caller(asked_app), make_caller(asked_app)
    for caller in (mine, other):
        assert caller.put("/plugins/ai", {"enabled": True}).status_code == 200
    client = fill(mine, "Anker", "1000.00")
    fill(mine, "Birke", "3.00")
    fill(other, CANARY, "777.00")
    return Books(asked_app, mine, other, client)


@pytest.fixture
def within(books: Books) -> Iterator[Books]:
    """Inside the business that is asked."""
    assert books.mine.business_id is not None
    with books.app.app_context(), businesses.enter_business(books.mine.business_id):
        yield books

"""The guard alone: every hostile statement is refused, every benign one allowed, and quickly."""

import statistics
import time

import pytest
from invoicer_ai.sql.guard import check
from invoicer_ai.sql.refusal import Refused


def test_every_hostile_statement_is_refused_in_words(hostile) -> None:
    assert len(set(hostile)) >= 200
    accepted, reasons = [], []
    for statement in hostile:
        try:
            accepted.append(check(statement))
        except Refused as refused:
            reasons.append(refused.reason)
    assert accepted == []
    assert min(map(len, reasons)) > 20


def test_every_benign_statement_is_allowed(benign, record_property) -> None:
    assert len(set(benign)) >= 60
    times = []
    for statement in benign:
        begun = time.perf_counter()
        check(statement)
        times.append(1000 * (time.perf_counter() - begun))
    record_property("median_ms", statistics.median(times))


def test_what_is_made_of_an_allowed_one_is_allowed_and_stays_the_same(benign) -> None:
    for statement in benign:
        once = check(statement)
        assert check(once.sql) == once


@pytest.mark.parametrize(
    ("statement", "kind", "word"),
    [
        ("DELETE FROM clients", "statement", "SELECT"),
        ("SELECT 1; SELECT 2", "statements", "one statement"),
        ("SELECT * FROM users", "relation", "invoice_items"),
        ("SELECT cost FROM products", "column", "unit_price"),
        ("SELECT c.to_jsonb FROM clients c", "column", "vat_id"),
        ("SELECT version()", "function", "date_trunc"),
        ("SELECT '1'::oid", "type", "numeric"),
        ("SELECT 1 & 2", "operator", "BETWEEN"),
        ("SELECT * FROM clients FOR UPDATE", "clause", "leave it out"),
        ("SELECT * INTO x FROM clients", "clause", "exported"),
        ("WITH RECURSIVE r AS (SELECT 1) TABLE r", "clause", "generate_series"),
        ("SELECT name[1] FROM clients", "node", "window functions"),
        ("SELECT nme FROM", "syntax", "PostgreSQL"),
        ("SELECT '" + "ä" * 4_100 + "'", "size", "8192"),
    ],
)
def test_a_refusal_says_what_to_use_instead(statement, kind, word) -> None:
    with pytest.raises(Refused) as refused:
        check(statement)
    assert refused.value.kind == kind
    assert word in refused.value.reason


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        # An alias within hides the one without, as PostgreSQL looks names up.
        ("SELECT (SELECT c.b FROM (SELECT 1 AS b) c) FROM clients c", True),
        ("SELECT (SELECT c.name FROM (SELECT 1 AS b) c) FROM clients c", False),
        # A query of WITH is a table where it can be seen, and only there.
        ("WITH users AS (SELECT 1 AS a) SELECT a FROM users", True),
        ("SELECT * FROM (WITH users AS (SELECT 1 AS a) SELECT a FROM users) q, users", False),
        ("WITH clients AS (SELECT 1 AS a) SELECT name FROM clients", False),
        ("WITH clients AS (SELECT 1 AS a) SELECT name FROM reporting.clients", True),
        # A sub-select sees its neighbours only where it is LATERAL.
        ("SELECT 1 FROM clients c, LATERAL (SELECT c.name) q", True),
        ("SELECT 1 FROM clients c, (SELECT c.name) q", False),
        # Columns that were given other names have those only.
        ("SELECT q.a FROM (SELECT name FROM clients) q(a)", True),
        ("SELECT q.name FROM (SELECT name FROM clients) q(a)", False),
        ("SELECT q.sum FROM (SELECT sum(id) FROM clients) q", True),
        ("SELECT q.count FROM (SELECT sum(id) FROM clients) q", False),
        # ON sees the two sides of its join.
        ("SELECT 1 FROM clients a JOIN orders b ON a.id = b.client_id", True),
        ("SELECT 1 FROM products p, clients a JOIN orders b ON p.id = b.id", False),
        ("SELECT total FROM (SELECT 1 AS total) q ORDER BY q.total", True),
        ("SELECT id AS x FROM clients WHERE x = 1", False),
        ("SELECT id AS x FROM clients GROUP BY x ORDER BY x", True),
    ],
)
def test_names_are_found_as_postgresql_finds_them(statement, allowed) -> None:
    if allowed:
        check(statement)
        return
    with pytest.raises(Refused):
        check(statement)

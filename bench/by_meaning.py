"""How well products are found by words, by meaning, and by both: recall@10 and time over HTTP.

The products and the first two sets of queries in ``bench/meaning`` were written before the search
was; ``tuning`` may be looked at while the search is worked on, ``held_out`` only to report.
``fresh`` was written when the search was done, by a hand that had seen neither it nor the other
queries, and is only reported too. Recall@10 is the share of a query's wanted products among the
first ten, averaged over the queries; other languages than English are reported apart.

Times are taken with 5,000 products. The rest are the same goods in other sizes and makes, each with
the vector that the model really gives its name. Every query is asked once per way to search, of
processes that just began, so that none of them remembers how it reads.

Usage: python -m bench.by_meaning [tuning|held_out|fresh ...] [--misses]
"""

import json
import re
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from invoicer_vector_search.minilm import MiniLM

from bench.stage import Stage, median, percentile, stage

DATA = Path(__file__).parent / "meaning"
SETS = {
    "tuning": "queries_tuning.json",
    "held_out": "queries_held_out.json",
    "fresh": "held_out.json",
}
MODES = ("text", "semantic", "hybrid")
TOP = 10
PRODUCTS = 5_000
GOAL_MS = 60

MAKES = ("Atlas", "Borealis", "Cedar", "Delta", "Evergreen", "Falcon", "Granite", "Harbour")
MORE = """
WITH p AS (
 INSERT INTO products (business_id, name, description, unit, unit_price, is_active)
 VALUES (%(business)s, %(name)s, %(description)s, 'C62', 10, true) RETURNING id)
INSERT INTO plugin_vector_search.entries (business_id, model, kind, thing_id, digest, vector)
SELECT %(business)s, %(model)s, 'product', id, '', %(vector)s::vector FROM p
"""
READY = """
SELECT s.model FROM plugin_vector_search.serving s WHERE s.business_id = %(business)s
AND s.model IS NOT NULL AND s.building IS NULL
AND (SELECT count(*) FROM plugin_vector_search.entries e
     WHERE e.business_id = s.business_id AND e.kind = 'product') >= %(many)s
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """Seconds until the whole answer was there, the article numbers found, and how."""

    took: float
    found: list[str]
    mode: str


def ask(connection: HTTPConnection, token: str, query: str, mode: str) -> Answer:
    """Search once."""
    begun = time.perf_counter()
    connection.request(
        "GET",
        f"/api/v1/products/search?q={quote(query)}&mode={mode}&limit={TOP}",
        headers={"Authorization": f"Bearer {token}"},
    )
    answer = connection.getresponse()
    text = answer.read()
    took = time.perf_counter() - begun
    assert answer.status == 200, text[:300]
    found = [str(each.get("sku")) for each in json.loads(text)]
    return Answer(took, found, answer.headers["X-Search-Mode"])


def insist(connection: HTTPConnection, token: str, query: str, mode: str) -> list[str]:
    """What is found when the model answers, which it may be too busy for at once."""
    end = time.monotonic() + 60
    while (answer := ask(connection, token, query, mode)).mode != mode:
        assert time.monotonic() < end, "no worker reads the queries"
        time.sleep(0.5)
    return answer.found


def fill(made: Stage, token: str, business: int) -> str:
    """The labelled products, read by a worker; the name of the model."""
    status, answer = made.call("PUT", "/api/v1/plugins/vector_search", {"enabled": True}, token)
    assert status == 200, answer
    products = json.loads((DATA / "products.json").read_text("utf-8"))
    for product in products:
        body = {**product, "unit_price": 10}
        status, answer = made.call("POST", "/api/v1/products", body, token)
        assert status == 201, answer
    return until_ready(made, business, len(products))


def until_ready(made: Stage, business: int, many: int) -> str:
    """Wait until so many products are in the index; the name of the model."""
    end = time.monotonic() + 300
    with psycopg.connect(made.owner_url, autocommit=True) as connection:
        while time.monotonic() < end:
            found = connection.execute(READY, {"business": business, "many": many}).fetchone()
            if found:
                return str(found[0])
            time.sleep(0.2)
    raise TimeoutError("the index was not built in time")


def recall(made: Stage, token: str, queries: list[dict[str, Any]], *, misses: bool) -> None:
    """Print the recall of each mode."""
    connection = made.connect()
    for mode in MODES:
        shares: dict[str, list[float]] = defaultdict(list)
        for query in queries:
            found = insist(connection, token, query["q"], mode)
            share = len(set(found) & set(query["wanted"])) / len(query["wanted"])
            shares["English" if query["language"] == "en" else "other languages"].append(share)
            shares[f"  {query['kind']}"].append(share)
            if misses and share < 1 and mode == "hybrid":
                print(f"   missed {query['q']!r}: {query['wanted']}, found {found[:4]}")
        words = ", ".join(f"{k.strip()} {sum(v) / len(v):.3f}" for k, v in sorted(shares.items()))
        print(f"{mode:>9}: recall@{TOP} {words}")


def crowd(made: Stage, business: int, model: str) -> None:
    """Products until there are 5,000: the labelled ones of other makes and in other sizes."""
    there = json.loads((DATA / "products.json").read_text("utf-8"))
    wanted = PRODUCTS - len(there)
    rows = [
        {**each, "business": business, "model": model, "name": _varied(each["name"], turn)}
        for turn in range(1, 1 + -(-wanted // len(there)))
        for each in there
    ][:wanted]
    vectors = MiniLM().embed([row["name"] for row in rows])
    with psycopg.connect(made.owner_url) as connection:
        given = [{**row, "vector": str(each)} for row, each in zip(rows, vectors, strict=True)]
        connection.cursor().executemany(MORE, given)
    with psycopg.connect(made.owner_url, autocommit=True) as connection:
        connection.execute("ANALYZE")


def _varied(name: str, turn: int) -> str:
    sizes = re.sub(r"\d+", lambda found: str(int(found[0]) + turn), name)
    return f"{MAKES[turn % len(MAKES)]} {sizes} {turn}"


def sign_in(made: Stage, account: dict[str, str]) -> str:
    """An access token; one lives shorter than all of this may take."""
    status, answer = made.call("POST", "/api/v1/auth/login", account)
    assert status == 200, answer
    return str(answer["token"])


def times(made: Stage, account: dict[str, str], queries: list[dict[str, Any]]) -> bool:
    """Print how long each mode takes; whether the goal is met."""
    good = True
    for mode in MODES:
        made.stop("web", "worker")
        made.start("web", "worker")
        connection, token = made.connect(), sign_in(made, account)
        for warm in ("warm up", "another word", "and some more"):
            insist(connection, token, warm, mode)
        answers = [ask(connection, token, each["q"], mode) for each in queries]
        took = [each.took * 1000 for each in answers]
        late = percentile(took, 95)
        without = sum(each.mode != mode for each in answers)
        good &= late < GOAL_MS and not without
        print(
            f"{mode:>9}: p50 {median(took):.1f} ms, p95 {late:.1f} ms at {PRODUCTS} products,"
            f" {without} of {len(answers)} without the model"
        )
    return good


def main(arguments: list[str]) -> int:
    """Measure; 0 when every mode is fast enough."""
    names = [each for each in arguments if not each.startswith("-")] or ["tuning"]
    sets = {name: json.loads((DATA / SETS[name]).read_text("utf-8")) for name in names}
    with stage() as made:
        made.start("web", "worker", "clock")
        account, token = made.account()
        business = made.business(token)
        model = fill(made, token, business)
        for name, queries in sets.items():
            print(f"{name}: {len(queries)} queries, model {model}", flush=True)
            recall(made, sign_in(made, account), queries, misses="--misses" in arguments)
        crowd(made, business, model)
        return 0 if times(made, account, sets[names[0]]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

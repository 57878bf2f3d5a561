"""The 50 newest invoices, and a search by the client's name, over HTTP, at three sizes.

Three businesses of 1,000, 20,000 and 200,000 invoices lie in one database and are asked in turn, so
that whatever else the machine does touches all of them alike. A search is for one client (a surname
and a trade: 50 to 200 invoices), for a surname alone (one client in twenty of the smallest
business, one in forty of the others) and for a name that no client has. Every answer but the last
holds 50 invoices, at every size.

Usage: python -m bench.lists [rounds] [sizes, separated by commas] [--plans]
"""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote

import psycopg

from bench.crowd import FEWEST, SURNAMES, TRADES, fill, settle
from bench.plans import show_plans
from bench.stage import Stage, median, percentile, stage

SIZES = (1_000, 20_000, 200_000)
GOAL = 1.5
Times = dict[tuple[str, int], list[float]]


def wishes() -> Iterator[dict[str, str]]:
    """What is asked for in each round: the path by the name of the measurement."""
    turn = 0
    while True:
        surname = SURNAMES[turn % FEWEST]
        yield {
            "50 newest": "",
            "search, one client": f"&q={quote(f'{surname} {TRADES[0]}')}",
            "search, common name": f"&q={quote(surname)}",
            "search, no match": f"&q={quote('Nobodyhere')}",
        }
        turn += 1


def ask(connection: HTTPConnection, token: str, wish: str) -> tuple[float, int]:
    """Seconds until the whole answer was there, and how many invoices it held."""
    begun = time.perf_counter()
    connection.request(
        "GET", f"/api/v1/invoices?limit=50{wish}", headers={"Authorization": f"Bearer {token}"}
    )
    answer = connection.getresponse()
    text = answer.read()
    took = time.perf_counter() - begun
    assert answer.status == 200, text[:300]
    return took, len(json.loads(text))


def measure(made: Stage, tokens: dict[int, str], rounds: int) -> tuple[Times, dict[str, int]]:
    """The seconds of every call by wish and size, and how many invoices came back at most."""
    connections = {size: made.connect() for size in tokens}
    times: Times = defaultdict(list)
    most: dict[str, int] = defaultdict(int)
    wanted = wishes()
    for turn in range(-10, rounds):
        for name, wish in next(wanted).items():
            for size, token in tokens.items():
                took, found = ask(connections[size], token, wish)
                if turn >= 0:
                    times[name, size].append(took)
                    most[name] = max(most[name], found)
    return times, most


def report(times: Times, most: dict[str, int], sizes: tuple[int, ...]) -> None:
    """One line for each wish and size, then the ratio of the largest to the smallest."""
    for name in most:
        print(f"{name} (up to {most[name]} answered)")
        for size in sizes:
            each = times[name, size]
            print(
                f"  {size:>7,} invoices   p50 {median(each) * 1000:6.1f} ms"
                f"   p95 {percentile(each, 0.95) * 1000:6.1f} ms"
            )
        small, large = times[name, sizes[0]], times[name, sizes[-1]]
        ratio = percentile(large, 0.95) / percentile(small, 0.95)
        print(
            f"  largest to smallest: p95 {ratio:.2f}, p50 {median(large) / median(small):.2f}"
            f" (goal: p95 at most {GOAL})",
            flush=True,
        )


def businesses(made: Stage, sizes: tuple[int, ...]) -> dict[int, str]:
    """A business of each size; the token of its owner."""
    tokens = {}
    with psycopg.connect(made.owner_url) as connection:
        for size in sizes:
            tokens[size] = made.owner()
            begun = time.perf_counter()
            fill(connection, made.business(tokens[size]), size)
            connection.commit()
            print(f"{size:,} invoices written in {time.perf_counter() - begun:.1f} s", flush=True)
    with psycopg.connect(made.owner_url, autocommit=True) as connection:
        settle(connection)
    return tokens


def main(arguments: list[Any]) -> None:
    """Fill, measure, print."""
    given = [each for each in arguments if not each.startswith("--")]
    rounds = int(given[0]) if given else 200
    sizes = tuple(int(each) for each in given[1].split(",")) if len(given) > 1 else SIZES
    with stage() as made:
        made.start("web")
        tokens = businesses(made, sizes)
        report(*measure(made, tokens, rounds), sizes)
        if "--plans" in arguments:
            show_plans(made, made.business(tokens[sizes[-1]]))


if __name__ == "__main__":
    main(sys.argv[1:])

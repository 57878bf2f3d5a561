"""What the search by meaning is measured with stays out of what is measured: no query that was set
aside stands in the code or in a test, or the figures would be about remembering."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SETS = ("held_out.json", "queries_held_out.json")
SUFFIXES = frozenset({".py", ".html", ".js", ".toml", ".sql"})
SEARCH = (
    "plugins/invoicer-vector-search/",
    "invoicer_core/services/searching",
    "invoicer_core/domain/fusing",
)
"""Here not even a query of a single word may stand; elsewhere such a word is a coincidence."""


def queries(name: str) -> list[str]:
    given = json.loads((ROOT / "bench" / "meaning" / name).read_text("utf-8"))
    return [each["q"].lower() for each in given]


def sources() -> dict[str, str]:
    return {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8").lower()
        for folder in ("invoicer_core", "plugins", "tests", "migrations")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in SUFFIXES and "node_modules" not in path.parts
    }


def stands_in(query: str, text: str) -> bool:
    return query in text and bool(re.search(rf"(?<!\w){re.escape(query)}(?!\w)", text))


@pytest.mark.parametrize("name", SETS)
def test_what_was_set_aside_is_nowhere_in_the_code(name: str) -> None:
    every = queries(name)
    assert len(every) >= 80
    leaks = [
        f"{where}: {query}"
        for where, text in sources().items()
        for query in every
        if (" " in query or where.startswith(SEARCH)) and stands_in(query, text)
    ]
    assert not leaks


def test_no_query_is_a_products_name() -> None:
    products = json.loads((ROOT / "bench" / "meaning" / "products.json").read_text("utf-8"))
    names = {each["name"].lower() for each in products}
    for name in SETS:
        every = queries(name)
        assert len(set(every)) == len(every)
        assert not set(every) & names

"""Hostile statements in thousands of other spellings, and allowed ones beside the planner's view.

A spelling may turn a statement into a harmless one only where it cuts out what was hostile, which
none here does: what they add is case, comments, quoting, nesting and queries around them.
"""

import json
from collections.abc import Callable
from itertools import pairwise

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from invoicer_ai.sql.guard import check
from invoicer_ai.sql.refusal import Refused
from invoicer_ai.sql.tree import parser
from sqlalchemy import text

from invoicer_core.models import db

BASE = {
    "clients": {"clients"},
    "products": {"products", "categories"},
    "orders": {"orders"},
    "invoices": {"invoices", "businesses", "payments"},
    "invoice_items": {"invoice_items", "invoices"},
    "payments": {"payments"},
}
NO_FUNCTIONS = {"by", "coalesce", "exists", "filter", "greatest", "grouping", "least", "numeric"}
"""Words of the language that stand before brackets in a plan, and the type of all amounts."""

SAME = {"btrim": "trim"}
MAY_BE_CALLED = {"COL_NAME_KEYWORD", "TYPE_FUNC_NAME_KEYWORD", "UNRESERVED_KEYWORD"}
Change = Callable[[str, int], str]


def swapped_case(sql: str, seed: int) -> str:
    """Words in another case, outside of quotes and dollar signs."""
    if "'" in sql or '"' in sql or "$" in sql:
        return sql.swapcase() if not any(sign in sql for sign in "'\"$") else sql
    return "".join(
        each.upper() if (seed >> at % 16) & 1 else each.lower() for at, each in enumerate(sql)
    )


def commented(sql: str, seed: int) -> str:
    marks = ("/**/", "/* x */", " \n", "\t", "/*/**/*/", " -- x\n")
    if "'" in sql or "$$" in sql or "--" in sql or '"' in sql:
        return marks[seed % 6] + sql + " "
    return sql.replace(" ", marks[seed % 6] + " ")


def quoted(sql: str, seed: int) -> str:
    for word in ("set_config", "pg_class", "users", "clients", "pg_sleep", "to_jsonb"):
        if seed % 3 and f'"{word}' not in sql and f"'{word}" not in sql:
            sql = sql.replace(f" {word} ", f' "{word}" ').replace(f" {word}(", f' "{word}"(')
    return sql


def escaped(sql: str, _seed: int) -> str:
    return sql.replace(" pg_class", ' U&"\\0070g_class"').replace(" users", ' U&"\\0075sers"')


def nested(sql: str, seed: int) -> str:
    return "SELECT * FROM (" * (1 + seed % 3) + sql + ") q" * (1 + seed % 3)


def in_with(sql: str, seed: int) -> str:
    name = ("q", "clients", "reporting", '"pg_class"')[seed % 4]
    return f"WITH {name} AS ({sql}) SELECT * FROM {name}"  # noqa: S608


def in_exists(sql: str, _seed: int) -> str:
    return f"SELECT name FROM clients WHERE EXISTS ({sql})"  # noqa: S608


def in_union(sql: str, seed: int) -> str:
    return f"({sql}) UNION ALL (SELECT 1)" if seed % 2 else f"(SELECT 1) EXCEPT ({sql})"


def in_array(sql: str, _seed: int) -> str:
    return f"SELECT ARRAY({sql})"


def spaced(sql: str, seed: int) -> str:
    return ("\ufeff", "\n\n", ";", " ", "(")[seed % 5] + sql + ("", ")", "", ";", "\n")[seed % 5]


def followed(sql: str, seed: int) -> str:
    return (f"{sql}; SELECT 1", f"SELECT 1; {sql}", f"{sql};;", f"{sql} --x")[seed % 4]


CHANGES: tuple[Change, ...] = (
    swapped_case, commented, quoted, escaped, nested, in_with, in_exists, in_union, in_array,
    spaced, followed,
)  # fmt: skip


def is_allowed(sql: str) -> bool:
    """Whether the guard lets it through. Any other error than its own fails the test."""
    try:
        check(sql)
    except Refused:
        return False
    return True


def test_no_spelling_of_a_hostile_statement_is_allowed(hostile, scale) -> None:
    seen = []

    @settings(
        max_examples=scale(300, 20_000),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.sampled_from([each for each in hostile if each.strip("; \n") and len(each) < 4_000]),
        st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(0, 65_535)), max_size=4),
    )
    def spell(statement: str, changes: list[tuple[Change, int]]) -> None:
        for change, seed in changes:
            statement = change(statement, seed)
        seen.append(statement)
        assert not is_allowed(statement)

    spell()
    assert len(seen) >= scale(250, 20_000)


def test_no_accident_makes_the_guard_fall(hostile, benign, scale) -> None:
    """Pieces cut out and put together anywhere: an answer in words, never another error."""

    @settings(
        max_examples=scale(200, 5_000),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(hostile), st.sampled_from(benign), st.integers(0, 300), st.text())
    def cut(bad: str, good: str, at: int, more: str) -> None:
        is_allowed(good[:at] + more + bad[at:])
        is_allowed(more + good)

    cut()


def relations(plan: object) -> set[str]:
    """Every table that a plan reads, and every function that stands for one."""
    if isinstance(plan, list):
        return {name for each in plan for name in relations(each)}
    if not isinstance(plan, dict):
        return set()
    own = {str(plan["Relation Name"])} if "Relation Name" in plan else set()
    return own | {name for each in plan.values() for name in relations(each)}


def functions(plan: object) -> set[str]:
    """Every name that stands before a bracket in the plan's expressions, as the scanner of the
    database reads them. (A plan names functions only in such texts.)"""
    if isinstance(plan, list):
        return {name for each in plan for name in functions(each)}
    if isinstance(plan, dict):
        return {name for each in plan.values() for name in functions(each)}
    tokens = list(parser.scan(plan)) if isinstance(plan, str) and "(" in plan else []
    return {
        str(plan)[one.start : one.end + 1].strip('"').lower()
        for one, two in pairwise(tokens)
        if two.name == "ASCII_40" and (one.name == "IDENT" or one.kind in MAY_BE_CALLED)
    } - NO_FUNCTIONS


def plan_of(sql: str) -> object:
    """The planner's way to it, as JSON."""
    db.session.rollback()
    db.session.execute(text("SET LOCAL search_path = reporting"))
    connection = db.session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    asked = "EXPLAIN (FORMAT JSON, VERBOSE) " + sql
    row = connection.execute(asked.encode()).fetchone()
    assert row is not None
    return row[0] if isinstance(row[0], list) else json.loads(row[0])


def test_the_planner_reads_and_calls_nothing_that_the_guard_did_not_see(within, benign) -> None:
    of_view = {view: functions(plan_of(f"SELECT * FROM {view}")) for view in BASE}  # noqa: S608
    compared, called = 0, set()
    for statement in benign:
        checked = check(statement)
        plan = plan_of(checked.sql)
        read = relations(plan)
        known = {table for view in checked.relations for table in BASE[view]}
        # The planner leaves out what has no effect, never more than the tables of a join.
        assert read <= known, statement
        named = {view for view in checked.relations if view in read}
        assert named or not checked.relations, statement
        own = functions(plan).difference(*(of_view[view] for view in checked.relations))
        assert own <= {SAME.get(name, name) for name in checked.functions}, statement
        called |= own
        compared += 1
    db.session.rollback()
    assert compared == len(benign)
    assert len(called) > 30

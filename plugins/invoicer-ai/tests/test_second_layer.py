"""With the guard off: what the login itself keeps hostile statements from."""

import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from invoicer_core.config import Config, libpq_url
from invoicer_core.models import db
from invoicer_core.services import reporting

TABLES = (
    "SELECT quote_ident(nspname) || '.' || quote_ident(relname) FROM pg_class c"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE relkind = 'r'"
    " AND (nspname = 'public' OR nspname LIKE 'plugin_%') ORDER BY 1"
)


def fingerprint(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """A hash of every row of every table, as the owner sees them."""
    hashed = "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM "
    names = [str(row[0]) for row in connection.execute(TABLES.encode()).fetchall()]
    return {name: one(connection, f"{hashed}{name} t") for name in names}


@pytest.fixture(scope="module")
def owner(variables: dict[str, str]) -> Iterator[psycopg.Connection[Any]]:
    url = libpq_url(variables["DATABASE_OWNER_URL"])
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def one(connection: psycopg.Connection[Any], statement: str) -> Any:
    row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return row[0]


def outcome(statement: str) -> Any:
    """The rows, or the class of the database's refusal."""
    try:
        return reporting.run(statement).rows
    except reporting.StatementFailed as failed:
        return failed.kind
    except UnicodeEncodeError:
        return "UnicodeEncodeError"


def test_hostile_statements_write_nothing_and_see_nobody_elses_rows(
    within, hostile, canary, owner, scale
) -> None:
    before = fingerprint(owner)
    assert canary in one(owner, "SELECT string_agg(name, ' ') FROM clients")
    leaks, after, slowest = [], 0.0, (0.0, "")
    # What only costs time has a time limit, and a test of its own; it is tried here at large.
    patient = [each for each in hostile if "generate_series(1, 1000000000" not in each]
    tried = scale(patient[::6], list(hostile))
    for statement in tried:
        begun = time.perf_counter()
        found = outcome(statement)
        ended = time.perf_counter()
        slowest = max(slowest, (ended - begun, statement))
        assert db.session.scalar(text("SELECT count(*) FROM clients")) == 2
        after = max(after, time.perf_counter() - ended)
        db.session.rollback()
        if canary in str(found) or "root:" in str(found):
            leaks.append((statement, found))
    assert leaks == []
    assert fingerprint(owner) == before
    took, statement = slowest
    print(f"{len(tried)} tried; the slowest took {took:.2f} s: {statement[:80]!r}")
    print(f"the own query after one took {after:.2f} s at most")
    assert one(owner, "SELECT count(*) FROM pg_largeobject_metadata") == 0


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT set_config('app.business_id', '1', true)",
        "SELECT * FROM public.clients",
        "SELECT * FROM reporting.clients, public.users",
        "SELECT pg_try_advisory_lock(1)",
        "SELECT pg_sleep(1)",
        "SELECT pg_notify('a', 'b')",
        "SELECT lo_create(0)",
        "SELECT pg_terminate_backend(1)",
        "SELECT pg_export_snapshot()",
        "SELECT query FROM pg_stat_activity",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT nextval('clients_id_seq')",
    ],
)
def test_the_login_has_no_right_to_it(within, statement) -> None:
    assert outcome(statement) in ("InsufficientPrivilege", "UndefinedTable"), statement


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1) q; DELETE FROM clients; SELECT * FROM (SELECT 1",
        "SELECT 1) q; SET LOCAL app.business_id = '1'; SELECT * FROM (SELECT 1",
        "SET LOCAL app.business_id = '1'",
        "SELECT 1; SELECT 2",
        "DELETE FROM clients RETURNING id",
        "COMMIT",
    ],
)
def test_nothing_but_one_query_fits_into_the_wrapping(within, statement) -> None:
    assert outcome(statement) == "SyntaxError"


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("SELECT repeat('x', 70000)", "InvalidArgumentForPowerFunction"),
        ("SELECT repeat('x', 60000) FROM generate_series(1, 500)", "TooLarge"),
        ("SELECT repeat(repeat('x', 1000000), 2000)", "ProgramLimitExceeded"),
        (
            "SELECT string_agg(t, 'a'), string_agg(t, 'b'), string_agg(t, 'c'), string_agg(t, 'd')"
            " FROM (SELECT repeat('x', 1000000) t) q, generate_series(1, 250) n",
            "OutOfMemory",
        ),
    ],
)
def test_a_large_result_fills_no_memory_of_ours_or_the_servers(within, statement, kind) -> None:
    assert outcome(statement) == kind


def test_the_login_owns_nothing_and_has_its_limits(within, config: Config) -> None:
    with psycopg.connect(libpq_url(config.sql_url or "")) as connection:
        shown = {
            name: one(connection, "SELECT current_setting('" + name + "')")
            for name in ("default_transaction_read_only", "temp_file_limit", "statement_timeout")
        }
        assert shown == {
            "default_transaction_read_only": "on",
            "temp_file_limit": "64MB",
            "statement_timeout": "5s",
        }
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SET LOCAL temp_file_limit = '1GB'")
        connection.rollback()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT cost_price FROM public.products")
        connection.rollback()
        assert one(connection, "SELECT count(*) FROM reporting.clients") == 0
        owned = "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole"
        assert one(connection, owned) == 0
        rights = (
            "SELECT array_agg(DISTINCT privilege_type::text)"
            " FROM information_schema.column_privileges WHERE grantee = 'invoicer_sql'"
        )
        assert one(connection, rights) == ["SELECT"]
        limit = "SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user"
        assert one(connection, limit) == 5


def test_without_the_wall_around_set_config_nothing_runs(within, owner, servers, config) -> None:
    """A managed server may not let us take it away from everybody."""
    with psycopg.connect(servers.postgres.superuser(owner.info.dbname), autocommit=True) as over:
        over.execute("GRANT EXECUTE ON FUNCTION pg_catalog.set_config TO PUBLIC")
        try:
            answer = within.execute("SELECT 1")
        finally:
            over.execute("REVOKE EXECUTE ON FUNCTION pg_catalog.set_config FROM PUBLIC")
    assert answer.status_code == 503
    assert within.execute("SELECT 1").status_code == 200

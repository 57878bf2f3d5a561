"""The four PostgreSQL logins, the database they meet in, and what each may do before any table.

Pure psycopg, idempotent. Run as the superuser on the embedded server, as ``DATABASE_OWNER_URL``
on a managed one, where some steps may be refused: :func:`missing_walls` then names them.
"""

from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql

OWNER, APP, GATE, SQL = "invoicer_owner", "invoicer_app", "invoicer_gate", "invoicer_sql"
LOGINS = (OWNER, APP, GATE, SQL)
EXTENSIONS = ("vector", "pg_trgm", "unaccent", "btree_gin")
# Row level security stops PostgreSQL from using GIN indexes with functions that might leak.
LEAKPROOF = (
    "pg_catalog.textlike(text,text)",
    "pg_catalog.texticlike(text,text)",
    "pg_catalog.ts_match_vq(tsvector,tsquery)",
)

SET_CONFIG = "pg_catalog.set_config(text,text,boolean)"
LOCK = 7_204_118_001  # any number that nothing else takes

_FOR_OUR_LOGINS_ONLY: LiteralString = """\
DO $$
DECLARE f regprocedure;
BEGIN
    FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
        AND has_function_privilege('invoicer_sql', oid, 'EXECUTE')
        AND (proname ~ '^pg_(try_)?advisory_' OR proname ~ '^lo_' OR proname IN (
            'loread', 'lowrite', 'pg_sleep', 'pg_sleep_for', 'pg_sleep_until', 'pg_notify',
            'pg_cancel_backend', 'pg_terminate_backend', 'pg_export_snapshot',
            'pg_logical_emit_message', 'pg_stat_get_activity', 'pg_stat_get_backend_activity',
            'pg_stat_clear_snapshot'))
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO invoicer_app, invoicer_gate,'
            ' invoicer_owner', f);
    END LOOP;
END $$"""
"""What the login that reads for questions may not call; asked as superuser, else in vain."""

Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True, slots=True, repr=False)
class LoginPasswords:
    """One password per login; ``None`` leaves an existing login's password alone."""

    owner: str | None
    app: str | None
    gate: str | None
    sql: str | None

    def pairs(self) -> tuple[tuple[str, str | None], ...]:
        """(login, password), in the order of :data:`LOGINS`."""
        return ((OWNER, self.owner), (APP, self.app), (GATE, self.gate), (SQL, self.sql))


def ensure_logins(connection: Connection, passwords: LoginPasswords) -> None:
    """Create the logins that are absent and set their passwords and limits.

    Raises:
        psycopg.errors.InsufficientPrivilege: the current user may not create roles.
    """
    _one(connection, "SELECT pg_advisory_xact_lock(%s)", LOCK)
    me = _one(connection, "SELECT current_user")
    for login, password in passwords.pairs():
        exists = _one(connection, "SELECT true FROM pg_roles WHERE rolname = %s", login)
        name = sql.Identifier(login)
        if not exists:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOBYPASSRLS").format(name)
            )
        if login != me:
            for step in _limits(login):
                connection.execute(sql.SQL(step).format(name))
        if password is not None and login != me:
            # The verifier is computed here, so that the password itself reaches no server log.
            verifier = connection.pgconn.encrypt_password(
                password.encode(), login.encode(), b"scram-sha-256"
            )
            connection.execute(
                sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(verifier.decode()))
            )


def _limits(login: str) -> tuple[LiteralString, ...]:
    common: tuple[LiteralString, ...] = ("ALTER ROLE {} SET timezone TO 'UTC'",)
    if login == OWNER:
        return (*common, "ALTER ROLE {} SET lock_timeout TO '30s'")
    if login == SQL:
        return (
            *common,
            "ALTER ROLE {} CONNECTION LIMIT 5",
            "ALTER ROLE {} SET default_transaction_read_only TO on",
            "ALTER ROLE {} SET statement_timeout TO '5s'",
            "ALTER ROLE {} SET idle_in_transaction_session_timeout TO '10s'",
        )
    return (
        *common,
        "ALTER ROLE {} SET statement_timeout TO '60s'",
        "ALTER ROLE {} SET lock_timeout TO '20s'",
        "ALTER ROLE {} SET idle_in_transaction_session_timeout TO '60s'",
    )


def ensure_database(connection: Connection, name: str, *, template: str = "template1") -> None:
    """Create the database, owned by ``invoicer_owner``. Needs autocommit and a superuser.

    Only the four logins may connect, and none of them makes temporary tables but the owner.
    """
    database, owner = sql.Identifier(name), sql.Identifier(OWNER)
    if not _one(connection, "SELECT true FROM pg_database WHERE datname = %s", name):
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                database, owner, sql.Identifier(template)
            )
        )
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    for login in LOGINS:
        connection.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, sql.Identifier(login))
        )


def ensure_grants(connection: Connection) -> tuple[str, ...]:
    """Extensions, default privileges and function rights, inside the current database.

    Returns:
        One sentence per step that the current user may not take; empty as superuser.
    """
    refused: list[str] = []
    for step in _grant_steps():
        try:
            with connection.transaction():
                connection.execute(step)
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported) as error:
            refused.append(f"{step}: {error.diag.message_primary}")
    return tuple(refused)


def _grant_steps() -> tuple[LiteralString, ...]:
    return (
        "CREATE EXTENSION IF NOT EXISTS vector",
        "CREATE EXTENSION IF NOT EXISTS pg_trgm",
        "CREATE EXTENSION IF NOT EXISTS unaccent",
        "CREATE EXTENSION IF NOT EXISTS btree_gin",
        "ALTER SCHEMA public OWNER TO invoicer_owner",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        "GRANT USAGE ON SCHEMA public TO invoicer_app, invoicer_gate",
        "ALTER DEFAULT PRIVILEGES FOR ROLE invoicer_owner IN SCHEMA public "
        "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO invoicer_app",
        "ALTER DEFAULT PRIVILEGES FOR ROLE invoicer_owner IN SCHEMA public "
        "GRANT USAGE, SELECT ON SEQUENCES TO invoicer_app",
        # A function that can set the business would let hostile SQL choose it.
        "REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text,text,boolean) FROM PUBLIC",
        "GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text,text,boolean) "
        "TO invoicer_app, invoicer_gate, invoicer_owner",
        # Asked by hostile SQL, these would write, wait, shut others out or show their statements.
        _FOR_OUR_LOGINS_ONLY,
        "ALTER ROLE invoicer_sql SET temp_file_limit TO '64MB'",
        # Row level security keeps an index from being used by a function that may leak.
        "ALTER FUNCTION pg_catalog.textlike(text,text) LEAKPROOF",
        "ALTER FUNCTION pg_catalog.texticlike(text,text) LEAKPROOF",
        "ALTER FUNCTION pg_catalog.ts_match_vq(tsvector,tsquery) LEAKPROOF",
    )


def missing_walls(connection: Connection) -> tuple[str, ...]:
    """What keeps the logins and the database from being as they should be, in sentences."""
    missing: list[str] = []
    rows = connection.execute(
        "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = ANY(%s)",
        (list(LOGINS),),
    ).fetchall()
    found = {str(name): (bool(superuser), bool(bypass)) for name, superuser, bypass in rows}
    for login in LOGINS:
        superuser, bypass = found.get(login, (False, False))
        if login not in found:
            missing.append(f"The login {login} does not exist: run `invoicer db roles`.")
        if superuser or bypass:
            missing.append(f"The login {login} goes past row level security: NOBYPASSRLS it.")
    installed = {
        str(row[0]) for row in connection.execute("SELECT extname FROM pg_extension").fetchall()
    }
    missing += [f"The extension {name} is absent." for name in EXTENSIONS if name not in installed]
    if _one(connection, "SELECT has_function_privilege('invoicer_sql', %s, 'EXECUTE')", SET_CONFIG):
        missing.append("set_config() may be run by everybody: revoke it from PUBLIC (superuser).")
    slow = connection.execute(
        "SELECT oid::regprocedure::text FROM pg_proc "
        "WHERE oid = ANY(%s::regprocedure[]) AND NOT proleakproof",
        (list(LEAKPROOF),),
    ).fetchall()
    missing += [f"{row[0]} is not LEAKPROOF: search is slower (superuser)." for row in slow]
    return tuple(missing)


def _one(connection: Connection, query: LiteralString, *parameters: object) -> object:
    row = connection.execute(query, parameters or None).fetchone()
    return row[0] if row else None

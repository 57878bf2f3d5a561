"""The four walls, found by walking the catalog: a new table without them fails here."""

from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import IdentifierPreparer

from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business, gate
from tests.factories import make_business

GATE = {
    "businesses": {"id", "public_id", "time_zone", "deleted_at"},
    "memberships": {"id", "business_id", "user_id", "role"},
    "invoices": {"id", "business_id", "public_id"},
    "clients": {"id", "business_id", "public_id"},
    "files": {"id", "business_id", "public_id"},
    "api_keys": {"id", "business_id", "token_hash"},
    "deliveries": {
        "id", "business_id", "event_id", "subscriber", "state", "attempts", "due_at",
        "leased_until",
    },
}  # fmt: skip
QUESTIONS = {
    "businesses", "categories", "clients", "products", "orders", "invoices", "invoice_items",
    "payments",
}  # fmt: skip
GATE_SETS = {"deliveries": {"state", "attempts", "due_at", "leased_until", "done_at"}}
DELETABLE = {
    "memberships", "idempotency_keys", "plugin_states", "plugin_settings", "contacts",
    "categories", "order_items", "invoice_items", "invoice_taxes", "sign_ins", "one_time_tokens",
    "message_templates",
    "portal_codes", "portal_sessions",
    "second_factors", "recovery_codes",
    "saved_views", "default_views", "saved_texts", "visits",
}  # fmt: skip
WITHOUT_BUSINESS = {
    "users", "sign_ins", "one_time_tokens", "security_events", "second_factors", "recovery_codes",
    "alembic_version",
}  # fmt: skip
PREDICATE = (
    "({} = ( SELECT (NULLIF(current_setting('app.business_id'::text, true), ''::text))::bigint"
    ' AS "nullif"))'
)


@pytest.fixture
def inside(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def tables() -> dict[str, str]:
    """Tables of a business, each with the column that says whose a row is."""
    found = db.session.execute(
        text(
            "SELECT CASE n.nspname WHEN 'public' THEN c.relname"
            " ELSE n.nspname || '.' || c.relname END,"
            " CASE WHEN c.relname = 'businesses' THEN 'id' ELSE 'business_id' END"
            " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'p') AND (n.nspname = 'public' OR n.nspname LIKE 'plugin_%')"
        )
    ).all()
    return {
        name: column for name, column in found if name.rpartition(".")[2] not in WITHOUT_BUSINESS
    }


def quoted(name: str) -> str:
    quote = IdentifierPreparer(db.engine.dialect).quote
    return ".".join(quote(part) for part in name.split("."))


def test_we_are_a_login_that_owns_nothing(inside: None) -> None:
    row = db.session.execute(
        text(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole,"
            " (SELECT count(*) FROM pg_class WHERE relowner = r.oid) AS owns"
            " FROM pg_roles r WHERE rolname = current_user"
        )
    ).one()
    assert tuple(row) == ("invoicer_app", False, False, False, False, 0)
    with gate() as connection:
        assert connection.scalar(text("SELECT current_user")) == "invoicer_gate"
    roles = db.session.execute(
        text("SELECT rolname FROM pg_roles WHERE rolname LIKE 'invoicer%' AND rolbypassrls")
    ).all()
    assert roles == []


def test_every_table_of_a_business_forces_row_level_security(inside: None) -> None:
    open_tables = db.session.scalars(
        text(
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'p') AND a.attname = 'business_id' AND NOT a.attisdropped"
            " AND (n.nspname = 'public' OR n.nspname LIKE 'plugin_%')"
            " AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
        )
    ).all()
    # A sign-in belongs to a person; its business is only the one last chosen.
    assert set(open_tables) == {"sign_ins"}
    assert len(tables()) > 30


def test_every_policy_is_the_predicate_or_on_the_known_list(inside: None) -> None:
    policies = db.session.execute(
        text(
            "SELECT CASE schemaname WHEN 'public' THEN tablename"
            " ELSE schemaname || '.' || tablename END,"
            " policyname, roles::text[], cmd, qual, with_check FROM pg_policies"
        )
    ).all()
    columns = tables()
    seen: dict[str, set[str]] = {}
    for table, name, roles, command, qual, check in policies:
        seen.setdefault(table, set()).add(name)
        if name == "of_business":
            wanted = PREDICATE.format(columns[table])
            assert (roles, command, qual, check) == (["invoicer_app"], "ALL", wanted, wanted)
        elif name == "owner_all":
            assert (roles, qual, check) == (["invoicer_owner"], "true", "true")
        elif name == "of_questions":
            wanted = PREDICATE.format(columns[table])
            assert (roles, command, qual, check) == (["invoicer_sql"], "SELECT", wanted, None)
            assert table in QUESTIONS
        else:
            assert roles == ["invoicer_gate"]
            assert name in ("gate_select", "gate_update")
            assert table in (GATE if name == "gate_select" else GATE_SETS)
    for table in columns:
        assert {"of_business", "owner_all"} <= seen[table], table


def test_references_between_tables_of_a_business_carry_the_business(inside: None) -> None:
    keys = db.session.execute(
        text(
            "SELECT c.conrelid::regclass::text AS child, c.confrelid::regclass::text AS parent,"
            " (SELECT array_agg(attname::text ORDER BY k.n) FROM unnest(c.conkey)"
            "  WITH ORDINALITY k(num, n) JOIN pg_attribute a ON a.attrelid = c.conrelid"
            "  AND a.attnum = k.num) AS columns"
            " FROM pg_constraint c WHERE c.contype = 'f'"
        )
    ).all()
    of_business = set(tables()) - {"businesses"}
    checked = 0
    for child, parent, columns in keys:
        if child in of_business and parent in of_business:
            assert columns[:-1] == ["business_id"], (child, parent, columns)
            checked += 1
    assert checked > 25


def test_nothing_looks_past_the_walls(inside: None) -> None:
    views = db.session.scalars(
        text(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE (n.nspname IN ('public', 'reporting') OR n.nspname LIKE 'plugin_%')"
            " AND (c.relkind = 'm' OR c.relkind = 'v'"
            " AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false))"
        )
    ).all()
    definers = db.session.scalars(
        text(
            "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
            " WHERE p.prosecdef AND (n.nspname IN ('public', 'reporting')"
            " OR n.nspname LIKE 'plugin_%')"
        )
    ).all()
    assert (views, definers) == ([], [])


def test_only_drafts_and_settings_can_be_deleted_and_nothing_truncated(inside: None) -> None:
    rights = db.session.execute(
        text(
            "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
            " WHERE grantee IN ('invoicer_app', 'PUBLIC')"
            " AND privilege_type IN ('DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES')"
            " AND table_schema = 'public'"
        )
    ).all()
    assert {table for table, right in rights if right == "DELETE"} == DELETABLE
    assert {right for _, right in rights} == {"DELETE"}


def test_the_gate_sees_ids_hashes_and_due_times_only(inside: None) -> None:
    with gate() as connection:
        rights = connection.execute(
            text(
                "SELECT table_name, column_name, privilege_type"
                " FROM information_schema.column_privileges WHERE grantee = 'invoicer_gate'"
                " AND table_schema = 'public'"
            )
        ).all()
    for right, known in (("SELECT", GATE), ("UPDATE", GATE_SETS)):
        found: dict[str, set[str]] = {}
        for table, column, kind in rights:
            if kind == right:
                found.setdefault(table, set()).add(column)
        assert found == known
    assert {kind for _, _, kind in rights} == {"SELECT", "UPDATE"}


def test_outside_of_a_business_every_table_is_empty(inside: None) -> None:
    make_business()
    for table in tables():
        count = db.session.scalar(text(f"SELECT count(*) FROM {quoted(table)}"))  # noqa: S608
        assert count == 0, table
    db.session.execute(text("SELECT set_config('app.business_id', '', true)"))
    assert db.session.scalar(text("SELECT count(*) FROM businesses")) == 0


def test_a_row_for_another_business_is_refused_everywhere(inside: None) -> None:
    mine, other = make_business(), make_business()
    with enter_business(mine):
        for table, column in tables().items():
            statement = f"INSERT INTO {quoted(table)} ({column}) VALUES (:other)"  # noqa: S608
            with pytest.raises(DBAPIError) as refused:
                db.session.execute(text(statement), {"other": other})
            assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege), table
            db.session.rollback()
            seen = f"SELECT count(*) FROM {quoted(table)} WHERE {column} = :other"  # noqa: S608
            assert db.session.scalar(text(seen), {"other": other}) == 0


def test_a_pooled_connection_forgets_the_business(inside: None) -> None:
    mine = make_business()
    with enter_business(mine):
        assert db.session.scalar(text("SELECT count(*) FROM businesses")) == 1
        with pytest.raises(DBAPIError):
            db.session.execute(text("SELECT 1 / 0"))
        db.session.rollback()
    assert db.session.scalar(text("SELECT count(*) FROM businesses")) == 0


def test_set_config_is_not_for_everybody(inside: None) -> None:
    may = "SELECT has_function_privilege(:role, 'set_config(text, text, boolean)', 'EXECUTE')"
    answers = {
        role: db.session.scalar(text(may), {"role": role})
        for role in ("invoicer_app", "invoicer_gate", "invoicer_sql")
    }
    assert answers == {"invoicer_app": True, "invoicer_gate": True, "invoicer_sql": False}

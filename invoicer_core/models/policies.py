"""Wall three in SQL: what every migration does for a table of a business. Plugins' too.

The predicate is a sub-select, so that it is evaluated once a query and not once a row.
"""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.sql.compiler import IdentifierPreparer

PREDICATE = "(SELECT NULLIF(current_setting('app.business_id', true), '')::bigint)"


def protect(
    connection: Connection,
    table: str,
    *,
    schema: str = "public",
    column: str = "business_id",
    grants: Sequence[str] = ("SELECT", "INSERT", "UPDATE", "DELETE"),
) -> None:
    """Force row level security on a table and grant the run-time login what it needs.

    Args:
        table: name of the table; it has a column of the business.
        column: that column; ``id`` for the table of businesses itself.
        grants: rights of ``invoicer_app``; leave out UPDATE and DELETE for append-only tables.
    """
    quote = IdentifierPreparer(connection.dialect).quote
    name = f"{quote(schema)}.{quote(table)}"
    condition = f"{quote(column)} = {PREDICATE}"
    for statement in (
        f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY of_business ON {name} TO invoicer_app"
        f" USING ({condition}) WITH CHECK ({condition})",
        f"CREATE POLICY owner_all ON {name} TO invoicer_owner USING (true) WITH CHECK (true)",
        f"REVOKE ALL ON {name} FROM invoicer_app",
        f"GRANT {', '.join(grants)} ON {name} TO invoicer_app",
    ):
        connection.execute(text(statement))


def open_gate(
    connection: Connection, table: str, *, select: Sequence[str], update: Sequence[str] = ()
) -> None:
    """Let ``invoicer_gate`` see these columns of all businesses' rows: ids, hashes, due times.

    Args:
        select: columns it may read.  update: columns it may set.
    """
    quote = IdentifierPreparer(connection.dialect).quote
    name = quote(table)
    statements = [
        f"CREATE POLICY gate_select ON {name} FOR SELECT TO invoicer_gate USING (true)",
        f"GRANT SELECT ({', '.join(map(quote, select))}) ON {name} TO invoicer_gate",
    ]
    if update:
        statements += [
            f"CREATE POLICY gate_update ON {name} FOR UPDATE TO invoicer_gate USING (true)",
            f"GRANT UPDATE ({', '.join(map(quote, update))}) ON {name} TO invoicer_gate",
        ]
    for statement in statements:
        connection.execute(text(statement))


def open_reporting(
    connection: Connection, table: str, *, columns: Sequence[str], key: str = "business_id"
) -> None:
    """Let ``invoicer_sql`` read these columns of the rows of the business that was entered.

    Args:
        columns: all that the views of ``reporting`` read of the table.
        key: the column of the business.
    """
    quote = IdentifierPreparer(connection.dialect).quote
    name = quote(table)
    for statement in (
        f"CREATE POLICY of_questions ON {name} FOR SELECT TO invoicer_sql"
        f" USING ({quote(key)} = {PREDICATE})",
        f"GRANT SELECT ({', '.join(map(quote, columns))}) ON {name} TO invoicer_sql",
    ):
        connection.execute(text(statement))

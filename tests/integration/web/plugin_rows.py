"""What a plugin leaves in a database: rows in its own tables, settings, money, messages, papers and
what it is owed; made from what it declares, so that it fits any plugin."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

from invoicer_core.host.lineages import schema_of
from invoicer_core.host.loading import Loaded

_TABLES = (
    "SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = %s AND c.relkind = 'r' AND c.relname <> 'alembic_version'"
    " ORDER BY c.relname"
)
_COLUMNS = (
    "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = %s"
    " AND attnum > 0 AND NOT attisdropped AND attnotnull AND NOT atthasdef AND attidentity = ''"
)
_POINTS = (
    "SELECT confrelid::regclass::text, confrelid, ARRAY(SELECT attname FROM unnest(conkey)"
    " WITH ORDINALITY k(n, i) JOIN pg_attribute ON attrelid = conrelid AND attnum = n ORDER BY i),"
    " ARRAY(SELECT attname FROM unnest(confkey) WITH ORDINALITY k(n, i) JOIN pg_attribute"
    " ON attrelid = confrelid AND attnum = n ORDER BY i)"
    " FROM pg_constraint WHERE conrelid = %s AND contype = 'f'"
)
_CHECKS = (
    "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s AND contype = 'c'"
)
_SAMPLES = {
    "text": "sample", "character varying": "sample", "uuid": None, "boolean": True, "jsonb": "{}",
    "bytea": b"sample", "timestamp with time zone": "2026-11-20T12:00:00Z", "date": "2026-11-20",
    "vector": "[0.6, 0.8]",
}  # fmt: skip


@dataclass
class Filler:
    """Fills every table of a plugin's schema with one row of a business.

    Args:
        known: values of columns of the core's tables that rows may point at.
    """

    connection: psycopg.Connection[Any]
    business_id: int
    known: dict[str, dict[str, Any]]

    def fill(self, plugin: str) -> dict[str, int]:
        """Table -> rows of this business, after one was added to each."""
        schema = schema_of(plugin)
        waiting = self.connection.execute(_TABLES, [schema]).fetchall()
        while waiting:
            ready = [each for each in waiting if self._can(each[0])]
            assert ready, f"rows of {waiting} point at something that is not there"
            for oid, name in ready:
                self._one(oid, schema, name)
            waiting = [each for each in waiting if each not in ready]
        return self.count(plugin)

    def count(self, plugin: str) -> dict[str, int]:
        """Table -> rows of this business."""
        schema = schema_of(plugin)
        tables = self.connection.execute(_TABLES, [schema]).fetchall()
        return {name: self._count(schema, name) for _, name in tables}

    def _count(self, schema: str, name: str) -> int:
        query = sql.SQL("SELECT count(*) FROM {} WHERE business_id = %s")
        counted = query.format(sql.Identifier(schema, name))
        row = self.connection.execute(counted, [self.business_id]).fetchone()
        return int(row[0]) if row else 0

    def _can(self, oid: int) -> bool:
        needed = {column for column, _ in self.connection.execute(_COLUMNS, [oid]).fetchall()}
        return all(
            target in self.known
            for target, there, columns, _ in self.connection.execute(_POINTS, [oid]).fetchall()
            if there != oid and set(columns) <= needed
        )

    def _one(self, oid: int, schema: str, name: str) -> None:
        values = {
            column: self._sample(oid, column, kind)
            for column, kind in self.connection.execute(_COLUMNS, [oid]).fetchall()
        }
        for target, _, columns, there in self.connection.execute(_POINTS, [oid]).fetchall():
            if set(columns) <= values.keys() and target in self.known:
                found = self.known[target]
                values.update(zip(columns, (found[each] for each in there), strict=True))
        values["business_id"] = self.business_id
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING *").format(
            sql.Identifier(schema, name),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(sql.Placeholder() * len(values)),
        )
        with self.connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
            made = cursor.execute(statement, list(values.values())).fetchone()
            assert made is not None
            self.known[f"{schema}.{name}"] = made

    def _sample(self, oid: int, column: str, kind: str) -> Any:
        """A value that the column's checks let pass, where they are lists of words."""
        for (check,) in self.connection.execute(_CHECKS, [oid]).fetchall():
            if re.search(rf"\b{column}\b", check):
                words = re.findall(r"'([^']+)'::", check)
                if words and "~" not in check:
                    return words[0]
        if kind == "uuid":
            return str(uuid4())
        return _SAMPLES.get(kind, 1)


def names_of(loaded: Loaded, hook: str) -> list[str]:
    """The names of what a plugin offers of one kind."""
    return [offer.name for offer in loaded.offers.get(hook, ())]

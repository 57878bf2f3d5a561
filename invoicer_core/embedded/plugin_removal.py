"""What an uninstalled plugin has left behind: counted, and deleted when the operator says so."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import sql

from invoicer_core.app import create_app
from invoicer_core.config import Config, ConfigError, libpq_url
from invoicer_core.domain.actor import SYSTEM
from invoicer_core.host.lineages import schema_of
from invoicer_core.host.registry import discover
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services.plugins import forgetting

_TABLES: Final = (
    "SELECT tablename FROM pg_tables WHERE schemaname = %s AND tablename <> 'alembic_version'"
    " ORDER BY 1"
)
_SCHEMA: Final = "SELECT count(*) FROM pg_namespace WHERE nspname = %s"
_OF_BUSINESSES: Final = {
    "settings": "SELECT business_id FROM plugin_settings WHERE plugin = %(plugin)s",
    "switches": "SELECT business_id FROM plugin_states WHERE plugin = %(plugin)s",
    "events and jobs that wait": "SELECT business_id FROM deliveries WHERE state IN"
    " ('due', 'leased', 'parked') AND subscriber = ANY(%(subscribers)s)",
}


@dataclass(frozen=True, slots=True)
class Left:
    """What is there of a plugin.

    Args:
        tables: of its own schema, with how many rows each has.
        rows: in the core's tables, by what they are.
        businesses: whose rows those are.
    """

    plugin: str
    has_schema: bool
    tables: tuple[tuple[str, int], ...]
    rows: tuple[tuple[str, int], ...]
    businesses: tuple[int, ...]

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to delete."""
        return not (self.has_schema or self.businesses)

    def lines(self) -> Iterator[str]:
        """A line for each thing that would be lost."""
        for table, count in self.tables:
            yield f"table {schema_of(self.plugin)}.{table}: {_rows(count)}"
        for what, count in self.rows:
            yield f"{what}: {_rows(count)}"
        if self.businesses:
            count = len(self.businesses)
            yield "in 1 business" if count == 1 else f"in {count} businesses"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def uninstall(config: Config, plugin: str, *, yes: bool) -> Iterator[str]:
    """Tell what is there of a plugin in lines, and delete it where that was said.

    Raises:
        ConfigError: nothing was deleted; says why.
    """
    found = left(config, plugin)
    yield from found.lines()
    if found.is_nothing:
        raise ConfigError(f"Nothing is kept of a plugin named {plugin}.")
    if not yes:
        raise ConfigError("Nothing was deleted. Add --yes to delete all of this for good.")
    delete(config, found)
    yield f"All of this is deleted. Payments, messages and documents of {plugin} stay."


def left(config: Config, plugin: str) -> Left:
    """What a plugin left behind. Counts only.

    Raises:
        ConfigError: it is still installed, or the owner's login is not known.
    """
    if plugin in discover(config.plugins).plugins:
        raise ConfigError(
            f"The plugin {plugin} is still installed: remove its package (or leave it out of"
            " INVOICER_PLUGINS) and start Invoicer again first."
        )
    schema = schema_of(plugin)
    given = {"plugin": plugin, "subscribers": [each + plugin for each in forgetting.SUBSCRIBERS]}
    with psycopg.connect(_owner(config)) as connection:
        has_schema = bool(connection.execute(_SCHEMA, [schema]).fetchall()[0][0])
        tables = tuple(
            (name, _count(connection, schema, name))
            for (name,) in connection.execute(_TABLES, [schema]).fetchall()
        )
        owned = {
            what: [int(row[0]) for row in connection.execute(query, given).fetchall()]
            for what, query in _OF_BUSINESSES.items()
        }
    rows = tuple((what, len(ids)) for what, ids in owned.items() if ids)
    businesses = sorted({each for ids in owned.values() for each in ids})
    return Left(plugin, has_schema, tables, rows, tuple(businesses))


def delete(config: Config, found: Left) -> None:
    """Delete it for good. May be called again after it was interrupted.

    Raises ConfigError: the owner's login is not known.
    """
    owner = _owner(config)
    app = create_app(config)
    with app.app_context():
        try:
            for business_id in found.businesses:
                with enter_business(business_id):
                    forgetting.forget(name=found.plugin, by=SYSTEM)
        finally:
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()
    with psycopg.connect(owner) as connection:
        name = sql.Identifier(schema_of(found.plugin))
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name))


def _count(connection: "psycopg.Connection[tuple[int, ...]]", schema: str, table: str) -> int:
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
    return int(connection.execute(query).fetchall()[0][0])


def _owner(config: Config) -> str:
    if config.owner_url is None:
        raise ConfigError("DATABASE_OWNER_URL is needed to delete a plugin's tables.")
    return libpq_url(config.owner_url)

"""What an operator asks of plugins: which there are, what is wrong with them, one command."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import click
import psycopg
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.domain.errors import InvoicerError
from invoicer_core.hooks.faces import Command
from invoicer_core.hooks.plugin import BrokenPlugin
from invoicer_core.host import Registry, states
from invoicer_core.host.lineages import lineage_of
from invoicer_core.host.registry import discover
from invoicer_core.jobs.limits import OutOfTime, wall_limit
from invoicer_core.models import db
from invoicer_core.models.lineage import Lineage
from invoicer_core.models.tenancy import enter_business, gate
from invoicer_core.services import plugins
from invoicer_core.web import catalogs

CHECK_SECONDS: Final = 5
MOST_ASKED: Final = 200
"""Businesses for which the plugins' own checks are made; a look, not a census."""

_TABLES: Final = text(
    "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = :schema AND c.relname = 'alembic_version'"
)
_BUSINESSES: Final = text("SELECT id FROM businesses WHERE deleted_at IS NULL ORDER BY id")


class CommandFailed(Exception):
    """A plugin's command that did not work; the message says why."""


def listed(config: Config) -> Iterator[str]:
    """A line per plugin: name, package, and whether it runs."""
    registry = discover(config.plugins)
    for name, loaded in sorted(registry.plugins.items()):
        on = "on by default" if name in registry.default_on else "off until switched on"
        yield f"{name:24} {loaded.package:24} {on}"
    for broken in registry.quarantined:
        yield f"{broken.name:24} {broken.package:24} does not run: {broken.reason}"


def findings(config: Config) -> Iterator[str]:
    """What is wrong with the plugins, in sentences.

    Args:
        config: with addresses that answer.
    """
    registry = discover(config.plugins)
    for broken in registry.quarantined:
        yield f"The plugin {broken.name} does not run: {broken.reason}"
    app = create_app(config)
    with app.app_context():
        try:
            yield from _of_tables(registry)
            yield from _of_businesses(registry)
        except (SQLAlchemyError, psycopg.Error) as error:
            first = (str(getattr(error, "orig", error)).splitlines() or [""])[0]
            yield f"What plugins keep cannot be read: {first}. Run `invoicer db upgrade`."
        finally:
            _close()


def _of_tables(registry: Registry) -> Iterator[str]:
    for name, loaded in registry.plugins.items():
        try:
            lineage = lineage_of(loaded)
        except BrokenPlugin as broken:
            yield f"The plugin {name} does not run well: {broken}"
            continue
        if lineage is not None and not _has_tables(lineage):
            yield f"The tables of the plugin {name} are missing: run `invoicer db upgrade`."


def _has_tables(lineage: Lineage) -> bool:
    found = bool(db.session.scalar(_TABLES, {"schema": lineage.schema}))
    db.session.rollback()
    return found


@dataclass(slots=True)
class _Found:
    """What was found in the businesses that were looked at."""

    paused: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, str] = field(default_factory=dict)
    unwell: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    silent: set[str] = field(default_factory=set)


def _of_businesses(registry: Registry) -> Iterator[str]:
    with gate() as connection:
        ids = [int(each) for each in connection.execute(_BUSINESSES).scalars()]
    found = _Found()
    for number, business_id in enumerate(ids):
        with enter_business(business_id):
            _look(registry, business_id, found, ask=number < MOST_ASKED)
    for name, count in sorted(found.paused.items()):
        yield (
            f"The plugin {name} is paused for {_businesses(count)}; the last reason:"
            f" {found.reasons[name]}. Resume it under Settings, Plugins."
        )
    for (name, check, detail), count in sorted(found.unwell.items()):
        yield f"The plugin {name}, {check}: {detail} ({_businesses(count)})."


def _look(registry: Registry, business_id: int, found: _Found, *, ask: bool) -> None:
    known = states.read(db.session, business_id, registry.default_on)
    for name in registry.plugins:
        state = known.of(name)
        if state.enabled and state.paused_at is not None:
            found.paused[name] += 1
            found.reasons[name] = (state.pause_reason or "not told").rstrip(".")
        elif state.runs and ask and name not in found.silent:
            for check, detail in _unwell(name, found):
                found.unwell[name, check, detail] += 1


def _unwell(name: str, found: _Found) -> list[tuple[str, str]]:
    try:
        with wall_limit(CHECK_SECONDS):
            asked = plugins.checks(name)
    except OutOfTime:
        found.silent.add(name)
        return [("its checks", f"did not answer within {CHECK_SECONDS} s")]
    finally:
        db.session.rollback()
    return [(each.name, (each.detail or "does not work").rstrip(".")) for each in asked
            if not each.ok]  # fmt: skip


def _businesses(count: int) -> str:
    return "1 business" if count == 1 else f"{count} businesses"


def texts(name: str) -> Iterator[str]:
    """Bring a plugin's catalogs up to its sources and compile them; a line for each language.

    Raises:
        CommandFailed: there is no such plugin.
    """
    loaded = discover().plugins.get(name)
    if loaded is None:
        raise CommandFailed(f"There is no plugin named {name} that runs.")
    book = catalogs.book_of(loaded)
    book.update()
    book.build()
    for language in catalogs.translated():
        found = [each for each in book.read(language) if each.id]
        empty = sum(not each.string or each.string == ("", "") for each in found)
        yield f"{book.path_of(language)}: {len(found)} texts, {empty} to translate"


def run(
    config: Config, plugin: str, command: str, arguments: Sequence[str], business: int | None
) -> None:
    """Run a command that a plugin offers, in a business when one is named.

    Raises:
        CommandFailed: there is no such command, or it failed.
    """
    app = create_app(config)
    with app.app_context():
        found = _command(app.extensions["invoicer.host"].registry, plugin, command)
        try:
            with enter_business(business):
                ended = found.main(
                    list(arguments), prog_name=f"invoicer plugins run {plugin} {command}",
                    standalone_mode=False,
                )  # fmt: skip
        except click.ClickException as wrong:
            raise CommandFailed(f"{plugin} {command}: {wrong.format_message()}") from wrong
        except InvoicerError as refused:
            raise CommandFailed(f"{plugin} {command}: {refused.detail}") from refused
        except (Exception, SystemExit) as error:
            raise CommandFailed(f"{plugin} {command}: {type(error).__name__}: {error}") from error
        finally:
            _close()
    if isinstance(ended, int) and ended != 0:
        raise CommandFailed(f"{plugin} {command}: ended with {ended}")


def _command(registry: Registry, plugin: str, command: str) -> click.Command:
    offered = [each for each in registry.offered(Command) if each.plugin == plugin]
    for each in offered:
        if each.offer.name == command:
            return each.offer.command
    if plugin not in registry.plugins:
        raise CommandFailed(f"There is no plugin named {plugin} that runs.")
    names = ", ".join(each.offer.name for each in offered) or "none"
    raise CommandFailed(f"{plugin} has no command {command}; it has: {names}.")


def _close() -> None:
    db.session.remove()
    for engine in db.engines.values():
        engine.dispose()

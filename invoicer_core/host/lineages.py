"""Where plugins keep their migrations: each its own schema, its own version table."""

import inspect
from pathlib import Path

from invoicer_core.hooks.plugin import BrokenPlugin
from invoicer_core.host.loading import Loaded
from invoicer_core.host.registry import Registry
from invoicer_core.models.lineage import Lineage


def lineage_of(loaded: Loaded) -> Lineage | None:
    """The migrations of one plugin, None when it has no tables.

    Raises:
        BrokenPlugin: it names a folder that is not there.
    """
    kind = type(loaded.plugin)
    if kind.migrations is None:
        return None
    folder = Path(inspect.getfile(kind)).resolve().parent / kind.migrations
    if not folder.is_dir():
        raise BrokenPlugin(f"{loaded.name} ({loaded.package}): no migrations at {folder}")
    return Lineage(loaded.name, folder, schema_of(loaded.name))


def schema_of(plugin: str) -> str:
    """The PostgreSQL schema that all of a plugin's tables live in."""
    return f"plugin_{plugin}"


def plugin_lineages(registry: Registry) -> tuple[Lineage, ...]:
    """The migrations of every loaded plugin, in the order of their names; the core's come first
    and are not among them."""
    found = (lineage_of(loaded) for loaded in registry.plugins.values())
    return tuple(sorted((each for each in found if each), key=lambda lineage: lineage.name))

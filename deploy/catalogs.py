"""Catalogs of the pages' texts: ``update`` gathers them from the sources, ``build`` compiles.

The core's, and those of the plugins that ship beside it.
"""

import sys
from pathlib import Path

from invoicer_core.hooks.plugin import BrokenPlugin
from invoicer_core.host.registry import discover
from invoicer_core.web import catalogs

ROOT = Path(__file__).resolve().parents[1]


def update() -> None:
    """Every plugin must load: what its settings are called is asked of it."""
    catalogs.CORE.update()
    registry = discover()
    for broken in registry.quarantined:
        raise BrokenPlugin(broken.reason)
    for loaded in registry.plugins.values():
        book = catalogs.book_of(loaded)
        if book.sources.is_relative_to(ROOT / "plugins"):
            book.update()


def build() -> None:
    """Also where no plugin loads. The core's come last: bootstrap.sh looks at their age."""
    for book in (*catalogs.shipped(ROOT), catalogs.CORE):
        book.build()


{"update": update, "build": build}[sys.argv[1]]()

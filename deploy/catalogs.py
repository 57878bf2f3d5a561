"""Catalogs of the pages' texts: ``update`` gathers them from the sources, ``build`` compiles."""

import sys

from invoicer_core.web import catalogs

{"update": catalogs.update, "build": catalogs.build}[sys.argv[1]]()

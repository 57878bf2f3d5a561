"""Clients: `records` lists and shows them, `contacts` holds their people, `accounts` their
statements, `upheaval` merges, erases and exports, `importing` reads files of them."""

from invoicer_core.web.access import Site
from invoicer_core.web.clients import accounts, contacts, importing, records, upheaval


def install(site: Site) -> None:
    """Add the pages of this group."""
    for part in (records, contacts, accounts, upheaval, importing):
        part.install(site)

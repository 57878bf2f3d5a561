"""The settings of a business: one file per page."""

from invoicer_core.web.access import Site
from invoicer_core.web.settings import (
    audit,
    business,
    channels,
    documents,
    export,
    home,
    jobs,
    numbering,
    plugins,
    saved_texts,
    storage,
    taxes,
    texts,
    webhooks,
)

PAGES = (
    home, business, documents, numbering, taxes, channels, texts, saved_texts, plugins, webhooks,
    storage, audit, export, jobs,
)  # fmt: skip


def install(site: Site) -> None:
    """Add every page."""
    for each in PAGES:
        each.install(site)

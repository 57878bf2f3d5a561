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
    taxes,
    webhooks,
)

PAGES = (
    home, business, documents, numbering, taxes, channels, plugins, webhooks, audit, export, jobs,
)  # fmt: skip


def install(site: Site) -> None:
    """Add every page."""
    for each in PAGES:
        each.install(site)

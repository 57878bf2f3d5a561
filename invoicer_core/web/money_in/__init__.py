"""Payments: `lists` shows them, `recording` takes money in, `actions` is done to one of them."""

from invoicer_core.web.access import Site
from invoicer_core.web.money_in import actions, lists, recording


def install(site: Site) -> None:
    """Add the pages of this group."""
    for part in (lists, recording, actions):
        part.install(site)

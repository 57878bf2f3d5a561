"""Everything about people and their businesses: signing in, one's own account, the team, API keys,
founding a business and its first set-up."""

from invoicer_core.web.access import Site
from invoicer_core.web.account import (
    api_keys,
    founding,
    own,
    signing_in,
    team,
    two_step,
    welcome,
)

GROUPS = (signing_in, founding, own, two_step, team, api_keys, welcome)


def install(site: Site) -> None:
    """Add the pages of this folder."""
    for group in GROUPS:
        group.install(site)

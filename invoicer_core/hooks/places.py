"""The places of the core's pages where plugins may put a piece of their own, by name.

A piece is rendered within two seconds or left out, and one that fails leaves the page as it is.
Each place hands over what it is about, as a snapshot; ``ctx.member`` says who looks, where somebody
is signed in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Place:
    """A place.

    Args:
        where: what a person calls it.
        gives: the names of what it hands over.
    """

    where: str
    gives: tuple[str, ...] = ()


PLACES: Final[Mapping[str, Place]] = {
    "nav": Place("Entries of the main menu, after the core's own"),
    "dashboard": Place("Cards of the dashboard"),
    "dashboard.figures": Place("Figures at the top of the dashboard"),
    "invoice.row": Place("Actions of one row of the list of invoices", ("invoice",)),
    "invoice.actions": Place("Actions of an invoice's page", ("invoice",)),
    "invoice.panels": Place("Cards of an invoice's page", ("invoice",)),
    "invoice.edit": Place("Below the items of the invoice editor", ("invoice",)),
    "client.panels": Place("Cards of a client's page", ("client",)),
    "product.panels": Place("Cards of a product's page", ("product",)),
    "product.edit": Place("Below the name in the form of a product", ("product",)),
    "order.panels": Place("Cards of an order's page", ("order",)),
    "supplier.panels": Place("Cards of a supplier's page", ("supplier",)),
    "payment.panels": Place("Cards of a payment's page", ("payment",)),
    "message.words": Place("Below the words of a message to a client", ("client", "invoice")),
    "settings.nav": Place("Entries of the menu of the settings"),
    "portal.pay": Place("Ways to pay, on the page of an invoice that a client sees", ("invoice",)),
    "portal.invoice": Place("Cards of that page", ("invoice",)),
    "portal.home": Place("Cards of the client's own pages"),
    "portal.nav": Place("Entries of the menu of the client's own pages"),
}
"""Every place there is. A slot at another place is a mistake, and keeps its plugin from loading."""


def places() -> Mapping[str, Place]:
    """Every place by name, for plugins that look for one."""
    return PLACES

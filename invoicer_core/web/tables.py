"""Tables of figures on pages: each cell as people write it, each row a link to what it is about."""

from datetime import date
from decimal import Decimal
from typing import Any, Final

from flask import current_app, url_for

from invoicer_core.domain.tables import Cell, Column, Target, Word
from invoicer_core.services import figure_words
from invoicer_core.web import access, formats
from invoicer_core.web.access import Site

_PLACES: Final = {
    "client": ("web.client", "client_id", "clients.read"),
    "invoice": ("web.invoice", "invoice_id", "invoices.read"),
    "product": ("web.product", "product_id", "products.read"),
    "payment": ("web.payment", "payment_id", "payments.read"),
}


def install(site: Site) -> None:
    """Give templates the words of tables and their cells."""
    site.add_app_template_global(shown, "shown_cell")
    site.add_app_template_global(place_of)
    site.add_app_template_global(figure_words.words, "figure_words")


def shown(cell: Cell, column: Column, currency: str, words: dict[str, str]) -> str:
    """A cell as text; a dash where there is nothing."""
    if cell is None or cell == "":
        return "–"  # noqa: RUF001 - a dash
    if isinstance(cell, Word):
        return words.get(cell, str(cell))
    if isinstance(cell, Decimal) and column.kind == "money":
        return formats.money(cell, currency)
    if isinstance(cell, Decimal) and column.kind == "percent":
        return formats.percent(cell)
    if isinstance(cell, date):
        return formats.day(cell)
    if isinstance(cell, int | Decimal):
        return formats.number(Decimal(cell))
    return cell


def place_of(target: Target | None) -> str | None:
    """The page that a row leads to, where there is one that the visitor may open."""
    if target is None:
        return None
    endpoint, name, permission = _PLACES[target.kind]
    if endpoint not in current_app.view_functions or not access.may(permission):
        return None
    values: dict[str, Any] = {name: target.id}
    return url_for(endpoint, **values)

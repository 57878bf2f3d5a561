"""What there is to search, and the words of each thing that a model reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from invoicer_core.plugin import (
    ClientSnapshot,
    InvoiceSnapshot,
    NotFound,
    ProductSnapshot,
    SupplierSnapshot,
)
from invoicer_core.plugin.use_cases import clients, invoices, products, suppliers

LONGEST: Final = 1_000
"""Characters: more than a model of this size reads."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing. ``words`` is empty for what is not to be found."""

    get: Callable[[int], Any]
    page: Callable[[str | None, int], Any]
    words: Callable[[Any], str]


def _joined(*parts: str | None, category: str | None = None) -> str:
    """What it is called, with its category, on the first line; everything on the second."""
    told = [" ".join(part.split()) for part in parts if part and part.strip()]
    if not told:
        return ""
    called = f"{told[0]}, {category}" if category else told[0]
    return f"{called[:LONGEST]}\n{'. '.join(told)[:LONGEST]}"


def of_product(product: ProductSnapshot) -> str:
    """Its name, description and category, which tells what such a thing is for. The nightly task
    reads what a category is called anew."""
    if not product.is_active:
        return ""
    return _joined(product.name, product.description, category=product.category)


def of_party(party: ClientSnapshot | SupplierSnapshot) -> str:
    """Its names, place and what was noted about it; no address, number or account."""
    if party.archived_at is not None:
        return ""
    return _joined(party.name, party.legal_name, party.city, party.notes)


def of_invoice(invoice: InvoiceSnapshot) -> str:
    """What is on it, line by line."""
    return _joined(*(part for item in invoice.items for part in (item.description, item.details)))


KINDS: Final[Mapping[str, Kind]] = {
    "product": Kind(
        lambda each: products.get(product_id=each),
        lambda cursor, limit: products.find(status="active", limit=limit, cursor=cursor),
        of_product,
    ),
    "client": Kind(
        lambda each: clients.get(client_id=each),
        lambda cursor, limit: clients.find(limit=limit, cursor=cursor),
        of_party,
    ),
    "supplier": Kind(
        lambda each: suppliers.get(supplier_id=each),
        lambda cursor, limit: suppliers.find(limit=limit, cursor=cursor),
        of_party,
    ),
    "invoice": Kind(
        lambda each: invoices.get(invoice_id=each),
        lambda cursor, limit: invoices.find(limit=limit, cursor=cursor),
        of_invoice,
    ),
}


def words_of(kind: str, thing_id: int) -> str:
    """What a model reads of a thing; empty when it is gone or put away."""
    try:
        return KINDS[kind].words(KINDS[kind].get(thing_id))
    except NotFound:
        return ""

"""Products by their words and, where a plugin finds by meaning, by that as well."""

from dataclasses import dataclass
from typing import Final

from invoicer_core.domain.snapshots import ProductSnapshot
from invoicer_core.services import products, searching
from invoicer_core.services.listing import checked_limit

KIND: Final = "product"
FEWEST_LETTERS: Final = 2


@dataclass(frozen=True, slots=True)
class Found:
    """Active products, the best first, and how they were found: ``text`` where meaning was asked
    for and did not answer. ``wanted`` is the mode that was asked for."""

    items: tuple[ProductSnapshot, ...]
    mode: searching.Mode
    wanted: searching.Mode


def suggest(*, q: str, limit: int) -> Found:
    """Active products that fit what somebody types, the best first; by meaning too where that is
    on. A plugin that fails is left out and its failure noted; the words alone always work."""
    words = q.strip()
    mode: searching.Mode = "hybrid" if searching.is_on(KIND) else "text"
    if len(words) < FEWEST_LETTERS or not any(each.isalnum() for each in words):
        return Found((), mode, mode)
    return search(q=words, mode=mode, limit=limit)


def search(*, q: str, mode: searching.Mode = "text", limit: int | None = None) -> Found:
    """Active products that fit, the best first.

    Raises:
        InvalidInput: an empty search (``/q``), ``/limit``, or no plugin finds by meaning
            (``/mode``).
    """
    searching.demand(KIND, mode)
    if mode == "text":
        return Found(products.search(q=q, limit=limit), mode, mode)
    found = searching.find(kind=KIND, query=q, limit=checked_limit(limit), mode=mode)
    items = products.among(product_ids=[hit.id for hit in found.hits])
    return Found(items, found.mode, mode)

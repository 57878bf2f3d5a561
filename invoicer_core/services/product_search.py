"""Products while somebody types: by their words, and by what plugins find beyond them."""

from collections.abc import Iterator
from typing import Final

from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.snapshots import ProductSnapshot
from invoicer_core.hooks.offers import SearchBackend, SearchHit
from invoicer_core.host import offers
from invoicer_core.host.calls import note_failure
from invoicer_core.host.guard import HookFailed, answers
from invoicer_core.host.host import current
from invoicer_core.host.offers import Provided
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import products

KIND: Final = "product"
FEWEST_LETTERS: Final = 2
LEAST_SCORE: Final = 0.3
"""A search by meaning always finds something; what fits less than this is left out."""


def suggest(*, q: str, limit: int) -> tuple[ProductSnapshot, ...]:
    """Active products that fit, those that hold the words first, then what search plugins add.

    A plugin that fails is left out and its failure noted; the words alone always work.
    """
    words = q.strip()
    if len(words) < FEWEST_LETTERS or not any(each.isalnum() for each in words):
        return ()
    found = {each.id: each for each in products.search(q=words, limit=limit)}
    for hit in _hits(words, limit):
        if len(found) >= limit:
            break
        product = _active(hit.id) if hit.id not in found else None
        if product is not None:
            found[hit.id] = product
    return tuple(found.values())[:limit]


def _hits(words: str, limit: int) -> Iterator[SearchHit]:
    """What plugins find, the best first."""
    for backend in offers.every(db.session, SearchBackend, current_business_id()):
        if KIND in backend.offer.kinds:
            hits = [hit for hit in _asked(backend, words, limit) if hit.score >= LEAST_SCORE]
            yield from sorted(hits, key=lambda hit: -hit.score)


def _asked(backend: Provided[SearchBackend], words: str, limit: int) -> list[SearchHit]:
    try:
        return answers(
            db.session,
            backend.plugin,
            SearchHit,
            lambda: backend.offer.search(backend.ctx, KIND, words, limit),
        )
    except HookFailed as failure:
        note_failure(current(), backend.plugin, "search", current_business_id(), failure)
        return []


def _active(product_id: int) -> ProductSnapshot | None:
    try:
        found = products.get(product_id=product_id)
    except NotFound:
        return None
    return found if found.is_active else None

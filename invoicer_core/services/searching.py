"""Finding by words, by meaning, or by both: what search plugins find, joined to the core's own.

Without a plugin that finds by meaning, the words alone work and everything else is empty.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from logging import getLogger
from typing import Any, Final, Literal

from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.fusing import fused
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import Page
from invoicer_core.hooks.searching import Embedder, SearchBackend, SearchHit
from invoicer_core.host import offers
from invoicer_core.host.calls import note_failure
from invoicer_core.host.guard import HookFailed, answers
from invoicer_core.host.host import current
from invoicer_core.host.offers import Provided
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import clients, invoices, products, reading
from invoicer_core.services.buying import suppliers
from invoicer_core.services.rows import refuse

log: Final = getLogger(__name__)

Mode = Literal["text", "semantic", "hybrid"]
MODES: Final = ("text", "semantic", "hybrid")
LEAST_SCORE: Final = 0.14
"""A search by meaning always finds something; what fits less than this is left out. Of what people
look for, three standard deviations below the mean."""
DEPTH: Final = 30
"""How far down each list is looked at before lists are joined."""
_MOST: Final = 200

Words = Callable[[str, int, bool], Sequence[int]]
"""What is sought, how much of it, and whether nothing but words finds it."""
_WORDS: Final[Mapping[str, tuple[Words, ...]]] = {
    "product": (
        lambda q, limit, _alone: products.ranked(q=q, limit=limit),
        lambda q, limit, alone: products.alike(
            q=q, limit=limit, least=products.FUZZY if alone else products.MISTYPED
        ),
    ),
    "client": (lambda q, limit, _alone: _ids(clients.find(q=q, limit=limit)),),
    "supplier": (lambda q, limit, _alone: _ids(suppliers.find(q=q, limit=limit)),),
    "invoice": (lambda q, limit, _alone: _ids(invoices.find(q=q, limit=limit)),),
}
"""Ways to find by words, in turn: a later one is asked when those before found nothing."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, the best first, and how: the mode falls to ``text`` where meaning was asked
    for and did not answer."""

    hits: list[SearchHit]
    mode: Mode


def search(*, kind: str, query: str, limit: int = 10, mode: Mode = "semantic") -> list[SearchHit]:
    """The things of a kind that fit, the best first; empty where nothing can find them.

    Args:
        kind: ``product``, ``client``, ``supplier`` or ``invoice``.
        mode: ``semantic`` asks plugins alone, their scores as they give them; ``text`` words alone;
            ``hybrid`` joins both by rank.
    """
    return find(kind=kind, query=query, limit=limit, mode=mode).hits


def find(*, kind: str, query: str, limit: int, mode: Mode) -> Found:
    """As `search`, with the mode that answered."""
    if not any(each.isalnum() for each in query):
        return Found([], mode)
    if mode == "semantic":
        hits, answered = _by_meaning(kind, query, limit)
        return Found(hits, mode if answered else "text")
    wide = min(max(limit, DEPTH), _MOST)
    hits, answered = _by_meaning(kind, query, wide) if mode == "hybrid" else ([], False)
    lists = [_by_words(kind, query, wide, alone=not answered)]
    if answered:
        lists.append([hit.id for hit in hits])
    found = [SearchHit(each, score) for each, score in fused(lists)]
    return Found(found[:limit], "hybrid" if answered else "text")


def _by_words(kind: str, query: str, limit: int, *, alone: bool) -> Sequence[int]:
    for words in _WORDS.get(kind, ()):
        if found := words(query, limit, alone):
            return found
    return ()


def _ids(page: Page[Any]) -> list[int]:
    return [each.id for each in page.items]


def _by_meaning(kind: str, query: str, limit: int) -> tuple[list[SearchHit], bool]:
    """What plugins find, the best first, and whether any could; a failure is noted."""
    best: dict[int, SearchHit] = {}
    answered = False
    for backend in _backends(kind):
        hits = _asked(backend, kind, query, limit)
        answered |= hits is not None
        for hit in hits or ():
            known = best.get(hit.id)
            if hit.score >= LEAST_SCORE and (known is None or hit.score > known.score):
                best[hit.id] = hit
    return sorted(best.values(), key=lambda hit: (-hit.score, hit.id))[:limit], answered


def is_on(kind: str) -> bool:
    """Whether some plugin of the business finds things of this kind by meaning."""
    return bool(_backends(kind))


def demand(kind: str, mode: str) -> None:
    """See that this way to search is there. Raises InvalidInput at ``/mode``."""
    if mode != "text" and not is_on(kind):
        refuse(
            "/mode",
            say(
                "Nothing finds by meaning here yet: switch on the plugin Search by meaning under"
                " Settings, Plugins, or search with mode=text."
            ),
        )


def vectors(found: Provided[Embedder], texts: Sequence[str]) -> Sequence[Sequence[float]]:
    """Vectors of what somebody searches for; of a heavy model, a worker reads them.

    Raises:
        RetryLater, PermanentFailure: nobody answered in time, or the model cannot.
    """
    return reading.vectors(found, texts)


def embedder(name: str) -> Provided[Embedder]:
    """The offer that makes vectors, with its context. Raises NotFound, Unavailable."""
    return offers.find(db.session, Embedder, name, current_business_id())


def embedder_of(model: str) -> Provided[Embedder]:
    """As `embedder`, by the model its vectors are of. Raises NotFound."""
    for each in offers.every(db.session, Embedder, current_business_id()):
        if each.offer.model == model:
            return each
    raise NotFound(_no_model(model))


def embedder_seen(model: str) -> Provided[Embedder]:
    """As `embedder_of`, for whoever was just seen to have it on: nothing is read for that once
    more. Raises NotFound."""
    host, business_id = current(), current_business_id()
    for each in host.registry.offered(Embedder):
        if each.offer.model == model:
            return Provided(each.plugin, each.offer, host.context(each.plugin, business_id))
    raise NotFound(_no_model(model))


def _no_model(model: str) -> str:
    return say("No plugin that is on has the model %(model)s.", model=model)


def _backends(kind: str) -> tuple[Provided[SearchBackend], ...]:
    every = offers.every(db.session, SearchBackend, current_business_id())
    return tuple(each for each in every if kind in each.offer.kinds)


def _asked(
    backend: Provided[SearchBackend], kind: str, words: str, limit: int
) -> Iterable[SearchHit] | None:
    """None when it failed."""
    try:
        return answers(
            db.session,
            backend.plugin,
            SearchHit,
            lambda: backend.offer.search(backend.ctx, kind, words, limit),
            most=_MOST,
        )
    except HookFailed as failure:
        if isinstance(failure.__cause__, reading.NoReader):
            log.warning("no worker reads what is searched for")
            return None
        note_failure(current(), backend.plugin, "search", current_business_id(), failure)
        return None

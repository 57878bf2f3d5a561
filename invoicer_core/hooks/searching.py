"""Other ways to find things: vectors of texts, and whole searches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from invoicer_core.hooks.context import Context

Ctx = Context[Any]


@dataclass(frozen=True, slots=True)
class Embedder:
    """Turns texts into vectors of ``dimension`` numbers. ``model`` is stored beside each vector:
    vectors of different models are never compared.

    ``heavy`` models work in the process that calls them and take its time and memory. They are
    asked in workers alone: for those who type, a worker reads what they search for."""

    name: str
    model: str
    dimension: int
    embed: Callable[[Ctx, Sequence[str]], Sequence[Sequence[float]]]
    heavy: bool = False


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A found thing and how well it fits, from 0 to 1."""

    id: int
    score: float


@dataclass(frozen=True, slots=True)
class SearchBackend:
    """Another way to find things: ``search(ctx, kind, query, limit)``, kind ``product`` ..."""

    name: str
    title: str
    search: Callable[[Ctx, str, str, int], Sequence[SearchHit]]
    kinds: frozenset[str] = frozenset({"product"})

"""Several rankings of the same things made into one, by rank alone."""

from collections.abc import Hashable, Sequence
from typing import Final, TypeVar

T = TypeVar("T", bound=Hashable)

SMOOTHING: Final = 10
"""How much a place counts beside the next one: small, so that the top of each list wins."""


def fused(rankings: Sequence[Sequence[T]], smoothing: int = SMOOTHING) -> list[tuple[T, float]]:
    """Reciprocal rank fusion: each thing with a score from 0 to 1, the best first.

    A thing that leads every ranking scores 1. Equals stay in the order of the first ranking.
    """
    if not rankings:
        return []
    scores: dict[T, float] = {}
    for ranking in rankings:
        for place, thing in enumerate(ranking):
            scores[thing] = scores.get(thing, 0.0) + 1.0 / (smoothing + place)
    highest = len(rankings) / smoothing
    ordered = sorted(scores.items(), key=lambda each: -each[1])
    return [(thing, score / highest) for thing, score in ordered]

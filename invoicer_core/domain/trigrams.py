"""Threes of letters, as PostgreSQL's pg_trgm cuts words into them: what a text must hold to be like
another one.

Comparing letter by letter reads every row; looking for a piece of a word is what an index is for.
"""

import math
import re
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_ROUNDING: Final = 1e-6


def trigrams(text: str) -> tuple[str, ...]:
    """Each three once, in order. A word has two spaces before it and one behind it."""
    padded = (f"  {word} " for word in _WORD.findall(text.lower()))
    threes = (word[at : at + 3] for word in padded for at in range(len(word) - 2))
    return tuple(dict.fromkeys(threes))


def one_of(text: str, least: float) -> tuple[str, ...]:
    """Pieces of words, in lower case, of which each text holds one that is so like this one.

    Whose word similarity is at least ``least`` (0 to 1) has that share of the threes. So few may be
    missing that of one more than those, whichever they are, one is there. The whole ones are taken
    first, as the rarest. Empty where there are no letters: then nothing is known.
    """
    threes = sorted(trigrams(text), key=lambda three: -len(three.strip()))
    there = math.ceil(least * len(threes) - _ROUNDING)
    return tuple(dict.fromkeys(three.strip() for three in threes[: len(threes) - there + 1]))

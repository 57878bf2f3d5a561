"""Telephone numbers as the world dials them: E.164, and nothing guessed."""

import re
from typing import Final

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_BETWEEN: Final = re.compile(r"[\s\u00a0\u2007\u202f().\-\u2010\u2011/]+")


def e164(number: str | None) -> str | None:
    """The number with its country calling code and no signs between the digits.

    None for what does not begin with ``+``: which country is meant is for a person to say. ``(0)``
    is refused too, because it belongs to the number in some countries and not in others.
    """
    written = (number or "").strip()
    if "(0)" in written:
        return None
    return bare if _E164.fullmatch(bare := _BETWEEN.sub("", written)) else None

"""How many parts a text message is cut into, which is what is paid for."""

from dataclasses import dataclass
from typing import Final, Literal

BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The GSM 7-bit default alphabet (3GPP TS 23.038)."""

EXTENDED: Final = frozenset("\f^{}\\[~]|€")
"""Behind an escape, so that each counts twice."""

LIMITS: Final = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
"""Units of a message that goes alone, and of each part of a longer one."""

_PLAIN: Final = str.maketrans({
    **dict.fromkeys("\u00a0\u2007\u2009\u202f", " "), **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("\u2018\u2019\u201a", "'"), "\u2026": "...",
    **dict.fromkeys("\u2011\u2013\u2014\u2212", "-"),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Segments:
    """``units`` are septets or 16-bit units, ``count`` the parts they need."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    count: int


def plain(text: str) -> str:
    """The text with plain spaces, quotes and dashes, where that alone lets it go as GSM-7: the
    space in "5 €" would otherwise cost as much again."""
    found = text.strip().translate(_PLAIN)
    return found if segments(found).encoding == "GSM-7" else text.strip()


def segments(text: str) -> Segments:
    """The parts of a text. One sign outside the GSM alphabet turns the whole text to UCS-2; an
    escaped sign or a surrogate pair is never torn apart by the end of a part."""
    if all(sign in BASIC or sign in EXTENDED for sign in text):
        return _cut("GSM-7", [2 if sign in EXTENDED else 1 for sign in text])
    return _cut("UCS-2", [2 if ord(sign) > 0xFFFF else 1 for sign in text])


def _cut(encoding: Literal["GSM-7", "UCS-2"], weights: list[int]) -> Segments:
    alone, part = LIMITS[encoding]
    units = sum(weights)
    if units <= alone:
        return Segments(encoding, units, 1 if units else 0)
    count, free = 0, 0
    for weight in weights:
        if weight > free:
            count, free = count + 1, part
        free -= weight
    return Segments(encoding, units, count)

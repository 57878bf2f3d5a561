"""The business's colour, made readable: contrast by WCAG 2.2 (relative luminance)."""

import re
from dataclasses import dataclass

DEFAULT = "#1d4f73"
_MINIMUM = 4.5
_HEX = re.compile(r"#[0-9a-fA-F]{6}\Z")


@dataclass(frozen=True, slots=True)
class Palette:
    """``brand``: large areas, as chosen. ``ink``: the same hue, dark enough for text on white.
    ``on_brand``: text on ``brand``. ``tint``: a faint ground that keeps black text readable."""

    brand: str
    ink: str
    on_brand: str
    tint: str


def palette(color: str | None) -> Palette:
    """From "#rrggbb"; anything else gives the default colour."""
    chosen = color if color and _HEX.match(color) else DEFAULT
    rgb = _parse(chosen)
    ink = rgb
    while contrast(ink, (255, 255, 255)) < _MINIMUM:
        ink = tuple(int(part * 0.94) for part in ink)
    white = contrast(rgb, (255, 255, 255)) >= contrast(rgb, (0, 0, 0))
    tint = tuple(round(255 - (255 - part) * 0.07) for part in ink)
    return Palette(_hex(rgb), _hex(ink), "#ffffff" if white else "#000000", _hex(tint))


def contrast(first: tuple[int, ...], second: tuple[int, ...]) -> float:
    """The ratio of two sRGB colours, 1 to 21."""
    bright, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(rgb: tuple[int, ...]) -> float:
    red, green, blue = (
        part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4
        for part in rgb
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parse(text: str) -> tuple[int, ...]:
    return tuple(int(text[at : at + 2], 16) for at in (1, 3, 5))


def _hex(rgb: tuple[int, ...]) -> str:
    return "#" + "".join(f"{part:02x}" for part in rgb)

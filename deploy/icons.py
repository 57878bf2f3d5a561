"""Draws the icons of the installed app from ``favicon.svg``: ``python deploy/icons.py``.

Knows just the SVG that our mark is made of: rectangles with round corners, and paths of straight
lines, filled or stroked with round ends.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from PIL import Image, ImageDraw

STATIC: Final = Path(__file__).parents[1] / "invoicer_core" / "web" / "static"
SOURCE: Final = STATIC / "favicon.svg"
TARGET: Final = STATIC / "icons"
FINER: Final = 4
"""Drawn so many times larger, then made smaller: that smooths the edges."""

SAFE: Final = 0.8
"""Of a maskable icon, the circle of this diameter is always seen (W3C)."""

ICONS: Final = {
    "icon-192.png": (192, False), "icon-512.png": (512, False),
    "maskable-512.png": (512, True), "touch-180.png": (180, True),
}  # fmt: skip
"""File -> its size in pixels, and whether its ground fills the square."""

Point = tuple[float, float]
_STEP: Final = re.compile(r"([MmLlHhVvZz])|(-?[0-9]*\.?[0-9]+)")


@dataclass(frozen=True)
class Canvas:
    """A picture that is drawn on in the units of the SVG."""

    draw: ImageDraw.ImageDraw
    scale: float
    shift: float

    def at(self, point: Point) -> Point:
        """Where a point of the SVG lies in the picture."""
        return point[0] * self.scale + self.shift, point[1] * self.scale + self.shift


def lines_of(path: str) -> list[list[Point]]:
    """The lines of a path of straight steps."""
    words = [letter or number for letter, number in _STEP.findall(path)]
    lines: list[list[Point]] = []
    step, here = "M", (0.0, 0.0)
    while words:
        if words[0].isalpha():
            step = words.pop(0)
            if step in "Zz":
                lines[-1].append(lines[-1][0])
                continue
        x, y = here if step.islower() else (0.0, 0.0)
        if step in "Hh":
            here = (x + float(words.pop(0)), here[1])
        elif step in "Vv":
            here = (here[0], y + float(words.pop(0)))
        else:
            here = (x + float(words.pop(0)), y + float(words.pop(0)))
        if step in "Mm":
            lines.append([])
            step = "l" if step == "m" else "L"
        lines[-1].append(here)
    return lines


def draw_element(canvas: Canvas, element: ElementTree.Element, *, whole: bool) -> None:
    """One shape. The ground of a maskable icon is the whole square instead."""
    kind = element.tag.rpartition("}")[2]
    fill, stroke = element.get("fill"), element.get("stroke")
    if kind == "rect":
        size = (float(element.get("width", 0)), float(element.get("height", 0)))
        if not whole:
            radius = float(element.get("rx", 0)) * canvas.scale
            canvas.draw.rounded_rectangle([canvas.at((0, 0)), canvas.at(size)], radius, fill=fill)
        return
    for line in lines_of(element.get("d", "")):
        points = [canvas.at(point) for point in line]
        if stroke:
            width = float(element.get("stroke-width", 1)) * canvas.scale
            canvas.draw.line(points, fill=stroke, width=round(width), joint="curve")
            for x, y in points:
                half = width / 2
                canvas.draw.ellipse([x - half, y - half, x + half, y + half], fill=stroke)
        else:
            canvas.draw.polygon(points, fill=fill)


def icon(size: int, *, whole: bool) -> Image.Image:
    """The mark as a picture of this size."""
    svg = ElementTree.fromstring(SOURCE.read_text("utf-8"))  # noqa: S314 - our own file
    _, _, width, _ = (float(part) for part in svg.get("viewBox", "0 0 32 32").split())
    side = size * FINER
    ground = svg[0].get("fill", "#000") if whole else (0, 0, 0, 0)
    image = Image.new("RGBA", (side, side), ground)
    shown = SAFE if whole else 1.0
    canvas = Canvas(ImageDraw.Draw(image), side * shown / width, side * (1 - shown) / 2)
    for element in svg:
        draw_element(canvas, element, whole=whole)
    return image.resize((size, size), Image.Resampling.LANCZOS)


def main() -> None:
    """Write every icon."""
    TARGET.mkdir(exist_ok=True)
    for name, (size, whole) in ICONS.items():
        icon(size, whole=whole).save(TARGET / name, optimize=True)


if __name__ == "__main__":
    main()

"""A definition as a drawing, with a run's path and place marked.

Colours come from the page's style sheet through classes, in light and in dark; the attributes are
for whoever opens the file alone.
"""

from collections import defaultdict
from collections.abc import Iterator
from html import escape
from itertools import pairwise
from typing import Final

from invoicer_core.domain.work import RunSnapshot
from invoicer_core.hooks.machines import END
from invoicer_core.hooks.workflows import Choice, Fail, Step, Wait, Workflow
from invoicer_core.services.workflows.layout import HEIGHT, WIDTH, Edge, Layout, Point, lay_out
from invoicer_core.services.workflows.marks import SIGNS, Marks, marks

SHOWN: Final = 22
"""Signs of a title that fit into a box; the whole one is in its tooltip."""

BEGIN: Final = "(begin)"
_LINE: Final = 'fill="none" stroke="#64748b" stroke-width="1.5"'
_TEXT: Final = 'text-anchor="middle" font-family="system-ui, sans-serif"'
_ARROW: Final = (
    '<defs><marker id="flow-arrow-{0}" viewBox="0 0 8 8" refX="7" refY="4" orient="auto"'
    ' markerUnits="userSpaceOnUse" markerWidth="11" markerHeight="11">'
    '<path class="flow-head" d="M0 0 8 4 0 8z" fill="#64748b"/>'
    "</marker></defs>"
)


def svg(definition: Workflow, run: RunSnapshot | None = None) -> str:
    """An ``svg`` element of its own, without any script.

    Args:
        run: marks what it went through and where it is.
    """
    labels = _labels(definition)
    names = [BEGIN, *(state.name for state in definition.states)]
    if any(target == END for _, target in labels):
        names.append(END)
    found = lay_out(BEGIN, names, labels)
    marked = marks(run)
    ident = str(run.id if run is not None else definition.name)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="flow" role="img"'
        f' viewBox="0 0 {found.width:g} {found.height:g}" width="{found.width:g}"'
        f' height="{found.height:g}" aria-label="{_said(definition, run)}">',
        _ARROW.format(_id(ident)),
        *_arrows(labels, found, marked, _id(ident)),
        *_boxes(definition, found, marked),
        "</svg>",
    ]
    return "".join(parts)


def _id(text: str) -> str:
    return "".join(sign if sign.isalnum() and sign.isascii() else "-" for sign in text)


def _said(definition: Workflow, run: RunSnapshot | None) -> str:
    if run is None:
        return escape(definition.title)
    titles = {state.name: state.title for state in definition.states}
    path = " > ".join(titles.get(name, name) for name in run.path)
    return escape(f"{definition.title}: {path}")


def _labels(definition: Workflow) -> dict[Edge, str]:
    """Every arrow with its words; several ways between the same two states are one arrow."""
    found: dict[Edge, list[str]] = defaultdict(list)
    found[BEGIN, definition.start] = []
    for source, target, label in definition.edges():
        found[source, target] += [label] if label else []
    for state in definition.states:
        if isinstance(state, Step) and state.then is None:
            found[state.name, END] = []
    return {edge: ", ".join(labels) for edge, labels in found.items()}


def _arrows(labels: dict[Edge, str], layout: Layout, marked: Marks, ident: str) -> Iterator[str]:
    for edge, label in labels.items():
        taken = " flow-taken" if _taken(edge, marked) else ""
        if edge in layout.back:
            path, middle = _around(edge, layout)
        else:
            path, middle = _down(edge, layout)
        yield (
            f'<path class="flow-way{taken}" d="{path}" {_LINE}'
            f' marker-end="url(#flow-arrow-{ident})"/>'
        )
        if label:
            yield (
                f'<text class="flow-word{taken}" x="{middle.x:g}" y="{middle.y:g}" {_TEXT}'
                f' font-size="11" fill="#475569">{escape(_short(label))}</text>'
            )


def _taken(edge: Edge, marked: Marks) -> bool:
    source, target = edge
    if source == BEGIN:
        return marked.began
    if target == END:
        return marked.ended and source == marked.last
    return edge in marked.ways


def _down(edge: Edge, layout: Layout) -> tuple[str, Point]:
    """A curve from the lower edge of one box through all it passes to the upper edge of another."""
    source, target = (layout.places[name] for name in edge)
    first = Point(source.x, source.y + _half(edge[0]))
    last = Point(target.x, target.y - _half(edge[1]))
    points = [first, *layout.passes[edge], last]
    path = f"M{first.x:g} {first.y:g}"
    for upper, lower in pairwise(points):
        middle = (upper.y + lower.y) / 2
        path += f"C{upper.x:g} {middle:g} {lower.x:g} {middle:g} {lower.x:g} {lower.y:g}"
    after = points[1]
    return path, Point((first.x + after.x) / 2, (first.y + min(after.y, first.y + 58)) / 2 + 4)


def _around(edge: Edge, layout: Layout) -> tuple[str, Point]:
    """Up again, along the right border."""
    source, target = (layout.places[name] for name in edge)
    right = layout.back[edge]
    low, high = Point(source.x + WIDTH / 2, source.y + 8), Point(target.x + WIDTH / 2, target.y - 8)
    path = (
        f"M{low.x:g} {low.y:g}C{right:g} {low.y:g} {right:g} {low.y:g} {right:g} {low.y - 24:g}"
        f"L{right:g} {high.y + 24:g}C{right:g} {high.y:g} {right:g} {high.y:g}"
        f" {high.x:g} {high.y:g}"
    )
    return path, Point(right, (low.y + high.y) / 2)


def _half(name: str) -> float:
    return 9 if name in (BEGIN, END) else HEIGHT / 2


def _boxes(definition: Workflow, layout: Layout, marked: Marks) -> Iterator[str]:
    for name, kind in ((BEGIN, "begin"), (END, "end")):
        if (at := layout.places.get(name)) is not None:
            reached = marked.began if name == BEGIN else marked.ended
            yield (
                f'<circle class="flow-{kind}{" flow-done" if reached else ""}" cx="{at.x:g}"'
                f' cy="{at.y:g}" r="8" fill="#64748b" stroke="#64748b" stroke-width="2"/>'
            )
    for state in definition.states:
        at = layout.places[state.name]
        mark = marked.states.get(state.name)
        kind = {Step: "step", Choice: "choice", Wait: "wait", Fail: "fail"}[type(state)]
        sign = f"{SIGNS[mark]} " if mark else ""
        rounded = {"choice": 22, "wait": 14}.get(kind, 6)
        yield (
            f'<g class="flow-box flow-{kind}{f" flow-{mark}" if mark else ""}">'
            f"<title>{escape(state.title)}</title>"
            f'<rect x="{at.x - WIDTH / 2:g}" y="{at.y - HEIGHT / 2:g}" width="{WIDTH}"'
            f' height="{HEIGHT}" rx="{rounded}" fill="#ffffff" stroke="#64748b"'
            f' stroke-width="1.5"/>'
            f'<text x="{at.x:g}" y="{at.y + 5:g}" {_TEXT} font-size="13" fill="#0f172a">'
            f"{sign}{escape(_short(state.title))}</text></g>"
        )


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1].rstrip() + "…"

"""Where the boxes of a diagram stand: in rows from the start down, each row in an order with few
crossings. An arrow over several rows gets a place in every row it passes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

WIDTH: Final = 184
HEIGHT: Final = 44
GAP_X: Final = 36
GAP_Y: Final = 58
PASSING: Final = 40
MARGIN: Final = 24
LOOP: Final = 34
SWEEPS: Final = 6

Edge = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Point:
    """Units of the drawing, from its upper left corner."""

    x: float
    y: float


@dataclass(slots=True)
class Layout:
    """Centres of the boxes, what each arrow passes through, and how large all is."""

    places: dict[str, Point] = field(default_factory=dict)
    passes: dict[Edge, tuple[Point, ...]] = field(default_factory=dict)
    back: dict[Edge, float] = field(default_factory=dict)
    """Arrows that lead up again -> how far to the right they run."""

    width: float = 0
    height: float = 0


def lay_out(start: str, names: Sequence[str], edges: Iterable[Edge]) -> Layout:
    """Place every name that is reached from the start."""
    known = list(dict.fromkeys(edges))
    back = _back_edges(start, names, known)
    forward = [edge for edge in known if edge not in back and edge[0] != edge[1]]
    ranks = _ranks(names, forward)
    rows, chains = _rows(names, forward, ranks)
    _order(rows, chains)
    made = _placed(rows, set(names))
    for edge, chain in chains.items():
        made.passes[edge] = tuple(made.places[each] for each in chain[1:-1])
    right = made.width
    for at, edge in enumerate(each for each in known if each not in chains):
        made.back[edge] = right + LOOP * at
        made.width = right + LOOP * (at + 1)
    made.places = {name: made.places[name] for name in names}
    return made


def _back_edges(start: str, names: Sequence[str], edges: Sequence[Edge]) -> set[Edge]:
    """Those that lead to a state from which one came: found by walking down from the start."""
    ways = defaultdict(list)
    for source, target in edges:
        ways[source].append(target)
    found: set[Edge] = set()
    seen: set[str] = set()
    for first in (start, *names):
        if first in seen:
            continue
        path, stack = [first], [iter(ways[first])]
        seen.add(first)
        while stack:
            target = next(stack[-1], "")
            if not target:
                stack.pop()
                path.pop()
            elif target in path:
                found.add((path[-1], target))
            elif target not in seen:
                seen.add(target)
                path.append(target)
                stack.append(iter(ways[target]))
    return found


def _ranks(names: Sequence[str], forward: Sequence[Edge]) -> dict[str, int]:
    """The longest way from above; there are no circles any more."""
    ranks = dict.fromkeys(names, 0)
    for _ in names:
        for source, target in forward:
            ranks[target] = max(ranks[target], ranks[source] + 1)
    return ranks


def _rows(
    names: Sequence[str], forward: Sequence[Edge], ranks: dict[str, int]
) -> tuple[list[list[str]], dict[Edge, list[str]]]:
    rows: list[list[str]] = [[] for _ in range(max(ranks.values()) + 1)]
    for name in names:
        rows[ranks[name]].append(name)
    chains: dict[Edge, list[str]] = {}
    for source, target in forward:
        chain = [source]
        for rank in range(ranks[source] + 1, ranks[target]):
            passing = f"\0{source}\0{target}\0{rank}"
            rows[rank].append(passing)
            chain.append(passing)
        chains[source, target] = [*chain, target]
    return rows, chains


def _order(rows: list[list[str]], chains: dict[Edge, list[str]]) -> None:
    """Each row by the middle of its neighbours in the row above, then below, some times over."""
    above, below = defaultdict(list), defaultdict(list)
    for chain in chains.values():
        for upper, lower in pairwise(chain):
            above[lower].append(upper)
            below[upper].append(lower)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        order = range(1, len(rows)) if down else range(len(rows) - 2, -1, -1)
        for at in order:
            other = rows[at - 1] if down else rows[at + 1]
            middle = {name: (spot + 0.5) / len(other) for spot, name in enumerate(other)}
            near = above if down else below
            now = {name: (spot + 0.5) / len(rows[at]) for spot, name in enumerate(rows[at])}
            rows[at].sort(key=lambda name: _middle(near[name], middle, now[name]))


def _middle(near: Sequence[str], middle: dict[str, float], otherwise: float) -> float:
    found = [middle[name] for name in near if name in middle]
    return sum(found) / len(found) if found else otherwise


def _placed(rows: list[list[str]], boxes: set[str]) -> Layout:
    widths = [
        sum(WIDTH if name in boxes else PASSING for name in row) + GAP_X * (len(row) - 1)
        for row in rows
    ]
    made = Layout(width=max(widths) + 2 * MARGIN)
    for at, row in enumerate(rows):
        x = (made.width - widths[at]) / 2
        y = MARGIN + HEIGHT / 2 + at * (HEIGHT + GAP_Y)
        for name in row:
            wide = WIDTH if name in boxes else PASSING
            made.places[name] = Point(x + wide / 2, y)
            x += wide + GAP_X
    made.height = 2 * MARGIN + len(rows) * HEIGHT + (len(rows) - 1) * GAP_Y
    return made

"""What a diagram shows of a run: which states it went through and how they ended, and where it
stands."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from invoicer_core.domain.work import RunSnapshot

Mark = Literal["done", "failed", "skipped", "undone", "here", "waits"]

_OF_STEP: Final[dict[str, Mark]] = {
    "succeeded": "done", "corrected": "done", "failed": "failed", "skipped": "skipped",
    "undone": "undone", "cancelled": "skipped",
}  # fmt: skip
SIGNS: Final[dict[Mark, str]] = {
    "done": "✓", "failed": "✕", "skipped": "↷", "undone": "↶", "here": "▶", "waits": "⏸",
}  # fmt: skip
"""So that nobody has to tell colours apart."""


@dataclass(frozen=True, slots=True)
class Marks:
    """State -> mark, and the ways that were taken."""

    states: dict[str, Mark]
    ways: frozenset[tuple[str, str]]
    began: bool = False
    ended: bool = False
    last: str | None = None


def marks(run: RunSnapshot | None) -> Marks:
    """Those of a run; none without one."""
    if run is None:
        return Marks({}, frozenset())
    found: dict[str, Mark] = {}
    for step in run.steps:
        mark = _OF_STEP.get(step.status)
        if mark is not None:
            found[step.name] = mark
    if run.status == "running":
        found[run.state] = "here"
    elif run.status == "waiting":
        found[run.state] = "waits"
    elif run.status == "failed" and found.get(run.state) != "undone":
        found[run.state] = "failed"
    return Marks(
        found, frozenset(pairwise(run.path)), True, run.status == "succeeded", run.state
    )  # fmt: skip

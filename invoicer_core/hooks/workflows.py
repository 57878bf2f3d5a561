"""Workflows as data: named states, what leads from one to the next, and how errors are called.

A run is rows: each step is one delivery, retried by its policy, resumed where it stopped.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from pydantic import BaseModel

from invoicer_core.hooks.context import Context
from invoicer_core.hooks.machines import DONE, END, LATE, OTHERWISE, Machine, Way

SHORT: Final = timedelta(seconds=55)
"""A step that may take longer is done in a place of its own, where it holds up no other plugin."""

LONGEST: Final = timedelta(minutes=15)
"""The longest limit that a step may have. What takes longer is a job and a Wait."""

TIMEOUT: Final = "Timeout"
"""The error's name when a step took longer than its limit, or a wait without ``late``."""


class WorkflowError(Exception):
    """An error with a name that the workflow knows; ``catch`` of a step may lead on from it."""

    def __init__(self, name: str, detail: str = "") -> None:
        super().__init__(detail or name)
        self.name = name
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run as a step sees it. ``output`` is what earlier steps returned, by their names;
    ``state`` the one that is done, decided or undone now."""

    id: int
    workflow: str
    version: int
    input: Mapping[str, Any]
    output: Mapping[str, Any] = field(default_factory=dict)
    attempt: int = 1
    invoice_id: int | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a step is tried, and how long to wait: doubled each time, up to ``most``."""

    attempts: int = 8
    first: timedelta = timedelta(seconds=60)
    most: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Does something. What it returns (JSON) is kept under its name in ``Run.output``.

    Args:
        run: at least once, so idempotent; raises WorkflowError for the errors it names.
        then: the next state; None ends the run well.
        catch: error name to state; an error without an entry fails the run under its name.
        limit: the longest that one try may take, after that it failed with the name ``Timeout``;
            at most `LONGEST`. Beyond `SHORT` one step runs at a time in an installation's worker.
        undo: takes the effect back when the run is given up; at least once, so idempotent.
    """

    name: str
    title: str
    run: Callable[[Context[Any], Run], Mapping[str, Any] | None]
    then: str | None = None
    catch: Mapping[str, str] = field(default_factory=dict)
    retry: Retry = Retry()
    limit: timedelta = SHORT
    undo: Callable[[Context[Any], Run], None] | None = None

    def __post_init__(self) -> None:
        if not timedelta(0) < self.limit <= LONGEST:
            raise ValueError(
                f"step {self.name}: a limit of {self.limit.total_seconds():g} s is not possible:"
                f" one try may take up to {LONGEST.total_seconds():g} s. What takes longer is a"
                " job, with a Wait for the event that it tells when it is done"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Leads to the state under the answer of ``decide``; without one, to ``otherwise``.

    Args:
        variable: for exports, where the answer stands in the output: ``DetermineKind.kind``.
    """

    name: str
    title: str
    decide: Callable[[Context[Any], Run], str]
    branches: Mapping[str, str]
    otherwise: str
    variable: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Stands still until the event happens (``resume``) or the time is over (``late``).

    Args:
        limit: how long it waits. Then it goes on to ``late``, or fails with the name ``Timeout``
            where there is none; either way the event ``workflow.late`` is told.
    """

    name: str
    title: str
    resume: str
    then: str
    limit: timedelta | None = None
    late: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail:
    """An end that is a failure, with the error's name."""

    name: str
    title: str
    error: str


State = Step | Choice | Wait | Fail


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """A state machine. A run finishes on the version it began with.

    Args:
        start: the first state's name.
        version: new runs begin on the highest one that a plugin offers under a name. Offer the
            former ones too while runs of them are under way.
        input: checks what a run is started with.
        on: names of events that start a run; the event's data is its input.

    Raises:
        ValueError: a state is unknown, doubled or never reached, or the machine is impossible. (A
            step's limit beyond `LONGEST` is refused where the step is made.)
    """

    name: str
    title: str
    start: str
    states: tuple[State, ...]
    version: int = 1
    input: type[BaseModel] | None = None
    on: tuple[str, ...] = ()
    machine: Machine = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = [state.name for state in self.states]
        if END in names:
            raise ValueError(f"workflow {self.name}: {END} is no name for a state")
        if len(set(names)) != len(names):
            raise ValueError(f"workflow {self.name}: two states have the same name")
        edges = tuple(self.edges())
        unknown = {target for _, target, _ in edges} | {self.start}
        unknown -= set(names)
        if unknown:
            raise ValueError(
                f"workflow {self.name}: no state is named {', '.join(sorted(unknown))}"
            )
        lost = set(names) - self._reached(edges)
        if lost:
            raise ValueError(f"workflow {self.name}: never reached: {', '.join(sorted(lost))}")
        ends = [state.name for state in self.states if isinstance(state, Fail)]
        made = Machine(self.name, start=self.start, states=names, ends=ends, ways=self.ways())
        object.__setattr__(self, "machine", made)

    def ways(self) -> Iterator[Way]:
        """What leads where, by outcome; a step that ends the run well leads to `END`."""
        for state in self.states:
            match state:
                case Step():
                    yield Way(state.name, DONE, state.then or END)
                    for error, to in state.catch.items():
                        yield Way(state.name, f"error:{error}", to)
                case Choice():
                    for answer, to in state.branches.items():
                        yield Way(state.name, f"answer:{answer}", to)
                    yield Way(state.name, OTHERWISE, state.otherwise)
                case Wait():
                    yield Way(state.name, DONE, state.then)
                    if state.late is not None:
                        yield Way(state.name, LATE, state.late)

    def state(self, name: str) -> State:
        """The state of this name. Raises KeyError when there is none."""
        for state in self.states:
            if state.name == name:
                return state
        raise KeyError(name)

    def edges(self) -> Iterator[tuple[str, str, str]]:
        """Every way from a state to another, with its label: the diagram's arrows."""
        for state in self.states:
            match state:
                case Step():
                    if state.then is not None:
                        yield state.name, state.then, ""
                    yield from ((state.name, to, error) for error, to in state.catch.items())
                case Choice():
                    yield from ((state.name, to, answer) for answer, to in state.branches.items())
                    yield state.name, state.otherwise, "otherwise"
                case Wait():
                    yield state.name, state.then, state.resume
                    if state.late is not None:
                        yield state.name, state.late, "late"

    def _reached(self, edges: tuple[tuple[str, str, str], ...]) -> set[str]:
        reached = {self.start}
        while True:
            more = {target for source, target, _ in edges if source in reached} - reached
            if not more:
                return reached
            reached |= more

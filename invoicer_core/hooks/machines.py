"""A workflow's states and ways as a machine of the state-machine library.

The library checks the definition (one graph, ends without ways out), and its transitions decide
where an outcome leads; what none of them matches is refused. The machine is made once for a
definition and remembers nothing: where a run stands is kept in its row. The library's engine is not
started for that: it queues events for callbacks, which there are none of, in a queue that does not
work in a process patched by gevent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from statemachine import State, StateMachine
from statemachine.exceptions import InvalidDefinition

DONE: Final = "done"
LATE: Final = "late"
OTHERWISE: Final = "otherwise"

END: Final = "(end)"
"""Where a run is that ended well: no state may have this name."""


class Impossible(ValueError):
    """No way leads on from this state with this outcome."""


@dataclass(frozen=True, slots=True)
class Way:
    """From a state, with an outcome, to another."""

    source: str
    outcome: str
    target: str


class Machine:
    """Answers where an outcome leads.

    Args:
        states: every name; `END` is added where a way leads there.
        ends: names out of which nothing leads.

    Raises:
        ValueError: the library refuses the definition.
    """

    def __init__(
        self, name: str, *, start: str, states: Iterable[str], ends: Iterable[str],
        ways: Iterable[Way],
    ) -> None:  # fmt: skip
        self.ways = tuple(ways)
        final = {END, *ends}
        names = [*states, *([END] if any(way.target == END for way in self.ways) else [])]
        made = {
            each: State(name=each, value=each, initial=each == start, final=each in final)
            for each in names
        }
        self._events: dict[str, str] = {}
        for way in self.ways:
            event = self._events.setdefault(way.outcome, f"outcome_{len(self._events)}")
            made[way.source].to(made[way.target], event=event)
        members = {f"state_{at}": state for at, state in enumerate(made.values())}
        try:
            type("WorkflowMachine", (StateMachine,), members)
        except InvalidDefinition as wrong:
            raise ValueError(f"workflow {name}: {wrong}") from wrong
        self._states = made

    def leads(self, state: str, outcome: str) -> str:
        """The state that follows, or `END`. Raises Impossible."""
        event, standing = self._events.get(outcome), self._states.get(state)
        if event is not None and standing is not None:
            for transition in standing.transitions:
                if transition.match(event) and transition.target is not None:
                    return str(transition.target.value)
        raise Impossible(f"nothing leads on from {state} with {outcome}")

    def outcomes(self, state: str) -> tuple[str, ...]:
        """The outcomes with which a way leads on from here."""
        return tuple(way.outcome for way in self.ways if way.source == state)

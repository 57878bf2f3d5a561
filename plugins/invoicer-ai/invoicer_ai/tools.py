"""Tools as assistants use them: what reads runs at once, what writes becomes a proposal.

Names and arguments come from a model or a program: they are looked up and checked, never trusted.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from invoicer_core.plugin import Actor, InvalidInput, NotFound, loads, say
from invoicer_core.plugin.pages import told
from invoicer_core.plugin.use_cases import ai_tools

from . import assistant_actions
from .assistant_actions import Action

LONGEST_ARGUMENTS: Final = 10_000
_ODD: Final = re.compile(r"[^a-zA-Z0-9_-]")


@dataclass(frozen=True, slots=True)
class Used:
    """What came of a tool: an answer as JSON of one that reads, a proposal of one that writes."""

    title: str
    answer: str = ""
    action: Action | None = None


def offered(by: Actor) -> dict[str, Any]:
    """The tools that this one may use, by names that every protocol can carry."""
    return {_ODD.sub("-", each.name)[:64]: each for each in ai_tools.find(by=by)}


def functions(tools: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The tools in the form of the models' service."""
    return [
        {
            "type": "function",
            "function": {
                "name": name,
                "description": each.description,
                "parameters": dict(each.schema),
            },
        }
        for name, each in tools.items()
    ]


def use(
    tools: Mapping[str, Any], name: str, arguments: Any, *, by: Actor, turn_id: int | None = None
) -> Used:
    """Use one of the tools that were offered.

    Raises:
        NotFound: none of them. InvalidInput: arguments that do not fit.
        InvoicerError: what the tool refuses.
    """
    tool = tools.get(name)
    if tool is None:
        raise NotFound(say("There is no tool named %(name)s.", name=name[:100]))
    if not isinstance(arguments, dict):
        raise InvalidInput(say("The arguments must be an object."))
    if not tool.writes:
        return Used(told(tool.title), ai_tools.run(name=tool.name, arguments=arguments, by=by))
    action = assistant_actions.propose(tool=tool.name, arguments=arguments, by=by, turn_id=turn_id)
    return Used(told(tool.title), action=action)


def read_arguments(text: str) -> Any:
    """The arguments that a model wrote. Raises InvalidInput."""
    if len(text) > LONGEST_ARGUMENTS:
        raise InvalidInput(say("The arguments are too long."))
    return loads(text) if text.strip() else {}

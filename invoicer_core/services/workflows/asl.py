"""A definition in the Amazon States Language: what runs here as rows can run there as well.

Every step is a task of one function, ``${StepFunction}``, that is told the workflow, the version,
the state, the input of the execution and what earlier states gave. What a step undoes is not part
of that language and is left out.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from math import ceil
from typing import Any, Final

from invoicer_core.hooks.workflows import (
    TIMEOUT,
    Choice,
    Fail,
    State,
    Step,
    Wait,
    Workflow,
)

FUNCTION: Final = "arn:aws:lambda:${Region}:${Account}:function:${StepFunction}"
WAITING: Final = "arn:aws:states:::lambda:invoke.waitForTaskToken"
LONGEST_DELAY: Final = 31_622_399
ANSWER: Final = "answer"
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Json = dict[str, Any]


def asl(definition: Workflow) -> Json:
    """The state machine as JSON values. A choice that does not say where its answer stands is
    preceded by a task that finds it."""
    states: Json = {}
    for state in definition.states:
        states.update(_written(definition, state))
    return {
        "Comment": f"{definition.title}, version {definition.version}",
        "Version": "1.0",
        "StartAt": _entry(definition, definition.start),
        "States": states,
    }


def _written(definition: Workflow, state: State) -> Iterator[tuple[str, Json]]:
    match state:
        case Step():
            yield state.name, _step(definition, state)
        case Choice():
            yield from _choice(definition, state)
        case Wait():
            yield state.name, _wait(definition, state)
        case Fail():
            yield state.name, {"Type": "Fail", "Error": state.error, "Cause": state.title}


def _step(definition: Workflow, step: Step) -> Json:
    made: Json = {
        "Type": "Task",
        "Comment": step.title,
        "Resource": FUNCTION,
        "Parameters": _told(definition, step.name),
        "ResultPath": path(step.name),
        "TimeoutSeconds": _seconds(step.limit),
        "Retry": list(_retries(step)),
    }
    catchers = [_catcher(error, _entry(definition, to)) for error, to in step.catch.items()]
    if catchers:
        made["Catch"] = catchers
    return made | _following(definition, step.then)


def _retries(step: Step) -> Iterator[Json]:
    """Errors that the workflow names are never tried again; all others by the step's policy."""
    named = [_error(error) for error in step.catch if error != TIMEOUT]
    if named:
        yield {"ErrorEquals": named, "MaxAttempts": 0}
    yield {
        "ErrorEquals": ["States.ALL"],
        "IntervalSeconds": _seconds(step.retry.first),
        "MaxAttempts": max(step.retry.attempts - 1, 0),
        "BackoffRate": 2,
        "MaxDelaySeconds": min(
            max(_seconds(step.retry.most), _seconds(step.retry.first) + 1), LONGEST_DELAY
        ),
    }


def _choice(definition: Workflow, state: Choice) -> Iterator[tuple[str, Json]]:
    if state.variable is None:
        variable = path(state.name, ANSWER)
        yield (
            _deciding(state.name),
            {
                "Type": "Task",
                "Resource": FUNCTION,
                "Parameters": _told(definition, state.name),
                "ResultPath": path(state.name),
                "Next": state.name,
            },
        )
    else:
        variable = path(*state.variable.split("."))
    yield (
        state.name,
        {
            "Type": "Choice",
            "Comment": state.title,
            "Choices": [
                {"Variable": variable, "StringEquals": answer, "Next": _entry(definition, to)}
                for answer, to in state.branches.items()
            ],
            "Default": _entry(definition, state.otherwise),
        },
    )


def _wait(definition: Workflow, state: Wait) -> Json:
    """Whoever hears of the event hands the token back; the time limit is an error like any."""
    told = _told(definition, state.name) | {"event": state.resume, "token.$": "$$.Task.Token"}
    made: Json = {
        "Type": "Task",
        "Comment": state.title,
        "Resource": WAITING,
        "Parameters": {"FunctionName": "${StepFunction}", "Payload": told},
        "ResultPath": path(state.name),
    }
    if state.limit is not None:
        made["TimeoutSeconds"] = _seconds(state.limit)
        if state.late is not None:
            made["Catch"] = [_catcher(TIMEOUT, _entry(definition, state.late))]
    return made | _following(definition, state.then)


def _told(definition: Workflow, state: str) -> Json:
    return {
        "workflow": definition.name,
        "version": definition.version,
        "state": state,
        "input.$": "$$.Execution.Input",
        "output.$": "$",
    }


def _following(definition: Workflow, to: str | None) -> Json:
    return {"End": True} if to is None else {"Next": _entry(definition, to)}


def _entry(definition: Workflow, name: str) -> str:
    """Where to go for a state: to the task before a choice that cannot read its answer."""
    state = definition.state(name)
    lacking = isinstance(state, Choice) and state.variable is None
    return _deciding(name) if lacking else name


def _deciding(name: str) -> str:
    return f"{name} (answer)"


def _catcher(error: str, to: str) -> Mapping[str, Any]:
    return {"ErrorEquals": [_error(error)], "Next": to, "ResultPath": "$.error"}


def _error(name: str) -> str:
    return "States.Timeout" if name == TIMEOUT else name


def _seconds(span: timedelta) -> int:
    return max(ceil(span.total_seconds()), 1)


def path(*names: str) -> str:
    """A reference path: ``$.a['b c']``."""
    return "$" + "".join(
        f".{name}" if _PLAIN.fullmatch(name) else "['" + name.replace("'", "\\'") + "']"
        for name in names
    )

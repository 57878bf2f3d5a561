"""``POST /ai/assistant``, and the proposals that wait for a person."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from apiflask import APIBlueprint
from flask import g
from pydantic import BaseModel, ConfigDict, Field

from invoicer_core.plugin.pages import here

from . import assistant, assistant_actions
from .assistant_actions import Action

api = APIBlueprint("ai_assistant_api", __name__, tag="AI")


class AskIn(BaseModel):
    """A question; ``thread`` goes on with a conversation."""

    model_config = ConfigDict(extra="forbid")
    question: str = Field(min_length=1, max_length=assistant.LONGEST)
    thread: UUID | None = None


class DecisionIn(BaseModel):
    """What the person decided."""

    model_config = ConfigDict(extra="forbid")
    decision: Literal["confirm", "dismiss"]


class ActionOut(BaseModel):
    """A proposal. ``words`` say what it does; nothing happens before its person confirms it."""

    id: int
    tool: str
    title: str
    words: str
    state: str
    is_open: bool
    result: str
    trouble: str
    confirm_at: str
    expires_at: datetime


class TurnOut(BaseModel):
    """What came of a question: ``done``, ``stopped`` or ``failed``, with ``trouble``. A step is a
    tool that was used, with its arguments, and its answer, trouble or proposal."""

    thread: UUID
    answer: str
    state: str
    trouble: str
    steps: list[dict[str, str | int]]
    actions: list[ActionOut]


class ActionsOut(BaseModel):
    """What waits for the one who asks."""

    items: list[ActionOut]


@api.post("/assistant")
@api.input(AskIn)
@api.output(TurnOut)
@api.doc(summary="Ask the assistant", operation_id="askAssistant")
def ask(json_data: AskIn) -> dict[str, Any]:
    """It looks things up with tools. What would write anything is only proposed."""
    turn = assistant.ask(
        here("ai", by=g.actor), json_data.question, by=g.actor, thread=json_data.thread
    )
    actions = assistant_actions.of_turns([turn.id], by=g.actor).get(turn.id, [])
    names = ("thread", "answer", "state", "trouble", "steps")
    return {
        **{name: getattr(turn, name) for name in names},
        "actions": [shown(each) for each in actions],
    }


@api.get("/assistant/actions")
@api.output(ActionsOut)
@api.doc(summary="List what waits to be confirmed", operation_id="listAssistantActions")
def waiting() -> dict[str, Any]:
    """The newest first."""
    return {"items": [shown(each) for each in assistant_actions.waiting(by=g.actor)]}


@api.post("/assistant/actions/<int:action_id>")
@api.input(DecisionIn)
@api.output(ActionOut)
@api.doc(summary="Confirm or dismiss a proposal", operation_id="decideAssistantAction")
def decide(action_id: int, json_data: DecisionIn) -> dict[str, Any]:
    """It is carried out once, however often this is sent. API keys cannot decide."""
    confirmed = json_data.decision == "confirm"
    return shown(assistant_actions.decide(action_id=action_id, by=g.actor, confirmed=confirmed)[0])


def shown(found: Action) -> dict[str, Any]:
    """A proposal in plain values."""
    names = ("id", "tool", "title", "words", "state", "is_open", "result", "trouble", "expires_at")
    return {**{name: getattr(found, name) for name in names}, "confirm_at": address(found)}


def address(found: Action) -> str:
    """Where its person reads and confirms it."""
    return here("ai", by=g.actor).url_for(f"assistant/actions/{found.id}")

"""What is owed and how it fares: deliveries and runs of workflows, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

DeliveryState = Literal["due", "leased", "done", "parked", "skipped"]
RunStatus = Literal["running", "waiting", "succeeded", "failed", "undoing", "cancelled"]
StepStatus = Literal[
    "running", "waiting", "succeeded", "failed", "skipped", "corrected", "cancelled", "undone"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySnapshot:
    """One event owed to one subscriber. ``attempts`` counts the tries that were begun."""

    id: int
    event_id: int
    event: str
    subscriber: str
    state: DeliveryState
    attempts: int
    due_at: datetime
    created_at: datetime
    done_at: datetime | None = None
    invoice_id: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSnapshot:
    """One state that a run went through, or is in. ``note`` says why it had nothing to do,
    ``reason`` why a person skipped or corrected it."""

    name: str
    title: str
    status: StepStatus
    attempts: int
    started_at: datetime
    ended_at: datetime | None = None
    error: str | None = None
    note: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSnapshot:
    """One run of a workflow; ``path`` names the states in the order they were entered. ``reason``
    says why it was given up."""

    id: int
    workflow: str
    version: int
    title: str
    state: str
    status: RunStatus
    error: str | None = None
    invoice_id: int | None = None
    path: tuple[str, ...] = ()
    steps: tuple[StepSnapshot, ...] = ()
    input: Mapping[str, Any] = field(default_factory=dict)
    output: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None
    created_at: datetime
    ended_at: datetime | None = None

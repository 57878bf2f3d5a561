"""What was said and what happened; pages of lists."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAttemptSnapshot:
    """One attempt over one channel."""

    id: int
    channel: str
    recipient: str
    state: Literal["queued", "sent", "delivered", "failed", "bounced", "read", "unknown"]
    error: str | None = None
    provider_ref: str | None = None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSnapshot:
    """What was said to a client, and how it fared."""

    id: int
    kind: str
    subject: str | None = None
    text: str | None = None
    client_id: int | None = None
    invoice_id: int | None = None
    channel: str
    recipient: str
    state: Literal["queued", "sent", "delivered", "failed", "bounced", "read", "unknown"]
    error: str | None = None
    attempts: tuple[MessageAttemptSnapshot, ...] = ()
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One line of an invoice's story: what happened, when, by whom, and how it ended."""

    at: datetime
    name: str
    title: str
    actor: str | None = None
    state: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """One page of a list. ``next_cursor`` is None on the last page; ``total`` may be None above
    the number that is counted exactly."""

    items: tuple[T, ...]
    next_cursor: str | None = None
    total: int | None = None

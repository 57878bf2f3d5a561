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
    """What was said to a client or by one (``direction``), and how it fared.

    Args:
        recipient: the other side's address; of a message that came in, its sender's.
        thread_id: the message that began the conversation: answers to it and further tries over
            other channels have the same.
        locale: the language it was written in.
        due_at: the end of the quiet hours that it waits for.
        read_at: when somebody of the business read a message that came in.
    """

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
    direction: Literal["out", "in"] = "out"
    thread_id: int | None = None
    automatic: bool = False
    locale: str | None = None
    due_at: datetime | None = None
    read_at: datetime | None = None
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

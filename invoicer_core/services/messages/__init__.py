"""What is said to clients: `records` writes it down, `sending` sends it, in a worker."""

from invoicer_core.services.messages.carriers import is_on
from invoicer_core.services.messages.composing import compose
from invoicer_core.services.messages.inbound import last_inbound, mark_read, receive, unread_count
from invoicer_core.services.messages.records import (
    EVENT,
    LONGEST,
    STATES,
    Content,
    find,
    get,
    queue,
    report,
    send_again,
    send_now,
)

__all__ = [
    "EVENT",
    "LONGEST",
    "STATES",
    "Content",
    "compose",
    "find",
    "get",
    "is_on",
    "last_inbound",
    "mark_read",
    "queue",
    "receive",
    "report",
    "send_again",
    "send_now",
    "unread_count",
]

"""Which of Twilio's messages and calls are ours, where no answer told us."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from invoicer_core.plugin import MessageAttemptSnapshot, NotFound, OutgoingMessage
from invoicer_core.plugin.use_cases import messages

LOOKED_AT: Final = 100
"""The newest messages to a number that are compared."""

_SLACK: Final = timedelta(minutes=2)


def oldest(message: OutgoingMessage, channel: str, found: Iterable[Any]) -> Any:
    """The first of what Twilio has that went out since the newest attempt to send a message and
    is no other message's; None when there is none."""
    tries = attempts(message.message_id)
    since = tries[-1].created_at.astimezone(UTC) - _SLACK if tries else None
    taken = _refs_of_others(channel, message)
    ours = [
        each
        for each in found
        if str(each.direction).startswith("outbound")
        and each.sid not in taken
        and (since is None or each.date_created is None or each.date_created >= since)
    ]
    latest = datetime.max.replace(tzinfo=UTC)
    return min(ours, key=lambda each: each.date_created or latest, default=None)


def attempts(message_id: int | str | None) -> tuple[MessageAttemptSnapshot, ...]:
    """The attempts to send a message, oldest first; none for what is no message's id."""
    written = str(message_id)
    if not (written.isascii() and written.isdigit() and len(written) < 19):
        return ()
    try:
        return messages.get(message_id=int(written)).attempts
    except NotFound:
        return ()


def _refs_of_others(channel: str, message: OutgoingMessage) -> frozenset[str]:
    page = messages.find(q=message.recipient, channel=channel, limit=LOOKED_AT)
    return frozenset(
        attempt.provider_ref
        for each in page.items
        if each.id != message.message_id
        for attempt in each.attempts
        if attempt.provider_ref is not None
    )

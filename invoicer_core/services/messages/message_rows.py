"""The rows of messages and their attempts, and what is shown of them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, or_, select, true
from sqlalchemy.orm import aliased

from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import MessageAttemptSnapshot, MessageSnapshot
from invoicer_core.models import db
from invoicer_core.models.documents import Message, MessageAttempt
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.transaction import Unit

PRIVATE: Final = frozenset({"password_reset", "invitation", "portal_code", "email_change"})
"""Kinds whose text is for the recipient alone: forgotten once sent, never shown or listed."""

SAID_LOST: Final = say("Somebody here said that it did not arrive.")


def by_token(token: str | None) -> Message | None:
    """The message with this token, None when there is none."""
    if token is None:
        return None
    return db.session.scalars(
        select(Message).where(Message.business_id == current_business_id(), Message.token == token)
    ).first()


def load(message_id: int, *, lock: bool = False) -> Message:
    """The row of a message. Raises NotFound."""
    statement = select(Message).where(
        Message.business_id == current_business_id(), Message.id == message_id
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = db.session.scalars(statement).first()
    if row is None:
        raise NotFound.of("message", message_id)
    return row


def over(channel: str | None) -> ColumnElement[bool]:
    """Messages of a channel, or all."""
    return true() if channel is None else Message.channel == channel


def of_thread(thread_id: int | None) -> ColumnElement[bool]:
    """The messages of one conversation, or all."""
    if thread_id is None:
        return true()
    return or_(Message.thread_id == thread_id, Message.id == thread_id)


def unread() -> ColumnElement[bool]:
    """Messages that came in and nobody looked at."""
    return and_(Message.direction == "in", Message.read_at.is_(None))


def not_said_since() -> ColumnElement[bool]:
    """Messages that did not arrive, unless one about the same went out later."""
    later = aliased(Message)
    said = exists().where(
        later.business_id == Message.business_id,
        later.id > Message.id,
        later.kind == Message.kind,
        later.invoice_id.is_not_distinct_from(Message.invoice_id),
        later.client_id.is_not_distinct_from(Message.client_id),
        later.state.not_in(("failed", "bounced")),
    )
    return Message.state.in_(("failed", "bounced")) & ~said


def with_attempts(rows: Sequence[Any]) -> list[MessageSnapshot]:
    """What is shown of these rows."""
    found = list(rows)
    attempts = attempts_of([row.id for row in found])
    return [snapshot(row, attempts.get(row.id, ())) for row in found]


def attempts_of(message_ids: Sequence[int]) -> dict[int, tuple[MessageAttemptSnapshot, ...]]:
    """The attempts of these messages, oldest first."""
    statement = (
        select(MessageAttempt)
        .where(
            MessageAttempt.business_id == current_business_id(),
            MessageAttempt.message_id.in_(message_ids),
        )
        .order_by(MessageAttempt.id)
    )
    found: dict[int, tuple[MessageAttemptSnapshot, ...]] = {}
    names = MessageAttemptSnapshot.__dataclass_fields__
    for row in db.session.scalars(statement):
        made = MessageAttemptSnapshot(**{name: getattr(row, name) for name in names})
        found[row.message_id] = (*found.get(row.message_id, ()), made)
    return found


def newest_attempt(message_id: int) -> MessageAttempt:
    """The last try to send a message of which there is one."""
    statement = (
        select(MessageAttempt)
        .where(
            MessageAttempt.business_id == current_business_id(),
            MessageAttempt.message_id == message_id,
        )
        .order_by(MessageAttempt.id.desc())
        .limit(1)
    )
    return db.session.scalars(statement).one()


def without_end() -> ColumnElement[bool]:
    """Attempts that no provider has told anything of, whatever a person said of them since."""
    known = MessageAttempt.state.in_(("unknown", "sent")) | (MessageAttempt.error == SAID_LOST)
    return MessageAttempt.provider_ref.is_(None) & known


def snapshot(row: Message, attempts: tuple[MessageAttemptSnapshot, ...] = ()) -> MessageSnapshot:
    """What is shown of a message; nothing of the text where it is private."""
    names = MessageSnapshot.__dataclass_fields__.keys() - {"attempts"}
    values = {name: getattr(row, name) for name in names} | {"thread_id": row.thread_id or row.id}
    shown = MessageSnapshot(**values, attempts=attempts)
    return replace(shown, text=None) if row.kind in PRIVATE else shown


WATCH: Final = "message.watch"
"""Not a fact of the catalogue: it reaches only the one who looks after messages."""


def watch(unit: Unit, row: Message) -> None:
    """Let a worker look after a message: say it over another channel, or ask what became of it."""
    if row.client_id is not None and row.kind not in PRIVATE:
        unit.publish(WATCH, {"id": row.id}, client_id=row.client_id, invoice_id=row.invoice_id)


def tell(unit: Unit, row: Message, name: str) -> None:
    """Publish what became of a message."""
    shown = snapshot(row, attempts_of([row.id]).get(row.id, ()))
    unit.publish(name, shown, client_id=row.client_id, invoice_id=row.invoice_id)
    unit.record(name, message=row.id)

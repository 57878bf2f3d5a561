"""What is said to clients, and each attempt to say it: written down before anything goes out.

Here they are written down and read; `sending` sends them, in a worker.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, Required, TypedDict

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy import text as sql
from typing_extensions import Unpack

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, InvalidInput, NotFound
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import MessageSnapshot, Page
from invoicer_core.hooks.offers import MessageChannel
from invoicer_core.models import db
from invoicer_core.models.documents import Message, MessageAttempt
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import invoices
from invoicer_core.services.listing import (
    Ordering,
    has_id,
    matches,
    one_of,
    read_page,
    within_days,
)
from invoicer_core.services.messages import carriers, consents, message_rows
from invoicer_core.services.messages.message_rows import PRIVATE
from invoicer_core.services.transaction import transaction

EVENT: Final = "message.queued"
"""Not a fact of the catalogue: it reaches only the one who sends."""

STATES: Final = ("queued", "sent", "delivered", "failed", "bounced", "read", "unknown")
DIRECTIONS: Final = ("out", "in")
LONGEST: Final = {"recipient": 320, "subject": 500, "text": 100_000, "html": 500_000}
PEOPLE: Final = frozenset({"user", "api"})
_DUE_NOW: Final = sql(
    "UPDATE deliveries d SET due_at = now() FROM events e WHERE d.business_id = :business"
    " AND d.subscriber = 'messages' AND d.state = 'due' AND e.business_id = d.business_id"
    " AND e.id = d.event_id AND e.name = :name AND (e.data ->> 'id')::bigint = :id"
)
_PROGRESS: Final = ("queued", "sent", "delivered", "read")
_LOST: Final = ("failed", "bounced")
_WEIGHTS: Final = {"queued": 0, "sent": 1, "failed": 2, "bounced": 2, "delivered": 3, "read": 5}
"""Of two reports the heavier one counts, whichever comes first."""

_OF_MAIL: Final = {**_WEIGHTS, "bounced": 4}
"""A mail server says that it took a mail, and sends it back minutes later when the mailbox is full:
that counts, unless somebody has read it. No other channel takes back what it delivered."""

_ORDERING: Final = Ordering(Message.__table__.c.id, {})


class Content(TypedDict, total=False):
    """What a message says, to whom, and what it is about."""

    kind: Required[str]
    recipient: Required[str]
    text: Required[str]
    channel: str
    subject: str | None
    html: str | None
    client_id: int | None
    invoice_id: int | None
    thread_id: int | None
    automatic: bool
    locale: str | None


def queue(
    *,
    by: Actor,
    attachments: Sequence[Mapping[str, int]] = (),
    token: str | None = None,
    **content: Unpack[Content],
) -> MessageSnapshot:
    """Write a message down; a worker sends it after the commit, over ``email`` unless told.

    Args:
        attachments: ``{"document": id}`` or ``{"file": id}`` for what is stored; ``{"invoice":
            id}``, ``{"payment": id}``, ``{"statement": id}`` for PDFs made by the time it goes out.
        token: makes the call idempotent: a second message with the same token is not written.

    Raises:
        InvalidInput: an address, subject or text that cannot be sent; no consent
            (``/recipient``).
        NotFound, Unavailable: nobody offers the channel, or its plugin is off.
    """
    content.setdefault("channel", "email")
    _check(content)
    offer = carriers.find(content["channel"]).offer
    with transaction(by=by) as unit:
        kept = message_rows.by_token(token)
        if kept is not None:
            return message_rows.snapshot(kept)
        _refuse_unwanted(content, offer, by)
        row = Message(
            business_id=current_business_id(),
            token=token or secrets.token_urlsafe(24),
            attachments=[dict(each) for each in attachments],
            **content,
        )
        db.session.add(row)
        db.session.flush()
        about = {"client_id": row.client_id, "invoice_id": row.invoice_id}
        unit.publish(EVENT, {"id": row.id, "kind": row.kind}, **about)
        unit.record(EVENT, message=row.id, kind=row.kind, channel=row.channel)
        return message_rows.snapshot(row)


def _refuse_unwanted(content: Content, offer: MessageChannel, by: Actor) -> None:
    """What is written by itself is refused when it would go out, and then goes another way."""
    if by.kind not in PEOPLE or content.get("automatic"):
        return
    no = consents.refusal(
        kind=content["kind"], client_id=content.get("client_id"), offer=offer,
        address=content["recipient"],
    )  # fmt: skip
    if no is not None:
        raise InvalidInput.at("/recipient", no)


def get(*, message_id: int) -> MessageSnapshot:
    """One message with its attempts. Raises NotFound."""
    row = message_rows.load(message_id)
    if row.kind in PRIVATE:
        raise NotFound.of("message", message_id)
    return message_rows.snapshot(row, message_rows.attempts_of([row.id]).get(row.id, ()))


def find(
    *,
    q: str | None = None,
    status: str | None = None,
    channel: str | None = None,
    unsent: bool = False,
    client_id: int | None = None,
    invoice_id: int | None = None,
    thread_id: int | None = None,
    direction: str | None = None,
    unread: bool = False,
    start: date | None = None,
    end: date | None = None,
    sort: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Page[MessageSnapshot]:
    """Messages, newest first unless sorted otherwise; ``q`` is looked for in subject and recipient,
    ``start`` and ``end`` are days (UTC); ``unsent`` leaves those that did not arrive and were not
    said since, ``unread`` those that came in and nobody looked at."""
    words = func.lower(func.coalesce(Message.subject, "") + " " + Message.recipient)
    statement = select(Message).where(
        Message.business_id == current_business_id(),
        Message.kind.not_in(PRIVATE),
        matches(words, q),
        one_of(Message.state, status, STATES, "/status"),
        message_rows.over(channel),
        message_rows.not_said_since() if unsent else true(),
        has_id(Message.client_id, client_id),
        has_id(Message.invoice_id, invoice_id),
        message_rows.of_thread(thread_id),
        one_of(Message.direction, direction, DIRECTIONS, "/direction"),
        message_rows.unread() if unread else true(),
        within_days(Message.__table__.c.created_at, start, end),
    )
    return read_page(
        statement, _ORDERING, message_rows.with_attempts, sort=sort, limit=limit, cursor=cursor
    )


def send_again(
    *, message_id: int, by: Actor, channel: str | None = None, recipient: str | None = None
) -> MessageSnapshot:
    """A person has decided to send a message once more: a new one with the same content.

    Args:
        channel, recipient: to send it over another channel, or elsewhere. What the other channel
            cannot carry (files, HTML) is left out; the text holds the link.

    Raises:
        NotFound: no such message or channel. Unavailable: the channel's plugin is off.
        Conflict: it is still on its way.
        InvalidInput: an address that cannot be written to.
    """
    with transaction(by=by):
        row = message_rows.load(message_id, lock=True)
        if row.kind in PRIVATE:
            raise NotFound.of("message", message_id)
        if row.state == "queued":
            raise Conflict(say("This message is still waiting to be sent."))
        moves = channel is not None and channel != row.channel
        over = channel or row.channel
        offer = carriers.find(over).offer
        if row.direction == "in":
            raise Conflict(say("This message came in: answer it instead."))
        return queue(
            kind=row.kind,
            recipient=recipient or row.recipient,
            text=row.text or "",
            by=by,
            channel=over,
            subject=row.subject,
            html=None if moves else row.html,
            attachments=row.attachments if offer.carries_files else (),
            client_id=row.client_id,
            invoice_id=row.invoice_id,
            locale=row.locale,
        )


def send_now(*, message_id: int, by: Actor) -> MessageSnapshot:
    """A person does not want a message to wait for the end of the quiet hours.

    Raises:
        NotFound: no such message. Conflict: it does not wait for that.
    """
    with transaction(by=by) as unit:
        row = message_rows.load(message_id, lock=True)
        if row.kind in PRIVATE:
            raise NotFound.of("message", message_id)
        if row.state != "queued" or row.due_at is None:
            raise Conflict(say("This message does not wait for the end of the quiet hours."))
        row.automatic, row.due_at = False, None
        db.session.flush()
        db.session.execute(
            _DUE_NOW, {"business": current_business_id(), "name": EVENT, "id": message_id}
        )
        unit.record("message.sent_now", message=message_id)
        return message_rows.snapshot(row)


def report(
    *,
    channel: str,
    provider_ref: str,
    state: str,
    by: Actor,
    error: str | None = None,
    message_id: int | None = None,
) -> bool:
    """What a provider says later of a message that it took; late and repeated reports change
    nothing. True when it was news.

    Args:
        message_id: our own id, where the provider gives it back: settles an attempt of which
            nobody knew whether, and under which reference, the provider took it.
    """
    with transaction(by=by) as unit:
        attempt = _attempt(channel, MessageAttempt.provider_ref == provider_ref)
        if attempt is None and message_id is not None:
            lost = message_rows.without_end() & (MessageAttempt.message_id == message_id)
            attempt = _attempt(channel, lost)
        if attempt is None or not _is_news(channel, attempt.state, state):
            return False
        row = message_rows.load(attempt.message_id, lock=True)
        first = attempt.state == "unknown" and state in _PROGRESS
        was_lost = attempt.state in _LOST
        attempt.state, attempt.error, attempt.provider_ref = state, error, provider_ref
        row.state, row.error = state, error
        db.session.flush()
        if first:
            message_rows.tell(unit, row, "message.sent")
            if row.kind == "invoice" and row.invoice_id is not None:
                invoices.mark_sent(invoice_id=row.invoice_id, channel=row.channel, by=by)
        if state in ("delivered", "read"):
            message_rows.tell(unit, row, "message.delivered")
        elif state in _LOST and not was_lost:
            message_rows.tell(unit, row, "message.failed")
            message_rows.watch(unit, row)
        return True


def _attempt(channel: str, which: ColumnElement[bool]) -> MessageAttempt | None:
    statement = (
        select(MessageAttempt)
        .where(
            MessageAttempt.business_id == current_business_id(),
            MessageAttempt.channel == channel,
            which,
        )
        .order_by(MessageAttempt.id.desc())
        .limit(1)
        .with_for_update()
    )
    return db.session.scalars(statement).first()


def _is_news(channel: str, former: str, state: str) -> bool:
    weights = _OF_MAIL if carriers.kind_of(channel) == "email" else _WEIGHTS
    return state in weights and weights[state] > weights.get(former, -1)


def _check(content: Content) -> None:
    for name, most in LONGEST.items():
        value = str(content.get(name) or "")
        if len(value) > most:
            raise InvalidInput.at(f"/{name}", say("At most %(most)s characters.", most=most))
        if "\0" in value or (name in ("recipient", "subject") and not value.isprintable()):
            raise InvalidInput.at(f"/{name}", say("Control characters cannot be sent."))
    if not content["recipient"].strip():
        raise InvalidInput.at("/recipient", say("Say to whom."))

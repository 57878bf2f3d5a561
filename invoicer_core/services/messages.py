"""What is said to clients, and each attempt to say it: written down before anything goes out.

Here they are written down and read; `sending` sends them, in a worker.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, Required, TypedDict

from sqlalchemy import func, select, true
from typing_extensions import Unpack

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, InvalidInput, NotFound
from invoicer_core.domain.snapshots import MessageSnapshot, Page
from invoicer_core.hooks.offers import MessageChannel
from invoicer_core.host import offers
from invoicer_core.models import db
from invoicer_core.models.documents import Message, MessageAttempt
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import message_rows
from invoicer_core.services.listing import (
    Ordering,
    has_id,
    matches,
    one_of,
    read_page,
    within_days,
)
from invoicer_core.services.message_rows import PRIVATE
from invoicer_core.services.transaction import transaction

EVENT: Final = "message.queued"
"""Not a fact of the catalogue: it reaches only the one who sends."""

STATES: Final = ("queued", "sent", "delivered", "failed", "bounced", "read", "unknown")
LONGEST: Final = {"recipient": 320, "subject": 500, "text": 100_000, "html": 500_000}
_PROGRESS: Final = ("queued", "sent", "delivered", "read")
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


def queue(
    *,
    by: Actor,
    attachments: Sequence[Mapping[str, int]] = (),
    token: str | None = None,
    **content: Unpack[Content],
) -> MessageSnapshot:
    """Write a message down; a worker sends it after the commit, over ``email`` unless told.

    Args:
        attachments: ``{"document": id}`` for a stored document; ``{"invoice": id}`` for the PDF
            of an invoice, ``{"payment": id}`` for a receipt and ``{"statement": id}`` for a
            statement, made when the message goes out if they are not there yet.
        token: makes the call idempotent: a second message with the same token is not written.

    Raises:
        InvalidInput: an address, subject or text that cannot be sent.
        NotFound, Unavailable: nobody offers the channel, or its plugin is off.
    """
    content.setdefault("channel", "email")
    _check(content)
    offers.find(db.session, MessageChannel, content["channel"], current_business_id())
    with transaction(by=by) as unit:
        kept = message_rows.by_token(token)
        if kept is not None:
            return message_rows.snapshot(kept)
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
    start: date | None = None,
    end: date | None = None,
    sort: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Page[MessageSnapshot]:
    """Messages, newest first unless sorted otherwise; ``q`` is looked for in subject and recipient,
    ``start`` and ``end`` are days (UTC); ``unsent`` leaves those that did not arrive and were not
    said since."""
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
            raise Conflict("This message is still waiting to be sent.")
        moves = channel is not None and channel != row.channel
        offer = offers.find(
            db.session, MessageChannel, channel or row.channel, current_business_id()
        ).offer
        return queue(
            kind=row.kind,
            recipient=recipient or row.recipient,
            text=row.text or "",
            by=by,
            channel=offer.name,
            subject=row.subject,
            html=None if moves else row.html,
            attachments=row.attachments if offer.carries_files else (),
            client_id=row.client_id,
            invoice_id=row.invoice_id,
        )


def report(
    *, channel: str, provider_ref: str, state: str, by: Actor, error: str | None = None
) -> bool:
    """What a provider says later of a message that it took; late and repeated reports change
    nothing. True when it was news."""
    with transaction(by=by) as unit:
        attempt = db.session.scalars(
            select(MessageAttempt)
            .where(
                MessageAttempt.business_id == current_business_id(),
                MessageAttempt.channel == channel,
                MessageAttempt.provider_ref == provider_ref,
            )
            .with_for_update()
        ).first()
        if attempt is None or not _is_news(attempt.state, state):
            return False
        row = message_rows.load(attempt.message_id, lock=True)
        attempt.state, attempt.error = state, error
        row.state, row.error = state, error
        db.session.flush()
        name = "message.delivered" if state in ("delivered", "read") else "message.failed"
        message_rows.tell(unit, row, name)
        return True


def _is_news(former: str, state: str) -> bool:
    if state in ("failed", "bounced"):
        return former in ("queued", "sent", "unknown")
    if state not in _PROGRESS:
        return False
    return former not in _PROGRESS or _PROGRESS.index(state) > _PROGRESS.index(former)


def _check(content: Content) -> None:
    for name, most in LONGEST.items():
        value = str(content.get(name) or "")
        if len(value) > most:
            raise InvalidInput.at(f"/{name}", f"At most {most} characters.")
        if "\0" in value or (name in ("recipient", "subject") and not value.isprintable()):
            raise InvalidInput.at(f"/{name}", "Control characters cannot be sent.")
    if not content["recipient"].strip():
        raise InvalidInput.at("/recipient", "Say to whom.")

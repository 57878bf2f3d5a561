"""What is said to clients, and each attempt to say it: written down before anything goes out.

An attempt is committed before its channel is called. When the process dies in between, nobody can
tell whether the message went out: it becomes ``unknown``, is shown, and is never repeated by itself.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import func, select

from invoicer_core.domain.actor import Actor, plugin_actor
from invoicer_core.domain.errors import Conflict, InvalidInput, NotFound, Unavailable
from invoicer_core.domain.snapshots import MessageAttemptSnapshot, MessageSnapshot, Page
from invoicer_core.hooks.answers import OutcomeUnknown, PermanentFailure, RetryLater
from invoicer_core.hooks.offers import (
    Attachment,
    MessageChannel,
    OutgoingMessage,
    SendResult,
)
from invoicer_core.host import offers
from invoicer_core.host.offers import Provided
from invoicer_core.models import db
from invoicer_core.models.documents import Message, MessageAttempt
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import businesses, deliveries, documents, invoices
from invoicer_core.services.listing import Ordering, has_id, matches, one_of, read_page
from invoicer_core.services.transaction import transaction

SUBSCRIBER: Final = "messages"
EVENT: Final = "message.queued"
"""Not a fact of the catalogue: it reaches only the one who sends."""

STATES: Final = ("queued", "sent", "delivered", "failed", "bounced", "read", "unknown")
PRIVATE: Final = frozenset({"password_reset"})
"""Kinds whose text is for the recipient alone: forgotten once sent, never shown or listed."""

LONGEST: Final = {"recipient": 320, "subject": 500, "text": 100_000, "html": 500_000}
_UNKNOWN: Final = (
    "The process that was sending it died, so it may or may not have arrived."
    " It is not sent a second time by itself."
)
_PROGRESS: Final = ("queued", "sent", "delivered", "read")
_ORDERING: Final = Ordering(Message.__table__.c.id, {})


@dataclass(frozen=True, slots=True)
class _Try:
    """One attempt that was written down: what goes out, over which channel."""

    message_id: int
    attempt_id: int
    channel: Provided[MessageChannel]
    outgoing: OutgoingMessage


def queue(
    *,
    kind: str,
    recipient: str,
    text: str,
    by: Actor,
    channel: str = "email",
    subject: str | None = None,
    html: str | None = None,
    attachments: Sequence[Mapping[str, int]] = (),
    client_id: int | None = None,
    invoice_id: int | None = None,
    token: str | None = None,
) -> MessageSnapshot:
    """Write a message down; a worker sends it after the commit.

    Args:
        attachments: ``{"document": id}`` for a stored document, ``{"invoice": id}`` for the PDF
            of an invoice, made when the message goes out if it is not there yet.
        token: makes the call idempotent: a second message with the same token is not written.

    Raises:
        InvalidInput: an address, subject or text that cannot be sent.
        NotFound, Unavailable: nobody offers the channel, or its plugin is off.
    """
    _check(recipient=recipient, subject=subject or "", text=text, html=html or "")
    offers.find(db.session, MessageChannel, channel, current_business_id())
    with transaction(by=by) as unit:
        kept = _by_token(token)
        if kept is not None:
            return _snapshot(kept)
        row = Message(
            business_id=current_business_id(),
            kind=kind,
            client_id=client_id,
            invoice_id=invoice_id,
            channel=channel,
            recipient=recipient,
            subject=subject,
            text=text,
            html=html,
            token=token or secrets.token_urlsafe(24),
            attachments=[dict(each) for each in attachments],
        )
        db.session.add(row)
        db.session.flush()
        snapshot = _snapshot(row)
        unit.publish(
            EVENT, {"id": row.id, "kind": kind}, client_id=client_id, invoice_id=invoice_id
        )
        unit.record(EVENT, message=row.id, kind=kind, channel=channel)
        return snapshot


def get(*, message_id: int) -> MessageSnapshot:
    """One message with its attempts. Raises NotFound."""
    row = _row(message_id)
    if row.kind in PRIVATE:
        raise NotFound.of("message", message_id)
    return _snapshot(row, _attempts([row.id]).get(row.id, ()))


def find(
    *,
    q: str | None = None,
    status: str | None = None,
    client_id: int | None = None,
    invoice_id: int | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Page[MessageSnapshot]:
    """Messages, newest first; ``q`` is looked for in subject and recipient."""
    words = func.lower(func.coalesce(Message.subject, "") + " " + Message.recipient)
    statement = select(Message).where(
        Message.business_id == current_business_id(),
        Message.kind.not_in(PRIVATE),
        matches(words, q),
        one_of(Message.state, status, STATES, "/status"),
        has_id(Message.client_id, client_id),
        has_id(Message.invoice_id, invoice_id),
    )
    return read_page(
        statement, _ORDERING, lambda rows: _with_attempts(rows), limit=limit, cursor=cursor
    )


def send_again(*, message_id: int, by: Actor) -> MessageSnapshot:
    """A person has decided to send a message once more: a new one with the same content.

    Raises:
        NotFound: no such message.
        Conflict: it is still on its way.
    """
    with transaction(by=by):
        row = _row(message_id, lock=True)
        if row.kind in PRIVATE:
            raise NotFound.of("message", message_id)
        if row.state == "queued":
            raise Conflict("This message is still waiting to be sent.")
        return queue(
            kind=row.kind,
            recipient=row.recipient,
            text=row.text or "",
            by=by,
            channel=row.channel,
            subject=row.subject,
            html=row.html,
            attachments=row.attachments,
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
        row = _row(attempt.message_id, lock=True)
        attempt.state, attempt.error = state, error
        row.state, row.error = state, error
        db.session.flush()
        name = "message.delivered" if state in ("delivered", "read") else "message.failed"
        _tell(unit, row, name)
        return True


def _is_news(former: str, state: str) -> bool:
    if state in ("failed", "bounced"):
        return former in ("queued", "sent", "unknown")
    if state not in _PROGRESS:
        return False
    return former not in _PROGRESS or _PROGRESS.index(state) > _PROGRESS.index(former)


# --- sending, in a worker ------------------------------------------------------------------------


def send_queued(*, message_id: int, delivery_id: int, last: bool = False) -> None:
    """Send a message that waits, and settle its delivery with the outcome.

    Args:
        last: there will be no further try: an error is final.

    Raises:
        RetryLater: the channel had no effect and another try is due.
    """
    row = _row(message_id)
    if row.state != "queued":
        deliveries.settle(delivery_id=delivery_id)
        db.session.commit()
        return
    if _was_interrupted(message_id, delivery_id):
        return
    attempt = _begin(row)
    try:
        result = attempt.channel.offer.send(attempt.channel.ctx, attempt.outgoing)
    except PermanentFailure as failure:
        _end(attempt, delivery_id, "failed", error=failure.reason)
    except OutcomeUnknown as unknown:
        _end(attempt, delivery_id, "unknown", error=unknown.reason, ref=unknown.provider_ref)
    except Exception as error:
        db.session.rollback()
        words = str(error) or type(error).__name__
        if last:
            _end(attempt, delivery_id, "failed", error=words)
            return
        _put_back(attempt, words)
        raise RetryLater(words, error.after if isinstance(error, RetryLater) else None) from error
    else:
        _sent(attempt, delivery_id, result)


def _was_interrupted(message_id: int, delivery_id: int) -> bool:
    """An attempt without an end: whoever made it died in the middle of it."""
    with transaction(by=plugin_actor(SUBSCRIBER)) as unit:
        row = _row(message_id, lock=True)
        open_attempts = db.session.scalars(
            select(MessageAttempt).where(
                MessageAttempt.business_id == current_business_id(),
                MessageAttempt.message_id == message_id,
                MessageAttempt.state == "queued",
            )
        ).all()
        if not open_attempts:
            return False
        for attempt in open_attempts:
            attempt.state, attempt.error = "unknown", _UNKNOWN
        row.state, row.error = "unknown", _UNKNOWN
        _forget(row)
        db.session.flush()
        unit.record("message.unknown", message=message_id)
        deliveries.settle(delivery_id=delivery_id)
        return True


def _begin(row: Message) -> _Try:
    """Gather what goes out, then write the attempt down and commit it."""
    channel = offers.find(db.session, MessageChannel, row.channel, current_business_id())
    outgoing = _outgoing(row)
    attempt = MessageAttempt(
        business_id=row.business_id,
        message_id=row.id,
        channel=row.channel,
        recipient=row.recipient,
        state="queued",
    )
    db.session.add(attempt)
    db.session.commit()
    return _Try(row.id, attempt.id, channel, outgoing)


def _outgoing(row: Message) -> OutgoingMessage:
    business = businesses.current()
    found = tuple(_attachment(each) for each in row.attachments)
    return OutgoingMessage(
        message_id=row.id,
        kind=row.kind,
        recipient=row.recipient,
        text=row.text or "",
        subject=row.subject,
        html=row.html,
        attachments=found,
        locale=business.locale or "en",
        reply_to=business.email,
        data={"token": row.token, "from_name": business.name},
    )


def _attachment(wanted: Mapping[str, Any]) -> Attachment:
    if "invoice" in wanted:
        document = documents.render_invoice(invoice_id=int(wanted["invoice"]))
    else:
        document = documents.get(document_id=int(wanted["document"]))
    data = documents.content_of(document=document)
    return Attachment(filename=document.filename, media_type=document.media_type, data=data)


def _sent(attempt: _Try, delivery_id: int, result: SendResult) -> None:
    state = "delivered" if result.state == "delivered" else "sent"
    _end(attempt, delivery_id, state, ref=result.provider_ref)


def _end(
    attempt: _Try, delivery_id: int, state: str, *, error: str | None = None, ref: str | None = None
) -> None:
    """Write down how it ended, together with everything that follows from it."""
    db.session.rollback()
    by = plugin_actor(attempt.channel.plugin)
    with transaction(by=by) as unit:
        row = _row(attempt.message_id, lock=True)
        made = db.session.get(MessageAttempt, attempt.attempt_id)
        if made is not None:
            made.state, made.error, made.provider_ref = state, error, ref
        row.state, row.error = state, error
        _forget(row)
        db.session.flush()
        if state in ("sent", "delivered"):
            _tell(unit, row, "message.sent")
            if row.kind == "invoice" and row.invoice_id is not None:
                invoices.mark_sent(invoice_id=row.invoice_id, channel=row.channel, by=by)
        elif state == "failed":
            _tell(unit, row, "message.failed")
        else:
            unit.record("message.unknown", message=row.id)
        deliveries.settle(delivery_id=delivery_id)


def _put_back(attempt: _Try, error: str) -> None:
    made = db.session.get(MessageAttempt, attempt.attempt_id)
    if made is not None:
        made.state, made.error = "failed", error
    db.session.commit()


def _forget(row: Message) -> None:
    if row.kind in PRIVATE:
        row.text = row.html = None


def _tell(unit: Any, row: Message, name: str) -> None:
    snapshot = _snapshot(row, _attempts([row.id]).get(row.id, ()))
    unit.publish(name, snapshot, client_id=row.client_id, invoice_id=row.invoice_id)
    unit.record(name, message=row.id)


# --- rows ----------------------------------------------------------------------------------------


def _check(**texts: str) -> None:
    for name, value in texts.items():
        if len(value) > LONGEST[name]:
            raise InvalidInput.at(f"/{name}", f"At most {LONGEST[name]} characters.")
        if "\0" in value or (name in ("recipient", "subject") and not value.isprintable()):
            raise InvalidInput.at(f"/{name}", "Control characters cannot be sent.")
    if not texts["recipient"].strip():
        raise InvalidInput.at("/recipient", "Say to whom.")


def _by_token(token: str | None) -> Message | None:
    if token is None:
        return None
    return db.session.scalars(
        select(Message).where(Message.business_id == current_business_id(), Message.token == token)
    ).first()


def _row(message_id: int, *, lock: bool = False) -> Message:
    statement = select(Message).where(
        Message.business_id == current_business_id(), Message.id == message_id
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = db.session.scalars(statement).first()
    if row is None:
        raise NotFound.of("message", message_id)
    return row


def _with_attempts(rows: Sequence[Any]) -> list[MessageSnapshot]:
    found = list(rows)
    attempts = _attempts([row.id for row in found])
    return [_snapshot(row, attempts.get(row.id, ())) for row in found]


def _attempts(message_ids: Sequence[int]) -> dict[int, tuple[MessageAttemptSnapshot, ...]]:
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


def _snapshot(row: Message, attempts: tuple[MessageAttemptSnapshot, ...] = ()) -> MessageSnapshot:
    names = MessageSnapshot.__dataclass_fields__.keys() - {"attempts"}
    shown = MessageSnapshot(**{name: getattr(row, name) for name in names}, attempts=attempts)
    return replace(shown, text=None) if row.kind in PRIVATE else shown


__all__ = [
    "EVENT",
    "PRIVATE",
    "STATES",
    "SUBSCRIBER",
    "Unavailable",
    "find",
    "get",
    "queue",
    "report",
    "send_again",
    "send_queued",
]

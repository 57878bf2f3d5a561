"""Sending a message, in a worker: the attempt is committed before its channel is called.

When the process dies in between, nobody can tell whether the message went out: it becomes
``unknown`` and is shown, and is never repeated by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from invoicer_core.domain.actor import plugin_actor
from invoicer_core.hooks.answers import OutcomeUnknown, PermanentFailure, RetryLater
from invoicer_core.hooks.offers import Attachment, MessageChannel, OutgoingMessage, SendResult
from invoicer_core.host import offers
from invoicer_core.host.offers import Provided
from invoicer_core.models import db
from invoicer_core.models.documents import Message, MessageAttempt
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import businesses, deliveries, documents, invoices, message_rows
from invoicer_core.services.message_rows import PRIVATE
from invoicer_core.services.transaction import transaction

SUBSCRIBER: Final = "messages"

_UNKNOWN: Final = (
    "The process that was sending it died, so it may or may not have arrived."
    " It is not sent a second time by itself."
)


@dataclass(frozen=True, slots=True)
class _Try:
    """One attempt that was written down: what goes out, over which channel."""

    message_id: int
    attempt_id: int
    channel: Provided[MessageChannel]
    outgoing: OutgoingMessage


def send_queued(*, message_id: int, delivery_id: int, last: bool = False) -> None:
    """Send a message that waits, and settle its delivery with the outcome.

    Args:
        last: there will be no further try: an error is final.

    Raises:
        RetryLater: the channel had no effect and another try is due.
    """
    row = message_rows.load(message_id)
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
        row = message_rows.load(message_id, lock=True)
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
        document = documents.render(invoice_id=int(wanted["invoice"]))
    elif "payment" in wanted:
        document = documents.render(payment_id=int(wanted["payment"]))
    elif "statement" in wanted:
        document = documents.render(statement_id=int(wanted["statement"]))
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
        row = message_rows.load(attempt.message_id, lock=True)
        made = db.session.get(MessageAttempt, attempt.attempt_id)
        if made is not None:
            made.state, made.error, made.provider_ref = state, error, ref
        row.state, row.error = state, error
        _forget(row)
        db.session.flush()
        if state in ("sent", "delivered"):
            message_rows.tell(unit, row, "message.sent")
            if row.kind == "invoice" and row.invoice_id is not None:
                invoices.mark_sent(invoice_id=row.invoice_id, channel=row.channel, by=by)
        elif state == "failed":
            message_rows.tell(unit, row, "message.failed")
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

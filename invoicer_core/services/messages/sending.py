"""Sending a message, in a worker: the attempt is committed before its channel is called.

When the process dies in between, nobody can tell whether the message went out: it becomes
``unknown`` and is shown, and is never repeated by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from invoicer_core.domain.actor import Actor, plugin_actor
from invoicer_core.domain.errors import Conflict, NotFound
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import BusinessSnapshot
from invoicer_core.hooks.answers import OutcomeUnknown, PermanentFailure, RetryLater
from invoicer_core.hooks.offers import Attachment, MessageChannel, OutgoingMessage, SendResult
from invoicer_core.host.offers import Provided
from invoicer_core.models import db
from invoicer_core.models.documents import Message, MessageAttempt
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import businesses, clients, deliveries, documents, files, invoices
from invoicer_core.services.messages import carriers, consents, message_rows, quiet
from invoicer_core.services.messages.message_rows import PRIVATE
from invoicer_core.services.transaction import Unit, transaction

SUBSCRIBER: Final = "messages"
_MOMENT: Final = timedelta(seconds=1)

_UNKNOWN: Final = say(
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
    if _was_interrupted(message_id, delivery_id) or _is_refused(row, delivery_id):
        return
    _wait_for_morning(row)
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
        message_rows.watch(unit, row)
        deliveries.settle(delivery_id=delivery_id)
        return True


def _is_refused(row: Message, delivery_id: int) -> bool:
    """Whether the recipient must not be written to over this channel: it then fails unsent."""
    provided = carriers.find(row.channel)
    no = consents.refusal(
        kind=row.kind, client_id=row.client_id, offer=provided.offer, address=row.recipient
    )
    if no is None:
        return False
    with transaction(by=plugin_actor(SUBSCRIBER)) as unit:
        row = message_rows.load(row.id, lock=True)
        row.state, row.error = "failed", no
        db.session.flush()
        message_rows.tell(unit, row, "message.failed")
        message_rows.watch(unit, row)
        deliveries.settle(delivery_id=delivery_id)
    return True


def _wait_for_morning(row: Message) -> None:
    """Raises RetryLater in the quiet hours, for what no person sent over a channel that rings."""
    if not row.automatic or row.client_id is None or not carriers.find(row.channel).offer.quiet:
        return
    now = datetime.now(UTC)
    country = clients.get(client_id=row.client_id).country
    end = quiet.until(businesses.current(), country, now)
    if end is None:
        return
    if row.due_at != end:
        row.due_at = end
        db.session.commit()
    raise RetryLater(say("It waits for the end of the quiet hours."), max(end - now, _MOMENT))


def _begin(row: Message) -> _Try:
    """Gather what goes out, then write the attempt down and commit it."""
    channel = carriers.find(row.channel)
    message = outgoing(row, with_files=channel.offer.carries_files)
    attempt = MessageAttempt(
        business_id=row.business_id,
        message_id=row.id,
        channel=channel.offer.name,
        recipient=row.recipient,
        state="queued",
    )
    db.session.add(attempt)
    db.session.commit()
    return _Try(row.id, attempt.id, channel, message)


def outgoing(row: Message, *, with_files: bool = True) -> OutgoingMessage:
    """A message as it is handed to its channel.

    Args:
        with_files: False where the channel carries none, or the message is only described.
    """
    business = businesses.current()
    found = tuple(_attachment(each) for each in row.attachments) if with_files else ()
    name, language = _reader(row, business)
    return OutgoingMessage(
        message_id=row.id,
        kind=row.kind,
        recipient=row.recipient,
        text=row.text or "",
        subject=row.subject,
        html=row.html,
        attachments=found,
        recipient_name=name,
        locale=language,
        reply_to=business.email,
        data={"token": row.token, "from_name": business.name},
    )


def _reader(row: Message, business: BusinessSnapshot) -> tuple[str | None, str]:
    """Whose message it is, and in which language it is written."""
    client = clients.get(client_id=row.client_id) if row.client_id is not None else None
    told = client.locale if client is not None else None
    is_mail = carriers.kind_of(row.channel) == "email"  # its reader may be somebody else there
    name = client.name if client is not None and not is_mail else None
    return name, row.locale or told or business.locale or "en"


def _attachment(wanted: Mapping[str, Any]) -> Attachment:
    if "file" in wanted:
        file, content = files.content(file_id=int(wanted["file"]))
        return Attachment(filename=file.name, media_type=file.media_type, data=content)
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
    _end(attempt, delivery_id, state, ref=result.provider_ref, reports=result.state == "queued")


def _end(
    attempt: _Try,
    delivery_id: int,
    state: str,
    *,
    error: str | None = None,
    ref: str | None = None,
    reports: bool = False,
) -> None:
    """Write down how it ended, together with everything that follows from it."""
    db.session.rollback()
    by = plugin_actor(attempt.channel.plugin)
    with transaction(by=by) as unit:
        row = message_rows.load(attempt.message_id, lock=True)
        _conclude(unit, row, attempt.attempt_id, state, error=error, ref=ref)
        if reports:
            message_rows.watch(unit, row)
        deliveries.settle(delivery_id=delivery_id)


def conclude(
    message_id: int,
    attempt_id: int,
    state: str,
    *,
    by: Actor,
    error: str | None = None,
    ref: str | None = None,
) -> None:
    """Write down what a provider said of an attempt whose end nobody knew; nothing where it became
    known meanwhile."""
    with transaction(by=by) as unit:
        row = message_rows.load(message_id, lock=True)
        if row.state == "unknown":
            _conclude(unit, row, attempt_id, state, error=error, ref=ref)


def decide(*, message_id: int, arrived: bool, by: Actor) -> None:
    """A person says what became of a message whose end no provider knows: one that did not arrive
    is said again over the client's next channel. A report that comes later counts all the same.

    Raises:
        NotFound: no such message. Conflict: its end is known.
    """
    with transaction(by=by) as unit:
        row = message_rows.load(message_id, lock=True)
        if row.kind in PRIVATE:
            raise NotFound.of("message", message_id)
        if row.state != "unknown":
            raise Conflict(say("What became of this message is known already."))
        attempt = message_rows.newest_attempt(message_id)
        unit.record("message.decided", message=message_id, arrived=arrived)
        state, error = ("sent", None) if arrived else ("failed", str(message_rows.SAID_LOST))
        _conclude(unit, row, attempt.id, state, error=error, ref=None)


def _conclude(
    unit: Unit, row: Message, attempt_id: int, state: str, *, error: str | None, ref: str | None
) -> None:
    made = db.session.get(MessageAttempt, attempt_id)
    if made is not None:
        made.state, made.error = state, error
        made.provider_ref = ref or made.provider_ref
    row.state, row.error, row.due_at = state, error, None
    _forget(row)
    db.session.flush()
    if state in ("sent", "delivered"):
        message_rows.tell(unit, row, "message.sent")
        if row.kind == "invoice" and row.invoice_id is not None:
            invoices.mark_sent(invoice_id=row.invoice_id, channel=row.channel, by=unit.by)
    elif state == "failed":
        message_rows.tell(unit, row, "message.failed")
        message_rows.watch(unit, row)
    else:
        unit.record("message.unknown", message=row.id)
        message_rows.watch(unit, row)


def _put_back(attempt: _Try, error: str) -> None:
    made = db.session.get(MessageAttempt, attempt.attempt_id)
    if made is not None:
        made.state, made.error = "failed", error
    db.session.commit()


def _forget(row: Message) -> None:
    if row.kind in PRIVATE:
        row.text = row.html = None

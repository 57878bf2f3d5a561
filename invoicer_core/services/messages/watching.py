"""What becomes of a message after it was handed over, in a worker: a failed one is said again over
the client's next channel, one whose end nobody knows is asked after."""

from datetime import UTC, datetime, timedelta
from logging import getLogger
from typing import Final

from sqlalchemy import select

from invoicer_core.domain.actor import SYSTEM
from invoicer_core.domain.errors import InvoicerError, NotFound
from invoicer_core.domain.snapshots import ClientSnapshot, MessageSnapshot
from invoicer_core.hooks.answers import OutcomeUnknown, PermanentFailure, RetryLater
from invoicer_core.hooks.offers import SendResult
from invoicer_core.models import db
from invoicer_core.models.documents import Message, MessageAttempt
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import businesses, clients, invoices, templates
from invoicer_core.services.clients import letters
from invoicer_core.services.messages import (
    carriers,
    message_rows,
    notifications,
    reaching,
    records,
    sending,
)
from invoicer_core.services.messages.reaching import Way
from invoicer_core.services.transaction import transaction

SUBSCRIBER: Final = "message-watch"
SETTING: Final = "fallback_hours"
USUAL_HOURS: Final = 24
"""How long a channel that reports may leave us without a report, before the next one is tried."""

FAILED: Final = ("failed", "bounced")
ASKED_FOR: Final = timedelta(days=1)
WAITS: Final = (
    (timedelta(seconds=20), timedelta(seconds=20)),
    (timedelta(minutes=10), timedelta(minutes=1)),
    (timedelta(hours=2), timedelta(minutes=10)),
)
"""Up to which age of an attempt its provider is asked again after how long; later, each hour."""

log: Final = getLogger(__name__)


def watch(*, message_id: int) -> timedelta | None:
    """Do what a message needs now; None when that is all, else when to look again."""
    try:
        row = message_rows.load(message_id)
    except NotFound:
        return None
    if row.state in FAILED:
        next_way(message_id=message_id)
        return None
    if row.state == "unknown":
        return _ask(row)
    if row.state == "sent":
        return _await(row)
    return None


def next_way(*, message_id: int) -> MessageSnapshot | None:
    """Say over the client's next channel what did not arrive over this one; each channel is tried
    once in a conversation. None: there is no other way, or nothing to be said again."""
    row = message_rows.load(message_id)
    client = _client(row)
    if client is None or not _is_repeatable(row):
        return None
    thread = row.thread_id or row.id
    way = reaching.first(client, besides=_tried(thread))
    if way is None:
        return None
    try:
        with transaction(by=SYSTEM):
            return _say_again(row, way, thread)
    except InvoicerError as refusal:
        log.warning("message %s is not said again over %s: %s", row.id, way.name, refusal.detail)
        return None


def _say_again(row: Message, way: Way, thread: int) -> MessageSnapshot:
    """Once: the token is the conversation's and the channel's."""
    token = f"again-{thread}-{way.name}"
    if row.kind in templates.ABOUT_INVOICE and row.invoice_id is not None:
        return notifications.tell_again(
            kind=row.kind, invoice_id=row.invoice_id, way=way, by=SYSTEM, thread_id=thread,
            token=token,
        )  # fmt: skip
    papers = {name: int(value) for each in row.attachments for name, value in each.items()}
    if row.kind == letters.STATEMENT and "statement" in papers:
        return letters.send_statement(
            statement_id=papers["statement"], recipient=way.address, channel=way.name,
            automatic=True, by=SYSTEM, thread_id=thread, token=token,
        )  # fmt: skip
    if row.kind == letters.PAYMENT and "payment" in papers:
        return letters.send_receipt(
            payment_id=papers["payment"], recipient=way.address, channel=way.name,
            automatic=True, by=SYSTEM, thread_id=thread, token=token,
        )  # fmt: skip
    return records.queue(
        kind=row.kind, text=row.text or "", subject=row.subject, client_id=row.client_id,
        invoice_id=row.invoice_id, locale=row.locale, recipient=way.address or "",
        attachments=row.attachments, channel=way.name,
        automatic=True, by=SYSTEM, thread_id=thread, token=token,
    )  # fmt: skip


def _is_repeatable(row: Message) -> bool:
    """A message to a client of a kind that has words of its own, unless it was settled meanwhile:
    what is paid or void is no longer asked for."""
    if row.direction != "out" or row.kind not in templates.KINDS or row.text is None:
        return False
    if row.kind not in notifications.HANDS_OVER or row.invoice_id is None:
        return True
    about = invoices.get(invoice_id=row.invoice_id)
    return about.state == "issued" and (row.kind == "invoice" or about.balance_due > 0)


def _client(row: Message) -> ClientSnapshot | None:
    if row.client_id is None:
        return None
    try:
        return clients.get(client_id=row.client_id)
    except NotFound:
        return None


def _tried(thread: int) -> set[str]:
    statement = select(Message.channel).where(
        Message.business_id == current_business_id(),
        Message.direction == "out",
        message_rows.of_thread(thread),
    )
    return {carriers.kind_of(each) for each in db.session.scalars(statement)}


def _await(row: Message) -> timedelta | None:
    """A message that its channel reports on: when the report is overdue, the next way."""
    hours = businesses.current().settings.get(SETTING)
    limit = timedelta(hours=USUAL_HOURS if hours is None else int(hours))
    if not limit:
        return None
    left = limit - (datetime.now(UTC) - message_rows.newest_attempt(row.id).created_at)
    if left > timedelta(0):
        return max(left, timedelta(seconds=1))
    next_way(message_id=row.id)
    return None


# --- asked after -------------------------------------------------------------------------------


def _ask(row: Message) -> timedelta | None:
    """Ask the provider what became of an attempt whose end nobody knows, for a day."""
    attempt = message_rows.newest_attempt(row.id)
    age = datetime.now(UTC) - attempt.created_at
    if age > ASKED_FOR:
        return None
    if age >= WAITS[0][0] and not _ask_now(row, attempt):
        return None
    return next((wait for until, wait in WAITS if age < until), timedelta(hours=1))


def _ask_now(row: Message, attempt: MessageAttempt) -> bool:
    """Ask once. True when it is still not known and can be asked again."""
    try:
        provided = carriers.find(attempt.channel)
    except InvoicerError:
        return True
    lookup = provided.offer.lookup
    if lookup is None:
        return False
    outgoing, ref = sending.outgoing(row, with_files=False), attempt.provider_ref
    message_id, attempt_id = row.id, attempt.id
    db.session.commit()  # nothing is held while the provider is asked
    try:
        result = lookup(provided.ctx, outgoing, ref)
    except PermanentFailure as failure:
        sending.conclude(message_id, attempt_id, "failed", by=provided.ctx.actor,
                         error=failure.reason)  # fmt: skip
        return False
    except (RetryLater, OutcomeUnknown) as later:
        log.info("message %s: %s does not say yet: %s", message_id, attempt.channel, later.reason)
        return True
    except Exception:
        provided.ctx.log.exception("message %s could not be asked after", message_id)
        return True
    if not isinstance(result, SendResult):
        return True
    state = "delivered" if result.state == "delivered" else "sent"
    sending.conclude(message_id, attempt_id, state, by=provided.ctx.actor,
                     ref=result.provider_ref)  # fmt: skip
    return False

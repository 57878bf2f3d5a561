"""Messages: what was said to clients over every channel and what they answered, how it fared."""

from dataclasses import dataclass
from decimal import Decimal

from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.base import NoFields
from invoicer_core.api.schemas.messages import MessageInput, QuoteInput
from invoicer_core.api.schemas.queries import MessageQuery
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.snapshots import MessageSnapshot, Page
from invoicer_core.services import clients, messages
from invoicer_core.services.messages import carriers, consents, writing

resource = Resource("messages", tag="Messages")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageQuote:
    """What a message would take; null where its channel does not say.

    Args:
        refusal: why it would be refused, e.g. for want of consent.
    """

    segments: int | None = None
    cost: Decimal | None = None
    currency: str | None = None
    note: str | None = None
    refusal: str | None = None


@resource.get("/messages", "messages.read", query=MessageQuery, answer=Page[MessageSnapshot])
def list_messages(query: MessageQuery) -> Page[MessageSnapshot]:
    """List the messages, the newest first."""
    return messages.find(**query.filters())


@resource.post(
    "/messages", "messages.write", body=MessageInput, answer=MessageSnapshot, status=202,
    errors=(409,),
)  # fmt: skip
def write_message(body: MessageInput, by: Actor) -> MessageSnapshot:
    """Write to a client over any channel; it is sent in the background."""
    if body.kind in ("invoice", "reminder"):
        by.require("invoices.send")
    return writing.write(
        client_id=body.client_id, channel=body.channel, recipient=body.recipient, by=by,
        kind=body.kind, invoice_id=body.invoice_id, subject=body.subject, text=body.text,
        locale=body.language, thread_id=body.thread_id,
    )  # fmt: skip


@resource.post("/messages/quote", "messages.write", body=QuoteInput, answer=MessageQuote)
def quote_message(body: QuoteInput) -> MessageQuote:
    """Tell what a message would take, and whether it may be sent. Nothing is kept."""
    client = clients.get(client_id=body.client_id) if body.client_id is not None else None
    provided = carriers.find(body.channel)
    known = writing.ways(client) if client is not None else ()
    usual = next((each.address for each in known if each.name == body.channel), None)
    address = body.recipient or usual or ""
    found = writing.quote(channel=body.channel, text=body.text, recipient=address, kind=body.kind)
    no = None
    if address:
        no = consents.refusal(
            kind=body.kind, client_id=body.client_id, offer=provided.offer, address=address
        )
    if found is None:
        return MessageQuote(refusal=no)
    return MessageQuote(
        segments=found.segments, cost=found.cost, currency=found.currency,
        note=found.note or None, refusal=no,
    )  # fmt: skip


@resource.get("/messages/{messageId}", "messages.read", answer=MessageSnapshot)
def get_message(message_id: int) -> MessageSnapshot:
    """Get a message with its attempts."""
    return messages.get(message_id=message_id)


@resource.post(
    "/messages/{messageId}/send-again", "messages.write", body=NoFields, body_required=False,
    answer=MessageSnapshot, status=202, errors=(409,),
)  # fmt: skip
def send_message_again(message_id: int, by: Actor) -> MessageSnapshot:
    """Send a message once more: a new one with the same content, sent in the background."""
    return messages.send_again(message_id=message_id, by=by)


@resource.post(
    "/messages/{messageId}/send-now", "messages.write", body=NoFields, body_required=False,
    answer=MessageSnapshot, status=202, errors=(409,),
)  # fmt: skip
def send_message_now(message_id: int, by: Actor) -> MessageSnapshot:
    """Do not let a message wait for the end of the quiet hours."""
    return messages.send_now(message_id=message_id, by=by)


@resource.post(
    "/messages/{messageId}/read", "messages.write", body=NoFields, body_required=False,
    answer=MessageSnapshot,
)  # fmt: skip
def mark_message_read(message_id: int, by: Actor) -> MessageSnapshot:
    """Note that somebody read a message that came in."""
    messages.get(message_id=message_id)
    messages.mark_read(message_ids=[message_id], by=by)
    return messages.get(message_id=message_id)

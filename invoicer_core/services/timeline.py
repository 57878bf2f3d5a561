"""An invoice's story, and the business's recent activity: read from the events, told in order."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select

from invoicer_core.domain.snapshots import TimelineEntry
from invoicer_core.models import db
from invoicer_core.models.outbox import Event
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.invoices import rows

TITLES: Final[Mapping[str, str]] = {
    "invoice.created": "Draft created",
    "invoice.updated": "Edited",
    "invoice.issued": "Issued",
    "invoice.sent": "Sent",
    "invoice.viewed": "Viewed by the client",
    "invoice.overdue": "Overdue",
    "invoice.paid": "Paid",
    "invoice.voided": "Voided",
    "invoice.written_off": "Written off",
    "invoice.deleted": "Draft deleted",
    "payment.recorded": "Payment recorded",
    "payment.allocated": "Payment allocated",
    "payment.refunded": "Payment refunded",
    "payment.failed": "Payment failed",
    "payment.disputed": "Payment disputed",
    "credit_note.issued": "Credited",
    "document.stored": "PDF stored",
    "message.sent": "Message sent",
    "message.delivered": "Message delivered",
    "message.failed": "Message failed",
    "message.received": "Answer received",
    "client.created": "Client added",
    "order.created": "Order received",
    "order.completed": "Order completed",
    "product.low_stock": "Stock is low",
    "supplier.created": "Supplier added",
    "workflow.failed": "A workflow failed",
    "plugin.paused": "A plugin was paused",
    "plugin.resumed": "A plugin runs again",
}
OF_MESSAGES: Final[Mapping[str, str]] = {
    "message.sent reminder": "Reminder sent",
    "message.sent receipt": "Thanks and receipt sent",
    "message.failed reminder": "Reminder failed",
}
ACTIVITY: Final = tuple(
    name for name in TITLES if name not in ("invoice.updated", "document.stored", "message.sent")
)
LONGEST: Final = 500


def of_invoice(*, invoice_id: int) -> tuple[TimelineEntry, ...]:
    """What happened to an invoice, oldest first; steps of workflows are told elsewhere.

    Raises NotFound.
    """
    rows.load(invoice_id)
    statement = (
        select(Event)
        .where(
            Event.business_id == current_business_id(),
            Event.invoice_id == invoice_id,
            Event.name.in_(TITLES),
        )
        .order_by(Event.xid, Event.id)
        .limit(LONGEST)
    )
    return tuple(_entries(db.session.scalars(statement).all()))


def recent(*, limit: int = 8) -> tuple[TimelineEntry, ...]:
    """What happened last in the business, newest first."""
    statement = (
        select(Event)
        .where(Event.business_id == current_business_id(), Event.name.in_(ACTIVITY))
        .order_by(Event.xid.desc(), Event.id.desc())
        .limit(limit)
    )
    return tuple(_entries(db.session.scalars(statement).all()))


def _entries(events: Sequence[Event]) -> list[TimelineEntry]:
    return [
        TimelineEntry(
            at=event.created_at,
            name=event.name,
            title=_title(event.name, event.data),
            actor=event.actor,
            state=event.data.get("state") if event.name.startswith("message.") else None,
            detail=_detail(event.name, event.data),
        )
        for event in events
    ]


def _title(name: str, data: Mapping[str, Any]) -> str:
    """What happened; of a message, which one it was."""
    return OF_MESSAGES.get(f"{name} {data.get('kind')}") or TITLES.get(name, name)


def _detail(name: str, data: Mapping[str, Any]) -> str | None:
    """The words that tell this entry from another of its kind: a number, an amount, an address."""
    kind = name.split(".")[0]
    if kind == "payment":
        return f"{data.get('amount')} {data.get('currency')}"
    if name == "message.received":
        return _joined(data.get("recipient"), str(data.get("text") or "")[:120])
    if kind == "message":
        channel = data.get("channel")
        return _joined(
            channel if channel != "email" else None, data.get("recipient"), data.get("error")
        )
    if kind == "credit_note":
        return _joined(data.get("credit_note_number"), data.get("total_amount"))
    if kind == "document":
        return _text(data.get("filename"))
    if kind == "invoice":
        return _joined(data.get("invoice_number"), data.get("client_name"))
    if kind == "order":
        return _text(data.get("order_number"))
    if kind == "plugin":
        return _joined(data.get("plugin"), data.get("reason"))
    return _text(data.get("name"))


def _joined(*parts: object) -> str | None:
    return " · ".join(str(part) for part in parts if part) or None


def _text(value: object) -> str | None:
    return None if value is None else str(value)

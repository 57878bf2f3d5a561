"""The catalogue of facts: one class per event; its docstring is its page in the documentation.

An event is named ``thing.happened`` and carries in ``data`` the JSON form of the snapshot that the
API answers with. Plugins receive it in ``on_<thing>_<happened>``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Final
from uuid import UUID

EVENTS: Final[dict[str, type["Event"]]] = {}


@dataclass(frozen=True)
class Event:
    """Something that happened in a business and cannot be undone, only countered.

    Args:
        id: rising within the whole installation; the same event is delivered with the same id.
        business_id: whose fact it is.
        occurred_at: UTC.
        data: the snapshot, as JSON: numbers are ``Decimal`` or ``int``, times are ISO 8601 text.
        version: of the layout of ``data``; it rises when a field changes its meaning.
    """

    name: ClassVar[str]

    id: int
    business_id: int
    occurred_at: datetime
    data: Mapping[str, Any]
    version: int = 1

    def __init_subclass__(cls) -> None:
        name = cls.__dict__.get("name")
        if name is None:
            return
        if name in EVENTS:
            raise TypeError(f"two event classes are named {name}")
        EVENTS[name] = cls

    def number(self, key: str) -> int:
        """An id in ``data``.

        Raises:
            KeyError: when the event carries none.
        """
        return int(self.data[key])

    def text(self, key: str) -> str | None:
        """A text in ``data``, None when left out."""
        value = self.data.get(key)
        return None if value is None else str(value)


def event_from(
    *,
    id: int,
    name: str,
    business_id: int,
    occurred_at: datetime,
    data: Mapping[str, Any],
    version: int = 1,
) -> Event:
    """The typed event of a stored row.

    Raises:
        KeyError: when no event has this name.
    """
    return EVENTS[name](id, business_id, occurred_at, data, version)


def envelope(event: Event) -> dict[str, Any]:
    """The one form in which events travel: webhooks, the changes feed, the message ``changes``."""
    return {
        "id": event.id,
        "name": event.name,
        "business_id": event.business_id,
        "occurred_at": event.occurred_at,
        "version": event.version,
        "data": event.data,
    }


LIVE_NAMES: Final[dict[str, str]] = {
    "invoice.created": "INVOICE_CREATED",
    "invoice.updated": "INVOICE_UPDATED",
    "invoice.sent": "INVOICE_UPDATED",
    "invoice.issued": "INVOICE_SENT",
    "invoice.paid": "INVOICE_PAID",
    "payment.recorded": "PAYMENT_RECORDED",
}
"""The ``eventType`` of the live message ``invoice``: issuing is what turns an invoice's status to
``sent``, once; each delivery over a channel is one more update."""


def live_envelope(event: Event, invoice: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    """The live message ``invoice``, None for an event that has no such form.

    Args:
        invoice: the invoice's JSON where ``data`` does not hold it (``payment.recorded`` of a
            payment over several invoices: one message for each).
    """
    kind = LIVE_NAMES.get(event.name)
    shown = invoice if invoice is not None else _invoice_of(event)
    if kind is None or shown is None:
        return None
    return {
        "type": "INVOICE_UPDATE",
        "eventType": kind,
        "customerId": shown.get("client_public_id"),
        "invoice": shown,
    }


def _invoice_of(event: Event) -> Mapping[str, Any] | None:
    if isinstance(event, InvoiceEvent):
        return event.data
    held = event.data.get("invoice")
    return held if isinstance(held, Mapping) else None


class InvoiceEvent(Event):
    """Base of everything that happens to an invoice; ``data`` is the invoice."""

    @property
    def invoice_id(self) -> int:
        return self.number("id")

    @property
    def public_id(self) -> UUID:
        return UUID(str(self.data["public_id"]))

    @property
    def invoice_number(self) -> str:
        return str(self.data["invoice_number"])

    @property
    def client_id(self) -> int:
        return self.number("client_id")

    @property
    def balance_due(self) -> Decimal:
        return Decimal(str(self.data["balance_due"]))


class InvoiceCreated(InvoiceEvent):
    """A draft came into being. It has a label, not yet a number."""

    name = "invoice.created"


class InvoiceUpdated(InvoiceEvent):
    """A draft was edited, or one of the few things that may change after issue was."""

    name = "invoice.updated"


class InvoiceIssued(InvoiceEvent):
    """The invoice got its number and is frozen: from now on it is a legal document."""

    name = "invoice.issued"


class InvoiceSent(InvoiceEvent):
    """The invoice was handed over on a channel. Happens once per successful delivery."""

    name = "invoice.sent"

    @property
    def channel(self) -> str | None:
        """The channel it went over, e.g. ``email``."""
        return self.text("channel")


class InvoicePaid(InvoiceEvent):
    """Nothing is due any more: paid, fully credited or written off."""

    name = "invoice.paid"


class InvoiceVoided(InvoiceEvent):
    """An issued invoice that no money touched was annulled. Number and row stay."""

    name = "invoice.voided"

    @property
    def reason(self) -> str | None:
        return self.text("void_reason")


class InvoiceDeleted(InvoiceEvent):
    """A draft was thrown away. An issued invoice is never deleted."""

    name = "invoice.deleted"


class InvoiceOverdue(InvoiceEvent):
    """The due date has passed in the business's time zone and something is still due.
    Told once per invoice and due date."""

    name = "invoice.overdue"


class InvoiceViewed(InvoiceEvent):
    """The client opened the invoice's page. Told for the first view."""

    name = "invoice.viewed"


class InvoiceWrittenOff(InvoiceEvent):
    """The business stopped collecting the balance. The invoice stays issued."""

    name = "invoice.written_off"


class CreditNoteIssued(Event):
    """A numbered document lowered an invoice; ``data`` is the credit note."""

    name = "credit_note.issued"

    @property
    def credit_note_id(self) -> int:
        return self.number("id")

    @property
    def invoice_id(self) -> int:
        return self.number("invoice_id")


class PaymentEvent(Event):
    """Base of everything that happens to a payment; ``data`` is the payment, and its ``invoice``
    the invoice as it stands after it, when the payment is on exactly one."""

    @property
    def payment_id(self) -> int:
        return self.number("id")

    @property
    def client_id(self) -> int:
        return self.number("client_id")

    @property
    def invoice_id(self) -> int | None:
        """The invoice it is on, None when it is on several or none."""
        return self.number("invoice_id") if "invoice_id" in self.data else None

    @property
    def amount(self) -> Decimal:
        return Decimal(str(self.data["amount"]))


class PaymentRecorded(PaymentEvent):
    """Money was received."""

    name = "payment.recorded"


class PaymentAllocated(PaymentEvent):
    """Which invoices a payment is on was changed."""

    name = "payment.allocated"


class PaymentFailed(PaymentEvent):
    """A payment that was begun at a provider did not come to pass."""

    name = "payment.failed"


class PaymentRefunded(PaymentEvent):
    """Money went back, in part or in full."""

    name = "payment.refunded"


class PaymentDisputed(PaymentEvent):
    """The payer's bank contests the payment."""

    name = "payment.disputed"


class MessageEvent(Event):
    """Base of what happens to a message; ``data`` is the message."""

    @property
    def message_id(self) -> int:
        return self.number("id")

    @property
    def invoice_id(self) -> int | None:
        return self.number("invoice_id") if "invoice_id" in self.data else None

    @property
    def channel(self) -> str | None:
        return self.text("channel")


class MessageSent(MessageEvent):
    """A channel accepted the message."""

    name = "message.sent"


class MessageDelivered(MessageEvent):
    """The provider reports that the message reached its recipient, or was read."""

    name = "message.delivered"


class MessageFailed(MessageEvent):
    """The message was refused for good, or bounced; ``error`` says why."""

    name = "message.failed"

    @property
    def error(self) -> str | None:
        return self.text("error")


class DocumentStored(Event):
    """A PDF or other file of an invoice or credit note was rendered, hashed and stored."""

    name = "document.stored"

    @property
    def document_id(self) -> int:
        return self.number("id")

    @property
    def invoice_id(self) -> int | None:
        return self.number("invoice_id") if "invoice_id" in self.data else None


class UserRegistered(Event):
    """Someone made an account; ``data`` is the user. The business is the one made with it."""

    name = "user.registered"

    @property
    def user_id(self) -> int:
        return self.number("id")


class UserLoggedIn(Event):
    """A user signed in; ``data`` is the user."""

    name = "user.logged_in"

    @property
    def user_id(self) -> int:
        return self.number("id")


class ClientEvent(Event):
    """Base of what happens to a client; ``data`` is the client."""

    @property
    def client_id(self) -> int:
        return self.number("id")


class ClientCreated(ClientEvent):
    """A client was added."""

    name = "client.created"


class ClientUpdated(ClientEvent):
    """A client's fields or contacts changed. Issued documents keep the old ones."""

    name = "client.updated"


class ClientArchived(ClientEvent):
    """A client was taken out of the lists."""

    name = "client.archived"


class OrderEvent(Event):
    """Base of what happens to an order; ``data`` is the order."""

    @property
    def order_id(self) -> int:
        return self.number("id")

    @property
    def client_id(self) -> int:
        return self.number("client_id")


class OrderCreated(OrderEvent):
    """A client ordered."""

    name = "order.created"


class OrderUpdated(OrderEvent):
    """An order's items, client or status changed."""

    name = "order.updated"


class OrderCompleted(OrderEvent):
    """An order was fulfilled."""

    name = "order.completed"


class OrderCancelled(OrderEvent):
    """An order was called off."""

    name = "order.cancelled"


class OrderInvoiced(OrderEvent):
    """An invoice was made of an order, or of a part of it."""

    name = "order.invoiced"


class SupplierEvent(Event):
    """Base of what happens to a supplier; ``data`` is the supplier."""

    @property
    def supplier_id(self) -> int:
        return self.number("id")


class SupplierCreated(SupplierEvent):
    """A supplier was added."""

    name = "supplier.created"


class SupplierUpdated(SupplierEvent):
    """A supplier's fields changed."""

    name = "supplier.updated"


class SupplierArchived(SupplierEvent):
    """A supplier was taken out of the lists."""

    name = "supplier.archived"


class ProductEvent(Event):
    """Base of what happens to a product; ``data`` is the product."""

    @property
    def product_id(self) -> int:
        return self.number("id")


class ProductCreated(ProductEvent):
    """A product was added to the catalogue."""

    name = "product.created"


class ProductUpdated(ProductEvent):
    """A product's fields changed."""

    name = "product.updated"


class ProductArchived(ProductEvent):
    """A product was taken out of the catalogue."""

    name = "product.archived"


class ProductLowStock(ProductEvent):
    """A movement brought the stock to its low level or below it. Told when it crosses the level."""

    name = "product.low_stock"


class WorkflowEvent(Event):
    """Base of what happens to a run of a workflow; ``data`` is the run."""

    @property
    def run_id(self) -> int:
        return self.number("id")

    @property
    def workflow(self) -> str | None:
        """The workflow's name."""
        return self.text("workflow")

    @property
    def state(self) -> str | None:
        """The state the run is in."""
        return self.text("state")


class WorkflowStarted(WorkflowEvent):
    """A run began."""

    name = "workflow.started"


class WorkflowMoved(WorkflowEvent):
    """A run finished a step and is in its next state."""

    name = "workflow.moved"


class WorkflowSucceeded(WorkflowEvent):
    """A run reached a good end."""

    name = "workflow.succeeded"


class WorkflowFailed(WorkflowEvent):
    """A run stopped with a named error; it can be resumed."""

    name = "workflow.failed"

    @property
    def error(self) -> str | None:
        """The error's name, e.g. ``ProviderTypeError``."""
        return self.text("error")


class PluginPaused(Event):
    """A plugin failed so often that it was paused for this business; ``reason`` says how."""

    name = "plugin.paused"

    @property
    def plugin(self) -> str:
        return str(self.data["plugin"])

    @property
    def reason(self) -> str | None:
        return self.text("reason")


class PluginResumed(Event):
    """A paused plugin was let run again; what it is owed is delivered now."""

    name = "plugin.resumed"

    @property
    def plugin(self) -> str:
        return str(self.data["plugin"])

"""The catalogue of facts: one class per event; its docstring is its page in the documentation.

An event is named ``thing.happened`` and carries in ``data`` the JSON form of the snapshot that the
API answers with. Plugins receive it in ``on_<thing>_<happened>``.
"""

from invoicer_core.domain.client_events import (
    ClientArchived,
    ClientCreated,
    ClientErased,
    ClientMerged,
    ClientUpdated,
)
from invoicer_core.domain.event import (
    EVENTS,
    LIVE_NAMES,
    Event,
    envelope,
    event_from,
    live_envelope,
    money,
    number,
    optional_number,
    optional_text,
    text,
    unique,
)

__all__ = [
    "EVENTS", "LIVE_NAMES", "ClientArchived", "ClientCreated", "ClientErased", "ClientMerged",
    "ClientUpdated", "Event", "envelope", "event_from", "live_envelope",
]  # fmt: skip


class InvoiceEvent(Event):
    """Base of everything that happens to an invoice; ``data`` is the invoice."""

    invoice_id = number("id")
    public_id = unique("public_id")
    invoice_number = text("invoice_number")
    client_id = number("client_id")
    balance_due = money("balance_due")


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

    channel = optional_text("channel")
    """The channel it went over, e.g. ``email``."""


class InvoicePaid(InvoiceEvent):
    """Nothing is due any more: paid, fully credited or written off."""

    name = "invoice.paid"


class InvoiceVoided(InvoiceEvent):
    """An issued invoice that no money touched was annulled. Number and row stay."""

    name = "invoice.voided"

    reason = optional_text("void_reason")


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

    credit_note_id = number("id")
    invoice_id = number("invoice_id")


class PaymentEvent(Event):
    """Base of everything that happens to a payment; ``data`` is the payment, and its ``invoice``
    the invoice as it stands after it, when the payment is on exactly one."""

    payment_id = number("id")
    client_id = number("client_id")
    invoice_id = optional_number("invoice_id")
    """The invoice it is on, None when it is on several or none."""

    amount = money("amount")


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
    """The payer's bank contests the payment, or has decided: ``dispute`` says whether the case is
    open, won or lost. Lost money is a refund, too."""

    name = "payment.disputed"


class MessageEvent(Event):
    """Base of what happens to a message; ``data`` is the message."""

    message_id = number("id")
    invoice_id = optional_number("invoice_id")
    channel = optional_text("channel")


class MessageSent(MessageEvent):
    """A channel accepted the message."""

    name = "message.sent"


class MessageDelivered(MessageEvent):
    """The provider reports that the message reached its recipient, or was read."""

    name = "message.delivered"


class MessageFailed(MessageEvent):
    """The message was refused for good, or bounced; ``error`` says why."""

    name = "message.failed"

    error = optional_text("error")


class MessageReceived(MessageEvent):
    """Somebody answered, or wrote first; ``data`` is the message, ``direction`` is ``in``."""

    name = "message.received"


class DocumentStored(Event):
    """The PDF of an invoice, credit note or payment (its receipt) was rendered and stored."""

    name = "document.stored"

    document_id = number("id")
    invoice_id = optional_number("invoice_id")


class UserRegistered(Event):
    """Someone made an account; ``data`` is the user. The business is the one made with it."""

    name = "user.registered"

    user_id = number("id")


class UserLoggedIn(Event):
    """A user signed in; ``data`` is the user."""

    name = "user.logged_in"

    user_id = number("id")


class OrderEvent(Event):
    """Base of what happens to an order; ``data`` is the order."""

    order_id = number("id")
    client_id = number("client_id")


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

    supplier_id = number("id")


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

    product_id = number("id")


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

    run_id = number("id")
    workflow = optional_text("workflow")
    """The workflow's name."""

    state = optional_text("state")
    """The state the run is in."""


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

    error = optional_text("error")
    """The error's name, e.g. ``ProviderTypeError``."""


class WorkflowLate(WorkflowEvent):
    """A step or a wait took longer than its limit: somebody should look at it."""

    name = "workflow.late"


class WorkflowCancelled(WorkflowEvent):
    """A run was given up by a person, and what its steps did is taken back."""

    name = "workflow.cancelled"

    reason = optional_text("reason")


class PluginPaused(Event):
    """A plugin failed so often that it was paused for this business; ``reason`` says how."""

    name = "plugin.paused"

    plugin = text("plugin")
    reason = optional_text("reason")


class PluginResumed(Event):
    """A paused plugin was let run again; what it is owed is delivered now."""

    name = "plugin.resumed"

    plugin = text("plugin")

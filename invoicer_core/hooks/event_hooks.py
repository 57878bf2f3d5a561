"""One hook per event: ``on_<thing>_<happened>``, named after ``domain.events``.

Events reach a plugin after the commit, in a worker, in a transaction of the handler's own, **at
least once**: a handler must do no harm when it runs a second time with the same ``event.id``.
Raise ``RetryLater(reason, after)`` to be called again at a time of your choice; any other exception
is tried again after a wait that grows from one minute to a day, then the delivery is parked and
shown to the owner. Other plugins and the core notice nothing.
"""

from invoicer_core.domain.events import (
    ClientArchived,
    ClientCreated,
    ClientErased,
    ClientMerged,
    ClientUpdated,
    CreditNoteIssued,
    DocumentStored,
    InvoiceCreated,
    InvoiceDeleted,
    InvoiceIssued,
    InvoiceOverdue,
    InvoicePaid,
    InvoiceSent,
    InvoiceUpdated,
    InvoiceViewed,
    InvoiceVoided,
    InvoiceWrittenOff,
    MessageDelivered,
    MessageFailed,
    MessageReceived,
    MessageSent,
    OrderCancelled,
    OrderCompleted,
    OrderCreated,
    OrderInvoiced,
    OrderUpdated,
    PaymentAllocated,
    PaymentDisputed,
    PaymentFailed,
    PaymentRecorded,
    PaymentRefunded,
    PluginPaused,
    PluginResumed,
    ProductArchived,
    ProductCreated,
    ProductLowStock,
    ProductUpdated,
    SupplierArchived,
    SupplierCreated,
    SupplierUpdated,
    UserLoggedIn,
    UserRegistered,
    WorkflowCancelled,
    WorkflowFailed,
    WorkflowLate,
    WorkflowMoved,
    WorkflowStarted,
    WorkflowSucceeded,
)
from invoicer_core.hooks.context import Context
from invoicer_core.hooks.marks import hookspec


class EventHooks:
    """What a plugin may be told. See each event's own entry for what it carries."""

    @hookspec
    def on_invoice_created(self, ctx: Context, event: InvoiceCreated) -> None:
        """A draft came into being."""

    @hookspec
    def on_invoice_updated(self, ctx: Context, event: InvoiceUpdated) -> None:
        """A draft was edited, or one of the few things that may change after issue was."""

    @hookspec
    def on_invoice_issued(self, ctx: Context, event: InvoiceIssued) -> None:
        """The invoice got its number and is frozen: from now on it is a legal document."""

    @hookspec
    def on_invoice_sent(self, ctx: Context, event: InvoiceSent) -> None:
        """The invoice was handed over on a channel."""

    @hookspec
    def on_invoice_paid(self, ctx: Context, event: InvoicePaid) -> None:
        """Nothing is due any more: paid, fully credited or written off."""

    @hookspec
    def on_invoice_voided(self, ctx: Context, event: InvoiceVoided) -> None:
        """An issued invoice that no money touched was annulled."""

    @hookspec
    def on_invoice_deleted(self, ctx: Context, event: InvoiceDeleted) -> None:
        """A draft was thrown away."""

    @hookspec
    def on_invoice_overdue(self, ctx: Context, event: InvoiceOverdue) -> None:
        """The due date has passed in the business's time zone and something is still due."""

    @hookspec
    def on_invoice_viewed(self, ctx: Context, event: InvoiceViewed) -> None:
        """The client opened the invoice's page."""

    @hookspec
    def on_invoice_written_off(self, ctx: Context, event: InvoiceWrittenOff) -> None:
        """The business stopped collecting the balance."""

    @hookspec
    def on_credit_note_issued(self, ctx: Context, event: CreditNoteIssued) -> None:
        """A numbered document lowered an invoice; ``data`` is the credit note."""

    @hookspec
    def on_payment_recorded(self, ctx: Context, event: PaymentRecorded) -> None:
        """Money was received."""

    @hookspec
    def on_payment_allocated(self, ctx: Context, event: PaymentAllocated) -> None:
        """Which invoices a payment is on was changed."""

    @hookspec
    def on_payment_failed(self, ctx: Context, event: PaymentFailed) -> None:
        """A payment that was begun at a provider did not come to pass."""

    @hookspec
    def on_payment_refunded(self, ctx: Context, event: PaymentRefunded) -> None:
        """Money went back, in part or in full."""

    @hookspec
    def on_payment_disputed(self, ctx: Context, event: PaymentDisputed) -> None:
        """The payer's bank contests the payment."""

    @hookspec
    def on_message_sent(self, ctx: Context, event: MessageSent) -> None:
        """A channel accepted the message."""

    @hookspec
    def on_message_delivered(self, ctx: Context, event: MessageDelivered) -> None:
        """The provider reports that the message reached its recipient, or was read."""

    @hookspec
    def on_message_failed(self, ctx: Context, event: MessageFailed) -> None:
        """The message was refused for good, or bounced; ``error`` says why."""

    @hookspec
    def on_message_received(self, ctx: Context, event: MessageReceived) -> None:
        """Somebody answered a message, or wrote first."""

    @hookspec
    def on_document_stored(self, ctx: Context, event: DocumentStored) -> None:
        """A PDF or other file of an invoice or credit note was rendered, hashed and stored."""

    @hookspec
    def on_user_registered(self, ctx: Context, event: UserRegistered) -> None:
        """Someone made an account; ``data`` is the user."""

    @hookspec
    def on_user_logged_in(self, ctx: Context, event: UserLoggedIn) -> None:
        """A user signed in; ``data`` is the user."""

    @hookspec
    def on_client_created(self, ctx: Context, event: ClientCreated) -> None:
        """A client was added."""

    @hookspec
    def on_client_updated(self, ctx: Context, event: ClientUpdated) -> None:
        """A client's fields or contacts changed."""

    @hookspec
    def on_client_archived(self, ctx: Context, event: ClientArchived) -> None:
        """A client was taken out of the lists."""

    @hookspec
    def on_client_merged(self, ctx: Context, event: ClientMerged) -> None:
        """All of one client went to another; what you keep by ``gone_id`` should follow."""

    @hookspec
    def on_client_erased(self, ctx: Context, event: ClientErased) -> None:
        """A client's personal data was erased; erase what you and your provider keep of it."""

    @hookspec
    def on_order_created(self, ctx: Context, event: OrderCreated) -> None:
        """A client ordered."""

    @hookspec
    def on_order_updated(self, ctx: Context, event: OrderUpdated) -> None:
        """An order's items, client or status changed."""

    @hookspec
    def on_order_completed(self, ctx: Context, event: OrderCompleted) -> None:
        """An order was fulfilled."""

    @hookspec
    def on_order_cancelled(self, ctx: Context, event: OrderCancelled) -> None:
        """An order was called off."""

    @hookspec
    def on_order_invoiced(self, ctx: Context, event: OrderInvoiced) -> None:
        """An invoice was made of an order, or of a part of it."""

    @hookspec
    def on_supplier_created(self, ctx: Context, event: SupplierCreated) -> None:
        """A supplier was added."""

    @hookspec
    def on_supplier_updated(self, ctx: Context, event: SupplierUpdated) -> None:
        """A supplier's fields changed."""

    @hookspec
    def on_supplier_archived(self, ctx: Context, event: SupplierArchived) -> None:
        """A supplier was taken out of the lists."""

    @hookspec
    def on_product_created(self, ctx: Context, event: ProductCreated) -> None:
        """A product was added to the catalogue."""

    @hookspec
    def on_product_updated(self, ctx: Context, event: ProductUpdated) -> None:
        """A product's fields changed."""

    @hookspec
    def on_product_archived(self, ctx: Context, event: ProductArchived) -> None:
        """A product was taken out of the catalogue."""

    @hookspec
    def on_product_low_stock(self, ctx: Context, event: ProductLowStock) -> None:
        """A movement brought the stock to its low level or below it."""

    @hookspec
    def on_workflow_started(self, ctx: Context, event: WorkflowStarted) -> None:
        """A run began."""

    @hookspec
    def on_workflow_moved(self, ctx: Context, event: WorkflowMoved) -> None:
        """A run finished a step and is in its next state."""

    @hookspec
    def on_workflow_succeeded(self, ctx: Context, event: WorkflowSucceeded) -> None:
        """A run reached a good end."""

    @hookspec
    def on_workflow_failed(self, ctx: Context, event: WorkflowFailed) -> None:
        """A run stopped with a named error; it can be resumed."""

    @hookspec
    def on_workflow_late(self, ctx: Context, event: WorkflowLate) -> None:
        """A step or a wait took longer than its limit: somebody should look at it."""

    @hookspec
    def on_workflow_cancelled(self, ctx: Context, event: WorkflowCancelled) -> None:
        """A run was given up by a person, and what its steps did is taken back."""

    @hookspec
    def on_plugin_paused(self, ctx: Context, event: PluginPaused) -> None:
        """A plugin failed so often that it was paused for this business; ``reason`` says how."""

    @hookspec
    def on_plugin_resumed(self, ctx: Context, event: PluginResumed) -> None:
        """A paused plugin was let run again; what it is owed is delivered now."""

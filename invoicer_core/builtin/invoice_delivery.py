"""What happens to an invoice after it was issued: PDF, store, notify; and afterwards. Credit
notes get their PDF too."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from invoicer_core.plugin import (
    Conflict,
    Context,
    CreditNoteIssued,
    InvoiceOverdue,
    InvoicePaid,
    InvoiceVoided,
    Plugin,
    Retry,
    Run,
    Step,
    Workflow,
    documents,
    hookimpl,
    invoices,
    notifications,
    say,
)

_OFTEN = Retry(attempts=8, first=timedelta(seconds=10), most=timedelta(hours=8))


class DeliveryInput(BaseModel):
    """What a run needs of the event it began with."""

    id: int
    send: bool = False


class InvoiceDeliveryPlugin(Plugin):
    """Makes and keeps the PDFs of invoices and credit notes, and tells the client about them."""

    name = "invoice_delivery"
    title = "Invoice delivery"
    default_on = True

    @hookimpl
    def workflows(self) -> Iterable[Workflow]:
        """Record, PDF, store, notify."""
        yield Workflow(
            name="invoice-delivery",
            title="Invoice delivery",
            start="record",
            input=DeliveryInput,
            on=("invoice.issued",),
            states=(
                Step(name="record", title="Recorded", run=record, then="pdf"),
                Step(name="pdf", title="PDF made", run=make_pdf, then="store", retry=_OFTEN),
                Step(
                    name="store", title="PDF stored", run=check_store, then="notify", retry=_OFTEN
                ),
                Step(name="notify", title="Mail to the client", run=notify, retry=_OFTEN),
            ),
        )

    @hookimpl
    def on_invoice_voided(self, ctx: Context, event: InvoiceVoided) -> None:  # noqa: ARG002
        """Keep a new revision of the PDF that says it is void."""
        documents.render(invoice_id=event.invoice_id)

    @hookimpl
    def on_credit_note_issued(self, ctx: Context, event: CreditNoteIssued) -> None:  # noqa: ARG002
        """Make and keep the PDF of the credit note."""
        documents.render(credit_note_id=event.credit_note_id)

    @hookimpl
    def on_invoice_paid(self, ctx: Context, event: InvoicePaid) -> None:
        """Thank the client, where the business wants that."""
        notifications.tell_paid(invoice_id=event.invoice_id, by=ctx.actor)

    @hookimpl
    def on_invoice_overdue(self, ctx: Context, event: InvoiceOverdue) -> None:
        """Remind the client, where the business wants that."""
        try:
            notifications.tell_overdue(
                invoice_id=event.invoice_id, due=str(event.data.get("due_date")), by=ctx.actor
            )
        except Conflict as objected:
            ctx.log.info("invoice %s is not reminded of: %s", event.invoice_id, objected.detail)


def record(ctx: Context, run: Run) -> Mapping[str, Any]:  # noqa: ARG001
    """The invoice is there, numbered and frozen."""
    found = invoices.get(invoice_id=int(run.input["id"]))
    return {"invoice_number": found.invoice_number}


def make_pdf(ctx: Context, run: Run) -> Mapping[str, Any]:  # noqa: ARG001
    """Render the PDF and hand it to the store; once, however often this is called."""
    kept = documents.render(invoice_id=int(run.input["id"]))
    return {"document_id": kept.id, "sha256": kept.sha256}


def check_store(ctx: Context, run: Run) -> Mapping[str, Any]:  # noqa: ARG001
    """What the store gives back is what was put into it."""
    kept, data = documents.get_pdf(invoice_id=int(run.input["id"]))
    return {"store": kept.store, "size": len(data)}


def notify(ctx: Context, run: Run) -> Mapping[str, Any]:
    """Write to the client, if that was asked for or is the business's way."""
    if not (run.input.get("send") or ctx.business.settings.get("mail_sent")):
        return {"told": False, "reason": say("not asked for")}
    try:
        message = notifications.tell_issued(
            invoice_id=int(run.input["id"]), by=ctx.actor, token=f"run-{run.id}-notify"
        )
    except Conflict as objected:
        return {"told": False, "reason": objected.detail}
    if message is None:
        return {"told": False, "reason": say("there is no way to reach the client")}
    return {"told": True, "message_id": message.id}

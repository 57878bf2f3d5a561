"""Invoices: the contract's four operations, and everything that an invoice may become."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from invoicer_core.api.answers import Binary
from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.base import NoFields
from invoicer_core.api.schemas.documents import (
    CreditNoteFields,
    DocumentFields,
    InvoiceChange,
    InvoiceInput,
    InvoicePreview,
    ReasonInput,
    SendInput,
)
from invoicer_core.api.schemas.money import InvoicePaymentInput
from invoicer_core.api.schemas.queries import InvoiceQuery
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.snapshots import (
    CreditNoteSnapshot,
    InvoiceSnapshot,
    MessageSnapshot,
    Page,
    PaymentSnapshot,
    TimelineEntry,
)
from invoicer_core.services import (
    credit_notes,
    documents,
    invoice_edits,
    invoices,
    payments,
    timeline,
)
from invoicer_core.services.messages import notifications

resource = Resource("invoices", tag="Invoices")

DETAILS: Final = frozenset({"due_date", "internal_note", "tags", "reminders_stopped", "plugins"})
_MOVES: Final = {"sent": "invoices.issue", "paid": "payments.write"}
"""What a status of the contract does, as a permission."""
_ITEM_FIELDS: Final = frozenset({"items", *DocumentFields.model_fields} - {"expected_total"})


@resource.get("/invoices", "invoices.read", query=InvoiceQuery, answer=Page[InvoiceSnapshot])
def list_invoices(query: InvoiceQuery) -> Page[InvoiceSnapshot]:
    """List all invoices, the newest first."""
    return invoices.find(**query.filters())


@resource.post(
    "/invoices", "invoices.write", body=InvoiceInput, answer=InvoiceSnapshot, status=201,
    location="/invoices/{id}", errors=(409,),
)  # fmt: skip
def create_invoice(body: InvoiceInput, by: Actor) -> InvoiceSnapshot:
    """Create a new invoice.

    It is a draft; `issue` gives it its number, `send` delivers it too. The business's setting
    `on_create` may ask for either.
    """
    for wished, permission in ((body.issue, "invoices.issue"), (body.send, "invoices.send")):
        if wished:
            by.require(permission)
    return invoices.create(draft=body.draft(), by=by, issue=body.issue, send=body.send)


@resource.post(
    "/invoices/preview", "invoices.read", body=InvoicePreview, answer=InvoiceSnapshot,
    idempotent=False,
)  # fmt: skip
def preview_invoice(body: InvoicePreview, by: Actor) -> InvoiceSnapshot:
    """Compute an invoice without storing anything."""
    return invoices.preview(draft=body.draft(), by=by)


@resource.get("/invoices/{invoiceId}", "invoices.read", answer=InvoiceSnapshot)
def get_invoice(invoice_id: int) -> InvoiceSnapshot:
    """Get a specific invoice."""
    return invoices.get(invoice_id=invoice_id)


@resource.put("/invoices/{invoiceId}", "invoices.write", body=InvoiceChange, answer=InvoiceSnapshot)
def update_invoice(
    invoice_id: int, body: InvoiceChange, by: Actor, version: int | None
) -> InvoiceSnapshot:
    """Update an invoice.

    A draft changes in all its fields. Status `sent` issues it, `paid` records a payment of the
    balance today, `overdue` is accepted when it is true anyway; other moves answer 409.
    """
    sent = body.model_fields_set
    if body.status in _MOVES:
        by.require(_MOVES[body.status])
    return invoice_edits.change(
        invoice_id=invoice_id,
        by=by,
        edit=_edit_of(body) if sent - DETAILS - {"status"} else None,
        details={name: getattr(body, name) for name in sent & DETAILS},
        status=body.status,
        expected_version=version,
    )


def _edit_of(body: InvoiceChange) -> Callable[[InvoiceDraft], InvoiceDraft]:
    def edit(draft: InvoiceDraft) -> InvoiceDraft:
        sent = body.model_fields_set
        changes: dict[str, Any] = {
            name: getattr(body, name) for name in sent - DETAILS - _ITEM_FIELDS - {"status"}
        }
        if sent & _ITEM_FIELDS:
            changes["document"] = _document_of(body, draft)
        if "client_id" in changes and changes["client_id"] is None:
            del changes["client_id"]
        return replace(draft, **changes)

    return edit


def _document_of(body: InvoiceChange, draft: InvoiceDraft) -> Any:
    """The present document, with the parts that were sent replaced."""
    sent = body.model_fields_set
    given = {
        name: getattr(body, name)
        for name in sent & (_ITEM_FIELDS - {"items"})
        if getattr(body, name) is not None
    }
    fresh = DocumentFields.model_construct(
        **{**{n: f.get_default(call_default_factory=True)
              for n, f in DocumentFields.model_fields.items()}, **given}
    ).document(body.items or [])  # fmt: skip
    parts = {name: getattr(fresh, name) for name in given}
    if "rounding" in sent and body.rounding is None:
        parts["rounding"] = None
    if "items" in sent:
        parts["items"] = fresh.items
    return replace(draft.document, **parts)


@resource.delete("/invoices/{invoiceId}", "invoices.write", errors=(409,))
def delete_invoice(invoice_id: int, by: Actor) -> None:
    """Delete a draft.

    An issued invoice is never deleted: void it, or write a credit note.
    """
    invoices.delete(invoice_id=invoice_id, by=by)


@resource.post(
    "/invoices/{invoiceId}/issue", "invoices.issue", body=NoFields, body_required=False,
    answer=InvoiceSnapshot,
)  # fmt: skip
def issue_invoice(invoice_id: int, by: Actor, version: int | None) -> InvoiceSnapshot:
    """Issue a draft: it gets its number and is frozen."""
    return invoices.issue(invoice_id=invoice_id, by=by, expected_version=version)


@resource.post(
    "/invoices/{invoiceId}/send", "invoices.send", body=SendInput, body_required=False,
    answer=MessageSnapshot, status=202, errors=(409,),
)  # fmt: skip
def send_invoice(invoice_id: int, body: SendInput, by: Actor) -> MessageSnapshot:
    """Send an issued invoice; the answer is the message, which is sent in the background."""
    return notifications.send_invoice(
        invoice_id=invoice_id, by=by, channel=body.channel, recipient=body.recipient
    )


@resource.post(
    "/invoices/{invoiceId}/void", "invoices.void", body=ReasonInput, answer=InvoiceSnapshot
)
def void_invoice(invoice_id: int, body: ReasonInput, by: Actor) -> InvoiceSnapshot:
    """Void an issued invoice that no money touched."""
    return invoices.void(invoice_id=invoice_id, reason=body.reason, by=by)


@resource.post(
    "/invoices/{invoiceId}/write-off", "invoices.write_off", body=ReasonInput,
    answer=InvoiceSnapshot,
)  # fmt: skip
def write_off_invoice(invoice_id: int, body: ReasonInput, by: Actor) -> InvoiceSnapshot:
    """Stop collecting the balance; the invoice stays issued."""
    return invoices.write_off(invoice_id=invoice_id, reason=body.reason, by=by)


@resource.post(
    "/invoices/{invoiceId}/duplicate", "invoices.write", body=NoFields, body_required=False,
    answer=InvoiceSnapshot, status=201, location="/invoices/{id}",
)  # fmt: skip
def duplicate_invoice(invoice_id: int, by: Actor) -> InvoiceSnapshot:
    """Make a new draft with the same client, items and texts."""
    return invoices.duplicate(invoice_id=invoice_id, by=by)


@resource.post(
    "/invoices/{invoiceId}/credit-notes", "credit_notes.write", body=CreditNoteFields,
    body_required=False, answer=CreditNoteSnapshot, status=201, location="/credit-notes/{id}",
)  # fmt: skip
def credit_invoice(invoice_id: int, body: CreditNoteFields, by: Actor) -> CreditNoteSnapshot:
    """Credit an invoice, in part or (without items) all that is not credited yet."""
    return credit_notes.create(draft=body.draft(invoice_id), by=by)


@resource.post(
    "/invoices/{invoiceId}/payments", "payments.write", body=InvoicePaymentInput,
    answer=PaymentSnapshot, status=201, location="/payments/{id}",
)  # fmt: skip
def pay_invoice(invoice_id: int, body: InvoicePaymentInput, by: Actor) -> PaymentSnapshot:
    """Record money received for an invoice, up to its balance; the rest stays the client's."""
    return payments.record(draft=body.draft(invoice_id), by=by)


@resource.get("/invoices/{invoiceId}/pdf", "invoices.read", answer=bytes,
              media_type="application/pdf", errors=(409,))  # fmt: skip
def get_invoice_pdf(invoice_id: int) -> Binary:
    """Get the PDF of an issued invoice; waits a little for one that is being made."""
    stored, content = documents.await_pdf(invoice_id=invoice_id)
    return Binary(content, "application/pdf", stored.filename)


@resource.get("/invoices/{invoiceId}/timeline", "invoices.read", answer=list[TimelineEntry])
def get_invoice_timeline(invoice_id: int) -> tuple[TimelineEntry, ...]:
    """What happened to an invoice, in order."""
    return timeline.of_invoice(invoice_id=invoice_id)

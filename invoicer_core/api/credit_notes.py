"""Credit notes: born issued, never changed."""

from invoicer_core.api.answers import Binary
from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.documents import CreditNoteInput
from invoicer_core.api.schemas.queries import CreditNoteQuery
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.snapshots import CreditNoteSnapshot, Page
from invoicer_core.services import credit_notes, documents

resource = Resource("credit_notes", tag="Credit notes")


@resource.get(
    "/credit-notes", "invoices.read", query=CreditNoteQuery, answer=Page[CreditNoteSnapshot]
)
def list_credit_notes(query: CreditNoteQuery) -> Page[CreditNoteSnapshot]:
    """List the credit notes, the newest first."""
    return credit_notes.find(**query.filters())


@resource.post(
    "/credit-notes", "credit_notes.write", body=CreditNoteInput, answer=CreditNoteSnapshot,
    status=201, location="/credit-notes/{id}",
)  # fmt: skip
def create_credit_note(body: CreditNoteInput, by: Actor) -> CreditNoteSnapshot:
    """Credit an invoice, in part or (without items) all that is not credited yet."""
    return credit_notes.create(draft=body.draft(body.invoice_id), by=by)


@resource.get("/credit-notes/{creditNoteId}", "invoices.read", answer=CreditNoteSnapshot)
def get_credit_note(credit_note_id: int) -> CreditNoteSnapshot:
    """Get a credit note."""
    return credit_notes.get(credit_note_id=credit_note_id)


@resource.get("/credit-notes/{creditNoteId}/pdf", "invoices.read", answer=bytes,
              media_type="application/pdf")  # fmt: skip
def get_credit_note_pdf(credit_note_id: int) -> Binary:
    """Get the PDF of a credit note; waits a little for one that is being made."""
    stored, content = documents.await_pdf(credit_note_id=credit_note_id)
    return Binary(content, "application/pdf", stored.filename)

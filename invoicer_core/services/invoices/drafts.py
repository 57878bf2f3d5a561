"""What is not issued yet: previewed, created, edited, copied, deleted, and finally issued."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func

from invoicer_core.domain import lifecycle, totals
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.document import Document
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.errors import Conflict, InvalidInput
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.services import clients, document_rows, drafting
from invoicer_core.services.invoices import rows
from invoicer_core.services.invoices.changes import check_version
from invoicer_core.services.invoices.issuing import (
    content_of,
    issue_new,
    issue_stored,
    stored_again,
    stored_anew,
)
from invoicer_core.services.invoices.rows import Content, Stored
from invoicer_core.services.orders.order_rows import give_back
from invoicer_core.services.transaction import transaction

_NOBODY: Final = UUID(int=0)
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def preview(*, draft: InvoiceDraft, by: Actor) -> InvoiceSnapshot:
    """The invoice that a draft would make, with all its totals. Stores nothing.

    Raises:
        InvalidInput, NotFound: as creating it would.
    """
    if draft.client_id is not None:
        content, known = content_of(draft, draft.client_id, by, reserve=False)
        return rows.snapshot_of(content, _unstored(content), today=known.today)
    document = drafting.complete(draft.document, drafting.business_currency())
    content = Content(
        draft, document, totals.compute(document), 0, _NOBODY, "", draft.buyer_reference,
        draft.issue_date, draft.due_date,
    )  # fmt: skip
    return rows.snapshot_of(content, _unstored(content), today=date.min)


def create(
    *, draft: InvoiceDraft, by: Actor, issue: bool = False, send: bool = False
) -> InvoiceSnapshot:
    """Store a draft; with ``issue`` or ``send`` (or the business's ``on_create``) also issue it.

    Raises:
        InvalidInput: a rule of the totals or dates is broken; the pointer names the field.
        NotFound: a client, product, order or tax rate that this business does not have.
        Conflict: ``expected_total`` differs, or a plugin objects to the issue.
    """
    with transaction(by=by) as unit:
        client_id = _client_of(draft, by)
        content, known = content_of(draft, client_id, by)
        drafting.check_expected(draft.expected_total, content.totals)
        chain = known.settings.get("on_create")
        send = send or chain == "send"
        stored = stored_anew(known)
        snapshot = rows.snapshot_of(content, stored, today=known.today)
        unit.publish("invoice.created", snapshot, client_id=client_id, invoice_id=stored.id)
        unit.record("invoice.created", invoice=stored.id)
        if issue or send or chain == "issue":
            return issue_new(unit, content, stored, known, draft=snapshot, send=send)
        rows.insert(content, stored)
        return snapshot


def issue(
    *, invoice_id: int, by: Actor, expected_version: int | None = None, send: bool = False
) -> InvoiceSnapshot:
    """Give the number, freeze, make legally real; names, rates and totals are those of now.

    Raises:
        NotFound: no such invoice.
        Conflict: no draft, changed meanwhile, or a plugin objects.
        InvalidInput: nothing on it.
    """
    with transaction(by=by) as unit:
        found = rows.load(invoice_id, lock=True)
        check_version(found, expected_version)
        lifecycle.require_transition(found.state, "issued")
        content, known = content_of(draft_of(found), found.client_id, None)
        stored = stored_again(known, found)
        rows.overwrite(content, stored)
        return issue_stored(unit, content, stored, known, send=send)


def update_draft(
    *, invoice_id: int, draft: InvoiceDraft, by: Actor, expected_version: int | None = None
) -> InvoiceSnapshot:
    """Replace all of a draft. Raises Conflict when it is issued or was changed meanwhile."""
    with transaction(by=by) as unit:
        found = rows.load(invoice_id, lock=True)
        check_version(found, expected_version)
        if found.state != "draft":
            raise Conflict(
                say(
                    "Invoice %(number)s is issued: it can not be edited any more. Void "
                    "it or write a credit note.",
                    number=found.invoice_number,
                )
            )
        client_id = _client_of(draft, by)
        content, known = content_of(draft, client_id, None)
        drafting.check_expected(draft.expected_total, content.totals)
        stored = stored_again(known, found)
        rows.overwrite(content, stored)
        snapshot = rows.snapshot_of(content, stored, today=known.today)
        unit.publish("invoice.updated", snapshot, client_id=client_id, invoice_id=invoice_id)
        unit.record("invoice.updated", invoice=invoice_id, version=stored.version)
        return snapshot


def delete(*, invoice_id: int, by: Actor) -> None:
    """Take a draft away; an issued invoice is never deleted. Raises Conflict, NotFound."""
    with transaction(by=by) as unit:
        found = rows.load(invoice_id, lock=True)
        lifecycle.require_transition(found.state, "deleted")
        rows.write(invoice_id, {"deleted_at": func.now()})
        give_back(unit, found)
        unit.publish("invoice.deleted", found, client_id=found.client_id, invoice_id=invoice_id)
        unit.record("invoice.deleted", invoice=invoice_id)


def duplicate(*, invoice_id: int, by: Actor) -> InvoiceSnapshot:
    """A new draft with the same client, items and texts; dates are left for its own issue."""
    found = rows.load(invoice_id)
    draft = replace(
        draft_of(found), issue_date=None, due_date=None, order_id=None, internal_note=None
    )
    with transaction(by=by) as unit:
        content, known = content_of(draft, found.client_id, None)
        stored = stored_anew(known)
        rows.insert(content, stored)
        copy = rows.snapshot_of(content, stored, today=known.today)
        unit.publish("invoice.created", copy, client_id=copy.client_id, invoice_id=copy.id)
        unit.record("invoice.created", invoice=copy.id, copy_of=invoice_id)
        return copy


def draft_of(found: InvoiceSnapshot) -> InvoiceDraft:
    """A stored invoice as what was typed."""
    return InvoiceDraft(
        document=document_of(found),
        client_id=found.client_id,
        issue_date=found.issue_date,
        due_date=found.due_date,
        order_id=found.order_id,
        buyer_reference=found.buyer_reference,
        purchase_order=found.purchase_order,
        payment_terms=found.payment_terms,
        payment_means=found.payment_means,
        notes=found.notes,
        internal_note=found.internal_note,
        tags=found.tags,
        exchange_rate=found.exchange_rate,
        plugins=dict(found.plugins),
    )


def document_of(found: InvoiceSnapshot) -> Document:
    """What decided the invoice's totals."""
    extras = {
        "discounts": found.discounts,
        "charges": found.charges,
        "prepaid": found.prepaid,
        "withholding": found.withholding,
        "rounding": found.rounding_rule,
    }
    return document_rows.document_of(found.currency, found.prices_include_tax, found.items, extras)


def _client_of(draft: InvoiceDraft, by: Actor) -> int:
    if draft.client_id is not None:
        return draft.client_id
    if draft.client is None:
        raise InvalidInput.at("/client_id", say("Say whom to invoice: client_id, or client."))
    return clients.find_or_create(fields=draft.client, by=by).id


def _unstored(content: Content) -> Stored:
    return Stored(0, _NOBODY, _NEVER, _NEVER, 0, [0] * len(content.document.items))

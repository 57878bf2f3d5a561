"""Giving the number: everything up to the last statement, which locks, freezes and publishes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from invoicer_core.domain import calendar, totals
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.snapshots import InvoiceItemSnapshot, InvoiceSnapshot
from invoicer_core.hooks import codec
from invoicer_core.host import asked, refuse_objected
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import document_rows, drafting
from invoicer_core.services.drafting import Setting
from invoicer_core.services.invoices import rows
from invoicer_core.services.invoices.rows import Content, Stored
from invoicer_core.services.publishing import NUMBER, Numbering
from invoicer_core.services.transaction import Unit

OBJECTION: Final = "before_invoice_issued"
"""The hook of plugins that may object."""


def content_of(
    draft: InvoiceDraft, client_id: int, by: Actor | None, *, reserve: bool = True
) -> tuple[Content, Setting]:
    """A draft with everything looked up, what plugins propose added, and the totals computed.

    Args:
        by: who creates it; None for a copy of what is stored, to which nothing is proposed again.
        reserve: also give ids, because it is going to be stored.

    Raises:
        InvalidInput, NotFound: see `drafting` and `domain.totals`.
    """
    if by is not None:
        draft = drafting.with_proposals(draft, by)
    known = drafting.setting(client_id, reserve=len(draft.document.items) if reserve else None)
    document = drafting.complete(draft.document, known.currency)
    if draft.due_date is not None:
        calendar.check_due_date(draft.issue_date or known.today, draft.due_date)
    content = Content(
        draft,
        document,
        totals.compute(document),
        known.client_id,
        known.client_public_id,
        known.client_name,
        draft.buyer_reference or known.buyer_reference,
        draft.issue_date,
        draft.due_date,
    )
    return content, known


def stored_anew(known: Setting) -> Stored:
    """What a new invoice is stored as."""
    given = known.reserved
    assert given is not None  # noqa: S101 - content_of reserves unless told otherwise
    return Stored(given.id, given.public_id, given.now, given.now, 1, given.items)


def stored_again(known: Setting, found: InvoiceSnapshot) -> Stored:
    """What a draft that is written again is stored as."""
    given = known.reserved
    assert given is not None  # noqa: S101 - content_of reserves unless told otherwise
    return Stored(
        found.id, found.public_id, found.created_at, given.now, found.version + 1, given.items
    )


def issue_new(
    unit: Unit, content: Content, stored: Stored, known: Setting, *, draft: InvoiceSnapshot,
    send: bool,
) -> InvoiceSnapshot:  # fmt: skip
    """Store and issue at once. Where plugins may object the draft is stored first, so that they
    find it in the database.

    Raises: as `issue_stored`.
    """
    new = not asked(OBJECTION)
    if not new:
        rows.insert(content, stored)
    return issue_stored(unit, content, stored, known, send=send, lines=draft.items, new=new)


def issue_stored(
    unit: Unit, content: Content, stored: Stored, known: Setting, *, send: bool,
    lines: tuple[InvoiceItemSnapshot, ...] | None = None, new: bool = False,
) -> InvoiceSnapshot:  # fmt: skip
    """Number and freeze a draft that was stored in this transaction, or store it too.

    Raises:
        InvalidInput: nothing on it, or due before issued.
        Conflict: a plugin objects, or the series refuses the date.
    """
    drafting.require_items(content.document)
    issue_date, due_date = drafting.dates(content.draft, known)
    content = replace(content, issue_date=issue_date, due_date=due_date)
    if asked(OBJECTION):
        draft = rows.snapshot_of(content, stored, today=known.today, lines=lines)
        business_id = current_business_id()
        refuse_objected(db.session(), OBJECTION, draft, business_id=business_id, by=unit.by)
    issued = rows.snapshot_of(
        content,
        stored,
        today=known.today,
        number=NUMBER,
        issued_at=stored.updated_at,
        seller=document_rows.read_party(codec.loads(known.seller)),
        buyer=document_rows.read_party(codec.loads(known.buyer)),
        lines=lines,
    )
    unit.publish("invoice.issued", _told(issued, send), client_id=issued.client_id,
                 invoice_id=issued.id)  # fmt: skip
    unit.record(
        "invoice.issued",
        invoice=issued.id,
        number=NUMBER,
        total=issued.total_amount,
        currency=issued.currency,
    )
    return replace(issued, invoice_number=unit.issue(_numbering(content, stored, known, new=new)))


def _told(issued: InvoiceSnapshot, send: bool) -> InvoiceSnapshot | Mapping[str, Any]:
    """The event says whether sending was asked for, so that the delivery outlives a crash."""
    return {**codec.to_json(issued), "send": True} if send else issued


def _numbering(content: Content, stored: Stored, known: Setting, *, new: bool) -> Numbering:
    assert content.issue_date is not None and content.due_date is not None  # noqa: S101, PT018
    template = known.number(content.issue_date)
    statement, parameters = rows.insert_issued(content, stored) if new else (None, {})
    return Numbering(
        invoice_id=stored.id,
        version=stored.version,
        series_id=known.series_id,
        period=template.period_key,
        day=content.issue_date,
        prefix=template.prefix,
        width=template.width,
        suffix=template.suffix,
        ordered=known.ordered_dates,
        due_date=content.due_date,
        seller=known.seller,
        buyer=known.buyer,
        statement=statement,
        parameters=parameters,
    )

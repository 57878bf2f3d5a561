"""Rendered documents: made by a renderer, hashed, kept in a store, given out only when whole."""

import hashlib
import time
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select, text

from invoicer_core.domain.actor import SYSTEM
from invoicer_core.domain.errors import Conflict, NotFound, Unavailable
from invoicer_core.domain.snapshots import BusinessSnapshot, InvoiceSnapshot, StoredDocument
from invoicer_core.hooks.offers import DocumentRenderer, DocumentStore, RenderRequest
from invoicer_core.host import offers
from invoicer_core.host.offers import Provided
from invoicer_core.models import db
from invoicer_core.models.documents import File
from invoicer_core.models.documents import StoredDocument as Row
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import businesses, invoices
from invoicer_core.services.transaction import transaction

PDF: Final = "application/pdf"
INVOICE: Final = "invoice"
LOCAL: Final = "local"

_POLL: Final = 0.05
_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(:space, :invoice)")
_SPACE: Final = 7_204
_RUNNING: Final = text(
    "SELECT EXISTS (SELECT FROM workflow_runs WHERE business_id = :business"
    " AND invoice_id = :invoice AND status IN ('running', 'waiting'))"
    " OR EXISTS (SELECT FROM deliveries d JOIN events e"
    " ON e.business_id = d.business_id AND e.id = d.event_id"
    " WHERE e.business_id = :business AND e.invoice_id = :invoice"
    " AND e.name IN ('invoice.issued', 'invoice.voided') AND d.subscriber <> 'live'"
    " AND d.state IN ('due', 'leased'))"
)


def render_invoice(*, invoice_id: int) -> StoredDocument:
    """Make and keep the PDF of an issued or void invoice; the one that is there if it still fits.

    Raises:
        NotFound: no such invoice.
        Conflict: it is a draft.
        Unavailable: no renderer or store is switched on.
    """
    found = invoices.get(invoice_id=invoice_id)
    if found.state == "draft":
        raise Conflict(f"{found.invoice_number} is a draft: issue it first.")
    kept = current(invoice=found)
    if kept is not None:
        return kept
    pdf = _render(found, "void" if found.state == "void" else None)
    return _keep(found, pdf)


def preview(*, invoice_id: int) -> bytes:
    """The PDF that a draft would become, marked as a draft; nothing is stored.

    Raises:
        NotFound, Unavailable: as `render_invoice`.
    """
    found = invoices.get(invoice_id=invoice_id)
    return _render(found, "draft" if found.state == "draft" else None)


def current(*, invoice: InvoiceSnapshot) -> StoredDocument | None:
    """The stored PDF that shows the invoice as it is: after voiding, only one made after that."""
    statement = (
        select(Row)
        .where(
            Row.business_id == current_business_id(),
            Row.invoice_id == invoice.id,
            Row.kind == INVOICE,
        )
        .order_by(Row.revision.desc())
        .limit(1)
    )
    row = db.session.scalars(statement).first()
    if row is None or (invoice.voided_at is not None and row.created_at < invoice.voided_at):
        return None
    return _snapshot(row)


def get_pdf(*, invoice_id: int) -> tuple[StoredDocument, bytes]:
    """The stored PDF of an invoice and its bytes, checked against the hash of the day it was made.

    Raises:
        NotFound: no such invoice, or no PDF of it is stored (yet).
        Unavailable: its store does not answer, or the bytes are not those that were stored.
    """
    invoice = invoices.get(invoice_id=invoice_id)
    kept = current(invoice=invoice)
    if kept is None:
        raise NotFound(f"There is no PDF of {invoice.invoice_number} yet.")
    return kept, content_of(document=kept)


def await_pdf(*, invoice_id: int, seconds: float = 10.0) -> tuple[StoredDocument, bytes]:
    """As `get_pdf`, but waits for a PDF that is being made, and makes it where nobody does.

    Raises:
        NotFound: no such invoice.
        Conflict: it is a draft.
        Unavailable: it took longer than ``seconds``; the PDF will be there later.
    """
    end = time.monotonic() + seconds
    while True:
        invoice = invoices.get(invoice_id=invoice_id)
        kept = current(invoice=invoice)
        if kept is not None:
            return kept, content_of(document=kept)
        if not _is_being_made(invoice):
            kept = render_invoice(invoice_id=invoice_id)
            return kept, content_of(document=kept)
        db.session.rollback()
        if time.monotonic() > end:
            raise Unavailable(f"The PDF of {invoice.invoice_number} is being made.", 5)
        time.sleep(_POLL)


def get(*, document_id: int) -> StoredDocument:
    """A stored document by its id. Raises NotFound."""
    statement = select(Row).where(Row.business_id == current_business_id(), Row.id == document_id)
    row = db.session.scalars(statement).first()
    if row is None:
        raise NotFound.of("document", document_id)
    return _snapshot(row)


def content_of(*, document: StoredDocument) -> bytes:
    """The bytes of a stored document.

    Raises:
        Unavailable: its store is off or does not have it, or the bytes are not those stored.
    """
    store = _store(document.store)
    db.session.rollback()
    try:
        data = store.offer.get(store.ctx, document.key)
    except KeyError as missing:
        raise Unavailable(f"The store {document.store} has lost {document.filename}.") from missing
    if hashlib.sha256(data).hexdigest() != document.sha256:
        raise Unavailable(f"{document.filename} is not the file that was stored: its hash differs.")
    return data


# --- making ------------------------------------------------------------------------------------


def _render(invoice: InvoiceSnapshot, mark: str | None) -> bytes:
    renderer = _renderer()
    business = businesses.current()
    request = RenderRequest(
        kind="invoice",
        document=invoice,
        business=business,
        locale=_locale(invoice, business),
        assets=_assets(business),
        revision_mark=mark,
        options=_options(business),
    )
    db.session.rollback()
    return renderer.offer.render(renderer.ctx, request)


def _keep(invoice: InvoiceSnapshot, pdf: bytes) -> StoredDocument:
    """Store the bytes, then the row. A file without a row is harmless; never the other way."""
    digest = hashlib.sha256(pdf).hexdigest()
    business = businesses.current()
    store = _store(None)
    name = f"{digest[:32]}.pdf"
    key = f"business/{business.public_id}/invoices/{invoice.public_id}/{name}"
    db.session.rollback()
    store.offer.put(store.ctx, key, pdf, PDF)
    with transaction(by=SYSTEM) as unit:
        db.session.execute(_ONE_AT_A_TIME, {"space": _SPACE, "invoice": invoice.id % 2**31})
        kept = current(invoice=invoice)
        if kept is not None:
            return kept
        row = Row(
            business_id=business.id,
            kind=INVOICE,
            invoice_id=invoice.id,
            revision=_next_revision(invoice.id),
            store=store.offer.name,
            key=key,
            sha256=digest,
            size=len(pdf),
            media_type=PDF,
            filename=f"{_file_name(invoice.invoice_number)}.pdf",
        )
        db.session.add(row)
        db.session.flush()
        kept = _snapshot(row)
        unit.publish("document.stored", kept, client_id=invoice.client_id, invoice_id=invoice.id)
        unit.record("document.stored", document=kept.id, invoice=invoice.id, sha256=digest)
        return kept


def _next_revision(invoice_id: int) -> int:
    statement = select(Row.revision).where(
        Row.business_id == current_business_id(), Row.invoice_id == invoice_id, Row.kind == INVOICE
    )
    return max(db.session.scalars(statement).all(), default=0) + 1


def _is_being_made(invoice: InvoiceSnapshot) -> bool:
    values = {"business": current_business_id(), "invoice": invoice.id}
    return bool(db.session.scalar(_RUNNING, values))


def _renderer() -> Provided[DocumentRenderer]:
    every = offers.every(db.session, DocumentRenderer, current_business_id())
    found = [each for each in every if each.offer.media_type == PDF]
    if not found:
        raise Unavailable("No plugin that makes PDF documents is switched on.", 60)
    return found[-1]


def _store(name: str | None) -> Provided[DocumentStore]:
    """The store of this name; without one, where new documents go: a switched-on store that is
    not the local one, else the local one."""
    if name is not None:
        return offers.find(db.session, DocumentStore, name, current_business_id())
    every = offers.every(db.session, DocumentStore, current_business_id())
    chosen = [each for each in every if each.offer.name != LOCAL] or list(every)
    if not chosen:
        raise Unavailable("No plugin that stores documents is switched on.", 60)
    return chosen[0]


def _assets(business: BusinessSnapshot) -> Mapping[str, bytes]:
    if business.logo_file_id is None:
        return {}
    file = db.session.scalars(
        select(File).where(
            File.business_id == business.id,
            File.id == business.logo_file_id,
            File.deleted_at.is_(None),
        )
    ).first()
    if file is None:
        return {}
    store = _store(file.store)
    try:
        return {"logo": store.offer.get(store.ctx, file.key)}
    except KeyError:
        store.ctx.log.warning("the logo's file %s is not in the store", file.id)
        return {}


def _options(business: BusinessSnapshot) -> Mapping[str, Any]:
    chosen = {"color": business.color, "footer": business.settings.get("invoice_footer")}
    return {name: value for name, value in chosen.items() if value}


def _locale(invoice: InvoiceSnapshot, business: BusinessSnapshot) -> str:
    buyer = invoice.buyer.locale if invoice.buyer is not None else None
    return buyer or business.locale or "en"


def _file_name(number: str) -> str:
    return "".join(char if char.isalnum() or char in "-_." else "-" for char in number)


def _snapshot(row: Row) -> StoredDocument:
    names = StoredDocument.__dataclass_fields__
    return StoredDocument(**{name: getattr(row, name) for name in names})

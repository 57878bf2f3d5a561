"""Rendered documents: made by a renderer, hashed, kept in a store, given out only when whole.

What they are made of, be it an invoice, a credit note, a payment or a statement, `papers` tells.
"""

import hashlib
import time
from collections.abc import Mapping
from typing import Final, Unpack

from markupsafe import Markup
from sqlalchemy import ColumnElement, select, text

from invoicer_core.domain.actor import SYSTEM
from invoicer_core.domain.errors import Conflict, NotFound, Unavailable
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import BusinessSnapshot, InvoiceSnapshot, StoredDocument
from invoicer_core.hooks.offers import DocumentRenderer, RenderRequest
from invoicer_core.host import offers, rendered
from invoicer_core.host.offers import Provided
from invoicer_core.models import db
from invoicer_core.models.documents import File
from invoicer_core.models.documents import StoredDocument as Row
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import businesses, document_texts
from invoicer_core.services.documents import papers, stores
from invoicer_core.services.documents.papers import Of, Paper
from invoicer_core.services.transaction import transaction

PDF: Final = "application/pdf"
HTML: Final = "text/html"

_POLL: Final = 0.05
_TRIES: Final = 5
_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:place, 7204))")
_RUNNING: Final = text(
    "SELECT EXISTS (SELECT FROM workflow_runs WHERE business_id = :business"
    " AND invoice_id = :invoice AND :kind = 'invoice' AND status IN ('running', 'waiting'))"
    " OR EXISTS (SELECT FROM deliveries d JOIN events e"
    " ON e.business_id = d.business_id AND e.id = d.event_id"
    " WHERE e.business_id = :business AND e.invoice_id = :invoice AND e.name = ANY(:names)"
    " AND (e.data ->> 'id')::bigint = :id AND d.subscriber <> 'live'"
    " AND (d.state = 'leased' OR d.state = 'due' AND d.due_at <= now()))"
)


def render(**of: Unpack[Of]) -> StoredDocument:
    """Make and keep the PDF of what is asked for (``invoice_id``, ``credit_note_id``,
    ``payment_id`` or ``statement_id``); the one that is there if it still fits.

    Raises:
        NotFound: there is no such thing.
        Conflict: it is a draft, or a payment whose money has not come in.
        Unavailable: no renderer or store is switched on.
    """
    paper = papers.load(of)
    if paper.is_draft:
        raise Conflict(say("%(title)s is a draft: issue it first.", title=paper.title))
    for _ in range(_TRIES):
        kept = current(paper=paper)
        if kept is not None:
            return kept
        pdf = _render(paper)
        paper, kept = _keep(of, paper, pdf)
        if kept is not None:
            return kept
    raise Unavailable(
        say("%(title)s changes faster than its PDF can be made.", title=paper.title), 5
    )


def preview(*, invoice_id: int) -> bytes:
    """The PDF that a draft would become, marked as a draft; nothing is stored.

    Raises:
        NotFound, Unavailable: as `render`.
    """
    return _render(papers.load({"invoice_id": invoice_id}))


def preview_html(*, document: InvoiceSnapshot, template: str | None = None) -> Markup:
    """What a typed invoice will look like, as a piece of HTML without styles of its own; nothing
    is stored. Empty when the renderer fails.

    Args:
        template: to look at another one than the business chose.

    Raises:
        Unavailable: no plugin that makes HTML previews is switched on.
    """
    every = offers.every(db.session, DocumentRenderer, current_business_id())
    found = [each for each in every if each.offer.media_type == HTML]
    if not found:
        raise Unavailable(say("No plugin that makes previews is switched on."), 60)
    renderer, business = found[-1], businesses.current()
    request = RenderRequest(
        kind="invoice",
        document=document,
        business=business,
        locale=_language(document, business),
        options=document_texts.options(business, _language(document, business), template),
    )
    return rendered(
        db.session(),
        renderer.plugin,
        "preview",
        lambda ctx: Markup(renderer.offer.render(ctx, request).decode()),  # noqa: S704
        business_id=business.id,
    )


def _language(document: InvoiceSnapshot, business: BusinessSnapshot) -> str:
    reader = document.buyer.locale if document.buyer is not None else None
    return reader or business.locale or "en"


def current(*, paper: Paper) -> StoredDocument | None:
    """The stored PDF that shows it as it is: after voiding, only one made after that."""
    newest = select(Row).where(*_kept(paper)).order_by(Row.revision.desc()).limit(1)
    row = db.session.scalars(newest).first()
    if row is None or f"/{paper.public_id}/{paper.edition}-" not in row.key:
        return None
    return _snapshot(row)


def get_pdf(**of: Unpack[Of]) -> tuple[StoredDocument, bytes]:
    """The stored PDF and its bytes, checked against the hash of the day it was made.

    Raises:
        NotFound: there is no such thing, or no PDF of it is stored (yet).
        Unavailable: its store does not answer, or the bytes are not those that were stored.
    """
    paper = papers.load(of)
    kept = current(paper=paper)
    if kept is None:
        raise NotFound(say("There is no PDF of %(title)s yet.", title=paper.title))
    return kept, content_of(document=kept)


def await_pdf(*, seconds: float = 10.0, **of: Unpack[Of]) -> tuple[StoredDocument, bytes]:
    """As `get_pdf`, but waits for a PDF that is being made, and makes it where nobody does.

    Raises:
        NotFound, Conflict: as `render`.
        Unavailable: it took longer than ``seconds``; the PDF will be there later.
    """
    kept = await_stored(seconds=seconds, **of)
    return kept, content_of(document=kept)


def await_stored(*, seconds: float = 10.0, **of: Unpack[Of]) -> StoredDocument:
    """As `await_pdf`, without the bytes."""
    end = time.monotonic() + seconds
    while True:
        paper = papers.load(of)
        kept = current(paper=paper)
        if kept is not None:
            return kept
        if not _is_being_made(paper):
            return render(**of)
        db.session.rollback()
        if time.monotonic() > end:
            raise Unavailable(say("The PDF of %(title)s is being made.", title=paper.title), 5)
        time.sleep(_POLL)


def link(*, document: StoredDocument) -> str | None:
    """An address that saves it straight from its store, for some minutes; None where the app
    itself has to serve it. Raises Unavailable."""
    return stores.link(stores.store_named(document.store), document.key, document.filename)


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
    kept = {"key": document.key, "sha256": document.sha256, "name": document.filename}
    try:
        return stores.read(store=document.store, **kept)
    except stores.Lost:
        now = get(document_id=document.id)
        if now.store == document.store:
            raise
        return stores.read(store=now.store, **kept)  # it moved while we looked


# --- making ------------------------------------------------------------------------------------


def _render(paper: Paper) -> bytes:
    renderer = pdf_renderer()
    business = businesses.current()
    request = RenderRequest(
        kind=paper.kind,
        document=paper.document,
        business=business,
        locale=paper.locale or business.locale or "en",
        assets=_assets(business),
        revision_mark=paper.mark,
        options=document_texts.options(business, paper.locale or business.locale),
    )
    db.session.rollback()
    return renderer.offer.render(renderer.ctx, request)


def sample(*, document: InvoiceSnapshot, mark: str, template: str | None = None) -> bytes:
    """The PDF of an invoice that is stored nowhere, with a word across the page, to see how the
    business's documents look, or would with another template. Raises Unavailable."""
    renderer, business = pdf_renderer(), businesses.current()
    language = _language(document, business)
    request = RenderRequest(
        kind="invoice",
        document=document,
        business=business,
        locale=language,
        assets=_assets(business),
        revision_mark=mark,
        options=document_texts.options(business, language, template),
    )
    db.session.rollback()
    return renderer.offer.render(renderer.ctx, request)


def _keep(of: Of, paper: Paper, pdf: bytes) -> tuple[Paper, StoredDocument | None]:
    """Store the bytes, then the row, unless what they show has changed meanwhile: then there is
    no document, only the new state. A file without a row is harmless; never the other way."""
    digest = hashlib.sha256(pdf).hexdigest()
    folder = f"business/{businesses.current().public_id}/{paper.kind.replace('_', '-')}s"
    key = f"{folder}/{paper.public_id}/{paper.edition}-{digest[:32]}.pdf"
    store = stores.store_for_new()
    stores.put(store, key, pdf, PDF)
    with transaction(by=SYSTEM) as unit:
        db.session.execute(_ONE_AT_A_TIME, {"place": f"{paper.kind} {paper.id}"})
        now = papers.load(of)
        kept = current(paper=now)
        if kept is not None or now.edition != paper.edition:
            return now, kept
        row = _row(paper, store.offer.name, key, digest, len(pdf))
        db.session.add(row)
        db.session.flush()
        kept = _snapshot(row)
        about = {"client_id": paper.client_id, "invoice_id": paper.invoice_id}
        unit.publish("document.stored", kept, **about)
        of_what = {paper.kind: paper.id}
        unit.record("document.stored", document=kept.id, sha256=digest, **of_what)
        return paper, kept


def _row(paper: Paper, store: str, key: str, digest: str, size: int) -> Row:
    revisions = select(Row.revision).where(*_kept(paper))
    return Row(
        business_id=current_business_id(),
        kind=paper.kind,
        revision=max(db.session.scalars(revisions).all(), default=0) + 1,
        store=store,
        key=key,
        sha256=digest,
        size=size,
        media_type=PDF,
        filename=f"{_file_name(paper.filename)}.pdf",
        **{paper.column: paper.id},
    )


def _kept(paper: Paper) -> tuple[ColumnElement[bool], ...]:
    mine = Row.business_id == current_business_id()
    return mine, Row.kind == paper.kind, getattr(Row, paper.column) == paper.id


def _is_being_made(paper: Paper) -> bool:
    if not paper.made_after:
        return False
    values = {
        "business": current_business_id(),
        "invoice": paper.invoice_id,
        "kind": paper.kind,
        "names": list(paper.made_after),
        "id": paper.id,
    }
    return bool(db.session.scalar(_RUNNING, values))


def pdf_renderer() -> Provided[DocumentRenderer]:
    """Who makes PDF documents for the business. Raises Unavailable when nobody does."""
    every = offers.every(db.session, DocumentRenderer, current_business_id())
    found = [each for each in every if each.offer.media_type == PDF]
    if not found:
        raise Unavailable(say("No plugin that makes PDF documents is switched on."), 60)
    return found[-1]


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
    store, number = stores.store_named(file.store), file.id
    try:
        return {"logo": stores.get(store, file.key)}
    except KeyError:
        store.ctx.log.warning("the logo's file %s is not in the store", number)
        return {}


def _file_name(number: str) -> str:
    return "".join(char if char.isalnum() or char in "-_." else "-" for char in number)


def _snapshot(row: Row) -> StoredDocument:
    names = StoredDocument.__dataclass_fields__
    return StoredDocument(**{name: getattr(row, name) for name in names})

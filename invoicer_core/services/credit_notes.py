"""Credit notes: numbered documents that lower one invoice, born issued.

A credit goes on the invoice's balance first. What exceeds it (the invoice was paid already) takes
payments off the invoice, so that their money becomes the client's credit or is refunded.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import func, insert, select

from invoicer_core.domain import credit, credit_parts, totals
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.document import Document, Totals
from invoicer_core.domain.drafts import CreditNoteDraft
from invoicer_core.domain.errors import Conflict, NotFound
from invoicer_core.domain.saying import say, state_word
from invoicer_core.domain.snapshots import (
    CreditNoteSnapshot,
    InvoiceItemSnapshot,
    InvoiceSnapshot,
    Page,
)
from invoicer_core.hooks import codec
from invoicer_core.host import refuse_objected
from invoicer_core.models import db
from invoicer_core.models.documents import StoredDocument
from invoicer_core.models.invoices import CreditNote, CreditNoteItem, CreditNoteTax
from invoicer_core.models.payments import Allocation
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import document_rows, drafting, invoices, payments, series
from invoicer_core.services.document_rows import Record
from invoicer_core.services.invoices import rows as invoice_rows
from invoicer_core.services.listing import (
    ID_MOST,
    Ordering,
    has_id,
    matches,
    read_page,
    there_is,
    within_days,
)
from invoicer_core.services.transaction import Unit, transaction

_TABLE: Final = CreditNote.__table__.c
_ORDERING: Final = Ordering(
    _TABLE.id, {"issue_date": _TABLE.issue_date, "total_amount": _TABLE.total_amount}
)

_SEARCHED: Final = func.lower(
    _TABLE.number + " " + _TABLE.client_name + " " + _TABLE.invoice_number
)


@dataclass(frozen=True, slots=True)
class CreditPreview:
    """What a credit would come to: ``lowers`` of it lowers what is open, ``surplus`` was paid."""

    document: Document
    sums: Totals
    lowers: Decimal
    surplus: Decimal


@dataclass(frozen=True, slots=True)
class _Credit:
    """A credit that is about to be stored. ``surplus`` exceeds the invoice's balance."""

    draft: CreditNoteDraft
    invoice: InvoiceSnapshot
    document: Document
    sums: Totals
    day: date
    surplus: Decimal
    seller: str
    buyer: str


def create(*, draft: CreditNoteDraft, by: Actor) -> CreditNoteSnapshot:
    """Credit an invoice in part, or (without a document) all that is not credited yet.

    Raises:
        NotFound: no such invoice.
        Conflict: it is a draft or void, the credits would exceed it, or a plugin objects.
        InvalidInput: a tax group that the invoice does not have, or a broken rule of the totals.
    """
    with transaction(by=by) as unit:
        invoice = invoice_rows.load(draft.invoice_id, lock=True)
        _require_issued(invoice)
        known = drafting.setting(invoice.client_id, "credit_note")
        document, sums = _settled(draft, invoice)
        drafting.check_expected(draft.expected_total, sums)
        made = _Credit(
            draft,
            invoice,
            document,
            sums,
            draft.issue_date or known.today,
            max(sums.amount_due - invoice.balance_due, Decimal(0)),
            known.seller,
            known.buyer,
        )
        note_id = _store(made)
        refuse_objected(
            db.session(),
            "before_credit_note_issued",
            get(credit_note_id=note_id),
            business_id=current_business_id(),
            by=by,
        )
        _settle(note_id, made, by)
        return _told(unit, note_id)


def _told(unit: Unit, note_id: int) -> CreditNoteSnapshot:
    note = get(credit_note_id=note_id)
    invoice = invoices.told(unit, note.invoice_id, None)
    unit.publish(
        "credit_note.issued",
        {**codec.to_json(note), "invoice": invoice},
        client_id=note.client_id,
        invoice_id=invoice.id,
    )
    unit.record(
        "credit_note.issued",
        credit_note=note_id,
        number=note.credit_note_number,
        invoice=invoice.id,
        total=note.total_amount,
    )
    return note


def preview(*, draft: CreditNoteDraft) -> CreditPreview:
    """What a credit would come to, and how it would be settled. Stores nothing.

    Raises: as `create`, but that no plugin is asked.
    """
    invoice = invoice_rows.load(draft.invoice_id)
    _require_issued(invoice)
    document, sums = _settled(draft, invoice)
    surplus = max(sums.amount_due - invoice.balance_due, Decimal(0))
    return CreditPreview(document, sums, sums.amount_due - surplus, surplus)


def part_of(*, invoice: InvoiceSnapshot, quantities: Mapping[int, Decimal]) -> Document | None:
    """The document that credits these quantities of the invoice's items (by their places); None,
    which means all that is left, where that is chosen.

    Raises:
        InvalidInput: nothing is chosen, or more than an item holds (``/items/N/quantity``).
    """
    left = left_of_items(invoice=invoice)
    if all(quantities.get(at, 0) == quantity for at, quantity in enumerate(left)) and any(left):
        return None
    earlier = {at: item.quantity - left[at] for at, item in enumerate(invoice.items)}
    return credit_parts.chosen_document(invoices.document_of(invoice), quantities, earlier)


def left_of_items(*, invoice: InvoiceSnapshot) -> tuple[Decimal, ...]:
    """How much of each item is not credited yet, as far as earlier credits name the same item."""
    credited: dict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    for note in _of_invoice(invoice.id):
        for item in note.items:
            credited[_same(item)] += item.quantity
    left = []
    for item in invoice.items:
        taken = min(credited[_same(item)], item.quantity) if item.quantity > 0 else Decimal(0)
        credited[_same(item)] -= taken
        left.append(item.quantity - taken)
    return tuple(left)


def _same(item: InvoiceItemSnapshot) -> tuple[object, ...]:
    return item.product_id, item.description, item.unit, item.unit_price, item.taxes


def get(*, credit_note_id: int) -> CreditNoteSnapshot:
    """One credit note. Raises NotFound."""
    known = 0 < credit_note_id <= ID_MOST
    statement = _selection().where(CreditNote.id == credit_note_id)
    row = db.session.execute(statement).mappings().first() if known else None
    if row is None:
        raise NotFound.of("credit note", credit_note_id)
    return _snapshots([row])[0]


def find(
    *,
    q: str | None = None,
    client_id: int | None = None,
    invoice_id: int | None = None,
    start: date | None = None,
    end: date | None = None,
    sort: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Page[CreditNoteSnapshot]:
    """Credit notes, newest first unless sorted otherwise; ``start``, ``end``: of dates of issue."""
    statement = _selection().where(
        matches(_SEARCHED, q),
        has_id(_TABLE.client_id, client_id),
        has_id(_TABLE.invoice_id, invoice_id),
        within_days(_TABLE.issue_date, start, end),
    )
    names = statement.selected_columns.keys()

    def shown(found: Sequence[Any]) -> list[CreditNoteSnapshot]:
        return _snapshots([dict(zip(names, row, strict=True)) for row in found])

    return read_page(statement, _ORDERING, shown, sort=sort, limit=limit, cursor=cursor)


# --- inside -------------------------------------------------------------------------------------


def _require_issued(found: InvoiceSnapshot) -> None:
    name, now = found.invoice_number, state_word(found.state)
    if found.state != "issued":
        raise Conflict(say("%(name)s is %(state)s: it can not be credited.", name=name, state=now))


def _settled(draft: CreditNoteDraft, invoice: InvoiceSnapshot) -> tuple[Document, Totals]:
    """The credit's document and its totals, the last cents taken from what the invoice has left."""
    original = invoices.document_of(invoice)
    earlier = _of_invoice(invoice.id)
    already = [_totals_of(note) for note in earlier]
    if draft.document is None:
        documents = [_document_of(note) for note in earlier]
        document = credit.remaining_document(original, list(zip(documents, already, strict=True)))
    else:
        document = drafting.complete(draft.document, invoice.currency)
        if document.currency != invoice.currency:
            raise Conflict(
                say("The invoice is in %(currency)s: credit it in that.", currency=invoice.currency)
            )
    course = credit_parts.course(original, [_document_of(note) for note in earlier], document)
    sums = totals.compute(document)
    return document, credit.settle(totals.compute(original), already, sums, course)


def _store(made: _Credit) -> int:
    """The row with its number, its items and taxes; the id."""
    draft, invoice = made.draft, made.invoice
    number = series.next_number("credit_note", made.day, invoice.client_name)
    statement = (
        insert(CreditNote)
        .values(
            business_id=current_business_id(),
            invoice_id=invoice.id,
            invoice_number=invoice.invoice_number,
            client_id=invoice.client_id,
            client_public_id=invoice.client_public_id,
            client_name=invoice.client_name,
            series_id=number.series_id,
            period=number.period,
            seq=number.seq,
            number=number.text,
            currency=made.document.currency,
            prices_include_tax=made.document.prices_include_tax,
            issue_date=made.day,
            issued_at=func.now(),
            reason=draft.reason,
            notes=draft.notes,
            settlement=draft.settlement,
            surplus=made.surplus,
            adjustments=codec.loads(document_rows.adjustments_json(made.document)),
            seller=codec.loads(made.seller),
            buyer=codec.loads(made.buyer),
            **document_rows.totals_dict(made.sums),
        )
        .returning(CreditNote.id)
    )
    note_id = int(db.session.scalar(statement) or 0)
    _store_parts(note_id, made)
    return note_id


def _store_parts(note_id: int, made: _Credit) -> None:
    ids = {"business_id": current_business_id(), "credit_note_id": note_id}
    items = codec.loads(document_rows.items_json(made.document, made.sums))
    db.session.execute(insert(CreditNoteItem), [{**ids, **item} for item in items])
    taxes = codec.loads(document_rows.taxes_json(made.sums))
    if taxes:
        db.session.execute(insert(CreditNoteTax), [{**ids, **tax} for tax in taxes])


def _settle(note_id: int, made: _Credit, by: Actor) -> None:
    """Put the credit on the invoice; free paid money for what exceeds the balance."""
    draft, invoice, surplus = made.draft, made.invoice, made.surplus
    freed = payments.release(invoice_id=invoice.id, amount=surplus, by=by) if surplus else {}
    part = made.sums.amount_due - surplus + sum(freed.values(), Decimal(0))
    if part > 0:
        db.session.add(
            Allocation(
                business_id=current_business_id(),
                invoice_id=invoice.id,
                kind="credit_note",
                credit_note_id=note_id,
                amount=part,
                reason=draft.reason,
                actor=by.label,
            )
        )
        db.session.flush()
    if draft.settlement == "refund":
        for payment_id, freed_amount in freed.items():
            payments.refund(payment_id=payment_id, amount=freed_amount, reason=draft.reason, by=by)


def _of_invoice(invoice_id: int) -> list[CreditNoteSnapshot]:
    statement = _selection().where(CreditNote.invoice_id == invoice_id).order_by(CreditNote.id)
    return _snapshots(db.session.execute(statement).mappings().all())


def _document_of(note: CreditNoteSnapshot) -> Document:
    extras = {
        "discounts": note.discounts,
        "charges": note.charges,
        "prepaid": note.prepaid,
        "withholding": note.withholding,
        "rounding": note.rounding_rule,
    }
    return document_rows.document_of(note.currency, note.prices_include_tax, note.items, extras)


def _totals_of(note: CreditNoteSnapshot) -> Totals:
    sums = {name: getattr(note, name) for name in document_rows.TOTAL_FIELDS}
    return replace(totals.compute(_document_of(note)), taxes=note.taxes, **sums)


_HAS_PDF: Final = there_is(
    StoredDocument.business_id == CreditNote.business_id,
    StoredDocument.credit_note_id == CreditNote.id,
    beside=CreditNote,
)


def _selection() -> Any:
    return select(CreditNote.__table__, _HAS_PDF.label("has_pdf")).where(
        CreditNote.business_id == current_business_id()
    )


def _snapshots(found: Sequence[Record]) -> list[CreditNoteSnapshot]:
    ids = [row["id"] for row in found]
    items, taxes = _parts(CreditNoteItem, ids), _parts(CreditNoteTax, ids)
    return [_snapshot(row, items[row["id"]], taxes[row["id"]]) for row in found]


def _parts(
    table: type[CreditNoteItem] | type[CreditNoteTax], ids: Sequence[int]
) -> Mapping[int, list[Record]]:
    parts: dict[int, list[Record]] = defaultdict(list)
    statement = (
        select(table.__table__)
        .where(table.business_id == current_business_id(), table.credit_note_id.in_(ids))
        .order_by(table.credit_note_id, table.position)
    )
    for row in db.session.execute(statement).mappings():
        parts[row["credit_note_id"]].append(row)
    return parts


def _snapshot(
    row: Record,
    items: Sequence[Record],
    taxes: Sequence[Record],
) -> CreditNoteSnapshot:
    extras = document_rows.read_extras(row["adjustments"])
    return CreditNoteSnapshot(
        id=row["id"],
        credit_note_number=row["number"],
        invoice_number=row["invoice_number"],
        allocated_amount=row["amount_due"] - row["surplus"],
        surplus_amount=row["surplus"],
        items=tuple(document_rows.read_item(item) for item in items),
        taxes=tuple(document_rows.read_tax_total(tax) for tax in taxes),
        discounts=extras["discounts"],
        charges=extras["charges"],
        prepaid=extras["prepaid"],
        withholding=extras["withholding"],
        rounding_rule=extras["rounding"],
        seller=document_rows.read_party(row["seller"]),
        buyer=document_rows.read_party(row["buyer"]),
        pdf_url=f"/api/v1/credit-notes/{row['id']}/pdf" if row["has_pdf"] else None,
        **{name: row[name] for name in _PLAIN},
    )


_PLAIN: Final = (
    "public_id", "invoice_id", "client_id", "client_public_id", "client_name", "currency",
    "prices_include_tax", "issue_date", "issued_at", "notes", "reason", "settlement", "version",
    "created_at", "updated_at", *document_rows.TOTAL_FIELDS,
)  # fmt: skip

"""Invoices as rows: stored in one statement, read with items and taxes in three."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from invoicer_core.domain import lifecycle
from invoicer_core.domain.document import Document, Totals
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.snapshots import InvoiceItemSnapshot, InvoiceSnapshot, Party
from invoicer_core.hooks import codec
from invoicer_core.models import db
from invoicer_core.models.documents import StoredDocument
from invoicer_core.models.invoices import Invoice, InvoiceItem, InvoiceTax
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import document_rows
from invoicer_core.services.document_rows import Record
from invoicer_core.services.invoices.standing import IN_PROCESS, today_sql
from invoicer_core.services.listing import ID_MOST, there_is
from invoicer_core.services.publishing import NUMBER_SQL, issuing

LABEL = "DRAFT-{}"

_COLUMNS = (
    "client_id, client_public_id, client_name, currency, prices_include_tax, issue_date, due_date,"
    " order_id, buyer_reference, purchase_order, payment_terms, payment_means, exchange_rate,"
    " notes, internal_note, tags, plugins, adjustments, subtotal, discount_total, charge_total,"
    " net_total, tax_total, total_amount, withheld_total, prepaid_total, rounding, amount_due"
)
_VALUES = (
    "%(client_id)s, %(client_public_id)s, %(client_name)s, %(currency)s, %(prices_include_tax)s,"
    " %(issue_date)s, %(due_date)s, %(order_id)s, %(buyer_reference)s, %(purchase_order)s,"
    " %(payment_terms)s, %(payment_means)s, %(exchange_rate)s, %(notes)s, %(internal_note)s,"
    " %(tags)s::text[], %(plugins)s::jsonb, %(adjustments)s::jsonb, %(subtotal)s,"
    " %(discount_total)s, %(charge_total)s, %(net_total)s, %(tax_total)s, %(total_amount)s,"
    " %(withheld_total)s, %(prepaid_total)s, %(rounding)s, %(amount_due)s"
)
_PARTS = (
    ", item AS (INSERT INTO invoice_items (id, business_id, invoice_id, position, product_id,"  # noqa: S608
    " description, details, sku, quantity, unit, unit_price, base_quantity, period_start,"
    " period_end, adjustments, taxes, gross_amount, total_price, net_amount)"
    " SELECT t.id, %(business)s, %(id)s, t.position, t.product_id, t.description, t.details, t.sku,"
    " t.quantity, t.unit, t.unit_price, t.base_quantity, t.period_start, t.period_end,"
    " t.adjustments, t.taxes, t.gross_amount, t.total_price, t.net_amount"
    " FROM {}, json_to_recordset(%(items)s::json) AS t (id bigint, "
    + document_rows.ITEM_COLUMNS
    + "))"
    ", tax AS (INSERT INTO invoice_taxes (business_id, invoice_id, position, name, category,"
    " rate, base, tax, compound, exemption_code, exemption_text)"
    " SELECT %(business)s, %(id)s, t.* FROM {}, json_to_recordset(%(taxes)s::json)"
    " AS t (" + document_rows.TAX_COLUMNS + "))"
)
_INSERT = (
    "WITH invoice AS (INSERT INTO invoices (business_id, id, public_id, "  # noqa: S608
    + _COLUMNS
    + ") VALUES (%(business)s, %(id)s, %(public_id)s, "
    + _VALUES
    + ") RETURNING id)"
    + _PARTS.replace("{}", "invoice")
    + " SELECT id FROM invoice"
)
_UPDATE = (
    "WITH invoice AS (UPDATE invoices SET ("  # noqa: S608
    + _COLUMNS
    + ") = ROW("
    + _VALUES
    + "), version = %(version)s, updated_at = now() WHERE business_id = %(business)s"
    " AND id = %(id)s AND state = 'draft' RETURNING id)"
    + _PARTS.replace("{}", "invoice")
    + " SELECT id FROM invoice"
)
_ISSUE_NEW = issuing(
    "issued AS (INSERT INTO invoices (business_id, id, public_id, "  # noqa: S608
    + _COLUMNS
    + ", state, issued_at, number, seq, series_id, period, seller, buyer)"
    " SELECT %(business)s, %(id)s, %(public_id)s, "
    + _VALUES
    + ", 'issued', now(), "
    + NUMBER_SQL
    + ", counter.last, %(series)s, %(period)s, %(seller)s::jsonb, %(buyer)s::jsonb"
    " FROM counter RETURNING number)" + _PARTS.replace("{}", "issued")
)
_DROP_ITEMS = "DELETE FROM invoice_items WHERE business_id = %(business)s AND invoice_id = %(id)s"
_DROP_TAXES = "DELETE FROM invoice_taxes WHERE business_id = %(business)s AND invoice_id = %(id)s"


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database gives to a stored invoice; known before it is written."""

    id: int
    public_id: UUID
    created_at: datetime
    updated_at: datetime
    version: int
    items: Sequence[int]


@dataclass(frozen=True, slots=True)
class Content:
    """A draft with everything looked up and computed: what is stored."""

    draft: InvoiceDraft
    document: Document
    totals: Totals
    client_id: int
    client_public_id: UUID
    client_name: str
    buyer_reference: str | None
    issue_date: date | None
    due_date: date | None

    def parameters(self, stored: "Stored") -> dict[str, Any]:
        """By the names of the columns."""
        draft = self.draft
        return {
            "business": current_business_id(),
            "id": stored.id,
            "public_id": stored.public_id,
            "version": stored.version,
            "client_id": self.client_id,
            "client_public_id": self.client_public_id,
            "client_name": self.client_name,
            "currency": self.document.currency,
            "prices_include_tax": self.document.prices_include_tax,
            "issue_date": self.issue_date,
            "due_date": self.due_date,
            "order_id": draft.order_id,
            "buyer_reference": self.buyer_reference,
            "purchase_order": draft.purchase_order,
            "payment_terms": draft.payment_terms,
            "payment_means": draft.payment_means,
            "exchange_rate": draft.exchange_rate,
            "notes": draft.notes,
            "internal_note": draft.internal_note,
            "tags": list(draft.tags),
            "plugins": codec.dumps(draft.plugins),
            "adjustments": document_rows.adjustments_json(self.document),
            "items": document_rows.items_json(self.document, self.totals, stored.items),
            "taxes": document_rows.taxes_json(self.totals),
            **document_rows.totals_dict(self.totals),
        }


def insert(content: Content, stored: Stored) -> None:
    """A new draft with its items and taxes, in one statement."""
    db.session.connection().exec_driver_sql(_INSERT, content.parameters(stored))


def insert_issued(content: Content, stored: Stored) -> tuple[str, dict[str, Any]]:
    """The statement (see `publishing.issuing`) and its parameters that store an invoice which is
    issued at once: each row and index entry is written a single time."""
    return _ISSUE_NEW, content.parameters(stored)


def overwrite(content: Content, stored: Stored) -> None:
    """The draft anew: its items and taxes are taken away and written again."""
    connection = db.session.connection()
    parameters = content.parameters(stored)
    connection.exec_driver_sql(_DROP_ITEMS, parameters)
    connection.exec_driver_sql(_DROP_TAXES, parameters)
    connection.exec_driver_sql(_UPDATE, parameters)


def snapshot_of(
    content: Content,
    stored: Stored,
    *,
    today: date,
    number: str | None = None,
    issued_at: datetime | None = None,
    seller: Party | None = None,
    buyer: Party | None = None,
    lines: tuple[InvoiceItemSnapshot, ...] | None = None,
) -> InvoiceSnapshot:
    """What was just stored, not read back; ``lines`` of an earlier snapshot are shared."""
    totals = content.totals
    state = "issued" if number else "draft"
    standing = lifecycle.standing(
        state, totals.amount_due, totals.amount_due, content.due_date, today
    )
    return InvoiceSnapshot(
        id=stored.id,
        public_id=stored.public_id,
        invoice_number=number or LABEL.format(stored.id),
        state=state,  # type: ignore[arg-type]
        status=standing.status,
        payment_state=standing.payment_state,
        is_overdue=standing.is_overdue,
        issued_at=issued_at,
        items=lines or document_rows.item_snapshots(content.document, totals, stored.items),
        taxes=totals.taxes,
        balance_due=totals.amount_due,
        seller=seller,
        buyer=buyer,
        version=stored.version,
        created_at=stored.created_at,
        updated_at=stored.updated_at,
        **_as_typed(content),
        **document_rows.totals_dict(totals),
    )


def _as_typed(content: Content) -> dict[str, Any]:
    """What a snapshot repeats of the draft as it is."""
    draft, document = content.draft, content.document
    return {
        "client_id": content.client_id,
        "client_public_id": content.client_public_id,
        "client_name": content.client_name,
        "currency": document.currency,
        "prices_include_tax": document.prices_include_tax,
        "issue_date": content.issue_date,
        "due_date": content.due_date,
        "buyer_reference": content.buyer_reference,
        "order_id": draft.order_id,
        "purchase_order": draft.purchase_order,
        "payment_terms": draft.payment_terms,
        "payment_means": draft.payment_means,
        "exchange_rate": draft.exchange_rate,
        "notes": draft.notes,
        "internal_note": draft.internal_note,
        "tags": draft.tags,
        "plugins": draft.plugins,
        "discounts": document.discounts,
        "charges": document.charges,
        "prepaid": document.prepaid,
        "withholding": document.withholding,
        "rounding_rule": document.rounding,
    }


_SELECT = select(
    Invoice.__table__,
    there_is(*IN_PROCESS, beside=Invoice).label("in_process"),
    there_is(
        StoredDocument.business_id == Invoice.business_id,
        StoredDocument.invoice_id == Invoice.id,
        beside=Invoice,
    ).label("has_pdf"),
)


def selection() -> Any:
    """Invoices of the business that are not deleted, with what their snapshot needs."""
    return _SELECT.add_columns(today_sql().label("today")).where(
        Invoice.business_id == current_business_id(), Invoice.deleted_at.is_(None)
    )


def load(invoice_id: int, *, lock: bool = False) -> InvoiceSnapshot:
    """One invoice.

    Args:
        lock: for a change of it: nobody else changes it until the transaction ends.

    Raises:
        NotFound: none of this business.
    """
    statement = selection().where(Invoice.id == invoice_id)
    if lock:
        statement = statement.with_for_update(of=Invoice)
    row = db.session.execute(statement).mappings().first() if 0 < invoice_id <= ID_MOST else None
    if row is None:
        raise NotFound.of("invoice", invoice_id)
    return snapshots([row])[0]


def snapshots(found: Sequence[Record]) -> list[InvoiceSnapshot]:
    """Rows of `selection` with their items and taxes."""
    ids = [row["id"] for row in found]
    items = _parts(InvoiceItem, ids)
    taxes = _parts(InvoiceTax, ids)
    return [_snapshot(row, items[row["id"]], taxes[row["id"]]) for row in found]


def _parts(table: type[InvoiceItem] | type[InvoiceTax], ids: list[int]) -> Mapping[int, list[Any]]:
    parts: dict[int, list[Any]] = defaultdict(list)
    if ids:
        statement = (
            select(table.__table__)
            .where(table.business_id == current_business_id(), table.invoice_id.in_(ids))
            .order_by(table.invoice_id, table.position)
        )
        for row in db.session.execute(statement).mappings():
            parts[row["invoice_id"]].append(row)
    return parts


def _snapshot(row: Record, items: Sequence[Record], taxes: Sequence[Record]) -> InvoiceSnapshot:
    balance: Decimal = row["amount_due"] - row["settled"]
    standing = lifecycle.standing(
        row["state"], row["amount_due"], balance, row["due_date"], row["today"], row["in_process"]
    )
    extras = document_rows.read_extras(row["adjustments"])
    lines: tuple[InvoiceItemSnapshot, ...] = tuple(document_rows.read_item(item) for item in items)
    return InvoiceSnapshot(
        id=row["id"],
        public_id=row["public_id"],
        invoice_number=row["number"] or LABEL.format(row["id"]),
        state=row["state"],
        status=standing.status,
        payment_state=standing.payment_state,
        is_overdue=standing.is_overdue,
        items=lines,
        taxes=tuple(document_rows.read_tax_total(tax) for tax in taxes),
        discounts=extras["discounts"],
        charges=extras["charges"],
        prepaid=extras["prepaid"],
        withholding=extras["withholding"],
        rounding_rule=extras["rounding"],
        balance_due=balance,
        seller=document_rows.read_party(row["seller"]),
        buyer=document_rows.read_party(row["buyer"]),
        tags=tuple(row["tags"]),
        pdf_url=f"/api/v1/invoices/{row['id']}/pdf" if row["has_pdf"] else None,
        **{name: row[name] for name in _PLAIN},
    )


_PLAIN = (
    "client_id", "client_public_id", "client_name", "currency", "prices_include_tax",
    "issue_date", "issued_at", "due_date", "notes", "order_id", "buyer_reference",
    "purchase_order", "payment_terms", "payment_means", "exchange_rate", "internal_note",
    "reminders_stopped", "sent_at", "viewed_at", "voided_at", "void_reason", "plugins",
    "version", "created_at", "updated_at", *document_rows.TOTAL_FIELDS,
)  # fmt: skip


def write(invoice_id: int, changes: Mapping[str, Any]) -> None:
    """Set columns of an invoice; the guard in the database refuses those that are frozen."""
    db.session.execute(
        update(Invoice)
        .where(Invoice.business_id == current_business_id(), Invoice.id == invoice_id)
        .values(dict(changes))
        .execution_options(synchronize_session=False)
    )

"""From a snapshot to what the page shows."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import TypedDict

from babel import Locale

from invoicer_core.builtin.weasyprint_document import receipt, statement
from invoicer_core.builtin.weasyprint_document.formats import (
    Formats,
    language_tag,
    parse_locale,
)
from invoicer_core.builtin.weasyprint_document.lines import item_columns, item_rows
from invoicer_core.builtin.weasyprint_document.parties import (
    address_lines,
    display_name,
    footer_columns,
    sender_line,
)
from invoicer_core.builtin.weasyprint_document.payment import payment_box
from invoicer_core.builtin.weasyprint_document.sums import sums, tax_remarks
from invoicer_core.builtin.weasyprint_document.view import Fact, Passage, View
from invoicer_core.builtin.weasyprint_document.words import CATALOG
from invoicer_core.plugin import (
    BusinessSnapshot,
    CreditNoteSnapshot,
    InvoiceSnapshot,
    Party,
    Receipt,
    Statement,
)

Billing = InvoiceSnapshot | CreditNoteSnapshot
Printable = Billing | Receipt | Statement


@dataclass(frozen=True, slots=True)
class Look:
    """What the caller decides: the language, whether there is a logo, a word across the page
    ("draft", "void", or any other text as it is), and the business's own words: before the items,
    as the terms of payment where the document has none of its own, and at the end. ``hidden`` names
    columns that are left out."""

    locale: str | None = None
    has_logo: bool = False
    mark: str | None = None
    closing: str | None = None
    introduction: str | None = None
    terms: str | None = None
    hidden: frozenset[str] = frozenset()


class Frame(TypedDict):
    """The fields that every kind of document fills in the same manner."""

    language: str
    right_to_left: bool
    author: str
    created: str
    sender_name: str
    sender_line: str
    recipient: tuple[str, ...]
    has_logo: bool
    stamp: str | None
    footer: tuple[tuple[Fact, ...], ...]
    page_of: tuple[str, str, str]


def view_of(document: Printable, business: BusinessSnapshot, look: Look) -> View:
    """The page of a document. An invoice that is a draft or void is marked so in any case."""
    if isinstance(document, Receipt):
        return _receipt(document, business, look)
    if isinstance(document, Statement):
        return _statement(document, business, look)
    if look.mark is None and isinstance(document, InvoiceSnapshot) and document.state != "issued":
        look = replace(look, mark=document.state)
    return _billing(document, business, look)


def _billing(document: Billing, business: BusinessSnapshot, look: Look) -> View:
    seller, buyer = document.seller or business, document.buyer or Party(name=document.client_name)
    formats = _formats(look.locale, buyer, business, document.currency)
    heading, number = _name(document, formats)
    rows = item_rows(document, formats, look.hidden)
    return View(
        **_frame(seller, buyer, formats, document.issued_at or document.updated_at, look),
        title=f"{heading} {number}",
        heading=heading,
        number=number,
        lead=_lead(document, formats, look.mark),
        facts=_facts(document, buyer, formats),
        notice=_notice(document, formats, look.mark),
        columns=item_columns(rows, formats, look.hidden),
        rows=rows,
        sums=sums(document, formats),
        remarks=_remarks(document, formats),
        payment=payment_box(document, seller, formats, look.mark)
        if isinstance(document, InvoiceSnapshot)
        else None,
        passages=_passages(document, formats, look),
        introduction=look.introduction or "",
    )


def _formats(
    locale: str | None, reader: Party, business: BusinessSnapshot, currency: str
) -> Formats:
    found = parse_locale(locale, reader.locale, business.locale)
    if found.text_direction == "rtl" and found.language not in CATALOG:
        # English words from the left beside dates and amounts from the right: neither is readable.
        found = Locale("en")
    return Formats(found, currency)


def _frame(seller: Party, reader: Party, formats: Formats, at: datetime, look: Look) -> Frame:
    words = formats.words
    before, _, rest = words.page_of.partition("{page}")
    between, _, after = rest.partition("{pages}")
    stamps = {"draft": words.draft, "void": words.void}
    return {
        "language": language_tag(formats.locale),
        "right_to_left": words.right_to_left,
        "author": display_name(seller),
        "created": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        "sender_name": seller.name,
        "sender_line": sender_line(seller),
        "recipient": address_lines(reader, formats, seller.country),
        "has_logo": look.has_logo,
        "stamp": stamps.get(look.mark, look.mark) if look.mark else None,
        "footer": footer_columns(seller, formats),
        "page_of": (before, between, after),
    }


def _name(document: Billing, formats: Formats) -> tuple[str, str]:
    if isinstance(document, InvoiceSnapshot):
        return formats.words.invoice, document.invoice_number
    return formats.words.credit_note, document.credit_note_number


def _lead(document: Billing, formats: Formats, state: str | None) -> str:
    words, amount = formats.words, formats.money(document.amount_due)
    if isinstance(document, CreditNoteSnapshot):
        return words.credited.format(amount=formats.money(document.total_amount))
    if state == "void":
        return ""
    if document.amount_due <= 0:
        return words.nothing_due
    if document.due_date is None:
        return words.due.format(amount=amount)
    return words.due_by.format(amount=amount, date=formats.long_date(document.due_date))


def _notice(document: Billing, formats: Formats, state: str | None) -> str | None:
    words = formats.words
    if state == "draft":
        return words.draft_notice
    if state != "void":
        return None
    at = document.voided_at if isinstance(document, InvoiceSnapshot) else None
    reason = document.void_reason if isinstance(document, InvoiceSnapshot) else None
    text = words.void_notice.format(date=formats.long_date(at)) if at else words.void_notice_undated
    return f"{text} {words.reason}: {reason}" if reason else text


def _facts(document: Billing, buyer: Party, formats: Formats) -> tuple[Fact, ...]:
    words = formats.words
    pairs: list[tuple[str, str | None]] = [
        (words.number, _name(document, formats)[1]),
        (words.issue_date, _day(document.issue_date, formats)),
    ]
    if isinstance(document, CreditNoteSnapshot):
        pairs.append((words.credited_invoice, document.invoice_number))
        pairs.append((words.reason, document.reason))
    else:
        pairs.append((words.due_date, _day(document.due_date, formats)))
        pairs.append((words.your_reference, document.buyer_reference))
        pairs.append((words.purchase_order, document.purchase_order))
        pairs.append((words.order, str(document.order_id) if document.order_id else None))
    pairs.append((words.service_period, _service_period(document, formats)))
    pairs.append((words.client_vat_id, buyer.vat_id))
    if not buyer.vat_id:
        pairs.append((words.client_tax_number, buyer.tax_number))
    return tuple(Fact(label, value) for label, value in pairs if value)


def _day(value: date | None, formats: Formats) -> str | None:
    return formats.date(value) if value else None


def _service_period(document: Billing, formats: Formats) -> str | None:
    """From the first to the last day that any item names [BG-14]."""
    days = [day for item in document.items for day in (item.period_start, item.period_end) if day]
    if not days:
        return None
    return formats.period(min(days), max(days))


def _remarks(document: Billing, formats: Formats) -> tuple[str, ...]:
    inclusive = (formats.words.prices_include_tax,) if document.prices_include_tax else ()
    return inclusive + tax_remarks(document.taxes, formats)


def _passages(document: Billing, formats: Formats, look: Look) -> tuple[Passage, ...]:
    words = formats.words
    terms = None
    if isinstance(document, InvoiceSnapshot):
        terms = document.payment_terms or look.terms
    pairs = ((words.terms, terms), (words.notes, document.notes), ("", look.closing))
    return tuple(Passage(title, text) for title, text in pairs if text)


def _receipt(document: Receipt, business: BusinessSnapshot, look: Look) -> View:
    payment, client = document.payment, document.client
    formats = _formats(look.locale, client, business, payment.currency)
    number = payment.reference or str(payment.id)
    rows = receipt.receipt_rows(payment, formats)
    return View(
        **_frame(business, client, formats, payment.created_at, look),
        title=f"{formats.words.receipt} {number}",
        heading=formats.words.receipt,
        number=number,
        lead=formats.words.received.format(amount=formats.money(payment.amount)),
        facts=receipt.receipt_facts(payment, formats),
        notice=None,
        columns=receipt.receipt_columns(rows, formats),
        rows=rows,
        sums=receipt.receipt_sums(payment, formats),
        remarks=(),
        payment=None,
        passages=receipt.receipt_passages(payment, formats),
    )


def _statement(document: Statement, business: BusinessSnapshot, look: Look) -> View:
    client = document.client
    formats = _formats(look.locale, client, business, document.currency)
    rows = statement.statement_rows(document, formats)
    end = datetime.combine(document.end, time(), UTC)
    return View(
        **_frame(business, client, formats, end, look),
        title=f"{formats.words.statement} {client.name}",
        heading=formats.words.statement,
        number="",
        lead="",
        facts=statement.statement_facts(document, formats),
        notice=None,
        columns=statement.statement_columns(rows, formats),
        rows=rows,
        sums=statement.statement_sums(document, formats),
        remarks=(),
        payment=None,
        passages=(),
    )

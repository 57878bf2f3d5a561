"""From a snapshot to what the page shows."""

from datetime import UTC, date, datetime
from typing import TypedDict

from invoicer_core.builtin.weasyprint_document import receipt
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
from invoicer_core.domain.snapshots import (
    BusinessSnapshot,
    CreditNoteSnapshot,
    InvoiceSnapshot,
    Party,
    PaymentSnapshot,
)

Billing = InvoiceSnapshot | CreditNoteSnapshot
Printable = InvoiceSnapshot | CreditNoteSnapshot | PaymentSnapshot


class Frame(TypedDict):
    """The fields that every kind of document fills in the same manner."""

    language: str
    right_to_left: bool
    author: str
    created: str
    sender_name: str
    sender_line: str
    has_logo: bool
    footer: tuple[tuple[Fact, ...], ...]
    page_of: tuple[str, str, str]


def view_of(
    document: Printable,
    business: BusinessSnapshot,
    locale: str | None,
    *,
    has_logo: bool = False,
    mark: str | None = None,
) -> View:
    """The page of a document. ``mark`` is "draft", "void" or None; a draft or void invoice is
    marked by its own state."""
    if isinstance(document, PaymentSnapshot):
        return _receipt(document, business, locale, has_logo)
    return _billing(document, business, locale, has_logo, mark)


def _billing(
    document: Billing,
    business: BusinessSnapshot,
    locale: str | None,
    has_logo: bool,
    mark: str | None,
) -> View:
    seller, buyer = document.seller or business, document.buyer or Party(name=document.client_name)
    formats = Formats(parse_locale(locale, buyer.locale, business.locale), document.currency)
    words = formats.words
    heading, number = _name(document, formats)
    state = mark or (document.state if isinstance(document, InvoiceSnapshot) else None)
    rows = item_rows(document, formats)
    return View(
        **_frame(seller, formats, document.issued_at or document.updated_at, has_logo),
        title=f"{heading} {number}",
        heading=heading,
        number=number,
        lead=_lead(document, formats, state),
        recipient=address_lines(buyer, formats, seller.country),
        facts=_facts(document, buyer, formats),
        stamp={"draft": words.draft, "void": words.void}.get(state or ""),
        notice=_notice(document, formats, state),
        columns=item_columns(rows, formats),
        rows=rows,
        table_note=words.prices_include_tax if document.prices_include_tax else None,
        sums=sums(document, formats),
        remarks=tax_remarks(document.taxes, formats),
        payment=payment_box(document, seller, formats, payable=state == "issued")
        if isinstance(document, InvoiceSnapshot) and state != "void"
        else None,
        passages=_passages(document, formats),
    )


def _frame(seller: Party, formats: Formats, at: datetime, has_logo: bool) -> Frame:
    before, _, rest = formats.words.page_of.partition("{page}")
    between, _, after = rest.partition("{pages}")
    return {
        "language": language_tag(formats.locale),
        "right_to_left": formats.words.right_to_left,
        "author": display_name(seller),
        "created": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        "sender_name": seller.name,
        "sender_line": sender_line(seller),
        "has_logo": has_logo,
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
    days = [
        day for item in document.items for day in (item.period_start, item.period_end) if day
    ]
    if not days:
        return None
    first, last = formats.date(min(days)), formats.date(max(days))
    return first if first == last else f"{first} – {last}"


def _passages(document: Billing, formats: Formats) -> tuple[Passage, ...]:
    words = formats.words
    terms = document.payment_terms if isinstance(document, InvoiceSnapshot) else None
    pairs = ((words.terms, terms), (words.notes, document.notes))
    return tuple(Passage(title, text) for title, text in pairs if text)


def _receipt(
    payment: PaymentSnapshot, business: BusinessSnapshot, locale: str | None, has_logo: bool
) -> View:
    formats = Formats(parse_locale(locale, business.locale), payment.currency)
    words, number = formats.words, payment.reference or str(payment.id)
    rows = receipt.receipt_rows(payment, formats)
    return View(
        **_frame(business, formats, payment.created_at, has_logo),
        title=f"{words.receipt} {number}",
        heading=words.receipt,
        number=number,
        lead=words.received.format(amount=formats.money(payment.amount)),
        recipient=(payment.client_name,) if payment.client_name else (),
        facts=receipt.receipt_facts(payment, str(payment.id), formats),
        stamp=None,
        notice=None,
        columns=receipt.receipt_columns(rows, formats),
        rows=rows,
        table_note=None,
        sums=receipt.receipt_sums(payment, formats),
        remarks=(),
        payment=None,
        passages=receipt.receipt_passages(payment, formats),
    )

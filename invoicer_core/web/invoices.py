"""The list of invoices and the page of one."""

from decimal import Decimal

from flask import Response, render_template, request
from flask_babel import gettext as _

from invoicer_core.domain.snapshots import InvoiceSnapshot, PaymentSnapshot
from invoicer_core.services import (
    clients,
    credit_notes,
    documents,
    invoices,
    links,
    papers,
    payments,
    timeline,
    workflows,
)
from invoicer_core.web import formats, words
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.forms.reading import Form, shown_number
from invoicer_core.web.site import query_of

TABS = ("", "draft", "open", "overdue", "paid", "void")


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/invoices", "invoices", invoice_list)
    site.add_url_rule("/invoices/<int:invoice_id>", "invoice", invoice)
    site.add_url_rule("/invoices/<int:invoice_id>/pdf", "invoice_pdf", invoice_pdf)
    site.add_url_rule("/credit-notes/<int:credit_note_id>/pdf", "credit_note_pdf", credit_note_pdf)
    site.add_url_rule("/payments/<int:payment_id>/receipt", "receipt", receipt)


def id_of(text: str | None) -> int | None:
    """An id in an address; None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


@members("invoices.read")
def invoice_list() -> Answer:
    """Invoices by status, client or words, newest first."""
    query = query_of("status", "q", "client_id", "cursor")
    if query.get("status", "") not in TABS:
        query.pop("status")
    status, client_id = query.get("status"), id_of(query.get("client_id"))
    page = invoices.find(
        q=query.get("q"),
        status=status if status != "open" else None,
        unpaid=status == "open",
        client_id=client_id,
        cursor=query.get("cursor"),
    )
    counts: dict[str, int] = dict(invoices.counts(client_id=client_id))
    counts["all"] = sum(counts.values())
    counts["open"] = counts.get("sent", 0) + counts.get("overdue", 0)
    labels = (_("All"), _("Drafts"), _("Open"), _("Overdue"), _("Paid"), _("Void"))
    return render_template(
        "invoices/list.html",
        page=page,
        query=query,
        counts=counts,
        tabs=list(zip(TABS, labels, strict=True)),
        client=clients.get(client_id=client_id) if client_id else None,
    )


@members("invoices.read")
def invoice(invoice_id: int) -> Answer:
    """One invoice with its story."""
    return detail_page(invoices.get(invoice_id=invoice_id))


def detail_page(found: InvoiceSnapshot, *, show: str = "", form: Form | None = None) -> str:
    """The page; ``show`` names the dialog that is open, filled from ``form``."""
    recipient = found.buyer.email if found.buyer else None
    if recipient is None:
        recipient = clients.get(client_id=found.client_id).email
    values = {
        "amount": shown_number(found.balance_due, formats.locale()),
        "date": formats.today().isoformat(),
        "method": "bank_transfer",
        "recipient": recipient or "",
        "channel": "email",
    }
    return render_template(
        "invoices/detail.html",
        invoice=found,
        show=show,
        form=form or Form(values),
        recipient=recipient,
        link=links.invoice_link(public_id=found.public_id) if found.state == "issued" else None,
        payments=_payments(found),
        credits=credit_notes.find(invoice_id=found.id).items if found.issued_at else (),
        timeline=timeline.of_invoice(invoice_id=found.id),
        runs=workflows.of_invoice(invoice_id=found.id) if found.issued_at else (),
        received=papers.RECEIVED,
        methods=words.method_options(),
        channels=[("email", _("E-mail"))],
    )


def _payments(found: InvoiceSnapshot) -> list[tuple[PaymentSnapshot, Decimal]]:
    """Each payment with what of it lies on this invoice."""
    if found.issued_at is None:
        return []
    page = payments.find(invoice_id=found.id)
    return [
        (each, sum((p.amount for p in each.allocations if p.invoice_id == found.id), Decimal(0)))
        for each in page.items
    ]


@members("invoices.read")
def invoice_pdf(invoice_id: int) -> Answer:
    """The frozen PDF; waits for one that is being made."""
    document, content = documents.await_pdf(invoice_id=invoice_id)
    return pdf_response(document.filename, content)


@members("invoices.read")
def credit_note_pdf(credit_note_id: int) -> Answer:
    """The PDF of a credit note; waits for one that is being made."""
    document, content = documents.await_pdf(credit_note_id=credit_note_id)
    return pdf_response(document.filename, content)


@members("payments.read")
def receipt(payment_id: int) -> Answer:
    """The receipt of a payment."""
    document, content = documents.await_pdf(payment_id=payment_id)
    return pdf_response(document.filename, content)


def pdf_response(filename: str, content: bytes) -> Response:
    """A PDF to look at or keep."""
    response = Response(content, mimetype="application/pdf")
    kind = "inline" if request.args.get("show") else "attachment"
    response.headers.set("Content-Disposition", kind, filename=filename)
    return response

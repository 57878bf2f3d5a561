"""The page of an invoice, and the PDFs that belong to it."""

from collections.abc import Sequence
from decimal import Decimal

from flask import Response, redirect, render_template, request

from invoicer_core.domain.snapshots import (
    ClientSnapshot,
    InvoiceSnapshot,
    MessageSnapshot,
    PaymentSnapshot,
    StoredDocument,
    TimelineEntry,
)
from invoicer_core.services import (
    clients,
    credit_notes,
    documents,
    editing,
    invoices,
    links,
    messages,
    payments,
    timeline,
    workflows,
)
from invoicer_core.services.documents import papers
from invoicer_core.services.messages import notifications, reaching
from invoicer_core.services.messages.reaching import Way
from invoicer_core.web import access, composer, formats, words
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.forms.reading import Form, shown_number


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/invoices/<int:invoice_id>", "invoice", invoice)
    site.add_url_rule("/invoices/<int:invoice_id>/pdf", "invoice_pdf", invoice_pdf)
    site.add_url_rule("/credit-notes/<int:credit_note_id>/pdf", "credit_note_pdf", credit_note_pdf)
    site.add_url_rule("/payments/<int:payment_id>/receipt", "receipt", receipt)


def id_of(text: str | None) -> int | None:
    """An id in an address; None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


@members("invoices.read")
def invoice(invoice_id: int) -> Answer:
    """One invoice with its story."""
    return detail_page(invoices.get(invoice_id=invoice_id))


def detail_page(found: InvoiceSnapshot, *, show: str = "", form: Form | None = None) -> str:
    """The page; ``show`` names the dialog that is open, filled from ``form``."""
    client = clients.get(client_id=found.client_id)
    ways = notifications.channels(client=client)
    first = reaching.first(client)
    values = {
        "amount": shown_number(found.balance_due, formats.locale()),
        "date": formats.today().isoformat(),
        "method": "bank_transfer",
        "recipient": (ways[0].address or "") if ways else "",
        "channel": ways[0].name if ways else "",
        "internal_note": found.internal_note or "",
    }
    issued = found.issued_at is not None
    return render_template(
        "invoices/detail.html",
        invoice=found,
        show=show,
        form=form or Form(values),
        plain=Form(values),
        first=first,
        link=links.invoice_link(public_id=found.public_id) if found.state == "issued" else None,
        payments=_payments(found),
        credits=credit_notes.find(invoice_id=found.id).items if issued else (),
        story=told(timeline.of_invoice(invoice_id=found.id)),
        messages=_messages(found) if issued else (),
        runs=workflows.of_invoice(invoice_id=found.id) if issued else (),
        received=papers.RECEIVED,
        methods=words.method_options(),
        channels=[(each.name, composer.channel_word(each)) for each in ways],
        letters=letters(client, found, ways[0], show, form) if ways and issued else {},
        client=client,
        languages=list(composer.LANGUAGES.items()),
        exposure=_exposure(client, found),
    )


def letters(
    client: ClientSnapshot, found: InvoiceSnapshot, way: Way, show: str, form: Form | None
) -> dict[str, composer.Part]:
    """What the messages that can be sent by hand would say, by the dialog; in the open one, what
    was typed."""
    if found.state != "issued":
        return {}
    kinds = {"send": "invoice", **({"remind": "reminder"} if found.balance_due > 0 else {})}
    return {
        dialog: composer.filled(form, client, found, kind)
        if dialog == show and form is not None
        else composer.begun(client, found, kind, way)
        for dialog, kind in kinds.items()
    }


def told(entries: Sequence[TimelineEntry]) -> list[tuple[TimelineEntry, int]]:
    """The story, with how often in a row somebody saved a draft: that is one line."""
    lines: list[tuple[TimelineEntry, int]] = []
    for entry in entries:
        again = lines and entry.name == lines[-1][0].name == "invoice.updated"
        if again and entry.actor == lines[-1][0].actor:
            lines[-1] = (entry, lines[-1][1] + 1)
        else:
            lines.append((entry, 1))
    return lines


def _messages(found: InvoiceSnapshot) -> tuple[MessageSnapshot, ...]:
    if not access.may("messages.read"):
        return ()
    return messages.find(invoice_id=found.id).items


def _exposure(client: ClientSnapshot, found: InvoiceSnapshot) -> editing.Exposure | None:
    if found.state != "draft":
        return None
    return editing.exposure(client=client, amount=found.amount_due, currency=found.currency)


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
    return stored_pdf(documents.await_stored(invoice_id=invoice_id))


@members("invoices.read")
def credit_note_pdf(credit_note_id: int) -> Answer:
    """The PDF of a credit note; waits for one that is being made."""
    return stored_pdf(documents.await_stored(credit_note_id=credit_note_id))


@members("payments.read")
def receipt(payment_id: int) -> Answer:
    """The receipt of a payment."""
    return stored_pdf(documents.await_stored(payment_id=payment_id))


def stored_pdf(document: StoredDocument) -> Answer:
    """A stored PDF: straight from its store where that gives out links, else through us, which
    compares its hash first."""
    if not request.args.get("show") and (address := documents.link(document=document)):
        return redirect(address)
    return pdf_response(document.filename, documents.content_of(document=document))


def pdf_response(filename: str, content: bytes) -> Response:
    """A PDF to look at or keep."""
    response = Response(content, mimetype="application/pdf")
    kind = "inline" if request.args.get("show") else "attachment"
    response.headers.set("Content-Disposition", kind, filename=filename)
    return response

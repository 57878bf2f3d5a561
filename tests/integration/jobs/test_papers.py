"""Credit notes and receipts: rendered, kept and given out as invoices are."""

from dataclasses import replace
from decimal import Decimal
from email import message_from_bytes, policy

from sqlalchemy import text

from invoicer_core.domain.drafts import CreditNoteDraft, PaymentDraft
from invoicer_core.models import db
from invoicer_core.services import businesses, credit_notes, documents, invoices, payments, products
from invoicer_core.services.products import stock
from tests.factories import BY
from tests.integration.builtin.pdf_reading import Pdf
from tests.integration.jobs.test_invoice_delivery import a_draft, fresh, issue, the_message
from tests.peers.processes import until


def credited(invoice_id: int):
    return credit_notes.create(
        draft=CreditNoteDraft(invoice_id=invoice_id, reason="came back"), by=BY
    )


def paid(invoice_id: int, amount: str):
    draft = PaymentDraft(amount=Decimal(amount), method="cash", invoice_id=invoice_id)
    return payments.record(draft=draft, by=BY)


def stored_events() -> list[dict]:
    db.session.rollback()
    found = db.session.scalars(
        text("SELECT data FROM events WHERE name = 'document.stored' ORDER BY id")
    )
    return list(found)


def test_a_credit_note_gets_its_pdf_after_it_was_issued(business, data, clock, worker):
    invoice = issue(send=False)
    note = credited(invoice.id)
    shown = until(lambda: with_pdf(note.id))
    assert shown.pdf_url == f"/api/v1/credit-notes/{note.id}/pdf"
    kept, pdf = fresh(documents.get_pdf, credit_note_id=note.id)
    assert (kept.kind, kept.credit_note_id, kept.invoice_id) == ("credit_note", note.id, None)
    assert (kept.revision, kept.filename) == (1, f"{note.credit_note_number}.pdf")
    page = Pdf(pdf).text
    assert note.credit_note_number in page
    assert invoice.invoice_number in page
    assert fresh(documents.render, credit_note_id=note.id) == kept
    assert [e["id"] for e in stored_events() if e.get("credit_note_id") == note.id] == [kept.id]


def with_pdf(credit_note_id: int):
    found = fresh(credit_notes.get, credit_note_id=credit_note_id)
    return found if found.pdf_url else None


def test_the_thanks_for_a_payment_carry_the_receipts(business, data, clock, worker):
    businesses.update(fields={"settings": {"mail_paid": True}}, by=BY)
    invoice = issue(send=False)
    parts = [paid(invoice.id, "97.50"), paid(invoice.id, "200.00")]
    message = until(lambda: the_message(invoice.id, "sent"))
    assert message.kind == "receipt"
    path = data / "mail" / f"{message.id}.eml"
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    files = {file.get_filename(): file.get_content() for file in mail.iter_attachments()}
    assert list(files) == [f"receipt-{part.id}.pdf" for part in parts]
    kept, pdf = fresh(documents.get_pdf, payment_id=parts[1].id)
    assert files[kept.filename] == pdf


def test_what_a_credit_settled_is_thanked_for_without_a_receipt(business, data, clock, worker):
    businesses.update(fields={"settings": {"mail_paid": True}}, by=BY)
    invoice = issue(send=False)
    credited(invoice.id)
    message = until(lambda: the_message(invoice.id, "sent"))
    path = data / "mail" / f"{message.id}.eml"
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert list(mail.iter_attachments()) == []


def test_sold_goods_leave_the_stock_and_come_back(business, data, clock, worker):
    product = products.create(
        fields={"name": "Tea", "unit_price": Decimal(2), "stock_quantity": Decimal(5)}, by=BY
    )
    invoice = invoices.create(draft=with_product(a_draft(), product.id), by=BY, issue=True)
    left = until(lambda: moved(product.id, invoice.id))
    assert [(each.quantity, each.reason) for each in left] == [
        (Decimal("-2.5"), f"invoice {invoice.invoice_number}")
    ]
    invoices.void(invoice_id=invoice.id, reason="typo", by=BY)
    both = until(lambda: moved(product.id, invoice.id, count=2))
    assert both[0].stock_after == 5


def moved(product_id: int, invoice_id: int, count: int = 1):
    page = fresh(stock.movements, product_id=product_id)
    found = [each for each in page.items if each.invoice_id == invoice_id]
    return found if len(found) == count else None


def with_product(draft, product_id: int):
    (item,) = draft.document.items
    document = replace(draft.document, items=(replace(item, product_id=product_id),))
    return replace(draft, document=document)

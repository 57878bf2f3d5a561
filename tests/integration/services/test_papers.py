"""What PDFs are made of, kept and given out; no worker is at work here."""

import threading
from decimal import Decimal

import pytest
from sqlalchemy import text

from invoicer_core.domain.document import Document, Item, Tax
from invoicer_core.domain.drafts import CreditNoteDraft, InvoiceDraft, PaymentDraft
from invoicer_core.domain.errors import Conflict, NotFound, Unavailable
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import clients, credit_notes, documents, invoices, payments
from invoicer_core.services.documents import papers, records
from tests.factories import BY
from tests.integration.builtin.pdf_reading import Pdf


def issue():
    client_id = clients.create(fields={"name": "Buyer"}, by=BY).id
    items = (Item("Work", Decimal(3), Decimal(100), taxes=(Tax("S", Decimal(20)),)),)
    draft = InvoiceDraft(document=Document("EUR", items), client_id=client_id)
    return invoices.create(draft=draft, by=BY, issue=True)


def paid(invoice_id: int, amount: str):
    draft = PaymentDraft(amount=Decimal(amount), method="cash", invoice_id=invoice_id)
    return payments.record(draft=draft, by=BY)


def test_who_asks_while_a_worker_owes_the_pdf_waits_for_it(business):
    draft = CreditNoteDraft(invoice_id=issue().id, reason="came back")
    note = credit_notes.create(draft=draft, by=BY)
    with pytest.raises(Unavailable, match="is being made") as refusal:
        documents.await_pdf(seconds=0.1, credit_note_id=note.id)
    assert refusal.value.retry_after == 5
    db.session.execute(text("UPDATE deliveries SET due_at = now() + interval '1 hour'"))
    db.session.commit()
    kept, _ = documents.await_pdf(seconds=0.1, credit_note_id=note.id)
    assert kept.revision == 1


def test_a_pdf_of_what_an_invoice_was_is_not_kept_as_what_it_is(business):
    """It is voided while its PDF is made."""
    invoice = issue()
    before = papers.load({"invoice_id": invoice.id})
    invoices.void(invoice_id=invoice.id, reason="typo", by=BY)
    now, kept = records._keep({"invoice_id": invoice.id}, before, b"%PDF-old")
    assert (now.edition, kept) == ("void", None)
    document = documents.render(invoice_id=invoice.id)
    assert document.revision == 1
    assert "VOID" in Pdf(documents.content_of(document=document)).text.upper()


def test_several_who_made_it_at_once_keep_one(app, business):
    paper = papers.load({"payment_id": paid(issue().id, "50.00").id})
    together, kept = threading.Barrier(8), []

    def keep():
        with app.app_context(), enter_business(business):
            together.wait(10)
            kept.append(records._keep({"payment_id": paper.id}, paper, b"%PDF-x")[1])

    threads = [threading.Thread(target=keep) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(kept) == 8
    assert len(set(kept)) == 1


def test_a_receipt_says_what_came_in_and_what_went_back(business):
    invoice = issue()
    payment = paid(invoice.id, "100.00")
    first, pdf = documents.await_pdf(payment_id=payment.id)
    assert (first.kind, first.payment_id, first.revision) == ("receipt", payment.id, 1)
    assert first.filename == f"receipt-{payment.id}.pdf"
    page = Pdf(pdf).text
    assert invoice.invoice_number in page
    assert "100.00" in page
    assert documents.render(payment_id=payment.id) == first
    payments.refund(payment_id=payment.id, amount=Decimal("12.34"), by=BY)
    second, pdf = documents.await_pdf(payment_id=payment.id)
    assert second.revision == 2
    assert "12.34" in Pdf(pdf).text
    payments.refund(payment_id=payment.id, amount=Decimal("1.00"), by=BY)
    third, pdf = documents.await_pdf(payment_id=payment.id)
    assert third.revision == 3
    assert "13.34" in Pdf(pdf).text


def test_every_refund_of_money_on_no_invoice_makes_another_edition(business):
    client_id = clients.create(fields={"name": "Payer"}, by=BY).id
    draft = PaymentDraft(amount=Decimal(100), method="cash", client_id=client_id)
    payment = payments.record(draft=draft, by=BY)
    for _ in range(3):
        payments.refund(payment_id=payment.id, amount=Decimal(1), by=BY)
        last = documents.render(payment_id=payment.id)
    assert last.revision == 3
    assert last.filename == f"receipt-{payment.id}.pdf"


def test_a_draft_is_only_looked_at(business):
    draft = invoices.duplicate(invoice_id=issue().id, by=BY)
    with pytest.raises(Conflict, match="is a draft"):
        documents.render(invoice_id=draft.id)
    assert "DRAFT" in Pdf(documents.preview(invoice_id=draft.id)).text.upper()


def test_money_that_has_not_come_in_has_no_receipt(business):
    payment = paid(issue().id, "1.00")
    db.session.execute(
        text("UPDATE payments SET status = 'pending' WHERE id = :id"), {"id": payment.id}
    )
    db.session.commit()
    with pytest.raises(Conflict, match="is pending"):
        documents.render(payment_id=payment.id)
    with pytest.raises(NotFound):
        documents.render(payment_id=payment.id + 1_000_000)
    with pytest.raises(TypeError):
        documents.render(payment_id=payment.id, invoice_id=1)

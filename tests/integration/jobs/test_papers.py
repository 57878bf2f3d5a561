"""Credit notes and receipts: rendered, kept and given out as invoices are."""

import threading
from dataclasses import replace
from decimal import Decimal
from email import message_from_bytes, policy

import pytest
from sqlalchemy import text

from invoicer_core.domain.drafts import CreditNoteDraft, PaymentDraft
from invoicer_core.domain.errors import Conflict, NotFound, Unavailable
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import (
    businesses,
    credit_notes,
    documents,
    invoices,
    papers,
    payments,
    products,
    stock,
)
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


def test_who_asks_while_a_worker_owes_the_pdf_waits_for_it(business, data):
    note = credited(issue(send=False).id)
    with pytest.raises(Unavailable, match="is being made") as refusal:
        documents.await_pdf(seconds=0.1, credit_note_id=note.id)
    assert refusal.value.retry_after == 5
    db.session.execute(text("UPDATE deliveries SET due_at = now() + interval '1 hour'"))
    db.session.commit()
    kept, _ = documents.await_pdf(seconds=0.1, credit_note_id=note.id)
    assert kept.revision == 1


def test_a_pdf_of_what_an_invoice_was_is_not_kept_as_what_it_is(business, data):
    """It is voided while its PDF is made."""
    invoice = issue(send=False)
    before = papers.load({"invoice_id": invoice.id})
    invoices.void(invoice_id=invoice.id, reason="typo", by=BY)
    now, kept = documents._keep({"invoice_id": invoice.id}, before, b"%PDF-old")
    assert (now.edition, kept) == ("void", None)
    document = documents.render(invoice_id=invoice.id)
    assert document.revision == 1
    assert "VOID" in Pdf(documents.content_of(document=document)).text.upper()


def test_two_who_render_at_once_keep_one(business, data, app):
    payment = paid(issue(send=False).id, "50.00")
    kept = []

    def render():
        with app.app_context(), enter_business(business):
            kept.append(documents.render(payment_id=payment.id))

    threads = [threading.Thread(target=render) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(kept) == 3
    assert len(set(kept)) == 1


def test_a_receipt_says_what_came_in_and_what_went_back(business, data):
    invoice = issue(send=False)
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


def test_money_that_has_not_come_in_has_no_receipt(business, data):
    payment = paid(issue(send=False).id, "1.00")
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

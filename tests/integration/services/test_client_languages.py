"""A client's language and currency reach what the client gets: mails and PDFs."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from invoicer_core.domain.document import Document, Item
from invoicer_core.domain.drafts import InvoiceDraft, PaymentDraft
from invoicer_core.services import clients, documents, invoices, mail_texts, payments, statements
from invoicer_core.services.clients import letters
from invoicer_core.services.messages import notifications
from tests.factories import BY
from tests.integration.builtin.pdf_reading import Pdf

KINDS = {path.name.split(".")[0] for path in Path(mail_texts.__file__).parent.glob("*.txt")}
WORDS = {
    "en-GB": ("CHF", "Invoice {} from Acme", "Invoice", "CHF1,234.50", "Receipt", "Statement"),
    "de-CH": ("CHF", "Rechnung {} von Acme", "Rechnung", "CHF 1’234.50", "Quittung",
              "Kontoauszug"),
    "fr-FR": ("EUR", "Facture {} de Acme", "Facture", "1 234,50 €", "Reçu", "Relevé"),
    "es-ES": ("USD", "Factura {} de Acme", "Factura", "1.234,50 US$", "Recibo", "Estado de cuenta"),
}  # fmt: skip


def spaced(text):
    """With plain spaces."""
    return text.replace("\xa0", " ").replace("\u202f", " ")


def printed(**of):
    return spaced(Pdf(documents.content_of(document=documents.render(**of))).text)


@pytest.mark.parametrize("locale", WORDS)
def test_every_mail_and_pdf_is_in_the_clients_language_and_currency(business, locale):
    currency, subject, word, amount, receipt, statement = WORDS[locale]
    client = clients.create(
        fields={"name": "Buyer", "email": "b@buyer.test", "locale": locale, "currency": currency},
        by=BY,
    )
    document = Document(currency, (Item("Work", Decimal(1), Decimal("1234.50")),))
    draft = InvoiceDraft(document=document, client_id=client.id)
    issued = invoices.create(draft=draft, by=BY, issue=True)
    mail = notifications.send_invoice(invoice_id=issued.id, by=BY)
    assert mail.subject == subject.format(issued.invoice_number)
    assert amount in spaced(mail.text)
    assert word in printed(invoice_id=issued.id)

    paid = payments.record(
        draft=PaymentDraft(amount=Decimal("1234.50"), invoice_id=issued.id), by=BY
    )
    assert paid.currency == currency
    thanks = letters.send_receipt(payment_id=paid.id, by=BY)
    assert receipt in thanks.subject
    assert amount in spaced(thanks.text)
    kept = statements.freeze(
        client_id=client.id, start=date(2026, 1, 1), end=date(2100, 1, 1), by=BY
    )
    assert kept.statement.currency == currency
    sent = letters.send_statement(statement_id=kept.id, by=BY)
    assert statement in sent.subject
    assert statement.lower() in printed(statement_id=kept.id).lower()


@pytest.mark.parametrize("language", mail_texts.LANGUAGES)
def test_every_mail_is_there_in_every_language(language):
    folder = Path(mail_texts.__file__).parent
    assert {kind for kind in KINDS if not (folder / f"{kind}.{language}.txt").exists()} == set()

"""Hostile texts in mails and papers: read as what they are, and never run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
import tinyhtml5
from flask import Flask

from invoicer_core.builtin.email.composing import compose
from invoicer_core.domain.document import Document, Item, Tax
from invoicer_core.domain.drafts import CreditNoteDraft, InvoiceDraft, PaymentDraft
from invoicer_core.models.documents import Message
from invoicer_core.models.tenancy import enter_business
from invoicer_core.plugin import OutgoingMessage
from invoicer_core.services import (
    clients,
    credit_notes,
    documents,
    invoices,
    payments,
    statements,
)
from invoicer_core.services.messages import message_rows, notifications
from tests.factories import BY, make_business
from tests.hostile import HOSTILE
from tests.integration.builtin.pdf_reading import Pdf
from tests.scale import Scale

ACTIVE = (b"/JavaScript", b"/JS", b"/Launch", b"/OpenAction", b"/AA", b"/SubmitForm",
          b"/EmbeddedFile", b"/RichMedia", b"/GoToR", b"/ImportData")  # fmt: skip
DANGEROUS = {"script", "iframe", "object", "embed", "base", "form", "svg", "link", "input",
             "button", "textarea"}  # fmt: skip
HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Reply-To",
    "Content-Type", "Content-Transfer-Encoding",
}  # fmt: skip
VAT = (Tax("S", Decimal(19), name="VAT"),)


@dataclass
class Made:
    """What a business with such names has on paper."""

    text: str
    client_id: int
    invoice_id: int
    payment_id: int
    credit_note_id: int
    statement_id: int


@pytest.fixture(params=HOSTILE, ids=range(len(HOSTILE)))
def made(request: pytest.FixtureRequest, app: Flask) -> Iterator[Made]:
    """One of everything, with the same hostile text wherever people may type one."""
    text: str = request.param
    with app.app_context():
        business_id = make_business(name=text, address=text, city=text[:100])
        with enter_business(business_id):
            yield _made(text)


def _made(text: str) -> Made:
    client = clients.create(
        fields={"name": text, "address": text, "city": text[:100], "email": "a@client.test"},
        by=BY,
    )
    item = Item(text, Decimal(1), Decimal(100), details=text, taxes=VAT)
    draft = InvoiceDraft(
        document=Document("EUR", (item,)), client_id=client.id, notes=text,
        buyer_reference=text[:100], purchase_order=text[:100], payment_terms=text,
    )  # fmt: skip
    invoice = invoices.create(draft=draft, by=BY, issue=True)
    other = invoices.create(draft=draft, by=BY, issue=True)
    note = credit_notes.create(
        draft=CreditNoteDraft(invoice_id=other.id, reason=text, notes=text), by=BY
    )
    payment = payments.record(
        draft=PaymentDraft(
            invoice_id=invoice.id, amount=Decimal(10), method="cash", reference=text, note=text
        ),
        by=BY,
    )
    today = datetime.now(UTC).date()
    kept = statements.freeze(client_id=client.id, start=today, end=today, by=BY)
    return Made(text, client.id, invoice.id, payment.id, note.id, kept.id)


def squeezed(text: str) -> str:
    """Without what lines are broken at."""
    return re.sub(r"[\s\u00ad\u200b-]+", "", text)


PAPERS = ("invoice_id", "credit_note_id", "payment_id", "statement_id")


def test_papers_show_it_and_do_nothing(made: Made, scale: Scale) -> None:
    chosen = HOSTILE.index(made.text) % len(PAPERS)
    for paper in PAPERS if scale(0, 1) else (PAPERS[0], PAPERS[chosen]):
        check_paper(made, paper)


def check_paper(made: Made, paper: str) -> None:
    documents.render(**{paper: getattr(made, paper)})
    _kept, data = documents.get_pdf(**{paper: getattr(made, paper)})
    found = Pdf(data)
    assert squeezed(made.text) in squeezed(" ".join(found.pages))
    assert "49{%" not in found.text
    whole = found.everything()
    assert [name for name in ACTIVE if re.search(rb"'" + name + rb"'", whole)] == []
    for page in found.reader.pages:
        for each in page.get("/Annots") or ():
            action = each.get_object().get("/A") or {}
            assert "evil" not in str(action)
            assert action.get("/S", "/URI") == "/URI"


class Elements:
    """Every element of a page with its attributes, and the text that is read, as a browser finds
    them."""

    def __init__(self, html: str) -> None:
        root = tinyhtml5.parse(html, namespace_html_elements=False)
        elements = [each for each in root.iter() if isinstance(each.tag, str)]
        self.found = [(each.tag.rpartition("}")[2], dict(each.attrib)) for each in elements]
        self.text = "".join(root.itertext())


@dataclass
class Letter:
    """A mail as it leaves the house, read by another library than the one that wrote it."""

    mail: EmailMessage
    plain: str = field(init=False)
    page: Elements = field(init=False)

    def __post_init__(self) -> None:
        self.plain = self.mail.get_body(("plain",)).get_content()
        self.page = Elements(self.mail.get_body(("html",)).get_content())


def letter_of(row: Message) -> Letter:
    message = OutgoingMessage(
        message_id=row.id, kind=row.kind, recipient=row.recipient, text=row.text,
        recipient_name=row.subject, subject=row.subject, html=row.html,
    )  # fmt: skip
    mail = compose(message, sender="us@house.test", sender_name=row.subject or "")
    return Letter(message_from_bytes(mail.as_bytes(), policy=policy.default))


def test_mails_show_it_and_do_nothing(made: Made) -> None:
    for send in (notifications.send_invoice, notifications.remind):
        sent = send(invoice_id=made.invoice_id, by=BY)
        check_letter(made, letter_of(message_rows.load(sent.id)))


@pytest.mark.parametrize("text", [each for each in HOSTILE if "<" in each and "&lt;" not in each])
def test_a_text_that_is_taken_for_html_is_seen(text: str) -> None:
    tags = Elements(f"<p>{text}</p>").found
    assert [tag for tag, attributes in tags if tag in DANGEROUS or "data-evil" in attributes]


def check_letter(made: Made, letter: Letter) -> None:
    assert squeezed(made.text) in squeezed(letter.plain)
    assert squeezed(made.text) in squeezed(letter.page.text)
    assert set(letter.mail.keys()) <= HEADERS
    assert "\n" not in letter.mail["Subject"]
    for tag, attributes in letter.page.found:
        assert tag not in DANGEROUS
        assert "data-evil" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("href", "src", "action"):
            assert not attributes.get(name, "").lower().startswith(("javascript:", "data:"))
            assert "evil.test" not in attributes.get(name, "")
    assert "49{%" not in letter.plain

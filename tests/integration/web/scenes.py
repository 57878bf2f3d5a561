"""A business with a client and invoices, seen from outside, and a browser for the client."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from html import unescape
from typing import Any
from uuid import uuid4

from flask import Flask
from werkzeug.test import TestResponse

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.document import Document, Item, Tax
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.models import db
from invoicer_core.models.documents import Message
from invoicer_core.services import businesses, clients, invoices, links
from tests.factories import make_business
from tests.integration.web.conftest import Visitor

BY = Actor("user", user_id=1, role="owner", label="owner@scene.test")
CODE = re.compile(r"\b(\d{4}) (\d{4})\b")
SAME = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Shop:
    """A business; ``client_id`` is its first client, with the address ``email``."""

    app: Flask
    business_id: int
    client_id: int
    email: str
    tokens: dict[int, str] = field(default_factory=dict)

    def issue(
        self,
        price: str = "100.00",
        *,
        client_id: int | None = None,
        issue: bool = True,
        **more: Any,
    ) -> InvoiceSnapshot:
        """An invoice over that and 19 % of tax, issued unless told."""
        item = Item(
            "Brand workshop", Decimal(1), Decimal(price), taxes=(Tax("S", Decimal(19), "VAT"),)
        )
        document = Document(more.pop("currency", "EUR"), (item,))
        draft = InvoiceDraft(document=document, client_id=client_id or self.client_id, **more)
        with self.app.app_context(), businesses.enter_business(self.business_id):
            made = invoices.create(draft=draft, by=BY)
            if issue:
                made = invoices.issue(invoice_id=made.id, by=BY)
            self.tokens[made.id] = links.invoice_token(made.public_id)
            return made

    def do(self, work: Any, **values: Any) -> Any:
        """Call a service in the business, as its owner."""
        with self.app.app_context(), businesses.enter_business(self.business_id):
            return work(by=BY, **values)

    def read(self, work: Any, **values: Any) -> Any:
        """Call a reading service in the business."""
        with self.app.app_context(), businesses.enter_business(self.business_id):
            return work(**values)

    def invoice(self, invoice_id: int) -> InvoiceSnapshot:
        """An invoice as it is now."""
        found: InvoiceSnapshot = self.read(invoices.get, invoice_id=invoice_id)
        return found

    def mails(self, kind: str) -> list[tuple[str, str]]:
        """Recipient and text of each message of a kind, oldest first."""
        with self.app.app_context(), businesses.enter_business(self.business_id):
            rows = db.session.query(Message).filter_by(business_id=self.business_id, kind=kind)
            return [(row.recipient, row.text or "") for row in rows.order_by(Message.id)]

    def newest_code(self) -> str:
        """The one-time code in the newest mail that waits; empty when it was sent meanwhile."""
        sent = self.mails("portal_code")
        found = CODE.search(sent[-1][1]) if sent else None
        return found[1] + found[2] if found else ""

    def link(self, made: InvoiceSnapshot) -> str:
        """The address that the client is sent."""
        return f"/i/{self.tokens[made.id]}"


def make_shop(app: Flask, **fields: Any) -> Shop:
    """A business in Hamburg that is paid by bank, with one client who reads German."""
    email = f"{uuid4().hex[:12]}@client.test"
    given = {
        "name": "Atelier Nordlicht", "country": "DE", "locale": "de", "email": "hello@atelier.test",
        "iban": "DE89370400440532013000", "bic": "COBADEFFXXX", "color": "#0f766e", **fields,
    }  # fmt: skip
    with app.app_context():
        business_id = make_business(**given)
        with businesses.enter_business(business_id):
            client = clients.create(
                fields={"name": "Harbour Books", "email": email, "notes": "pays late, be stern"},
                by=BY,
            )
    return Shop(app, business_id, client.id, email)


def words(answer: TestResponse) -> str:
    """The page as text: no tags, no more than one space."""
    text = re.sub(r"<(script|style)\b.*?</\1>", " ", answer.text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def once_of(answer: TestResponse) -> str:
    """The token of the page's first form that makes something."""
    found = re.search(r'name="once" value="([^"]+)"', answer.text)
    assert found is not None
    return found[1]


def pay(visitor: Visitor, link: str, **fields: str) -> TestResponse:
    """Send the form for paying, as the page shows it."""
    once = fields.get("once") or once_of(visitor.get(link))
    values = {"provider": "till", **fields, "once": once}
    headers = {**SAME, "Accept-Language": "en"}
    return visitor.http.post(f"{link}/pay", data=values, headers=headers)

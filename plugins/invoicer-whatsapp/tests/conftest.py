"""A business that writes over WhatsApp, its client's phone, and the Cloud API between them."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from invoicer_whatsapp import WhatsAppPlugin
from sqlalchemy import text
from werkzeug.test import TestResponse

from invoicer_core import host
from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.domain.document import Document, Item
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.snapshots import InvoiceSnapshot, MessageSnapshot
from invoicer_core.hooks.answers import RetryLater
from invoicer_core.hooks.context import Context
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import clients, invoices, messages, plugins
from invoicer_core.services.messages import consents, sending
from invoicer_core.services.plugins import plugin_jobs
from tests.factories import BY, make_business
from tests.peers.whatsapp import Value, WhatsApp, whatsapp_peer
from tests.peers.whatsapp_rules import Template

PHONE = "+4917612345678"
DIGITS = PHONE.removeprefix("+")
TEMPLATES = {
    "template_invoice": "invoice_ready en document client number amount due\n"
    "rechnung de document client number amount due",
    "template_reminder": "payment_reminder en client number amount due",
}
APPROVED = {
    ("invoice_ready", "en"): Template(values=4, document=True),
    ("rechnung", "de"): Template(values=4, document=True),
    ("payment_reminder", "en"): Template(values=4),
}

pytest.register_assert_rewrite("invoicer_core.plugin.testing")


@dataclass
class Shop:
    """One business, entered, with one client who has a phone."""

    app: Flask
    business_id: int
    client_id: int
    contact_id: int

    def set(self, **settings: Any) -> None:
        """Change settings of the plugin; secrets that are left out stay."""
        now = plugins.get(name="whatsapp").settings or {}
        plugins.change(name="whatsapp", settings={**now, **settings}, by=BY)
        db.session.commit()

    @property
    def ctx(self) -> Context[Any]:
        return host.current().context("whatsapp", self.business_id)

    def issue(self) -> InvoiceSnapshot:
        """An issued invoice of 100 euros."""
        document = Document("EUR", (Item("Consulting", Decimal(1), Decimal("100.00")),))
        draft = InvoiceDraft(document=document, client_id=self.client_id, due_date=date(2027, 3, 1))
        return invoices.create(draft=draft, by=BY, issue=True)

    def write(self, words: str = "Good morning", kind: str = "note", **more: Any) -> int:
        """A message that waits to be sent; its id."""
        given = {"recipient": PHONE, "client_id": self.client_id, **more}
        kept = messages.queue(kind=kind, channel="whatsapp", text=words, by=BY, **given)
        db.session.commit()
        return kept.id

    def agree(self, *, given: bool = True) -> None:
        """The client's word on WhatsApp."""
        consents.record(
            client_id=self.client_id, contact_id=self.contact_id, channel="whatsapp", given=given,
            how="form", day=date(2026, 1, 2), by=BY,
        )  # fmt: skip
        db.session.commit()

    def send(self, message_id: int) -> MessageSnapshot:
        """Let the sender work on it, as a worker does; RetryLater leaves it waiting."""
        delivery = db.session.execute(
            text(
                "SELECT d.id FROM deliveries d JOIN events e ON e.id = d.event_id"
                " WHERE d.subscriber = 'messages' AND CAST(e.data ->> 'id' AS bigint) = :id"
            ),
            {"id": message_id},
        ).scalar_one()
        db.session.rollback()
        try:
            sending.send_queued(message_id=message_id, delivery_id=delivery)
        finally:
            db.session.rollback()
        return self.message(message_id)

    def sent(self, *given: Any, **named: Any) -> MessageSnapshot:
        """Written and sent."""
        return self.send(self.write(*given, **named))

    def message(self, message_id: int) -> MessageSnapshot:
        db.session.rollback()
        return messages.get(message_id=message_id)

    def history(self) -> list[MessageSnapshot]:
        """All messages, oldest first."""
        db.session.rollback()
        return sorted(messages.find(limit=100).items, key=lambda each: each.id)

    def heard(self) -> list[str]:
        """What came in, oldest first."""
        return [each.text or "" for each in self.history() if each.direction == "in"]

    def work(self) -> int:
        """Run the plugin's own jobs that wait; how many."""
        rows = db.session.execute(
            text(
                "SELECT d.id, e.data FROM deliveries d JOIN events e ON e.id = d.event_id WHERE"
                " d.subscriber = 'job:whatsapp' AND d.state = 'due' ORDER BY d.id"
            )
        ).all()
        db.session.rollback()
        done = 0
        for delivery_id, data in rows:
            try:
                plugin_jobs.run(data)
            except RetryLater:
                continue
            db.session.execute(
                text("UPDATE deliveries SET state = 'done' WHERE id = :id"), {"id": delivery_id}
            )
            db.session.commit()
            done += 1
        return done

    def post(self, body: bytes, headers: dict[str, str], path: str = "meta") -> TestResponse:
        """A provider's call."""
        address = f"/hooks/whatsapp/{path}/{self.business_id}"
        return self.app.test_client().post(address, data=body, headers=headers)


@pytest.fixture(scope="session")
def port() -> int:
    """Of the public address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture(scope="session")
def config(variables: dict[str, str], port: int) -> Config:
    here = {"INVOICER_DEMO": "1", "INVOICER_URL": f"http://127.0.0.1:{port}"}
    return Config.from_environ({**variables, **here})


@pytest.fixture(scope="session")
def app(config: Config) -> Flask:
    return create_app(config, plugins=[WhatsAppPlugin])


@pytest.fixture
def peer() -> Iterator[WhatsApp]:
    """Meta, with the templates approved; every request kept to Meta's own specification."""
    with whatsapp_peer(templates=dict(APPROVED)) as found:
        yield found
        assert found.breaches == []


@pytest.fixture
def bare(app: Flask) -> Iterator[Shop]:
    """A business without settings, whose client agreed to WhatsApp."""
    with app.app_context():
        business_id = make_business(name="Atelier", locale="en", email="atelier@shop.test")
        with enter_business(business_id):
            fields = {"name": "Harbour Books", "phone": "+49 176 12345678", "locale": "en"}
            client = clients.create(fields=fields, by=BY)
            contact = clients.add_contact(
                client_id=client.id, fields={"name": "Ines", "phone": PHONE}, by=BY
            )
            plugins.change(name="whatsapp", enabled=True, by=BY)
            shop = Shop(app, business_id, client.id, contact.id)
            shop.agree()
            yield shop


@pytest.fixture
def shop(bare: Shop, peer: WhatsApp) -> Shop:
    """The business with its account at Meta."""
    bare.set(
        provider="meta", phone_number_id=peer.phone_id, access_token=peer.token,
        app_secret=peer.app_secret, verify_token=peer.verify_token, api_address=peer.url,
        **TEMPLATES,
    )  # fmt: skip
    return bare


@pytest.fixture
def tell(shop: Shop, peer: WhatsApp) -> Callable[..., TestResponse]:
    """Meta calls: ``tell(item, item, together=False)``."""

    def call(*items: Value, together: bool = True, **odd: str) -> TestResponse:
        body = peer.envelope(items, together=together, **odd)
        return shop.post(body, peer.signed(body))

    return call

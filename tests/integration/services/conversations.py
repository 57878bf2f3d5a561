"""Birds that carry messages, and a client who can be reached by them; for the tests of messages."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from flask import Flask
from sqlalchemy import text

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.domain.document import Document, Item
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.snapshots import InvoiceSnapshot, MessageSnapshot
from invoicer_core.hooks.answers import RetryLater
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.plugin import (
    Context,
    MessageChannel,
    OutgoingMessage,
    Plugin,
    Quote,
    SendResult,
    hookimpl,
)
from invoicer_core.services import clients, invoices, messages
from invoicer_core.services.messages import sending, watching
from tests.factories import BY, make_business

PHONE = "+43 660 1234567"
DUE = text(
    "SELECT d.id, d.subscriber, (e.data ->> 'id')::bigint FROM deliveries d"
    " JOIN events e ON e.business_id = d.business_id AND e.id = d.event_id"
    " WHERE d.state = 'due' AND d.due_at <= now() AND d.subscriber IN ('messages', 'message-watch')"
    " AND d.business_id = :business ORDER BY d.id"
)
SETTLED = text("UPDATE deliveries SET state = 'done' WHERE id = :id")
LATER = text("UPDATE deliveries SET due_at = now() + :wait WHERE id = :id")


class Birds(Plugin):
    """Two kinds of birds, and another carrier of mail."""

    name = "birds"
    default_on = True
    answers: ClassVar[dict[str, Callable[[OutgoingMessage], SendResult]]] = {}
    looked: ClassVar[list[int]] = []
    found: ClassVar[dict[int, Any]] = {}
    flown: ClassVar[list[tuple[str, OutgoingMessage]]] = []

    @hookimpl
    def message_channels(self) -> Iterable[MessageChannel]:
        yield MessageChannel(
            "pigeon", "Pigeon", _flies("pigeon"), address=lambda client: client.phone,
            carries_files=False, quote=quote, lookup=lookup,
        )  # fmt: skip
        yield MessageChannel(
            "owl", "Owl", _flies("owl"), address=lambda client: client.phone, needs_consent=True,
            quiet=True, carries_files=False,
        )  # fmt: skip
        yield MessageChannel("courier", "Courier", _flies("courier"), kind="email")


def _flies(channel: str) -> Callable[[Context[Any], OutgoingMessage], SendResult]:
    def send(_ctx: Context[Any], message: OutgoingMessage) -> SendResult:
        Birds.flown.append((channel, message))
        answer = Birds.answers.get(channel)
        return answer(message) if answer else SendResult("sent", f"{channel}-{message.message_id}")

    return send


def quote(_ctx: Context[Any], message: OutgoingMessage) -> Quote:
    """A feather for every 40 letters."""
    parts = -(-len(message.text) // 40)
    return Quote(segments=parts, cost=Decimal("0.05") * parts, currency="EUR", note="By air")


def lookup(_ctx: Context[Any], message: OutgoingMessage, _ref: str | None) -> SendResult | None:
    """What the test says."""
    Birds.looked.append(message.message_id)
    found = Birds.found.get(message.message_id)
    if isinstance(found, Exception):
        raise found
    return found


@dataclass
class Loft:
    """One business, entered, with one client."""

    app: Flask
    business_id: int
    client_id: int
    errors: list[str] = field(default_factory=list)

    def issue(self) -> InvoiceSnapshot:
        """An issued invoice of 100 euros, which tells nobody."""
        document = Document("EUR", (Item("Consulting", Decimal(1), Decimal("100.00")),))
        draft = InvoiceDraft(document=document, client_id=self.client_id, due_date=date(2027, 3, 1))
        return invoices.create(draft=draft, by=BY, issue=True)

    def order(self, *channels: str) -> None:
        """The order in which the client is reached."""
        clients.update(client_id=self.client_id, fields={"channels": list(channels)}, by=BY)

    def work(self, rounds: int = 5) -> None:
        """What a worker does, until nothing is due."""
        for _ in range(rounds):
            owed = db.session.execute(DUE, {"business": self.business_id}).all()
            db.session.rollback()
            if not owed:
                return
            for delivery_id, subscriber, message_id in owed:
                self._one(delivery_id, subscriber, message_id)

    def _one(self, delivery_id: int, subscriber: str, message_id: int) -> None:
        wait = None
        try:
            if subscriber == "messages":
                sending.send_queued(message_id=message_id, delivery_id=delivery_id)
            else:
                wait = watching.watch(message_id=message_id)
                if wait is None:
                    db.session.execute(SETTLED, {"id": delivery_id})
        except RetryLater as later:
            db.session.rollback()
            self.errors.append(later.reason)
            wait = later.after
        if wait is not None:
            db.session.execute(LATER, {"id": delivery_id, "wait": wait})
        db.session.commit()

    def said(self) -> list[MessageSnapshot]:
        """All messages, oldest first."""
        db.session.rollback()
        return sorted(messages.find(limit=100).items, key=lambda each: each.id)

    def states(self) -> list[tuple[str, str]]:
        """Channel and state of each, oldest first."""
        return [(each.channel, each.state) for each in self.said()]


@pytest.fixture(scope="module")
def birds(config: Config) -> Flask:
    """An application with the birds."""
    return create_app(config, plugins=[Birds])


@pytest.fixture
def loft(birds: Flask) -> Iterator[Loft]:
    """A business whose client has an e-mail address and a number."""
    for each in (Birds.answers, Birds.looked, Birds.found, Birds.flown):
        each.clear()
    with birds.app_context():
        business_id = make_business(name="Atelier", locale="en")
        with enter_business(business_id):
            fields = {"name": "Harbour Books", "email": "in@harbour.test", "phone": PHONE,
                      "country": "AT"}  # fmt: skip
            client = clients.create(fields=fields, by=BY)
            yield Loft(birds, business_id, client.id)
            db.session.rollback()

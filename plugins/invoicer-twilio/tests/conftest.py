"""A business in Hamburg with a Twilio of its own, both reached over real sockets."""

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from flask import Flask
from invoicer_twilio import TwilioPlugin
from werkzeug.serving import WSGIRequestHandler, make_server

from invoicer_core.app import create_app
from invoicer_core.config import Config, libpq_url
from invoicer_core.domain.document import Document, Item, Tax
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.snapshots import InvoiceSnapshot, MessageSnapshot
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import businesses, clients, invoices, messages
from invoicer_core.services.messages import consents
from tests.environment import Environment
from tests.factories import BY, make_business
from tests.peers.plugin_desk import PluginDesk
from tests.peers.twilio import ACCOUNT, NUMBER, TOKEN, Twilio, twilio_peer

AWAKE = {"quiet_from": "off", "quiet_until": "off"}


def new_number() -> str:
    """Somebody's mobile number."""
    return f"+4917{uuid4().int % 10**9:09d}"


@dataclass
class Desk(PluginDesk):
    """A business that sends over ``twilio``, and one client with a telephone."""

    url: str
    number: str
    twilio: Twilio
    plugin = "twilio"

    def set(self, **values: Any) -> None:
        """Change settings of the plugin; its health is asked for then."""
        super().set(**values)
        self.twilio.asked.clear()

    def issue(self, price: str = "1234.50", **more: Any) -> InvoiceSnapshot:
        """An issued invoice over that, tax included."""
        item = Item("Workshop", Decimal(1), Decimal(price), taxes=(Tax("Z", Decimal(0), "VAT"),))
        draft = InvoiceDraft(document=Document("EUR", (item,)), client_id=self.client_id, **more)
        made = self.do(invoices.create, draft=draft, by=BY)
        found: InvoiceSnapshot = self.do(invoices.issue, invoice_id=made.id, by=BY)
        return found

    def say(self, words: str = "Hello", channel: str = "sms", **more: Any) -> MessageSnapshot:
        """A message that waits to be sent, written by itself."""
        given = {"kind": "note", "recipient": self.number, "client_id": self.client_id, **more}
        given.setdefault("automatic", True)
        found: MessageSnapshot = self.do(
            messages.queue, text=words, channel=channel, by=BY, **given
        )
        return found

    def state(self, message_id: int) -> tuple[str, str | None]:
        """How a message stands, and why."""
        found = self.message(message_id)
        return found.state, found.error

    def send(self, words: str = "Hello", **more: Any) -> MessageSnapshot:
        """A message that was handed to Twilio."""
        made = self.say(words, **more)
        assert self.work() == []
        return self.message(made.id)

    def agree(self, channel: str = "voice") -> None:
        """The client agrees to be called."""
        self.do(consents.give, channel=channel, address=self.number, how="on paper", by=BY)

    def allows(self, channel: str) -> bool:
        """Whether the client may be reached over a channel."""
        found: bool = self.do(
            consents.allowed, client_id=self.client_id, channel=channel, address=self.number
        )
        return found


class Quiet(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nobody reads it."""


@pytest.fixture(scope="session")
def port() -> int:
    """A free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="session")
def variables(
    servers: Environment, variables: dict[str, str], worker_number: int, run_folder: Path, port: int
) -> dict[str, str]:
    """A database and Redis of its own: the worker of a test shall meddle with nobody else's. The
    application knows under which address Twilio reaches it; as in the demo, a stand-in on this
    machine may be called."""
    database = f"twilio_{worker_number}"
    servers.create_database(database)
    data = run_folder / f"twilio{worker_number}"
    data.mkdir(exist_ok=True)
    given = {**variables, **servers.variables(database), "INVOICER_DEMO": "1"}
    return {**given, "INVOICER_DATA": str(data), "INVOICER_URL": f"http://127.0.0.1:{port}"}


@pytest.fixture(scope="session")
def config(variables: dict[str, str]) -> Config:
    """The configuration of all of it."""
    return Config.from_environ(variables)


@pytest.fixture(scope="module")
def nothing_left(config: Config) -> None:
    """What earlier tests left undone is none of a new worker's business."""
    with psycopg.connect(libpq_url(config.owner_url or ""), autocommit=True) as connection:
        connection.execute("UPDATE deliveries SET state = 'done' WHERE state IN ('due', 'leased')")


@pytest.fixture(scope="session")
def app(config: Config) -> Flask:
    """An application with the plugin."""
    return create_app(config, plugins=[TwilioPlugin])


@pytest.fixture(scope="session")
def site(app: Flask, port: int) -> Iterator[str]:
    """The application, answering over a socket."""
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def twilio() -> Iterator[Twilio]:
    """Twilio; whatever it finds wrong with our requests fails the test."""
    with twilio_peer() as peer:
        yield peer
        assert peer.wrong == []


@pytest.fixture
def desk_for(app: Flask, site: str, twilio: Twilio) -> Callable[..., Desk]:
    """Makes a business whose client reads a language: ``desk_for("de")``."""
    return lambda locale="en-GB", **more: _make_desk(app, site, twilio, locale, **more)


@pytest.fixture
def desk(desk_for: Callable[..., Desk]) -> Desk:
    """A business with its account, and a client who can be called."""
    return desk_for()


def _make_desk(
    app: Flask, site: str, twilio: Twilio, locale: str, business_id: int | None = None
) -> Desk:
    """A business like that, or the one that there is."""
    number = new_number()
    with app.app_context():
        business_id = business_id or make_business(
            name="Atelier Nordlicht", country="DE", locale="de", time_zone="Europe/Berlin"
        )
        with enter_business(business_id):
            businesses.update(fields={"settings": AWAKE}, by=BY)
            fields = {"name": "Harbour Books", "phone": number, "locale": locale}
            client = clients.create(fields=fields, by=BY)
            person = {"name": "Ada Berg", "phone": number, "is_primary": True}
            clients.add_contact(client_id=client.id, fields=person, by=BY)
    desk = Desk(app, business_id, client.id, site, number, twilio)
    desk.set(account_sid=ACCOUNT, auth_token=TOKEN, sender=NUMBER, api_address=twilio.url)
    return desk

"""A business in Vienna that mails over SendGrid and Amazon SES, both reached over real sockets."""

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from invoicer_email_providers import EmailProvidersPlugin, sns_events

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.domain.snapshots import MessageSnapshot
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import clients, messages
from tests.factories import BY, make_business
from tests.peers.aws import Aws, aws_peer
from tests.peers.dns import Dns, dns_peer
from tests.peers.plugin_desk import PluginDesk
from tests.peers.sendgrid import API_KEY, SendGrid, sendgrid_peer
from tests.peers.ses import Amazon, amazon_peer

SENDER = "office@mills.test"


@dataclass
class Desk(PluginDesk):
    """A business with the plugin on, and a client with an address of its own."""

    address: str
    plugin = "email_providers"

    def write(self, channel: str = "sendgrid", **more: Any) -> int:
        """A mail that waits to be sent."""
        given = {"kind": "note", "recipient": self.address, "client_id": self.client_id,
                 "subject": "Hello", "text": "Good morning", **more}  # fmt: skip
        return int(self.do(messages.queue, channel=channel, by=BY, **given).id)

    def send(self, channel: str = "sendgrid", **more: Any) -> MessageSnapshot:
        """A mail that was handed over."""
        number = self.write(channel, **more)
        assert self.work() == []
        return self.message(number)

    def state(self, message_id: int) -> str:
        """How a message stands."""
        return str(self.message(message_id).state)

    def call(self, name: str, given: tuple[bytes, Mapping[str, str]]) -> int:
        """A provider calls a webhook; the status of the answer."""
        body, headers = given
        path = f"/hooks/{self.plugin}/{name}/{self.public_id()}"
        return int(self.app.test_client().post(path, data=body, headers=dict(headers)).status_code)


@pytest.fixture(scope="session")
def a_sendgrid() -> Iterator[SendGrid]:
    """SendGrid for all tests."""
    with sendgrid_peer() as peer:
        yield peer


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    """moto's server for all tests."""
    with aws_peer() as peer:
        peer.client("sesv2").create_email_identity(EmailIdentity="mills.test")
        yield peer


@pytest.fixture(scope="session")
def an_amazon(aws: Aws) -> Iterator[Amazon]:
    """Amazon's front for all tests."""
    with amazon_peer(aws) as peer:
        yield peer


@pytest.fixture(scope="session")
def a_dns() -> Iterator[Dns]:
    """A DNS server for all tests."""
    with dns_peer() as peer:
        yield peer


@pytest.fixture
def sendgrid(a_sendgrid: SendGrid) -> Iterator[SendGrid]:
    """SendGrid in a good mood, its outbox empty."""
    fresh = SendGrid(url=a_sendgrid.url, key=a_sendgrid.key)
    a_sendgrid.__dict__.update(fresh.__dict__)
    yield a_sendgrid
    a_sendgrid.go_on.set()


@pytest.fixture
def amazon(an_amazon: Amazon) -> Iterator[Amazon]:
    """Amazon in a good mood."""
    kept = {"url": an_amazon.url, "key": an_amazon.key, "forger": an_amazon.forger}
    an_amazon.__dict__.update(Amazon(an_amazon.aws, **kept).__dict__)
    sns_events._fetched.cache_clear()
    yield an_amazon
    an_amazon.go_on.set()


@pytest.fixture
def dns(a_dns: Dns) -> Dns:
    """A DNS server that knows nothing yet."""
    a_dns.zone.clear()
    a_dns.asked.clear()
    a_dns.mood = "works"
    return a_dns


@pytest.fixture(scope="session")
def app(variables: dict[str, str], a_sendgrid: SendGrid, an_amazon: Amazon, a_dns: Dns) -> Flask:
    """An application whose operator put the peers into the environment."""
    given = {
        **variables,
        **an_amazon.variables(),
        "SENDGRID_API_URL": a_sendgrid.url,
        "SENDGRID_API_KEY": API_KEY,
        "SENDGRID_EVENT_KEY": a_sendgrid.event_key,
        "EMAIL_DNS_SERVER": a_dns.address,
    }
    return create_app(Config.from_environ(given), plugins=[EmailProvidersPlugin])


def _open(app: Flask) -> Desk:
    address = f"{uuid4().hex[:10]}@buyer.test"
    with app.app_context():
        business_id = make_business(name="Mills & Sons", email=SENDER)
        with enter_business(business_id):
            fields = {"name": "Harbour Books", "email": address}
            client_id = clients.create(fields=fields, by=BY).id
    desk = Desk(app, business_id, client_id, address)
    desk.set()
    return desk


@pytest.fixture
def desk(app: Flask, sendgrid: SendGrid, amazon: Amazon, dns: Dns) -> Desk:
    """A business with the plugin on."""
    return _open(app)


@pytest.fixture
def desk_to_nowhere(variables: dict[str, str], an_amazon: Amazon, a_dns: Dns) -> Iterator[Desk]:
    """A business whose operator named providers at an address where nobody listens."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{kept.getsockname()[1]}"
        given = {
            **variables,
            **an_amazon.variables(),
            "SES_ENDPOINT": address,
            "SENDGRID_API_URL": address,
            "SENDGRID_API_KEY": API_KEY,
            "EMAIL_DNS_SERVER": a_dns.address,
        }
        yield _open(create_app(Config.from_environ(given), plugins=[EmailProvidersPlugin]))


@pytest.fixture
def other_desk(app: Flask, desk: Desk) -> Desk:
    """Another business with the plugin on."""
    return _open(app)

"""A business that is paid through a Stripe of our own, over real sockets in both directions."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask
from invoicer_stripe import StripePlugin
from invoicer_stripe.tables import Odd
from sqlalchemy import text
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import TestResponse

from invoicer_core import host
from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.hooks.answers import RetryLater
from invoicer_core.models import db
from invoicer_core.services import businesses, deliveries, payments, plugins
from invoicer_core.services.plugins import plugin_jobs
from tests.integration.web.conftest import Visitor
from tests.integration.web.scenes import SAME, Shop, make_shop, once_of
from tests.peers.stripe import StripePeer, stripe_peer
from tests.peers.stripe_books import Thing, new_id
from tests.peers.stripe_events import Endpoint

DUE = text(
    "SELECT id, subscriber FROM deliveries WHERE business_id = :business AND state = 'due'"
    " AND subscriber IN ('plugin:stripe', 'job:stripe') ORDER BY id"
)


@dataclass
class Till:
    """A business with Stripe: its shop, its account at the peer, and where events go."""

    shop: Shop
    peer: StripePeer
    account: str
    endpoint: Endpoint
    payer: Visitor
    site: str

    def pay(self, made: Any, **fields: str) -> TestResponse:
        """The payer chooses Stripe on the invoice's page."""
        link = self.shop.link(made)
        values = {"provider": "stripe", "once": once_of(self.payer.get(link)), **fields}
        headers = {**SAME, "Accept-Language": "en"}
        return self.payer.http.post(f"{link}/pay", data=values, headers=headers)

    def session(self) -> Thing:
        """The newest pay page of this account."""
        return next(
            e for e in self.peer.sessions() if self.peer.books.account[e["id"]] == self.account
        )

    def begun(self, price: str = "100.00", **more: Any) -> tuple[Any, Thing]:
        """An issued invoice, and the pay page that its client opened."""
        made = self.shop.issue(price, **more)
        answer = self.pay(made)
        assert answer.status_code == 303, answer.text
        return made, self.session()

    def paid(self, price: str = "100.00", **more: Any) -> tuple[Any, Thing]:
        """An invoice that was paid, and the intent at Stripe; its events have arrived."""
        made, session = self.begun(price, **more)
        assert self.peer.pay(session)
        self.settle()
        return made, self.peer.intent_of(session)

    def settle(self) -> None:
        """Wait for Stripe's events, then do the jobs."""
        self.peer.post.settled()
        self.work()
        self.peer.post.settled()

    def work(self) -> int:
        """Do what a worker would do for the plugin now; how much that was."""
        number = 0
        with self.shop.app.app_context(), businesses.enter_business(self.shop.business_id):
            while owed := db.session.execute(DUE, {"business": self.shop.business_id}).all():
                db.session.rollback()
                for delivery_id, subscriber in owed:
                    number += 1
                    self._deliver(delivery_id, subscriber)
        return number

    def _deliver(self, delivery_id: int, subscriber: str) -> None:
        found = deliveries.load(delivery_id=delivery_id)
        db.session.rollback()
        state = "done"
        if subscriber == "job:stripe":
            try:
                plugin_jobs.run(found.data)
            except RetryLater:
                state = "parked"
        elif found.event is not None:
            state = host.deliver("stripe", found.event).state
        db.session.rollback()
        deliveries.settle(delivery_id=delivery_id, state="parked" if state == "retry" else state)
        db.session.commit()

    def again(self) -> None:
        """What had to wait is due once more."""
        with self.shop.app.app_context(), businesses.enter_business(self.shop.business_id):
            db.session.execute(text("UPDATE deliveries SET state = 'due' WHERE state = 'parked'"))
            db.session.commit()

    def payment(self, made: Any) -> Any:
        """The only payment of an invoice, paid or not."""
        with self.shop.app.app_context(), businesses.enter_business(self.shop.business_id):
            number = db.session.execute(
                text("SELECT id FROM payments WHERE invoice_id = :id ORDER BY id DESC LIMIT 1"),
                {"id": made.id},
            ).scalar_one()
            return payments.get(payment_id=number)

    def rows(self, kind: Any) -> list[Any]:
        """The plugin's rows of this business."""
        with self.shop.app.app_context(), businesses.enter_business(self.shop.business_id):
            found = db.session.query(kind).filter_by(business_id=self.shop.business_id)
            rows = found.order_by(kind.id).all()
            db.session.expunge_all()
            return rows

    def odd(self) -> dict[str, int]:
        """Calls without effect, by reason."""
        return {row.reason: row.times for row in self.rows(Odd)}

    def events(self, *kinds: str) -> list[Thing]:
        """What happened at Stripe for this account, oldest first."""
        mine = [each for each in self.peer.post.outbox if each["_account"] == self.account]
        return [each for each in mine if not kinds or each["type"] in kinds]

    def deliver(self, event: Thing, **how: Any) -> int:
        """Send an event once, as told; the status of the answer."""
        return self.peer.post.deliver(event, self.endpoint, **how)

    def state(self, made: Any) -> tuple[Any, ...]:
        """All that Stripe's events can change of an invoice and its payment."""
        invoice, payment = self.shop.invoice(made.id), self.payment(made)
        refunds = tuple(sorted(each.amount for each in payment.refunds))
        return (invoice.status, invoice.balance_due, payment.status, payment.refunded_amount,
                payment.allocated_amount, refunds)  # fmt: skip

    def set(self, **settings: Any) -> None:
        """Change the plugin's settings; secrets that are not named stay."""
        given = {"api_address": self.peer.url, **settings}
        self.shop.do(plugins.change, name="stripe", settings=given)


class _Quiet(WSGIRequestHandler):
    def log(self, *arguments: Any) -> None:
        """Nobody reads it."""


@pytest.fixture(scope="session")
def stripe_app(config: Config) -> Flask:
    """The application with the plugin, in the manner of the demo: stand-ins on this machine may be
    called."""
    return create_app(replace(config, demo=True), plugins=[StripePlugin])


@pytest.fixture(scope="session")
def site(stripe_app: Flask) -> Iterator[str]:
    """Its address on a loopback port."""
    server = make_server("127.0.0.1", 0, stripe_app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(5)


@pytest.fixture(scope="session")
def stripe_site() -> Iterator[StripePeer]:
    """Stripe."""
    with stripe_peer() as peer:
        yield peer


@pytest.fixture
def stripe(stripe_site: StripePeer) -> StripePeer:
    """Stripe, in a good mood."""
    stripe_site.mood, stripe_site.moody, stripe_site.post.held = "works", None, False
    stripe_site.refused_keys.clear()
    return stripe_site


@pytest.fixture
def till(stripe_app: Flask, site: str, stripe: StripePeer) -> Till:
    """A business that takes part payments through Stripe."""
    return make_till(stripe_app, site, stripe)


@pytest.fixture
def other(stripe_app: Flask, site: str, stripe: StripePeer) -> Till:
    """Another one."""
    return make_till(stripe_app, site, stripe)


def make_till(app: Flask, site: str, stripe: StripePeer, *left_out: str) -> Till:
    """A business with an account of its own at Stripe, without the settings that are left out."""
    shop = make_shop(app)
    shop.do(businesses.update, fields={"settings": {"part_payments": True}})
    account = f"sk_test_{new_id('x')[2:]}"
    public_id = shop.read(businesses.current).public_id
    endpoint = stripe.listen(f"{site}/hooks/stripe/events/{public_id}", account)
    settings = {"secret_key": account, "webhook_secret": endpoint.secret, "api_address": stripe.url}
    given = {name: value for name, value in settings.items() if name not in left_out}
    shop.do(plugins.change, name="stripe", enabled=True, settings=given)
    return Till(shop, stripe, account, endpoint, Visitor(app.test_client()), site)

"""The plugin keeps the contract, with handlers that run twice on a real business."""

from collections.abc import Iterator

import pytest
from invoicer_stripe import StripePlugin
from invoicer_stripe.tables import Begun

from invoicer_core import host
from invoicer_core.models import db
from invoicer_core.plugin import Context
from invoicer_core.plugin.testing import PluginContract
from invoicer_core.services import businesses

SUBJECT = {"id": 1, "client_id": 1, "invoice_id": 1, "amount": 1}


class TestStripe(PluginContract):
    plugin = StripePlugin
    settings = {"secret_key": "sk_test_1", "webhook_secret": "whsec_1"}
    samples = tuple(
        (name, {**SUBJECT, "public_id": "00000000-0000-4000-8000-000000000001"})
        for name in ("invoice.issued", "invoice.voided", "invoice.paid", "invoice.written_off",
                     "payment.failed", "client.archived", "client.erased")
    )  # fmt: skip

    @pytest.fixture
    def ctx(self, till) -> Iterator[Context]:
        self.till = till
        till.begun()
        with till.shop.app.app_context(), businesses.enter_business(till.shop.business_id):
            yield host.current().context("stripe", till.shop.business_id)

    def state(self) -> object:
        db.session.commit()
        waiting = db.session.execute(db.text("SELECT count(*) FROM deliveries")).scalar_one()
        rows = db.session.query(Begun.session_id, Begun.is_over).order_by(Begun.id).all()
        return waiting, [tuple(row) for row in rows], self.till.session()["status"]

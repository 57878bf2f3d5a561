"""The plugin keeps the contract."""

from collections.abc import Iterator

import pytest
from invoicer_twilio import TwilioPlugin

from invoicer_core.models.tenancy import enter_business
from invoicer_core.plugin import Context
from invoicer_core.plugin.testing import PluginContract
from invoicer_core.services import messages

LOW = {"id": 7, "name": "Oak board", "stock_quantity": "3.000", "low_stock_level": "5"}


class TestTwilio(PluginContract):
    plugin = TwilioPlugin
    samples = (("product.low_stock", LOW),)

    @pytest.fixture
    def ctx(self, desk) -> Iterator[Context]:
        desk.set(alert_number="+4930901820")
        with desk.app.app_context(), enter_business(desk.business_id):
            yield desk.ctx()

    def state(self) -> object:
        return [(each.recipient, each.text) for each in messages.find().items]

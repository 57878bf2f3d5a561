"""The whole way, with a real worker and clock beside the application."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask

from invoicer_core.services import messages, products
from invoicer_core.services.messages import notifications
from invoicer_core.services.products import stock
from tests.factories import BY
from tests.peers.processes import Installed, until
from tests.peers.twilio import TOKEN

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def roles(
    variables: dict[str, str], run_folder: Path, app: Flask, nothing_left: None
) -> Iterator[list[Installed]]:
    """A worker and a clock as they are installed."""
    started = [Installed(name, variables, run_folder).start() for name in ("worker", "clock")]
    yield started
    for role in started:
        role.kill()


def test_from_the_button_to_the_telephone_and_back(desk, roles):
    invoice = desk.issue(due_date=date(2027, 1, 15))
    made = desk.do(
        notifications.send_invoice,
        invoice_id=invoice.id, channel="sms", recipient=desk.number, by=BY,
    )  # fmt: skip
    taken = until(lambda: (desk.twilio.sent() or [None])[0])
    assert invoice.invoice_number in taken.body
    until(lambda: desk.message(made.id).attempts[-1].provider_ref == taken.sid)
    desk.twilio.advance(taken, "sent")
    desk.twilio.advance(taken, "delivered")
    until(lambda: desk.state(made.id)[0] == "delivered")
    assert len(desk.twilio.sent()) == 1


def test_a_call_rings_and_two_sends_the_link(desk, roles):
    invoice = desk.issue(due_date=date(2027, 1, 15))
    desk.agree()
    desk.do(
        notifications.send_invoice,
        invoice_id=invoice.id, channel="voice", recipient=desk.number, by=BY,
    )  # fmt: skip
    exchange = desk.twilio.exchange
    until(lambda: exchange.calls)
    exchange.press(exchange.answer(exchange.only()), "2")
    text = until(lambda: (desk.twilio.sent() or [None])[0])
    assert "/i/" in text.body


def test_low_stock_is_told_to_the_owner_once(desk, roles):
    desk.set(alert_number="+4930901820")
    fields = {
        "name": "Oak board & co", "unit_price": Decimal(5), "stock_quantity": Decimal(10),
        "low_stock_level": Decimal(5),
    }  # fmt: skip
    product = desk.do(products.create, fields=fields, by=BY)
    desk.do(stock.move, product_id=product.id, quantity=Decimal(-6), reason="sold", by=BY)
    taken = until(lambda: (desk.twilio.sent() or [None])[0])
    assert (taken.to, taken.body) == (
        "+4930901820", "Atelier Nordlicht: Oak board & co geht zur Neige, noch 4.",
    )  # fmt: skip


def test_the_token_is_in_no_log_and_no_job(desk, roles):
    desk.twilio.mood = "busy"
    made = desk.say("Later, please")
    until(lambda: desk.twilio.asked)
    desk.twilio.mood = "works"
    for role in roles:
        assert TOKEN not in role.output()
    assert TOKEN not in repr(desk.do(messages.get, message_id=made.id))

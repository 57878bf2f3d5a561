"""The story with two people in it: an owner at a desk, a client with a telephone."""

import re
from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from invoicer_core.services.identity import sessions
from tests.e2e.conftest import (
    Owner,
    Watch,
    app,
    browser_type_launch_args,
    context,
    owner,
    running,
    signed_in,
    site,
    watch,
)
from tests.e2e.running import Running
from tests.peers.processes import until
from tests.peers.twilio import Twilio, twilio_peer

__all__ = [
    "app", "browser_type_launch_args", "context", "owner", "running", "signed_in", "site", "watch",
]  # fmt: skip

SEND = re.compile("^Send( again)?$")
TOLD = {"voice": "A call of about", "sms": "US$0.0158"}  # two parts

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture
def business_id(app: Flask, owner: Owner) -> int:
    """The owner's business."""
    with app.app_context():
        who = sessions.sign_in(email=owner.email, password=owner.password, kind="web").identity
    return who.business_id or 0


@pytest.fixture
def twilio(running: Running) -> Iterator[Twilio]:
    """Twilio, where whoever runs it all chose that it is."""
    with twilio_peer(running.twilio_port) as peer:
        yield peer
        assert peer.wrong == []


@pytest.fixture
def phone(browser: Browser, twilio, watch: Watch) -> Iterator[Page]:
    """What the client's telephone shows, which is no foreign host here."""
    # The check of the words may be under way when a page is left.
    watch.expect("htmx:afterRequest", "htmx:sendAbort")
    watch.allow(twilio.url)
    context = browser.new_context(base_url=twilio.url, viewport={"width": 390, "height": 844})
    watch.on(context)
    yield context.new_page()
    context.close()


def hand_over(screen: Page, invoice_id: int, channel: str, number: str) -> None:
    """Send an invoice over a channel, from its page; what it takes is told before."""
    screen.goto(f"/invoices/{invoice_id}")
    screen.get_by_role("button", name=SEND).first.click()
    dialog = screen.get_by_role("dialog")
    dialog.get_by_label("By").select_option(channel)
    expect(dialog.get_by_label("To", exact=True)).to_have_value(number)
    expect(dialog.get_by_text(TOLD[channel])).to_be_visible()
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(dialog).to_have_count(0)


def test_an_owner_writes_and_calls_and_a_client_answers(signed_in, phone, desk_for, business_id):
    screen, desk = signed_in, desk_for(business_id=business_id)
    desk.set(segment_cost="0.0079")
    desk.agree()
    invoice = desk.issue(due_date=date(2027, 1, 15))

    # A call: the client listens, and asks for the link.
    hand_over(screen, invoice.id, "voice", desk.number)
    until(lambda: desk.twilio.exchange.calls)
    phone.goto("/")
    phone.get_by_role("button", name="Answer", exact=True).click()
    expect(phone.get_by_text("1234 euros and 50 cents is due on 15 January 2027")).to_be_visible()
    phone.get_by_role("button", name="2", exact=True).click()
    expect(phone.get_by_text("on its way")).to_be_visible()
    until(lambda: len(desk.twilio.sent()) == 1)

    # A text: the owner sees it arrive without touching anything.
    hand_over(screen, invoice.id, "sms", desk.number)
    until(lambda: len(desk.twilio.sent()) == 2)
    taken = desk.twilio.sent()[-1]
    until(lambda: desk.twilio.advance(taken, "delivered").status == 204)
    page = screen.locator("main")
    expect(page.get_by_text("delivered", exact=True)).to_have_count(2)  # this, and the call

    # The answer: STOP, and the owner is told when trying again.
    phone.goto("/")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.get_by_role("button", name="STOP").first.click()
    until(lambda: not desk.allows("sms"))
    screen.goto("/messages")
    expect(screen.get_by_role("listitem").get_by_text("STOP", exact=True)).to_be_visible()
    screen.goto(f"/invoices/{invoice.id}")
    screen.get_by_role("button", name=SEND).first.click()
    dialog = screen.get_by_role("dialog")
    dialog.get_by_label("By").select_option("sms")
    expect(dialog.get_by_text("does not want")).to_be_visible()
    expect(dialog.get_by_text("As it arrives")).to_be_visible()
    assert len(desk.twilio.sent()) == 2

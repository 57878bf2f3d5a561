"""The story of one conversation: a bird that comes back, the mail that follows by itself, another
bird that lands, and the answer that shows up on screens nobody touched."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect

from invoicer_core.services import plugins
from tests.e2e.conftest import Owner, shop_of
from tests.integration.web.scenes import Shop
from tests.peers.loft import Loft, loft_peer
from tests.peers.processes import until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

NUMBER = "+49 40 123456"


@pytest.fixture(scope="module")
def loft() -> Iterator[Loft]:
    """Where the birds live."""
    with loft_peer() as peer:
        yield peer


@pytest.fixture
def shop(app: Flask, owner: Owner, loft: Loft) -> Shop:
    """The owner's business; its client is reached by pigeon first, then by mail."""
    shop = shop_of(app, owner, phone=NUMBER, channels=["pigeon", "email"])
    shop.do(plugins.change, name="pigeon", enabled=True, settings={"loft": loft.url})
    loft.birds.clear()
    return shop


def sent_from_the_dialog(desk: Page, loft: Loft) -> dict[str, Any]:
    """The invoice is sent by pigeon; the bird."""
    # What it says and what it takes is shown before it goes.
    desk.get_by_role("button", name="Send", exact=True).first.click()
    dialog = desk.get_by_role("dialog", name="Send the invoice")
    expect(dialog.get_by_label("By", exact=True)).to_have_value("pigeon")
    expect(dialog.get_by_label("To", exact=True)).to_have_value(NUMBER)
    expect(dialog.get_by_text("about €0.0")).to_be_visible()
    dialog.get_by_label("Message").fill("Hello, here is your invoice.")
    expect(dialog.get_by_text("1 part · about €0.02 · by air")).to_be_visible()
    dialog.get_by_role("button", name="Send", exact=True).click()

    first = until(lambda: loft.to(NUMBER), 90)[0]
    assert first["text"] == "Hello, here is your invoice."
    return first


def test_a_bounce_a_fallback_and_an_answer(shop: Shop, desk: Page, loft: Loft) -> None:
    invoice = shop.issue()
    desk.goto(f"/invoices/{invoice.id}")
    expect(desk.locator("[data-live-state=on]").first).to_be_attached()

    first = sent_from_the_dialog(desk, loft)
    panel = desk.get_by_role("region", name="Messages", exact=True)
    expect(panel.get_by_text("sent", exact=True)).to_be_visible()

    # It comes back: the mail follows by itself, on the same page, without a reload.
    assert loft.tell(first, "bounced", "Nobody lives there.") == 204
    expect(panel.get_by_text("Nobody lives there.")).to_be_visible(timeout=90_000)
    expect(panel.get_by_text("said again over another channel")).to_be_visible(timeout=90_000)
    expect(panel.get_by_text(shop.email)).to_be_visible()
    again = panel.get_by_role("listitem").filter(has_text=shop.email)
    expect(again.get_by_text("sent", exact=True)).to_be_visible(timeout=90_000)
    answered(desk, panel, first, loft)


def answered(desk: Page, panel: Locator, first: dict[str, Any], loft: Loft) -> None:
    """The client writes back, is read, and gets an answer."""
    # The client answers by pigeon: here and in Messages, live.
    second = desk.context.new_page()
    second.goto("/messages")
    expect(second.locator("[data-live-state=on]").first).to_be_attached()
    assert loft.answer(first, "Thank you, I pay on Monday.") == 204
    expect(panel.get_by_text("Thank you, I pay on Monday.")).to_be_visible(timeout=90_000)
    expect(second.get_by_text("Thank you, I pay on Monday.")).to_be_visible(timeout=90_000)
    expect(second.get_by_text("New answers (1)")).to_be_visible()

    # Read, and answered in the same conversation.
    second.get_by_text("Thank you, I pay on Monday.").click()
    expect(second.get_by_role("heading", name="The conversation")).to_be_visible()
    second.get_by_role("link", name="Answer", exact=True).click()
    expect(second.get_by_label("By", exact=True)).to_have_value("pigeon")
    second.get_by_label("Message").fill("Monday is fine.")
    second.get_by_role("button", name="Send", exact=True).click()
    expect(second.get_by_text("Monday is fine.").first).to_be_visible()
    birds = until(lambda: found if len(found := loft.to(NUMBER)) > 1 else None, 90)
    assert loft.tell(birds[1], "delivered") == 204
    row = panel.get_by_role("listitem").filter(has_text="Monday is fine.")
    expect(row.get_by_text("delivered")).to_be_visible(timeout=90_000)
    second.goto("/messages")
    expect(second.get_by_role("link", name="New answers", exact=True)).to_be_visible()

"""The story of a card: a client pays at Stripe's page, both screens follow, money goes back."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from invoicer_core.services import businesses, plugins
from tests.e2e.conftest import Owner, Watch, shop_of
from tests.e2e.running import Running
from tests.integration.web.scenes import Shop
from tests.peers.stripe import StripePeer, stripe_peer
from tests.peers.stripe_books import new_id

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

SOON = 60_000
"""Milliseconds: what another process tells, on a busy machine."""


@pytest.fixture(scope="module")
def stripe(running: Running) -> Iterator[StripePeer]:
    """Stripe."""
    with stripe_peer(running.stripe_port) as peer:
        yield peer


@pytest.fixture
def shop(app: Flask, site: str, owner: Owner, stripe: StripePeer) -> Shop:
    """The owner's business, which has an account at Stripe."""
    shop = shop_of(app, owner)
    shop.do(businesses.update, fields={"settings": {"part_payments": True}})
    account = f"sk_test_{new_id('x')[2:]}"
    public_id = shop.read(businesses.current).public_id
    endpoint = stripe.listen(f"{site}/hooks/stripe/events/{public_id}", account)
    settings = {
        "secret_key": account, "webhook_secret": endpoint.secret,
        "charge": "when issued",
    }  # fmt: skip
    shop.do(plugins.change, name="stripe", enabled=True, settings=settings)
    return shop


@pytest.fixture
def watch(watch: Watch, stripe: StripePeer) -> Watch:
    """As ever, and Stripe's page is no foreign host here."""
    watch.allow(stripe.url)
    return watch


def test_paid_by_card_and_given_back(
    shop: Shop, phone: Page, desk: Page, stripe: StripePeer
) -> None:
    made = shop.issue()
    desk.goto(f"/invoices/{made.id}")
    expect(desk.locator("[data-live-state=on]").first).to_be_attached()
    second = phone.context.new_page()
    second.goto(shop.link(made))
    expect(second.locator("[data-live-state=on]").first).to_be_attached()

    phone.goto(shop.link(made))
    phone.get_by_role("button", name="Pay with Stripe").click()
    expect(phone.get_by_role("heading", name="Pay 119.00 EUR")).to_be_visible()
    phone.get_by_role("button", name="Pay with a card that is declined").click()
    expect(phone.get_by_role("alert")).to_have_text("Your card was declined.")
    expect(desk.get_by_text("Paid", exact=True)).to_have_count(0)
    phone.get_by_role("button", name="Pay", exact=True).click()
    expect(phone.get_by_text("Your payment of €119.00 has arrived.")).to_be_visible(timeout=SOON)

    # Nobody touched these two: the owner's page, and another one of the client's.
    expect(desk.get_by_text("Paid", exact=True).first).to_be_visible(timeout=SOON)
    expect(second.get_by_text("Paid. Thank you!")).to_be_visible(timeout=SOON)

    desk.get_by_role("link", name="Refund €119.00").click()
    dialog = desk.get_by_role("dialog", name="Refund this payment?")
    expect(dialog.get_by_label("The way it came, now")).to_be_checked()
    dialog.get_by_label("Amount in EUR").fill("20")
    dialog.get_by_label("Why").fill("a day less")
    dialog.get_by_role("button", name="Refund").click()
    expect(desk.get_by_text("The money is on its way back.")).to_be_visible(timeout=SOON)
    expect(desk.get_by_text("€20.00").first).to_be_visible()
    second.reload()
    expect(second.get_by_text("€20.00").first).to_be_visible()
    (refund,) = [e for e in stripe.books.objects.values() if e["object"] == "refund"]
    assert (refund["amount"], refund["status"]) == (2000, "succeeded")


def test_a_client_lets_invoices_be_paid_by_themselves(
    shop: Shop, phone: Page, desk: Page, stripe: StripePeer
) -> None:
    made = shop.issue("10.00")
    phone.goto(shop.link(made))
    phone.get_by_role("link", name="Let your invoices be paid by themselves").click()
    expect(phone.get_by_role("heading", name="Let your invoices be paid")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.get_by_label("may charge my card for each invoice to me").check()
    phone.get_by_role("button", name="Save a card at Stripe").click()
    phone.get_by_role("button", name="Save this card").click()
    expect(phone.get_by_role("heading", name="Your invoices are paid by themselves")).to_be_visible(
        timeout=SOON
    )
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    newer = shop.issue()
    desk.goto(f"/invoices/{newer.id}")
    expect(desk.get_by_text("Paid", exact=True).first).to_be_visible(timeout=SOON)
    desk.goto(f"/clients/{shop.client_id}")
    expect(desk.get_by_role("heading", name="Saved card")).to_be_visible()
    desk.get_by_role("button", name="End automatic payment").click()
    expect(desk.get_by_text("Automatic payment was ended on")).to_be_visible()

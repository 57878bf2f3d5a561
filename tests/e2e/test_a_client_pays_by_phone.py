"""The story of a part payment: a client pays from a phone, the owner's screen follows by itself."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from invoicer_core.services import businesses, plugins
from tests.e2e.conftest import Owner, Watch, shop_of
from tests.e2e.running import Running
from tests.integration.web.scenes import CODE, Shop
from tests.peers.processes import until
from tests.peers.till import Till, till_peer

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def till() -> Iterator[Till]:
    """The payment provider."""
    with till_peer() as peer:
        yield peer


@pytest.fixture
def shop(app: Flask, owner: Owner, till: Till) -> Shop:
    """The owner's business, which takes part payments at the till."""
    shop = shop_of(app, owner)
    shop.do(businesses.update, fields={"settings": {"part_payments": True}})
    shop.do(plugins.change, name="paying", enabled=True, settings={"till": till.url})
    till.sales.clear()
    return shop


@pytest.fixture
def watch(watch: Watch, till: Till) -> Watch:
    """As ever, and the provider's page is no foreign host here."""
    watch.allow(till.url)
    return watch


def code_in_mail(data: str, shop: Shop) -> str:
    """The code in a mail to the client; without an SMTP server mails are files of the data folder,
    and the stored text is forgotten as soon as it is sent."""
    for path in Path(data, "mail").glob("*.eml"):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        body = mail.get_body(("plain",))
        if body is not None and shop.email in str(mail["To"]):
            found = CODE.search(body.get_content())
            if found is not None:
                return found[1] + found[2]
    return ""


def fits(page: Page) -> None:
    """The page needs no scrolling sideways."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_client_pays_a_part_from_a_phone(shop: Shop, phone: Page, desk: Page, till: Till) -> None:
    made = shop.issue()
    desk.goto(f"/invoices/{made.id}")
    expect(desk.locator("[data-live-state=on]").first).to_be_attached()

    phone.goto(shop.link(made))
    expect(phone.get_by_role("heading", level=1)).to_contain_text(made.invoice_number)
    expect(phone.locator(".public-amount strong")).to_have_text("€119.00")
    fits(phone)
    phone.get_by_label("Amount in EUR").fill("50")
    phone.get_by_role("button", name="Pay with the Till").tap()
    expect(phone.get_by_role("heading", name="The Till", exact=True)).to_be_visible()
    assert set(till.referrers) == {None}
    expect(phone.get_by_text("50.00 EUR")).to_be_visible()
    phone.get_by_role("button", name="Pay now").tap()
    expect(phone.get_by_text("Your payment of €50.00 has arrived.")).to_be_visible()
    expect(phone.get_by_text("€69.00 is still to be paid.")).to_be_visible()
    fits(phone)

    # The owner's second screen was not touched.
    expect(desk.get_by_text("€69.00").first).to_be_visible()
    phone.get_by_role("link", name="Back to the invoice").tap()
    expect(phone.locator(".public-amount strong")).to_have_text("€69.00")
    expect(phone.get_by_text("Payment of €50.00 received")).to_be_visible()
    assert phone.context.cookies() == []


def test_a_payer_who_does_not_come_back(
    shop: Shop, phone: Page, desk: Page, till: Till, running: Running
) -> None:
    made = shop.issue()
    desk.goto(f"/invoices/{made.id}")
    phone.goto(shop.link(made))
    phone.get_by_role("button", name="Pay with the Till").tap()
    expect(phone.get_by_role("heading", name="The Till", exact=True)).to_be_visible()
    phone.goto("about:blank")
    till.only()["state"] = "paid"
    # A worker asks the till; nobody told the business, and nobody reloads the page.
    paid = desk.get_by_text("Paid", exact=True).first

    def seen() -> bool:
        running.hurry(shop.business_id)
        return paid.is_visible()

    until(seen, 90, 0.3)


def test_the_clients_page_follows_what_the_owner_records(
    shop: Shop, phone: Page, desk: Page
) -> None:
    made = shop.issue()
    phone.goto(shop.link(made))
    expect(phone.locator("[data-live-state=on]").first).to_be_attached()
    desk.goto(f"/invoices/{made.id}")
    desk.get_by_role("button", name="Record payment").first.click()
    desk.get_by_role("dialog").get_by_role("button", name="Record payment").click()
    expect(phone.get_by_text("Paid. Thank you!")).to_be_visible()
    expect(phone.get_by_role("button", name="Pay with")).to_have_count(0)


def test_a_client_looks_through_its_own_pages(
    shop: Shop, phone: Page, watch: Watch, running: Running
) -> None:
    made = shop.issue()
    phone.goto(shop.link(made))
    phone.get_by_role("link", name="See my other invoices").tap()
    phone.get_by_label("Your e-mail address").fill(shop.email)
    phone.get_by_role("button", name="Send me a code").tap()
    expect(phone.get_by_role("heading", name="Look into your mail")).to_be_visible()
    watch.expect("status of 422")
    phone.get_by_label("Code").fill("0000 0000")
    phone.get_by_role("button", name="Open my invoices").tap()
    expect(phone.get_by_text("This code is wrong")).to_be_visible()
    phone.get_by_label("Code").fill(
        until(lambda: code_in_mail(running.variables["INVOICER_DATA"], shop), 20)
    )
    phone.get_by_role("button", name="Open my invoices").tap()
    expect(phone.get_by_text(f"Signed in as {shop.email}")).to_be_visible()
    for name in ("Invoices", "Credit notes", "Payments", "Statement", "Your data", "Overview"):
        phone.get_by_role("navigation", name="Your pages").get_by_role("link", name=name).tap()
        expect(phone).to_have_title(
            f"{'Overview' if name == 'Overview' else name} · Atelier Nordlicht"
        )
        fits(phone)
    phone.get_by_role("link", name=made.invoice_number).tap()
    expect(phone.get_by_role("heading", level=1)).to_contain_text(made.invoice_number)
    phone.get_by_role("link", name="See my other invoices").tap()
    phone.get_by_role("button", name="Sign out").tap()
    expect(phone.get_by_role("heading", name="You are signed out")).to_be_visible()

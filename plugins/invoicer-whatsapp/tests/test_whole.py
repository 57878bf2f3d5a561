"""A whole installation: an owner sends an invoice from the screen, and the client's phone shows it,
opens it and answers."""

from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from invoicer_core.services import businesses, clients, plugins
from invoicer_core.services.messages import consents
from tests.e2e.conftest import (
    Owner,
    Watch,
    app,
    browser_type_launch_args,
    context,
    owner,
    running,
    shop_of,
    signed_in,
    site,
    watch,
)
from tests.e2e.running import Running
from tests.integration.web.scenes import Shop
from tests.peers.processes import until
from tests.peers.whatsapp import WhatsApp

from .conftest import APPROVED, DIGITS, PHONE, TEMPLATES

__all__ = [
    "app", "browser_type_launch_args", "context", "owner", "running", "signed_in", "site", "watch",
]  # fmt: skip
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture
def meta(running: Running) -> Iterator[WhatsApp]:
    """Meta, which reports by itself what it delivered; who runs it all chose where it is."""
    running.meta.templates = dict(APPROVED)
    yield running.meta
    assert running.meta.breaches == []


@pytest.fixture
def stall(app: Flask, site: str, owner: Owner, meta: WhatsApp) -> Shop:
    """The owner's business at Meta, whose client agreed to WhatsApp."""
    stall = shop_of(app, owner, phone=PHONE)
    contact = stall.do(
        clients.add_contact,
        client_id=stall.client_id,
        fields={"name": "Ines", "phone": PHONE},
    )
    stall.do(
        consents.record, client_id=stall.client_id, contact_id=contact.id, channel="whatsapp",
        given=True, how="form", day=date(2026, 1, 2),
    )  # fmt: skip
    settings = {
        "phone_number_id": meta.phone_id, "access_token": meta.token,
        "app_secret": meta.app_secret, "verify_token": meta.verify_token, **TEMPLATES,
    }  # fmt: skip
    stall.do(plugins.change, name="whatsapp", enabled=True, settings=settings)
    business = stall.read(businesses.current)
    assert meta.subscribe(f"{site}/hooks/whatsapp/meta/{business.public_id}")
    return stall


@pytest.fixture
def phone(browser: Browser, meta: WhatsApp, watch: Watch) -> Iterator[Page]:
    """What the client's telephone shows."""
    # The check of the words may be under way when the dialog is left.
    watch.expect("htmx:afterRequest", "htmx:sendAbort")
    watch.allow(meta.url)
    context = browser.new_context(base_url=meta.url, viewport={"width": 390, "height": 844})
    watch.on(context)
    yield context.new_page()
    context.close()


def test_an_invoice_reaches_the_phone_and_the_answer_comes_back(
    stall: Shop, meta: WhatsApp, signed_in: Page, phone: Page
) -> None:
    desk = signed_in
    invoice = stall.issue(due_date=date(2027, 3, 1))
    desk.goto(f"/invoices/{invoice.id}")
    desk.get_by_role("button", name="Send", exact=True).first.click()
    dialog = desk.get_by_role("dialog")
    dialog.get_by_label("By", exact=True).select_option("whatsapp")
    expect(dialog.get_by_label("To", exact=True)).to_have_value(PHONE)
    dialog.get_by_role("button", name="Send").click()

    until(lambda: meta.sent, 60)
    sent = meta.only()
    assert sent.to == DIGITS
    assert sent.media is not None
    assert sent.media.data.startswith(b"%PDF-")
    phone.goto("/")
    expect(phone.get_by_role("link", name=f"{invoice.invoice_number}")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390

    # The owner's screen is not touched from here on.
    state = desk.get_by_role("region", name="Messages").locator(".pill")
    expect(state.filter(has_text="delivered").first).to_be_visible(timeout=40_000)
    phone.get_by_role("button", name="Mark read").click()
    expect(state.filter(has_text="read").first).to_be_visible()
    phone.get_by_label(f"Answer of {PHONE}").fill("Thank you, I pay on Friday.")
    phone.get_by_role("button", name="Send").first.click()
    expect(desk.get_by_text("Thank you, I pay on Friday.").first).to_be_visible()
    assert set(meta.answers) == {200}

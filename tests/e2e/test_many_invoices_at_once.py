"""The story of a month's end: many invoices found, chosen with the keyboard alone, sent and marked
as paid in the background, exported; the way to find them kept as a view."""

from decimal import Decimal

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect

from invoicer_core.domain.document import Document, Item
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.services import businesses, clients, invoices
from invoicer_core.services.identity import sessions
from tests.e2e.conftest import PASSWORD, Owner
from tests.factories import BY

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

MANY = 53


@pytest.fixture
def month(app: Flask, owner: Owner) -> int:
    """More invoices than a page shows: one client has no mail address, all others have."""
    with app.app_context():
        who = sessions.sign_in(email=owner.email, password=PASSWORD, kind="web").identity
        with businesses.enter_business(who.business_id):
            mute = clients.create(fields={"name": "Mute Stones"}, by=BY)
            heard = clients.create(
                fields={"name": "Harbour Books", "email": "accounts@harbour.test"}, by=BY
            )
            for number in range(MANY):
                document = Document("EUR", (Item("Work", Decimal(1), Decimal(number + 1)),))
                client_id = mute.id if number == 0 else heard.id
                draft = InvoiceDraft(document=document, client_id=client_id)
                invoices.create(draft=draft, by=BY, issue=True)
    return MANY


def refreshed(page: Page) -> None:
    """The list anew, as after something that another person did."""
    before = page.locator("[data-rows] tbody tr").first.element_handle()
    change = "new CustomEvent('invoicer:change', {detail: {kind: '*', text: ''}})"
    page.evaluate(f"document.dispatchEvent({change})")
    page.wait_for_function("(row) => !row.isConnected", arg=before)


def chosen(page: Page) -> Locator:
    return page.locator("[data-pick]:checked")


def test_with_the_keyboard_alone(signed_in: Page, month: int) -> None:
    page = signed_in
    page.goto("/invoices")
    expect(page.get_by_role("heading", name="Invoices", level=1)).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    for key in ("j", "x", "j", "j", "x"):
        page.keyboard.press(key)
    expect(chosen(page)).to_have_count(2)
    expect(page.locator(".bulk-bar")).to_contain_text("2 chosen")
    page.keyboard.press("k")
    number = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(number)
    page.go_back()
    page.keyboard.press("/")
    page.keyboard.type("mute x")
    expect(page.get_by_role("searchbox").first).to_have_value("mute x")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    expect(page.locator("[data-rows] tbody tr")).to_have_count(1)
    page.keyboard.press("n")
    page.wait_for_url("**/invoices/new")


def test_a_live_refresh_leaves_the_keyboard_where_it_is(signed_in: Page, month: int) -> None:
    page = signed_in
    page.goto("/invoices")
    expect(page.get_by_role("heading", name="Invoices", level=1)).to_be_visible()
    for key in ("j", "j"):
        page.keyboard.press(key)
    number = page.locator(":focus").inner_text()
    refreshed(page)
    expect(page.locator(":focus")).to_have_text(number)


def test_a_whole_list_is_sent_paid_and_exported(signed_in: Page, month: int) -> None:
    page = signed_in
    page.goto("/invoices?status=open")
    page.get_by_label("Choose all invoices of this page").check()
    page.get_by_label(f"All {month} of this list").check()
    refreshed(page)
    expect(page.get_by_label(f"All {month} of this list")).to_be_checked()
    page.get_by_role("button", name="Send", exact=True).click()
    dialog = page.get_by_role("dialog", name="Send invoices")
    expect(dialog).to_contain_text(f"{month - 1} invoices are mailed to their clients")
    expect(dialog).to_contain_text("1 is left out: its client has no mail address.")
    dialog.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Send {month} invoices")
    expect(page.locator("#task")).to_contain_text(f"{month - 1} sent", timeout=60_000)
    expect(page.locator("#task")).to_contain_text("1 left out: no mail address")

    page.goto("/invoices?status=open")
    page.get_by_label("Choose all invoices of this page").check()
    expect(chosen(page)).to_have_count(50)
    page.get_by_role("button", name="Mark as paid").click()
    dialog = page.get_by_role("dialog", name="Mark invoices as paid")
    expect(dialog).to_contain_text("On each of 50 invoices a payment of all that is open")
    dialog.get_by_label("How").select_option("cash")
    dialog.get_by_role("button", name="Record the payments").click()
    expect(page.locator("#task")).to_contain_text("50 payments recorded", timeout=60_000)
    page.get_by_role("link", name="To the invoices").click()
    expect(page.get_by_role("link", name="Paid50")).to_be_visible()

    page.get_by_label("Choose all invoices of this page").check()
    page.get_by_role("button", name="Export", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Export").click()
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role("link", name="Download").click(timeout=60_000)
    assert download.value.suggested_filename.endswith(".xlsx")


def test_a_view_is_kept_and_opens_the_list(signed_in: Page, month: int) -> None:
    page = signed_in
    page.goto("/invoices")
    page.get_by_text("Filter and sort").click()
    page.get_by_label("Client's name").fill("mute")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("link", name="Client: mute")).to_be_visible()
    page.get_by_text("Views", exact=True).click()
    page.get_by_role("button", name="Save this view").click()
    dialog = page.get_by_role("dialog", name="Save this view")
    dialog.get_by_label("Name").fill("Mute ones")
    dialog.get_by_label("Open the list with it from now on").check()
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("Mute ones")
    page.get_by_role("link", name="Invoices").first.click()
    expect(page.locator("[data-rows] tbody tr")).to_have_count(1)

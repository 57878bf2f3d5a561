"""The story of a first invoice: written, issued, seen by the client, paid, in two browsers."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Watch

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]


def write_invoice(page: Page) -> None:
    """A new client, and two items with live totals."""
    page.get_by_role("link", name="New invoice").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New invoice")
    expect(page.locator("[data-live-state=on]").first).to_be_attached()  # its scripts have run
    page.get_by_label("Client", exact=True).press_sequentially("Harbour Books")
    page.get_by_role("button", name="New client “Harbour Books”").click()
    expect(page.get_by_label("Name")).to_have_value("Harbour Books")
    page.get_by_label("E-mail").fill("accounts@harbour.test")
    page.get_by_label("Description").fill("Brand workshop")
    page.get_by_label("Quantity").fill("2,5")
    page.get_by_label("Price", exact=True).fill("1.250,00")
    totals = page.locator("#totals")
    expect(totals).to_contain_text("€3,125.00")
    expect(totals).to_contain_text("€593.75")
    expect(totals).to_contain_text("€3,718.75")
    page.get_by_role("button", name="Add item").click()
    second = page.get_by_role("group", name="Item").nth(1)
    second.get_by_label("Description").fill("Travel")
    second.get_by_label("Price", exact=True).fill("81.25")
    expect(totals).to_contain_text("€3,815.44")
    expect(second.locator("output")).to_have_text("€81.25")


def issue_and_download(page: Page) -> None:
    page.get_by_role("button", name="Issue", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("€3,815.44 for Harbour Books")
    expect(dialog.get_by_label("Send it by e-mail to accounts@harbour.test")).to_be_checked()
    dialog.get_by_role("button", name="Issue").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(r"INV-\d{4}-0001"))
    expect(page.get_by_role("region", name="Timeline")).to_contain_text(
        "PDF stored", timeout=90_000
    )
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF").click()
    assert download.value.suggested_filename.endswith("-0001.pdf")
    assert download.value.path().read_bytes().startswith(b"%PDF-")


def open_as_the_client(seen: Page, link: str) -> None:
    answer = seen.goto(link)
    assert answer is not None
    assert answer.headers["referrer-policy"] == "no-referrer"
    expect(seen.get_by_text("To pay")).to_be_visible()
    expect(seen.locator(".public-amount strong")).to_have_text("€3,815.44")
    expect(seen.get_by_role("img", name="Code with these payment details")).to_be_visible()
    expect(seen.locator("[data-live-state=on]")).to_be_attached()


def test_from_draft_to_paid(signed_in: Page, browser: Browser, site: str, watch: Watch) -> None:
    page = signed_in
    expect(page.get_by_text("Your first invoice, step by step")).to_be_visible()
    write_invoice(page)
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("DRAFT-")

    issue_and_download(page)
    page.locator("summary", has_text="More actions").click()
    link = page.get_by_role("button", name="Copy client link").get_attribute("data-copy")
    assert link is not None
    assert link.startswith(f"{site}/i/")

    stranger = browser.new_context(locale="en-GB")
    watch.on(stranger)
    seen = stranger.new_page()
    open_as_the_client(seen, link)
    page.keyboard.press("Escape")
    expect(page.locator("#detail")).to_contain_text("Seen by the client")

    page.get_by_role("button", name="Record payment").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Amount in EUR")).to_have_value("3815.44")
    dialog.get_by_role("button", name="Record payment").click()
    expect(page.locator("#pill")).to_have_text("Paid")

    expect(seen.get_by_text("Paid. Thank you!")).to_be_visible()
    stranger.close()

    page.get_by_role("link", name="Dashboard").click()
    expect(page.get_by_role("link", name=re.compile("Paid this month"))).to_contain_text(
        "€3,815.44"
    )


def test_a_dashboard_follows_another_browser(signed_in: Page) -> None:
    watching = signed_in
    expect(watching.locator(".live-desk [data-live-state=on]")).to_be_attached()
    other = watching.context.new_page()
    other.goto("/")
    write_invoice(other)
    other.get_by_role("button", name="Save and issue").click()
    expect(other.get_by_role("heading", level=1)).to_contain_text("INV-")
    expect(watching.get_by_role("link", name=re.compile("Outstanding"))).to_contain_text(
        "€3,815.44"
    )
    expect(watching.locator("#dashboard")).to_contain_text("Harbour Books")


def test_nothing_typed_is_lost(signed_in: Page, watch: Watch) -> None:
    watch.expect("status of 422")
    page = signed_in
    write_invoice(page)
    page.get_by_label("Quantity").first.fill("many")
    page.get_by_label("Text on the invoice").fill("Thank you\nfor <b>everything</b>")
    page.get_by_role("button", name="Save and issue").click()
    expect(page.get_by_text("This is not a number.", exact=True)).to_be_visible()
    expect(page.get_by_label("Quantity").first).to_be_focused()
    expect(page.get_by_label("Quantity").first).to_have_value("many")
    expect(page.get_by_label("Name")).to_have_value("Harbour Books")
    expect(page.get_by_label("Text on the invoice")).to_have_value(
        "Thank you\nfor <b>everything</b>"
    )
    expect(page.get_by_role("group", name="Item")).to_have_count(2)
    page.get_by_label("Quantity").first.fill("1")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("for <b>everything</b>")).to_be_visible()


def test_two_people_edit_one_draft(signed_in: Page, watch: Watch) -> None:
    watch.expect("status of 409")
    first = signed_in
    write_invoice(first)
    first.get_by_role("button", name="Save draft").click()
    expect(first.get_by_role("heading", level=1)).to_contain_text("DRAFT-")
    first.get_by_role("link", name="Edit", exact=True).click()
    second = first.context.new_page()
    second.goto(first.url)
    second.get_by_label("Description").first.fill("Workshop in Kiel")
    second.get_by_role("button", name="Save draft").click()
    expect(second.get_by_role("heading", level=1)).to_contain_text("DRAFT-")
    first.get_by_label("Description").first.fill("Workshop in Lübeck")
    first.get_by_role("button", name="Save draft").click()
    expect(first.get_by_text("Somebody else saved this draft")).to_be_visible()
    expect(first.get_by_label("Description").first).to_have_value("Workshop in Lübeck")
    first.get_by_role("button", name="Save draft").click()
    expect(first.locator("#detail")).to_contain_text("Workshop in Lübeck")


def test_rows_move_by_keyboard_and_products_fill_them(signed_in: Page) -> None:
    page = signed_in
    page.goto("/products/new")
    page.get_by_label("Name").fill("Consulting hour")
    page.get_by_label("Price in EUR").fill("95")
    page.get_by_label("Unit").select_option("HUR")
    page.get_by_role("button", name="Save").click()
    page.goto("/invoices/new")
    with page.expect_response(re.compile(r"/product-choices\?.*=consul(&|$)")):
        page.get_by_label("Description").press_sequentially("consul")
    expect(page.locator("[data-choice]")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Price", exact=True)).to_have_value("95")
    expect(page.get_by_label("Unit")).to_have_value("HUR")
    expect(page.locator("#totals")).to_contain_text("€113.05")
    page.get_by_role("button", name="Add item").click()
    expect(page.get_by_label("Description").nth(1)).to_be_focused()
    page.keyboard.type("Travel")
    page.get_by_role("button", name="Move item", exact=True).nth(1).press("ArrowUp")
    expect(page.get_by_label("Description").first).to_have_value("Travel")
    page.get_by_role("button", name="Remove item").first.click()
    expect(page.get_by_role("group", name="Item")).to_have_count(1)

"""Stories of the editor: a wrong invoice corrected, one draft of two people, the keyboard alone,
and a tab that was closed too early."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.conftest import Watch
from tests.e2e.test_an_owner_gets_paid import write_invoice

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]


def another_browser(page: Page, browser: Browser, site: str, watch: Watch) -> BrowserContext:
    """The same owner at another machine: own storage, own socket."""
    cookies = {"cookies": page.context.storage_state()["cookies"], "origins": []}
    context = browser.new_context(
        base_url=site, storage_state=cookies, locale="en-GB",  # type: ignore[arg-type]
        viewport={"width": 1366, "height": 900},
    )  # fmt: skip
    watch.on(context)
    return context


def test_a_wrong_invoice_corrected(
    signed_in: Page, browser: Browser, site: str, watch: Watch
) -> None:
    page = signed_in
    write_invoice(page)
    page.get_by_role("button", name="Save and issue").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("INV-")
    wrong = page.url
    context = another_browser(page, browser, site, watch)
    seen = context.new_page()
    seen.goto(wrong)
    expect(seen.locator(".live-desk [data-live-state=on]")).to_be_attached()
    expect(seen.locator(".facts")).to_contain_text("€3,815.44")

    page.locator("summary", has_text="More actions").click()
    page.get_by_role("link", name="Credit note", exact=True).last.click()
    sums = page.locator("#credit-sums")
    expect(sums).to_contain_text("€3,815.44")
    page.get_by_role("checkbox", name="Travel").uncheck()
    expect(sums).to_contain_text("€3,718.75")
    page.get_by_role("checkbox", name="Travel").check()
    expect(sums).to_contain_text("€3,815.44")
    page.get_by_label("Why").fill("Wrong daily rate")
    page.get_by_role("button", name="Make credit note").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("CN-")
    expect(page.locator("#main")).to_contain_text("Wrong daily rate")

    expect(seen.locator("#detail")).to_contain_text("Credit note issued")
    expect(seen.locator(".facts")).to_contain_text("€0.00")
    expect(seen.get_by_role("link", name=re.compile("CN-")).first).to_be_visible()

    page.get_by_role("button", name="Write the corrected invoice").click()
    page.get_by_label("Price", exact=True).first.fill("1000")
    expect(page.locator("#totals")).to_contain_text("€3,071.69")
    page.get_by_role("button", name="Save and issue").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(r"INV-\d{4}-0002"))
    expect(page.locator(".facts")).to_contain_text("€3,071.69")
    page.locator(".sheet-name").click()
    expect(page.locator("#main")).to_contain_text("€3,071.69")
    context.close()


def test_two_people_edit_one_draft(
    signed_in: Page, browser: Browser, site: str, watch: Watch
) -> None:
    watch.expect("status of 409")
    first = signed_in
    write_invoice(first)
    first.get_by_role("button", name="Save draft").click()
    expect(first.get_by_role("heading", level=1)).to_contain_text("DRAFT-")
    first.get_by_role("link", name="Edit", exact=True).click()
    expect(first.locator("#saved")).to_have_attribute("data-state", "saved")
    context = another_browser(first, browser, site, watch)
    second = context.new_page()
    second.goto(first.url)

    first.get_by_label("Description").first.fill("Workshop in Kiel")
    first.get_by_label("Quantity").nth(1).fill("3")
    expect(first.locator("#version")).to_have_value("2")
    expect(first.locator("#saved")).to_contain_text(re.compile(r"Saved \d+ sec. ago|Saved now"))

    second.get_by_label("Text on the invoice").fill("Thank you, see you in spring")
    second.get_by_label("Description").first.fill("Workshop in Lübeck")
    difference = second.locator("#difference")
    expect(difference).to_contain_text("Somebody else saved this draft")
    description = difference.get_by_role("group", name="Item 1: Description")
    expect(description.get_by_label("Yours Workshop in Lübeck")).to_be_checked()
    quantity = difference.get_by_role("group", name="Item 2: Quantity")
    expect(quantity.get_by_label("Theirs 3")).to_be_checked()
    expect(difference.get_by_role("group")).to_have_count(2)
    description.get_by_label("Theirs Workshop in Kiel").check()
    second.get_by_role("button", name="Put these choices in").click()
    expect(second.get_by_label("Description").first).to_have_value("Workshop in Kiel")
    expect(second.get_by_label("Quantity").nth(1)).to_have_value("3")
    expect(second.get_by_label("Text on the invoice")).to_have_value("Thank you, see you in spring")
    second.get_by_role("button", name="Save draft").click()
    saved = second.locator("#detail")
    expect(saved).to_contain_text("Workshop in Kiel")
    expect(saved).to_contain_text("Thank you, see you in spring")
    context.close()


def tab_to(page: Page, selector: str) -> None:
    """Walk with Tab as people do."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"Tab never reaches {selector}")


def test_an_invoice_is_written_with_the_keyboard_alone(signed_in: Page) -> None:
    page = signed_in
    tab_to(page, "a[href='/invoices/new']")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Client", exact=True)).to_be_visible()
    tab_to(page, "#client_search")
    page.keyboard.type("Lighthouse")
    expect(page.locator("[data-choice]", has_text="Lighthouse")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name")).to_be_focused()
    tab_to(page, "[name=item-description]")
    page.keyboard.type("Survey")
    tab_to(page, "[name=item-price]")
    page.keyboard.type("400")
    page.keyboard.press("Enter")
    second = page.get_by_label("Description").nth(1)
    expect(second).to_be_focused()
    page.keyboard.type("Report")
    tab_to(page, "[name=item-price]")
    page.keyboard.type("100")
    expect(page.locator("#totals")).to_contain_text("€595.00")
    page.keyboard.down("Shift")
    tab_to(page, "[data-move=up]")
    page.keyboard.up("Shift")
    page.keyboard.press("Space")
    expect(page.get_by_label("Description").first).to_have_value("Report")
    tab_to(page, "button[value=issue]")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("INV-")
    expect(page.locator("#detail")).to_contain_text("€595.00")


def test_a_closed_tab_loses_nothing(signed_in: Page) -> None:
    page = signed_in
    write_invoice(page)
    page.get_by_label("Text on the invoice").fill("With <b>thanks</b>")
    expect(page.locator("#saved")).to_contain_text("The new client is added when you save")
    page.close()
    again = signed_in.context.new_page()
    again.goto("/invoices/new")
    expect(again.locator("#kept")).to_contain_text("was not saved: here it is again")
    expect(again.get_by_label("Text on the invoice")).to_have_value("With <b>thanks</b>")
    expect(again.get_by_label("Name")).to_have_value("Harbour Books")
    expect(again.get_by_role("group", name="Item")).to_have_count(2)
    expect(again.locator("#totals")).to_contain_text("€3,815.44")
    frame = again.frame_locator("#preview iframe")
    expect(frame.get_by_text("With <b>thanks</b>")).to_be_visible()
    again.get_by_role("button", name="Save draft").click()
    expect(again.get_by_role("heading", level=1)).to_contain_text("DRAFT-")
    again.goto("/invoices/new")
    expect(again.get_by_label("Description")).to_have_value("")
    expect(again.locator("#kept")).to_be_hidden()


def test_a_draft_is_saved_while_it_is_written(signed_in: Page) -> None:
    page = signed_in
    page.goto("/clients/new")
    page.get_by_label("Name", exact=True).fill("Pier Nine")
    page.get_by_role("button", name="Save").first.click()
    page.goto("/invoices/new")
    page.get_by_label("Client", exact=True).press_sequentially("Pier")
    page.get_by_role("button", name=re.compile("^Pier Nine")).click()
    page.get_by_label("Description").fill("Berth")
    page.get_by_label("Price", exact=True).fill("80")
    expect(page.locator("#saved")).to_have_attribute("data-state", "saved")
    expect(page).to_have_url(re.compile(r"/invoices/\d+/edit$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("DRAFT-")
    page.get_by_label("Price", exact=True).fill("90")
    expect(page.locator("#version")).to_have_value("2")
    page.reload()
    expect(page.get_by_label("Price", exact=True)).to_have_value("90")
    expect(page.locator("#kept")).to_be_hidden()
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("#detail")).to_contain_text("€107.10")

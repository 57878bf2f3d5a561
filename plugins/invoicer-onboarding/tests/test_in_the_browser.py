"""The board moves while one looks, and a person puts right what stands still, in a real browser."""

import re

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect

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
from tests.factories import Api, make_caller

__all__ = [
    "app", "browser_type_launch_args", "context", "owner", "running", "signed_in", "site", "watch",
]  # fmt: skip

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

BOARD = "/plugins/onboarding/"
RUNS = "/plugins/onboarding/runs"


@pytest.fixture
def caller(app: Flask, owner: Owner) -> Api:
    """Somebody else of the owner's business, at the API, with the plugin on and a fee."""
    found = make_caller(app, business_id=shop_of(app, owner).business_id)
    settings = {"fee_amount": "25.00", "tax_rate": "19"}
    answer = found.put("/plugins/onboarding", {"enabled": True, "settings": settings})
    assert answer.status_code == 200, answer.text
    return found


def column(page: Page, state: str) -> Locator:
    return page.locator(f"[data-state={state}]")


def in_view(page: Page, width: int) -> None:
    """Nothing of the page is wider than the window, and no state's name than its column."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(
        "[...document.querySelectorAll('.onboarding-column .card-title')]"
        ".every((each) => each.scrollWidth <= each.clientWidth)"
    )


@pytest.mark.parametrize(("scheme", "width"), [("light", 1366), ("dark", 390)])
def test_a_card_moves_by_itself_and_is_put_right_by_a_person(
    signed_in: Page, caller: Api, watch: Watch, scheme: str, width: int
) -> None:
    page = signed_in
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(BOARD)
    page.evaluate("window.stays = true")
    in_view(page, width)
    expect(page.locator("[data-live-state=on]").first).to_be_attached()
    # Begun elsewhere: the cards come, and move to their ends, while the page is only looked at.
    good = {"name": "Hill Tools Ltd", "email": "office@hill.test", "country": "DE"}
    caller.made(RUNS, {"supplier": good})
    caller.made(RUNS, {"supplier": {"name": "Who Knows", "country": "DE"}, "type": "strange"})
    done = column(page, "GenerateAndSendInvoiceNew")
    expect(done.get_by_text("Hill Tools Ltd")).to_be_visible()
    expect(done.get_by_text("done", exact=True)).to_be_visible()
    expect(done.get_by_text("Still missing: Address, VAT number")).to_be_visible()
    wrong = column(page, "InvalidProviderType")
    expect(wrong.get_by_text("ProviderTypeError")).to_be_visible()
    assert page.evaluate("window.stays")
    # A person looks at the one that failed, and says what it is.
    wrong.get_by_role("link", name=re.compile("Who Knows")).click()
    expect(page.locator(".flow-done title").first).to_be_attached()
    expect(page.locator(".flow-box", has_text="Type not valid").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Correct").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Step").select_option("DetermineProviderState")
    dialog.get_by_label("What it gives").fill(
        '{"type": "new", "supplier_id": null, "evidence": []}'
    )
    dialog.get_by_label("Reason").fill("They rang: they are new")
    dialog.get_by_role("button", name="Correct", exact=True).click()
    expect(page.get_by_text("They rang: they are new").first).to_be_visible()
    expect(page.locator("#pill")).to_have_text("Done")
    page.goto(BOARD)
    expect(done.get_by_text("Who Knows")).to_be_visible()
    expect(wrong.get_by_text("Nobody is here.")).to_be_visible()


def test_a_file_is_read_its_bad_lines_told_and_its_suppliers_appear(
    signed_in: Page, caller: Api
) -> None:
    page = signed_in
    page.goto(BOARD)
    data = b"name,email,country\nPine & Sons,p@pine.test,DE\nBad,no address,DE\n,x@x.test,DE\n"
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "many.csv", "mimeType": "text/csv", "buffer": data}
    )
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_text("The file is being read")).to_be_visible()
    faults = page.locator("#files")
    expect(faults.get_by_text("Line 3, email:")).to_be_visible()
    expect(faults.get_by_text("Line 4, name:")).to_be_visible()
    expect(faults.get_by_text("1 of 1 suppliers begun")).to_be_visible()
    done = column(page, "GenerateAndSendInvoiceNew")
    expect(done.get_by_text("Pine & Sons")).to_be_visible()
    expect(done.get_by_text("done", exact=True)).to_be_visible()

# ruff: noqa: INP001
"""Takes the screenshots of the README and the docs from a running demo.

make run                                             # in another terminal
uv run python docs/images/take.py http://127.0.0.1:8000 owner@demo.test PASSWORD
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent
DESKTOP = {"width": 1280, "height": 820}
PHONE = {"width": 390, "height": 844}


def sign_in(page: Page, email: str, password: str) -> None:
    """Open the dashboard as this user."""
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Dashboard").wait_for()
    at_rest(page)


def at_rest(page: Page) -> None:
    """Wait until the page hears what happens, and has what it missed while it was made."""
    page.locator("[data-live-state=on]").first.wait_for(state="attached")
    page.wait_for_load_state("networkidle")


def open_first(page: Page, status: str) -> None:
    """The newest invoice of this status."""
    page.goto(f"/invoices?status={status}")
    at_rest(page)
    page.locator("a.row-link").first.click()


def shot(page: Page, name: str) -> None:
    """Save what is to be seen, once fonts and icons are there."""
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    page.screenshot(path=FOLDER / f"{name}.png")


def main(address: str, email: str, password: str) -> None:
    """Dashboard, editor, an invoice, and the page a client sees."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(base_url=address, viewport=DESKTOP, locale="en-GB")
        page = context.new_page()
        sign_in(page, email, password)
        shot(page, "dashboard")
        open_first(page, "draft")
        page.get_by_role("link", name="Edit", exact=True).click()
        page.locator("#totals dl").wait_for()
        shot(page, "editor")
        open_first(page, "open")
        page.locator("#detail").wait_for()
        shot(page, "invoice")
        link = page.locator("[data-copy]").first.get_attribute("data-copy") or ""
        phone = browser.new_context(
            base_url=address, viewport=PHONE, locale="en-GB", device_scale_factor=2
        ).new_page()
        phone.goto(link)
        shot(phone, "client")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:4])

"""The app as it is installed: its service worker, and what is shown without a connection."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import SESSION, Owner, Watch

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(120)]

READY = "navigator.serviceWorker.ready.then((found) => found.active.scriptURL)"
KEPT = """async () => {
  const kept = [];
  for (const name of await caches.keys()) {
    const requests = await (await caches.open(name)).keys();
    kept.push(...requests.map((request) => new URL(request.url).pathname));
  }
  return kept;
}"""


def test_without_a_connection_there_is_a_page_that_says_so(
    signed_in: Page, site: str, watch: Watch
) -> None:
    page = signed_in
    assert page.evaluate(READY) == f"{site}/sw.js"
    page.goto("/invoices")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    watch.expect("ERR_INTERNET_DISCONNECTED", "WebSocket connection")
    page.context.set_offline(True)
    page.goto("/clients")
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    expect(page.locator(".empty-mark use")).to_be_attached()
    assert page.evaluate("document.body.className") == "plain offline"
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="Clients", exact=True)).to_be_visible(timeout=15_000)


def test_nothing_private_is_kept_in_the_browser(signed_in: Page) -> None:
    page = signed_in
    page.evaluate(READY)
    for path in ("/", "/invoices", "/clients"):
        page.goto(path)
    kept = page.evaluate(KEPT)
    assert "/offline" in kept
    others = [
        path
        for path in kept
        if not path.startswith("/static/dist/") and path not in ("/offline", "/favicon.svg")
    ]
    assert others == []


def test_browsers_find_nothing_that_keeps_them_from_installing(signed_in: Page) -> None:
    page = signed_in
    page.evaluate(READY)
    session = page.context.new_cdp_session(page)
    found = session.send("Page.getAppManifest")
    assert found["errors"] == []
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # A browser that is driven is as one in private: that alone may keep it from installing.
    assert {each["errorId"] for each in errors} <= {"in-incognito"}


def test_an_owner_signs_in_and_out(context: BrowserContext, owner: Owner) -> None:
    page = context.new_page()
    page.goto("/invoices")
    page.get_by_label("E-mail").fill(owner.email)
    page.get_by_label("Password").fill(owner.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Invoices", exact=True)).to_be_visible()
    (cookie,) = [each for each in context.cookies() if each["name"] == SESSION]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    page.locator("summary.account").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

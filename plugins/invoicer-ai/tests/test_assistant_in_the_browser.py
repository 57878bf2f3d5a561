"""The conversation in a real browser: asked, looked up, proposed, confirmed."""

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from invoicer_ai import AiPlugin
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from invoicer_core.config import Config
from invoicer_core.web.access import COOKIE
from tests.e2e.conftest import PHONE, Watch, browser_type_launch_args
from tests.factories import make_caller
from tests.integration.web.conftest import Visitor
from tests.office import DAY, KEY, calls, make_app
from tests.peers.openai_peer import ModelPeer, openai_peer

__all__ = ["browser_type_launch_args"]
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def peer() -> Iterator[ModelPeer]:
    with openai_peer() as peer:
        yield peer


@pytest.fixture(scope="module")
def app(config: Config, peer: ModelPeer) -> Flask:
    return make_app(config, peer.url, AiPlugin)


@pytest.fixture(scope="module")
def site(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def invoice(owner: Visitor, app: Flask) -> int:
    """The plugin is on, and a client owes something."""
    caller = make_caller(app, business_id=owner.business_id)
    settings = {"api_key": KEY, "seconds": 20, "moderation_model": ""}
    assert caller.put("/plugins/ai", {"enabled": True, "settings": settings}).status_code == 200
    client = caller.made("/clients", {"name": "Birke & Co", "email": "c@x.test", "country": "DE"})
    item = {"description": "Work", "quantity": "1", "unit_price": "70.00"}
    made = caller.made("/invoices", {"client_id": client["id"], "items": [item], "issue_date": DAY})
    assert caller.post(f"/invoices/{made['id']}/issue").status_code == 200
    return int(made["id"])


@pytest.fixture(params=["desk", "phone"])
def page(
    browser: Browser, site: str, owner: Visitor, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """The owner's, watched: no error in the console, no other host, nothing wider than the page."""
    desk = {"viewport": {"width": 1366, "height": 900}, "locale": "en-GB"}
    context = browser.new_context(**(PHONE if request.param == "phone" else desk))  # type: ignore[arg-type]
    cookie = owner.http.get_cookie(COOKIE)
    assert cookie is not None
    context.add_cookies([{"name": COOKIE, "value": cookie.value, "url": site}])
    watch = Watch(site)
    watch.expect("socket", "WebSocket")  # this server has no live channel
    watch.on(context)
    yield context.new_page()
    context.close()
    assert watch.wrong == []


def test_a_reminder_is_asked_for_read_and_confirmed(
    page: Page, site: str, peer: ModelPeer, invoice: int
) -> None:
    wanted = calls(("who-owes", {}), ("send-reminder", {"invoice_id": invoice}))
    peer.script[:] = [wanted, "Birke & Co owes you most. I drafted a reminder: please confirm it."]
    page.goto(f"{site}/plugins/ai/assistant")
    box = page.get_by_role("textbox")
    box.fill("Who owes me most? Draft a reminder.")
    box.press("Enter")
    expect(page.get_by_text("Birke & Co owes you most.")).to_be_visible()
    proposal = page.locator("[id^=action-]").first
    expect(proposal).to_contain_text("c@x.test")
    page.locator("details summary", has_text=": ").first.click()
    fits = "document.documentElement.scrollWidth <= window.innerWidth"
    assert page.evaluate(fits)
    proposal.locator("form[action$=confirm] button").click()
    expect(page.locator("[id^=action-] form")).to_have_count(0)
    page.reload()
    expect(page.locator("[id^=action-] form")).to_have_count(0)

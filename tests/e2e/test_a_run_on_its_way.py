"""A run of several steps in the browser: its path on the diagram, moving while one looks, and what
a person decides about it."""

import re

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from invoicer_core.services import businesses, workflows
from invoicer_core.services.identity import sessions
from tests.e2e.conftest import Owner, Watch
from tests.factories import BY

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def business_id(app: Flask, owner: Owner) -> int:
    with app.app_context():
        found = sessions.sign_in(email=owner.email, password=owner.password, kind="web")
        assert found.identity.business_id is not None
        return found.identity.business_id


def begin(app: Flask, business_id: int, invoice_id: int) -> int:
    with app.app_context(), businesses.enter_business(business_id):
        given = {"id": invoice_id}
        return workflows.start(workflow="invoice-delivery", given=given, by=BY).id


@pytest.mark.parametrize(("scheme", "width"), [("light", 1366), ("dark", 390)])
def test_a_run_fails_before_ones_eyes_and_is_put_right(
    signed_in: Page, app: Flask, business_id: int, watch: Watch, scheme: str, width: int
) -> None:
    page = signed_in
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto("/workflows")
    expect(page.get_by_text("No runs yet")).to_be_visible()
    run_id = begin(app, business_id, 999_999)
    page.get_by_text(f"Invoice delivery {run_id}").click()
    watch.expect("status of 422")
    expect(page.locator(".flow")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Skip").click()
    page.get_by_role("dialog").get_by_role("button", name="Skip").click()
    expect(page.get_by_text("Say why")).to_be_visible()
    page.get_by_role("dialog").get_by_label("Reason").fill("No such invoice; nothing to record")
    page.get_by_role("dialog").get_by_role("button", name="Skip").click()
    expect(page.locator(".flow-skipped title")).to_have_text("Recorded")
    expect(page.locator(".flow-begin.flow-done")).to_have_count(1)
    expect(page.get_by_text("No such invoice; nothing to record").first).to_be_visible()
    page.get_by_role("button", name="Give up").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("It was a mistake")
    page.get_by_role("dialog").get_by_role("button", name="Give up").click()
    expect(page.locator("#pill")).to_have_text("Given up")
    expect(page.get_by_text("Given up: It was a mistake")).to_be_visible()


def test_a_run_moves_while_one_looks_at_it(
    signed_in: Page, app: Flask, business_id: int, browser: Browser
) -> None:
    page = signed_in
    run_id = begin(app, business_id, 999_999)
    page.goto(f"/workflows/{run_id}")
    expect(page.locator("[data-live-state=on]").first).to_be_attached()
    with app.app_context(), businesses.enter_business(business_id):
        workflows.skip(run_id=run_id, reason="seen to", by=BY)
    expect(page.locator(".flow-skipped title")).to_have_text("Recorded")
    expect(page.locator(".flow-box", has_text=re.compile("PDF made"))).to_have_class(
        re.compile("flow-here")
    )

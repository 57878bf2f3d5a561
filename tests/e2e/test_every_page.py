"""Every page of the URL map: accessible, quiet, within its policy, and no wider than a phone."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.conftest import Scale
from tests.e2e.conftest import Watch
from tests.e2e.test_an_owner_gets_paid import write_invoice

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
NOT_PAGES = {
    "web.bundle": "files", "web.favicon": "a file", "web.invoice_pdf": "a file",
    "web.public_pdf": "a file", "web.credit_note_pdf": "a file", "web.receipt": "a file",
    "web.public_colors": "a style sheet",
    "web.item_row": "part of a page", "web.client_field": "part of a page",
    "web.client_choices": "part of a page", "web.product_choices": "part of a page",
    "web.set_up": "only before the first owner", "web.reset": "needs a mailed link",
}  # fmt: skip
FORMS = (("light", 1366), ("dark", 390), ("light", 390), ("dark", 1366))


def addresses(app: Flask, known: dict[str, Any]) -> dict[str, str]:
    """Endpoint -> address of every page that can be opened."""
    found = {}
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if not rule.endpoint.startswith("web.") or "GET" not in (rule.methods or ()):
                continue
            if rule.endpoint in NOT_PAGES:
                continue
            values = {name: known[name] for name in rule.arguments}
            path = app.url_map.bind("").build(rule.endpoint, values)
            for part in ("business", "numbering", "taxes", "notifications", "plugins"):
                if "part" in rule.arguments:
                    found[f"{rule.endpoint} {part}"] = f"/settings/{part}"
            found[rule.endpoint] = path
    return found


def fill(page: Page) -> dict[str, Any]:
    """One issued invoice, one draft, one product; the ids that addresses need."""
    write_invoice(page)
    page.get_by_role("button", name="Save and issue").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("INV-")
    link = page.locator("[data-copy]").get_attribute("data-copy") or ""
    client = page.locator(".sheet-name").get_attribute("href") or ""
    write_invoice(page)
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("DRAFT-")
    draft = int(page.url.rsplit("/", 1)[1])
    page.goto("/products/new")
    page.get_by_label("Name").fill("Poster")
    page.get_by_label("Price in EUR").fill("18.90")
    page.get_by_role("button", name="Save").click()
    product = page.get_by_role("link", name="Poster").get_attribute("href") or ""
    return {
        "invoice_id": draft,
        "client_id": int(client.rsplit("/", 1)[1]),
        "product_id": int(re.findall(r"\d+", product)[0]),
        "token": link.rsplit("/", 1)[1],
        "part": "business",
    }


def look(page: Page, name: str, path: str, width: int) -> list[str]:
    """What is wrong with a page: its status, its width, what axe finds."""
    answer = page.goto(path)
    assert answer is not None
    wrong = [] if answer.status == 200 else [f"{name}: status {answer.status}"]
    across = page.evaluate("document.documentElement.scrollWidth")
    if across > width:
        wrong.append(f"{name} is {across} px wide at {width} px")
    found = page.evaluate("axe.run()")
    return wrong + [
        f"{name} at {width}: {each['id']} {json.dumps(each['nodes'][0]['html'])}"
        for each in found["violations"]
    ]


def test_every_page_in_every_form(
    signed_in: Page, app: Flask, browser: Browser, site: str, watch: Watch, scale: Scale
) -> None:
    known = fill(signed_in)
    pages = addresses(app, known) | {"issued": f"/invoices/{known['invoice_id'] - 1}"}
    assert len(pages) > 20
    state = signed_in.context.storage_state()
    wrong: list[str] = []
    for scheme, width in FORMS[: scale(2, 4)]:
        context = browser.new_context(
            base_url=site, storage_state=state, locale="en-GB", color_scheme=scheme,
            viewport={"width": width, "height": 844},
        )  # fmt: skip
        watch.on(context)
        context.add_init_script(path=AXE)
        page = context.new_page()
        for name, path in pages.items():
            wrong += look(page, f"{name} {scheme}", path, width)
        context.clear_cookies()
        wrong += look(page, f"sign in {scheme}", "/sign-in", width)
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        context.close()
    assert not wrong, "\n".join(wrong)


def test_errors_say_what_to_do(signed_in: Page, watch: Watch) -> None:
    watch.expect("status of 404")
    page = signed_in
    page.goto("/invoices/999999999")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing at this address")
    expect(page.get_by_text("There is no invoice with the id 999999999")).to_be_visible()

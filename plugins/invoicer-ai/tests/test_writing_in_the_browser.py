"""Texts from an AI service in a real browser: on the page of their own, in the form of a product
and in a message to a client."""

from collections.abc import Iterator
from decimal import Decimal

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
from tests.e2e.running import Running
from tests.factories import Api, make_caller
from tests.integration.web.scenes import Shop
from tests.peers.aimock import FLAGGED, AiMock, aimock_peer, is_installed

__all__ = [
    "app", "browser_type_launch_args", "context", "owner", "running", "signed_in", "site", "watch",
]  # fmt: skip
WORDS = "Fine soap from the coast, made of olives and nothing else."
USAGE = {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}

pytestmark = [
    pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240),
    pytest.mark.skipif(not is_installed(), reason="needs node and its packages: npm ci"),
]  # fmt: skip


@pytest.fixture(scope="module")
def service(running: Running) -> Iterator[AiMock]:
    with aimock_peer(running.model_port) as peer:
        yield peer


@pytest.fixture
def peer(service: AiMock) -> AiMock:
    service.clear()
    service.says({"content": WORDS, "usage": USAGE}, userMessage="Olive soap")
    return service


@pytest.fixture
def shop(app: Flask, owner: Owner) -> Shop:
    return shop_of(app, owner)


@pytest.fixture
def caller(app: Flask, shop: Shop) -> Api:
    """With the plugin on, and a key."""
    made = make_caller(app, business_id=shop.business_id)
    settings = {"api_key": "sk-test-0123456789abcdef"}
    assert made.put("/plugins/ai", {"enabled": True, "settings": settings}).status_code == 200
    return made


def test_a_text_is_streamed_into_the_page_and_kept_with_its_cost(
    signed_in: Page, caller: Api, peer: AiMock
) -> None:
    signed_in.goto("/plugins/ai/write")
    signed_in.get_by_label("What it is about").fill("Olive soap, 100 g")
    signed_in.get_by_label("Kind").select_option("product")
    button = signed_in.get_by_role("button", name="Write", exact=True)
    button.click()
    written = signed_in.get_by_role("textbox", name="The text")
    expect(written).to_have_value(WORDS)
    expect(button).to_be_enabled()
    expect(button).not_to_have_class("btn-loading")
    assert [each.data.get("stream") for each in peer.asked("/chat")] == [True]

    # What is refused takes nothing of the page away, and says why.
    signed_in.get_by_label("What it is about").fill(FLAGGED)
    button.click()
    expect(signed_in.get_by_role("alert")).to_contain_text("The moderation refuses this text")
    expect(written).to_have_value("")

    signed_in.get_by_role("link", name="History").click()
    row = signed_in.get_by_role("listitem").filter(has_text="text: product").first
    expect(row).to_contain_text(WORDS)
    expect(row).to_contain_text("0.001200 USD")
    assert Decimal(caller.get("/ai/costs").get_json()["spent_today"]) == Decimal("0.0012")


def test_a_description_is_taken_over_and_nothing_typed_is_lost(
    signed_in: Page, caller: Api, peer: AiMock
) -> None:
    signed_in.goto("/products/new")
    signed_in.get_by_label("Name", exact=True).fill("Olive soap")
    typed = signed_in.get_by_label("Description", exact=True)
    typed.fill("From the market.")
    help_ = opened(signed_in)
    expect(help_.get_by_label("What it is about")).to_have_value("Olive soap")
    help_.get_by_role("button", name="Write", exact=True).click()
    expect(help_.get_by_label("The text")).to_have_value(WORDS)
    expect(typed).to_have_value("From the market.")
    help_.get_by_role("button", name="Put it below what is there").click()
    expect(typed).to_have_value(f"From the market.\n\n{WORDS}")
    help_.get_by_role("button", name="Bring back what was there").click()
    expect(typed).to_have_value("From the market.")
    help_.get_by_role("button", name="Take it over").click()
    expect(typed).to_have_value(WORDS)

    signed_in.get_by_label("Price in EUR").fill("4.50")
    signed_in.get_by_role("button", name="Save", exact=True).click()
    expect(signed_in.get_by_text(WORDS)).to_be_visible()
    assert caller.get("/products").get_json()[0]["description"] == WORDS


def test_a_reminder_is_written_about_the_very_invoice(
    signed_in: Page, shop: Shop, caller: Api, peer: AiMock
) -> None:
    invoice = shop.issue()
    peer.says("Kindly remember our invoice.", userMessage=invoice.invoice_number)
    signed_in.goto(f"/messages/new?invoice_id={invoice.id}&kind=reminder")
    help_ = opened(signed_in)
    assert invoice.invoice_number in help_.get_by_label("What it is about").input_value()
    help_.get_by_role("button", name="Write", exact=True).click()
    expect(help_.get_by_label("The text")).to_have_value("Kindly remember our invoice.")
    help_.get_by_role("button", name="Take it over").click()
    message = signed_in.get_by_label("Message", exact=True)
    # What stands for the table and the button of the invoice stays.
    expect(message).to_have_value("Kindly remember our invoice.\n\n[summary]\n\n[link]")


def test_without_a_key_each_place_says_what_to_do_and_off_there_is_none(
    signed_in: Page, app: Flask, shop: Shop, watch: Watch
) -> None:
    caller = make_caller(app, business_id=shop.business_id)
    signed_in.goto("/products/new")
    expect(signed_in.get_by_label("Description", exact=True)).to_be_visible()
    expect(signed_in.get_by_text("Write with AI")).to_have_count(0)
    assert caller.put("/plugins/ai", {"enabled": True}).status_code == 200
    words = "No AI service is set up: enter its key in the settings of the plugin AI."
    signed_in.goto("/plugins/ai/write")
    expect(signed_in.get_by_text(words)).to_be_visible()
    signed_in.goto("/products/new")
    expect(opened(signed_in).get_by_text(words)).to_be_visible()


def opened(page: Page) -> Locator:
    """The place beside a field, open."""
    page.locator("summary", has_text="Write with AI").first.click()
    return page.get_by_role("group", name="Write with AI").first

"""The box for products, a product's page and the form of a new one, in a real browser, with the
model of this machine in a real worker."""

from typing import Any

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
from tests.peers.processes import until

__all__ = [
    "app", "browser_type_launch_args", "context", "owner", "running", "signed_in", "site", "watch",
]  # fmt: skip

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

NAMES = ("TMT rod 12 mm", "TMT rod 16 mm", "Oak table", "Cotton shirt")
ASKED = "iron bar 12"


@pytest.fixture
def caller(app: Flask, owner: Owner) -> Api:
    """Somebody of the owner's business at the API; there are products, the plugin is off."""
    return make_caller(app, business_id=shop_of(app, owner).business_id)


@pytest.fixture
def ids(caller: Api) -> dict[str, int]:
    made = {}
    for name in NAMES:
        answer = caller.post("/products", {"name": name, "unit_price": 5})
        assert answer.status_code == 201, answer.text
        made[name] = answer.json["id"]
    return made


def switch_on(page: Page, api: Api, ids: dict[str, int]) -> None:
    """The plugin, until a worker has read what there is and reads what is searched for."""
    assert api.put("/plugins/vector_search", {"enabled": True}).status_code == 200
    settings = page.context.new_page()  # the editor stays open meanwhile
    settings.goto("/plugins/vector_search/")
    settings.get_by_role("button", name="Begin now").click()
    expect(settings.get_by_text("Searching goes on meanwhile")).to_be_visible()
    settings.close()

    def found() -> bool:
        answer: Any = api.get(f"/products/search?q={ASKED}&mode=hybrid")
        there = {each["id"] for each in answer.json}
        return answer.headers["X-Search-Mode"] == "hybrid" and ids["TMT rod 12 mm"] in there

    until(found, seconds=120, every=0.5)


def typed(page: Page, words: str) -> Locator:
    """The choices below the first item, after the server has answered for all of the words."""
    box = page.locator(".item-description").first
    box.locator("[name=item-description]").fill(words[:-1])
    with page.expect_response(lambda answer: "product-choices" in answer.url):
        box.locator("[name=item-description]").press_sequentially(words[-1])
    return box.locator("[data-choices]")


def meant(page: Page) -> bool:
    """Whether it was looked for by meaning: on a busy machine the words alone may have to do."""
    typed(page, "oak")
    with page.expect_response(lambda answer: f"={ASKED[:4]}" in answer.url) as told:
        typed(page, ASKED)
    return 'data-mode="hybrid"' in told.value.text()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1366), ("dark", 390)])
def test_what_is_meant_is_found(
    signed_in: Page, caller: Api, ids: dict[str, int], watch: Watch, scheme: str, width: int
) -> None:
    page = signed_in
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto("/invoices/new")
    expect(typed(page, ASKED).get_by_role("button")).to_have_count(0)
    choices = typed(page, "rod 12")
    expect(choices.get_by_role("button").first).to_contain_text("TMT rod 12 mm")
    expect(choices.locator("[data-mode]")).to_have_count(0)

    switch_on(page, caller, ids)
    until(lambda: meant(page), seconds=120, every=1)
    choices = page.locator(".item-description").first.locator("[data-choices]")
    expect(choices.get_by_text("Found by words and by meaning.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    choices.get_by_role("button", name="TMT rod 12 mm").click()
    expect(page.locator("[name=item-description]").first).to_have_value("TMT rod 12 mm")

    assert caller.put("/plugins/vector_search", {"enabled": False}).status_code == 200
    choices = typed(page, "rod 16")
    expect(choices.get_by_role("button").first).to_contain_text("TMT rod 16 mm")
    expect(choices.locator("[data-mode]")).to_have_count(0)

    assert caller.put("/plugins/vector_search", {"enabled": True}).status_code == 200
    page.goto(f"/products/{ids['TMT rod 12 mm']}")
    alike = page.get_by_role("region", name="Similar products")
    expect(alike.get_by_role("link", name="TMT rod 16 mm")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    page.goto("/products/new")
    page.get_by_label("Name", exact=True).fill("TMT bar 12mm")
    warning = page.get_by_role("status").filter(has_text="You may have this already")
    expect(warning.get_by_role("link", name="TMT rod 12 mm")).to_be_visible()
    expect(warning).not_to_contain_text("16 mm")
    assert page.evaluate("document.documentElement.scrollWidth") <= width

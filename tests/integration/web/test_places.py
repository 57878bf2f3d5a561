"""Every place for plugins' pieces: it is on its page, hands over what it says, and a plugin that
fails there leaves the page whole."""

import re
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.domain.drafts import PaymentDraft
from invoicer_core.hooks.places import PLACES
from invoicer_core.host.lineages import plugin_lineages
from invoicer_core.host.registry import discover
from invoicer_core.models.migrate import upgrade_all
from invoicer_core.plugin import Slot
from invoicer_core.services import clients, invoices, orders, payments, plugins, products
from invoicer_core.services.buying import suppliers
from invoicer_core.services.identity import sessions, users
from tests.integration.web.conftest import PASSWORD, Visitor
from tests.integration.web.scenes import SAME, Shop
from tests.plugins.crashing.invoicer_crashing import CrashingPlugin
from tests.plugins.good.invoicer_good import GoodPlugin

WEB = Path(__file__).parents[3] / "invoicer_core" / "web" / "templates"
CALL = re.compile(r'slot\("([a-z.]+)"((?:, *[a-z]+=[a-z.]+)*)\)')
ON_PAGE = {
    "nav": "/clients", "dashboard": "/", "dashboard.figures": "/", "invoice.row": "/invoices",
    "invoice.actions": "/invoices/{invoice}", "invoice.panels": "/invoices/{invoice}",
    "invoice.edit": "/invoices/new", "client.panels": "/clients/{client}",
    "product.panels": "/products/{product}", "product.edit": "/products/{product}/edit",
    "order.panels": "/orders/{order}",
    "supplier.panels": "/suppliers/{supplier}", "payment.panels": "/payments/{payment}",
    "message.words": "/messages/new?client_id={client}",
    "settings.nav": "/settings/business", "portal.pay": "{link}", "portal.invoice": "{link}",
    "portal.home": "/portal/", "portal.nav": "/portal/invoices",
}  # fmt: skip
"""Place -> a page that has it."""

STORY = re.compile(r'<ol class="story">.*?</ol>', re.DOTALL)
"""What the dashboard tells of what happened, a plugin that was paused among it."""


@pytest.fixture(scope="module")
def hosting(config: Config) -> Flask:
    """An application with both plugins."""
    registry = discover(extra=[GoodPlugin], entry_points=False, strict=True)
    assert config.owner_url is not None
    upgrade_all(config.owner_url, plugin_lineages(registry))
    return create_app(config, plugins=[GoodPlugin, CrashingPlugin])


@pytest.fixture(scope="module")
def shop(hosting: Flask) -> Shop:
    """A business in which both plugins are on, of an owner who can sign in."""
    email = f"{uuid4().hex[:12]}@places.test"
    business = {"name": "Places", "country": "DE", "currency": "EUR", "locale": "en"}
    with hosting.app_context():
        users.register(email=email, password=PASSWORD, business=business)
        who = sessions.sign_in(email=email, password=PASSWORD, kind="web").identity
    shop = Shop(hosting, who.business_id or 0, 0, email)
    made = shop.do(clients.create, fields={"name": "Harbour Books", "email": email})
    shop.client_id = made.id
    shop.do(plugins.change, name="crashing", enabled=False)
    return shop


@pytest.fixture(scope="module")
def addresses(shop: Shop) -> dict[str, str]:
    """Place -> the address of its page."""
    invoice = shop.issue()
    money = PaymentDraft(amount=Decimal(10), invoice_id=invoice.id, method="cash")
    item = {"product_name": "Poster", "quantity": Decimal(1), "unit_price": Decimal(9)}
    ids = {
        "invoice": invoice.id,
        "client": shop.client_id,
        "payment": shop.do(payments.record, draft=money).id,
        "product": shop.do(products.create, fields={"name": "Poster", "unit_price": Decimal(9)}).id,
        "order": shop.do(orders.create, fields={"client_id": shop.client_id, "items": [item]}).id,
        "supplier": shop.do(suppliers.create, fields={"name": "Paper Mill"}).id,
        "link": shop.link(invoice),
    }
    return {place: path.format(**ids) for place, path in ON_PAGE.items()}


@pytest.fixture(scope="module")
def member(hosting: Flask, shop: Shop) -> Visitor:
    """The owner's browser, in which the client's pages are open, too."""
    visitor = Visitor(hosting.test_client())
    visitor.send("/sign-in", "/sign-in", email=shop.email, password=PASSWORD)
    token = shop.tokens[shop.issue().id]
    page = visitor.http.post(f"/portal/enter/{token}", data={"email": shop.email}, headers=SAME)
    visitor.http.post(page.location, data={"code": shop.newest_code()}, headers=SAME)
    return visitor


def calls() -> dict[str, set[str]]:
    """Every place that a template asks for, with the names of what it hands over."""
    found: dict[str, set[str]] = {}
    for path in WEB.rglob("*.html"):
        for place, values in CALL.findall(path.read_text("utf-8")):
            names = {each.partition("=")[0].strip(", ") for each in values.split(",") if each}
            found.setdefault(place, set()).update(names)
    return found


def test_the_list_of_places_is_what_the_pages_have() -> None:
    assert calls() == {name: set(place.gives) for name, place in PLACES.items()}
    assert set(ON_PAGE) == set(PLACES)


@pytest.mark.parametrize("place", PLACES)
def test_a_piece_stands_at_its_place_and_a_crash_leaves_the_page_whole(
    shop: Shop, member: Visitor, addresses: dict[str, str], place: str
) -> None:
    path = addresses[place]
    before = member.get(path)
    assert before.status_code == 200
    mark = re.search(rf"<!-- good {re.escape(place)} ([^>]*)-->", before.text)
    assert mark is not None, f"{path} has no {place}"
    for name in PLACES[place].gives:
        assert f"{name}=" in mark[1]
    shop.do(plugins.change, name="crashing", enabled=True)
    try:
        after = member.get(path)
    finally:
        shop.do(plugins.change, name="crashing", enabled=False)
    assert after.status_code == 200
    assert "nothing to see" not in STORY.sub("", after.text)
    assert mark[0] in after.text
    assert after.text.rstrip().endswith("</html>")


def test_nothing_to_pay_with_stands_on_an_annulled_invoice(shop: Shop, member: Visitor) -> None:
    made = shop.issue()
    assert "<!-- good portal.pay" in member.get(shop.link(made)).text
    shop.do(invoices.void, invoice_id=made.id, reason="Wrong client")
    assert "<!-- good portal.pay" not in member.get(shop.link(made)).text


def test_a_slot_at_no_place_keeps_its_plugin_out() -> None:
    with pytest.raises(ValueError, match=r"no page has the place invoice\.panel; did you mean"):
        Slot("lost", "invoice.panel", lambda ctx, values: "")

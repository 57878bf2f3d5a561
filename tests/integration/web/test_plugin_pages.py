"""What plugins add to the pages, and that it is as private as the rest."""

from collections.abc import Iterable
from uuid import uuid4

import pytest
from flask import Blueprint, Flask
from markupsafe import Markup

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.plugin import DashboardWidget, MenuItem, Page, Plugin, Slot, hookimpl
from invoicer_core.services import businesses, plugins
from invoicer_core.services.identity import sessions, users
from tests.integration.web.conftest import PASSWORD, Visitor

pages = Blueprint("garden", __name__)


@pages.route("/", methods=["GET", "POST"])
def front() -> str:
    return "the garden"


@pages.get("/open")
def gate() -> str:
    return "come in"


class Garden(Plugin):
    """A garden."""

    name, api = "garden", 1

    @hookimpl
    def pages(self) -> Iterable[Page]:
        yield Page("front", pages, "settings.write", public=frozenset({"gate"}))

    @hookimpl
    def menu_items(self) -> Iterable[MenuItem]:
        yield MenuItem("garden", "Garden <b>", "garden.front", "settings.write", icon="no-such")

    @hookimpl
    def dashboard_widgets(self) -> Iterable[DashboardWidget]:
        yield DashboardWidget("beds", "Beds", lambda ctx: Markup("<i>seven</i>"), "invoices.read")
        yield DashboardWidget("broken", "Broken", lambda ctx: 1 / 0, "invoices.read")

    @hookimpl
    def slots(self) -> Iterable[Slot]:
        yield Slot("note", "dashboard", lambda ctx, values: "<script>escaped</script>")


@pytest.fixture(scope="module")
def gardened(config: Config) -> Flask:
    """An application with the plugin."""
    return create_app(config, plugins=[Garden])


@pytest.fixture
def gardener(gardened: Flask) -> Visitor:
    """An owner who has the plugin switched on."""
    visitor = Visitor(gardened.test_client(), f"{uuid4().hex[:12]}@garden.test")
    with gardened.app_context():
        users.register(email=visitor.email, password=PASSWORD, business={"name": "Garden"})
        who = sessions.sign_in(email=visitor.email, password=PASSWORD, kind="web").identity
        visitor.business_id = who.business_id or 0
        with businesses.enter_business(visitor.business_id):
            plugins.change(name="garden", enabled=True, by=who.actor())
    visitor.send("/sign-in", "/sign-in", email=visitor.email, password=PASSWORD)
    return visitor


def test_pages_menu_and_cards_appear(gardener: Visitor) -> None:
    assert gardener.get("/plugins/garden/").text == "the garden"
    page = gardener.get("/").text
    assert 'href="/plugins/garden/"' in page
    assert "Garden &lt;b&gt;" in page
    assert "<i>seven</i>" in page
    assert "Broken" not in page
    assert "&lt;script&gt;escaped" in page


def test_a_plugins_page_is_private(gardened: Flask, gardener: Visitor) -> None:
    stranger = Visitor(gardened.test_client())
    assert stranger.get("/plugins/garden/").status_code == 302
    assert stranger.get("/plugins/garden/open").text == "come in"
    assert gardener.http.post("/plugins/garden/").status_code == 403


def test_switched_off_it_is_not_there(gardener: Visitor) -> None:
    gardener.send("/settings/plugins/garden", "/", enabled="")
    assert gardener.get("/plugins/garden/").status_code == 404
    page = gardener.get("/").text
    assert "/plugins/garden/" not in page
    assert "<i>seven</i>" not in page

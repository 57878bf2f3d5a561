"""A whole installation on a free port, real Chromium, and an eye on what pages must never do."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from uuid import uuid4

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from invoicer_core.services import clients
from invoicer_core.services.identity import sessions, users
from tests.e2e.running import Running, running
from tests.integration.web.scenes import Shop

__all__ = ["running"]

collect_ignore = [] if find_spec("invoicer_stripe") else ["test_paid_by_card.py"]
"""A story of a plugin that may be left out; its stand-in needs the provider's own library."""

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE = 30_000
"""Milliseconds. What is waited for is a condition; how long it takes on a busy machine is no
finding."""
expect.set_options(timeout=PATIENCE)
PASSWORD = "a quiet lake under 7 stars"
SESSION = "invoicer_session"
"""The cookie of somebody who is signed in."""
PHONE = {
    "viewport": {"width": 390, "height": 844}, "device_scale_factor": 3, "is_mobile": True,
    "has_touch": True, "locale": "en-GB",
    "user_agent": "Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko)"
                  " Chrome/156.0.0.0 Mobile Safari/537.36",
}  # fmt: skip
"""What a browser context is given to be a telephone."""


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    """The system's Chromium, which needs no download."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("These tests drive Chromium: apt-get install chromium")
    return {"executable_path": path, "args": list(FLAGS)}


@pytest.fixture(scope="session")
def site(running: Running) -> str:
    """The address of the running installation."""
    return running.url


@pytest.fixture(scope="session")
def app(running: Running) -> Flask:
    """An application on the same database, to prepare things through the services."""
    return running.app


@dataclass(frozen=True)
class Owner:
    """Somebody with a new business of their own."""

    email: str
    password: str = PASSWORD


@pytest.fixture
def owner(app: Flask) -> Owner:
    """A new owner of a new business in Hamburg."""
    return new_owner(app)


def new_owner(app: Flask) -> Owner:
    """The same."""
    address = f"{uuid4().hex[:12]}@owner.test"
    with app.app_context():
        users.register(
            email=address,
            password=PASSWORD,
            name="Mara Lindqvist",
            business={
                "name": "Atelier Nordlicht", "country": "DE", "currency": "EUR", "locale": "en-GB",
                "time_zone": "Europe/Berlin", "iban": "DE89370400440532013000",
                "color": "#0f766e", "address": "Lindenallee 12", "postcode": "20259",
                "city": "Hamburg",
            },
        )  # fmt: skip
    return Owner(address)


def shop_of(app: Flask, owner: Owner, **fields: object) -> Shop:
    """The owner's business, with a client that has these fields besides a name and an address."""
    with app.app_context():
        who = sessions.sign_in(email=owner.email, password=owner.password, kind="web").identity
    shop = Shop(app, who.business_id or 0, 0, f"{uuid4().hex[:12]}@client.test")
    given = {"name": "Harbour Books", "email": shop.email, "locale": "en-GB", **fields}
    shop.client_id = shop.do(clients.create, fields=given).id
    return shop


@dataclass
class Watch:
    """What a page did that it must not do."""

    site: str
    wrong: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    def on(self, context: BrowserContext) -> None:
        """Watch every page of the context."""
        context.on("console", lambda message: self._console(message.type, message.text))
        context.on("weberror", lambda error: self.wrong.append(f"script: {error.error}"))
        context.on("request", lambda request: self._request(request.url))

    def _console(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not any(word in text for word in self.expected):
            self.wrong.append(f"console: {text}")

    def _request(self, address: str) -> None:
        own = (self.site, self.site.replace("http", "ws", 1), "data:", "blob:", *self.also)
        if not address.startswith(own):
            self.wrong.append(f"foreign request: {address}")

    def allow(self, *sites: str) -> None:
        """The test leads to these sites too."""
        self.also += sites

    def expect(self, *words: str) -> None:
        """These words in the console are what the test is about."""
        self.expected += words


@pytest.fixture
def watch(site: str) -> Iterator[Watch]:
    """Fails the test when a page broke its content security policy, logged an error or asked
    another host for something."""
    watch = Watch(site)
    yield watch
    assert not watch.wrong, "\n".join(watch.wrong)


@pytest.fixture
def context(browser: Browser, site: str, watch: Watch) -> Iterator[BrowserContext]:
    """A fresh browser profile that is watched."""
    context = browser.new_context(
        base_url=site, locale="en-GB", viewport={"width": 1366, "height": 900}
    )
    context.set_default_timeout(PATIENCE)
    watch.on(context)
    yield context
    context.close()


def enter(context: BrowserContext, app: Flask, owner: Owner, site: str) -> None:
    """Let a browser have the cookie that the form for signing in would give it; the form itself
    is tried elsewhere."""
    with app.app_context():
        token = sessions.sign_in(email=owner.email, password=owner.password, kind="web").token
    context.add_cookies([{"name": SESSION, "value": token, "url": site}])


@pytest.fixture
def signed_in(context: BrowserContext, app: Flask, owner: Owner, site: str) -> Page:
    """A page of the owner, at the dashboard."""
    enter(context, app, owner, site)
    page = context.new_page()
    page.goto("/")
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    return page


@pytest.fixture
def desk(signed_in: Page) -> Page:
    """The owner's screen, in a story with somebody else's in it."""
    return signed_in


@pytest.fixture
def phone(browser: Browser, site: str, watch: Watch) -> Iterator[Page]:
    """A client's telephone, not signed in anywhere."""
    context = browser.new_context(base_url=site, **PHONE)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    watch.on(context)
    yield context.new_page()
    context.close()

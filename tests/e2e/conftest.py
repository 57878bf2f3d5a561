"""A whole installation on a free port, real Chromium, and an eye on what pages must never do."""

import shutil
import socket
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.services import users
from tests.environment import Environment
from tests.peers.processes import Role, until

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PASSWORD = "a quiet lake under 7 stars"
START = "from invoicer_core.cli import main; main()"


class Installed(Role):
    """A role as ``invoicer <role>`` runs it."""

    def command(self) -> list[str]:
        return [sys.executable, "-c", START, self.name]


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    """The system's Chromium, which needs no download."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("These tests drive Chromium: apt-get install chromium")
    return {"executable_path": path, "args": list(FLAGS)}


@pytest.fixture(scope="session")
def site_variables(
    servers: Environment, variables: dict[str, str], worker_number: int, run_folder: Path
) -> dict[str, str]:
    """A database, Redis and data folder of its own: its worker shall meddle with nobody else's."""
    database = f"e2e_{worker_number}"
    servers.create_database(database)
    data = run_folder / f"e2edata{worker_number}"
    data.mkdir(exist_ok=True)
    given = {**variables, **servers.variables(database, 16 + worker_number)}
    return {**given, "INVOICER_DATA": str(data)}


@pytest.fixture(scope="session")
def config(site_variables: dict[str, str]) -> Config:
    """The configuration of the installation that is looked at."""
    return Config.from_environ(site_variables)


@pytest.fixture(scope="session")
def app(config: Config) -> Flask:
    """An application on the same database, to prepare things through the services."""
    return create_app(config)


@pytest.fixture(scope="session")
def site(site_variables: dict[str, str], run_folder: Path, worker_number: int) -> Iterator[str]:
    """The address of a running installation: web, worker and clock."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    environ = {
        **site_variables, "PORT": str(port), "INVOICER_URL": address, "INVOICER_WEB_WORKERS": "1",
    }  # fmt: skip
    folder = run_folder / f"e2e{worker_number}"
    folder.mkdir(exist_ok=True)
    roles = [Installed(name, environ, folder).start() for name in ("web", "worker", "clock")]
    try:
        until(lambda: _answers(f"{address}/healthz"), 40)
        yield address
    finally:
        for role in roles:
            role.kill()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310 - ours
            return bool(answer.status == 200)
    except OSError:
        return False


@dataclass(frozen=True)
class Owner:
    """Somebody with a new business of their own."""

    email: str
    password: str = PASSWORD


@pytest.fixture
def owner(app: Flask) -> Owner:
    """A new owner of a new business in Hamburg."""
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
    context.set_default_timeout(15_000)
    watch.on(context)
    yield context
    context.close()


@pytest.fixture
def signed_in(context: BrowserContext, owner: Owner) -> Page:
    """A page of the owner, at the dashboard."""
    page = context.new_page()
    page.goto("/")
    page.get_by_label("E-mail").fill(owner.email)
    page.get_by_label("Password").fill(owner.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    return page

"""A whole installation that runs: web, worker and clock, with every plugin there is. One for each
worker of a test run, because two on one database would take each other's work."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
from flask import Flask

from invoicer_core.app import create_app
from invoicer_core.config import Config, libpq_url
from invoicer_core.hooks.plugin import BrokenPlugin, Plugin
from invoicer_core.host.loading import OWN_PACKAGE, installed, load
from tests.environment import Environment
from tests.integration.live.conftest import free_port
from tests.peers.packages import as_installed
from tests.peers.processes import Installed, until
from tests.peers.whatsapp import WhatsApp, whatsapp_peer
from tests.plugins.paying.invoicer_paying import PayingPlugin
from tests.plugins.pigeon.invoicer_pigeon import PigeonPlugin

EXAMPLES = (PayingPlugin, PigeonPlugin)
"""Beside what is installed here. A business has each of them only when it switches it on."""


@dataclass(frozen=True)
class Running:
    """Where it runs, an application in this process on the same database, and the addresses that
    stand for other companies': only who runs an installation chooses those."""

    url: str
    variables: dict[str, str]
    app: Flask
    meta: WhatsApp
    stripe_port: int
    twilio_port: int
    model_port: int

    def hurry(self, business_id: int) -> None:
        """As if the time had come for all that waits in the business."""
        owner_url = Config.from_environ(self.variables).owner_url
        with psycopg.connect(libpq_url(owner_url or ""), autocommit=True) as connection:
            connection.execute(
                "UPDATE deliveries SET due_at = now() WHERE state = 'due' AND business_id = %s",
                [business_id],
            )
            connection.execute("SELECT pg_notify('due', '')")


_RUNNING = pytest.StashKey[Running]()


@pytest.fixture(scope="session")
def running(
    pytestconfig: pytest.Config, servers: Environment, variables: dict[str, str],
    worker_number: int, run_folder: Path,
) -> Running:  # fmt: skip
    """The installation; the same one wherever this fixture is imported, until the run ends."""
    if _RUNNING not in pytestconfig.stash:
        database = f"e2e_{worker_number}"
        servers.create_database(database)
        folder = run_folder / f"e2e{worker_number}"
        folder.mkdir()
        given = {**variables, **servers.variables(database)}
        started = _started(given, folder)
        pytestconfig.stash[_RUNNING] = started.__enter__()
        pytestconfig.add_cleanup(lambda: started.__exit__(None, None, None))
    return pytestconfig.stash[_RUNNING]


@contextmanager
def _started(given: dict[str, str], folder: Path) -> Iterator[Running]:
    port, stripe_port, twilio_port, model_port = (free_port() for _ in range(4))
    url = f"http://127.0.0.1:{port}"
    with whatsapp_peer(automatic=True) as meta:
        variables = {
            **given, "INVOICER_DATA": str(folder), "PORT": str(port), "INVOICER_URL": url,
            "INVOICER_WEB_WORKERS": "1", "WHATSAPP_API_ADDRESS": meta.url,
            "STRIPE_API_ADDRESS": f"http://127.0.0.1:{stripe_port}",
            "TWILIO_API_ADDRESS": f"http://127.0.0.1:{twilio_port}",
            "OPENAI_BASE_URL": f"http://127.0.0.1:{model_port}/v1",
            "PYTHONPATH": as_installed(folder / "installed", *(kind.name for kind in EXAMPLES)),
        }  # fmt: skip
        roles = [Installed(name, variables, folder).start() for name in ("web", "worker", "clock")]
        try:
            app = create_app(Config.from_environ(variables), plugins=[*_others(), *EXAMPLES])
            until(lambda: _answers(url), 100)
            yield Running(url, variables, app, meta, stripe_port, twilio_port, model_port)
        finally:
            for role in roles:
                role.kill()


def _others() -> Iterator[type[Plugin]]:
    """What the processes of the installation find too; they leave out what does not load."""
    for each in installed():
        if each.package.split(" ")[0] != OWN_PACKAGE:
            try:
                yield type(load(each).plugin)
            except BrokenPlugin:
                continue


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False

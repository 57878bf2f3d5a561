"""A real web server and a real clock; clients speak Socket.IO over a websocket."""

import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import socketio
from flask import Flask

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services.identity import access_tokens, sessions
from tests.environment import Environment
from tests.factories import make_business, make_user
from tests.peers.processes import Role, until


class Web(Role):
    """gunicorn as in production, on a loopback port."""

    def command(self) -> list[str]:
        settings = "python:invoicer_core.embedded.gunicorn_conf"
        factory = "invoicer_core.app:create_app()"
        return [sys.executable, "-m", "gunicorn", "-c", settings, factory]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(scope="session")
def live_variables(
    servers: Environment, variables: dict[str, str], worker_number: int, run_folder: Path
) -> dict[str, str]:
    database = f"live_{worker_number}"
    servers.create_database(database)
    data = run_folder / f"live{worker_number}"
    data.mkdir(exist_ok=True)
    port = free_port()
    return {
        **variables,
        **servers.variables(database),
        "INVOICER_DATA": str(data),
        "PORT": str(port),
        "INVOICER_URL": f"http://127.0.0.1:{port}",
        "INVOICER_PLUGINS": "none",
    }


@pytest.fixture(scope="session")
def config(live_variables: dict[str, str]) -> Config:
    return Config.from_environ(live_variables)


@pytest.fixture(scope="session")
def app(config: Config) -> Flask:
    return create_app(config)


@pytest.fixture(scope="module")
def web(live_variables: dict[str, str], run_folder: Path, config: Config) -> Iterator[str]:
    """Two web processes and a clock; the address. They end with the module: a clock with jobs that
    no worker takes looks for them again and again, which all tests after these would wait for."""
    roles = [Web("web", live_variables, run_folder), Role("clock", live_variables, run_folder)]
    for role in roles:
        role.start()
    until(lambda: answers(config.port), 90)
    yield config.url
    for role in roles:
        role.kill()
        print(role.output()[-20_000:])
    until(lambda: not answers(config.port))


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


class Viewer:
    """A client and everything it heard."""

    def __init__(
        self, url: str, auth: dict[str, Any] | None, cookie: str | None, origin: str | None
    ) -> None:
        self.heard: list[tuple[str, Any]] = []
        options = {"origin": origin} if origin else {"suppress_origin": True}
        self.client = socketio.Client(reconnection=False, websocket_extra_options=options)
        self.client.on("*", lambda name, data: self.heard.append((name, data)))
        headers = {"Cookie": f"invoicer_session={cookie}"} if cookie else {}
        self.client.connect(
            url, auth=auth, headers=headers, transports=["websocket"], wait_timeout=40
        )

    def named(self, name: str, kind: str) -> list[Any]:
        """What came as message ``name`` with this event type or name."""
        found = [data for heard, data in list(self.heard) if heard == name]
        return [data for data in found if kind in (data.get("eventType"), data.get("name"))]

    def ask(self, name: str, data: Any = None) -> Any:
        return self.client.call(name, data, timeout=40)


@pytest.fixture
def connect(web: str) -> Iterator[Callable[..., Viewer]]:
    """Connect with a token, a link or a cookie; from a page of ``origin``."""
    opened: list[Viewer] = []

    def connected(cookie: str | None = None, origin: str | None = None, **auth: Any) -> Viewer:
        viewer = Viewer(web, auth or None, cookie, origin)
        opened.append(viewer)
        return viewer

    yield connected
    for viewer in opened:
        viewer.client.disconnect()


class Owner:
    """A business with its owner, signed in."""

    def __init__(self) -> None:
        self.user_id = make_user()
        self.business_id = make_business(owner_id=self.user_id)
        self.signed_in = sessions.begin(user_id=self.user_id, kind="api")
        self.cookie = sessions.begin(user_id=self.user_id, kind="web").token
        self.token = access_tokens.make(
            self.user_id, self.signed_in.identity.sign_in_id, self.business_id
        )

    def inside(self) -> Any:
        return enter_business(self.business_id)


@pytest.fixture
def owner(app: Flask) -> Iterator[Owner]:
    with app.app_context():
        yield Owner()


@pytest.fixture
def other(app: Flask, owner: Owner) -> Owner:
    return Owner()

"""Fixtures every test may use. All are lazy: a pure unit test starts no server.

Tests share one PostgreSQL and one Valkey per run, and one database per worker. They do not clean
up: each makes businesses of its own and sees nothing of the others, as row level security wants.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from invoicer_core.config import Config
from tests.environment import Environment, find_or_start

LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")
_FOLDER = pytest.StashKey[Path]()
_outside: list[str] = []


@dataclass(frozen=True, slots=True)
class Scale:
    """How much a test does: ``scale(20, 1000)`` is 20 by default, 1000 with ``--scale=large``."""

    name: str

    def __call__(self, small: int, large: int) -> int:
        """The count for this run."""
        return large if self.name == "large" else small


def pytest_addoption(parser: pytest.Parser) -> None:
    """The one option that sets how much is tried; nothing exists in only one scale."""
    parser.addoption("--scale", choices=("small", "large"), default="small")


def pytest_configure(config: pytest.Config) -> None:
    """Name the run's folder, in the process that outlives all workers; watch for the network."""
    given = getattr(config, "workerinput", {}).get("run_folder")
    if given:
        config.stash[_FOLDER] = Path(given)
    else:
        folder = Path(tempfile.mkdtemp(prefix="inv-", dir="/tmp"))
        folder.chmod(0o711)
        config.stash[_FOLDER] = folder
        (folder / "pid").write_text(str(os.getpid()))
    sys.addaudithook(_watch_network)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist the folder."""
    node.workerinput["run_folder"] = str(node.config.stash[_FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    """A run that started no server leaves nothing behind; otherwise the holder cleans up."""
    folder = config.stash.get(_FOLDER, None)
    if folder is None or hasattr(config, "workerinput"):
        return
    if not (folder / "state.json").exists():
        shutil.rmtree(folder, ignore_errors=True)


def _watch_network(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in ("socket.connect", "socket.sendto"):
        return
    address = arguments[1]
    if not isinstance(address, tuple):
        return  # a Unix socket
    host = str(address[0])
    if not host.startswith(LOOPBACK):
        _outside.append(f"{host}:{address[1]}")
        raise OSError(f"A test tried to reach {host}: only loopback peers are allowed.")


@pytest.fixture(autouse=True)
def _no_foreign_network() -> Iterator[None]:
    """Fail a test that opens a connection to another machine, even if it swallows the error."""
    _outside.clear()
    yield
    assert not _outside, f"connections to other machines: {', '.join(_outside)}"


@pytest.fixture(scope="session")
def scale(pytestconfig: pytest.Config) -> Scale:
    """How much to try: ``count = scale(20, 1000)``."""
    return Scale(pytestconfig.getoption("--scale"))


@pytest.fixture(scope="session")
def run_folder(pytestconfig: pytest.Config) -> Path:
    """A folder of this run; its path is short enough for sockets."""
    return pytestconfig.stash[_FOLDER]


@pytest.fixture(scope="session")
def worker_number(pytestconfig: pytest.Config) -> int:
    """0 without pytest-xdist, else the worker's number from 0."""
    name = getattr(pytestconfig, "workerinput", {}).get("workerid", "gw0")
    return int(str(name).removeprefix("gw"))


@pytest.fixture(scope="session")
def servers(run_folder: Path) -> Environment:
    """PostgreSQL and Valkey of this run."""
    return find_or_start(run_folder, int((run_folder / "pid").read_text()))


@pytest.fixture(scope="session")
def variables(servers: Environment, worker_number: int, run_folder: Path) -> dict[str, str]:
    """The environment of a process of ours: this worker's own database, Redis and data folder."""
    database = f"test_{worker_number}"
    servers.create_database(database)
    data = run_folder / f"data{worker_number}"
    data.mkdir(exist_ok=True)
    return {
        **servers.variables(database, worker_number),
        "INVOICER_DATA": str(data),
        "INVOICER_SECRET_KEYS": "6f1d9c2b8a7e4053b1c6d8f2a49e70b53c",
        "INVOICER_SIGNUP": "open",
        "INVOICER_RATE_LIMIT_ACCOUNT": "off",
        "INVOICER_RATE_LIMIT_ADDRESS": "off",
        "INVOICER_RATE_LIMIT_SIGN_IN": "off",
    }


@pytest.fixture(scope="session")
def config(variables: dict[str, str]) -> Config:
    """The configuration of this worker's application."""
    return Config.from_environ(variables)


@pytest.fixture(scope="session")
def app(config: Config) -> Flask:
    """The application, made once per worker."""
    from invoicer_core.app import create_app

    return create_app(config)


@pytest.fixture
def app_context(app: Flask) -> Iterator[Flask]:
    """An application context around the test."""
    with app.app_context():
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """An HTTP client without a network."""
    return app.test_client()

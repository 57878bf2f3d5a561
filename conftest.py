"""Fixtures every test may use. All are lazy: a pure unit test starts no server.

Tests share one PostgreSQL and one Valkey per run, and one database per worker. They do not clean
up: each makes businesses of its own and sees nothing of the others, as row level security wants.
"""

import gc
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from invoicer_core.config import Config
from tests import network
from tests.environment import Environment, find_or_start
from tests.scale import Scale

_FOLDER = pytest.StashKey[Path]()
_SHIPPED = [each.parent.name for each in Path(__file__).parent.glob("plugins/*/*/py.typed")]
ABSENT = sorted(name for name in _SHIPPED if find_spec(name) is None)
"""Packages of plugins that ship beside the core and are not installed here."""

_OF_ABSENT = re.compile(rf"^\s*(?:from|import) (?:{'|'.join(ABSENT)})\b", re.MULTILINE)


FEW = 3
"""Files whose tests may have met a machine that was busy with other tests; more is no accident."""


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what is left out: the tests of, and with, plugins that are not installed."""
    said = [f"without: {', '.join(ABSENT)}"] if ABSENT else []
    if config.getoption("--few"):
        said.append("alone: what failed beside others. What passes now is unsteady: find out why.")
    return said


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out a test file that needs a plugin which is not installed: the core goes on alone."""
    if not ABSENT or collection_path.suffix != ".py":
        return None
    return True if _OF_ABSENT.search(collection_path.read_text("utf-8")) else None


def pytest_addoption(parser: pytest.Parser) -> None:
    """How much is tried (nothing exists in only one scale), and a second try of what failed."""
    parser.addoption("--scale", choices=("small", "large"), default="small")
    parser.addoption("--few", action="store_true", help="refuse after many failed")


def pytest_configure(config: pytest.Config) -> None:
    """Name the run's folder, in the process that outlives all workers; watch for the network.
    Raises UsageError when more failed than ``--few`` allows to try again."""
    failed = config.cache.get("cache/lastfailed", {}) if config.cache else {}
    files = {each.partition("::")[0] for each in failed}
    if config.getoption("--few") and len(files) > FEW:
        raise pytest.UsageError(f"Tests of {len(files)} files failed: that is no accident.")
    given = getattr(config, "workerinput", {}).get("run_folder")
    if given:
        config.stash[_FOLDER] = Path(given)
    else:
        folder = Path(tempfile.mkdtemp(prefix="inv-", dir="/tmp"))
        folder.chmod(0o711)
        config.stash[_FOLDER] = folder
        (folder / "pid").write_text(str(os.getpid()))
    sys.addaudithook(network.watch)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """While six thousand tests are read next to nothing becomes garbage, and looking for it takes a
    third of the time; they stay until the end, so that it is never looked for among them."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Tests that share what was started for several of them run in one worker: it is started
    once. What this file and pytest's plugins give to all tests is each worker's own. What takes
    long comes before the many short ones: a long one at the end would leave the other worker idle.
    """
    for item in items:
        shared = [each.baseid for each in _fixtures(item) if each.scope != "function"]
        homes = sorted(set(shared) - {"", "."}, key=len)
        if homes and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(homes[0]))
    yield  # others mix the order
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def _fixtures(item: pytest.Item) -> Iterator[pytest.FixtureDef[Any]]:
    if isinstance(item, pytest.Function):
        for found in item._fixtureinfo.name2fixturedefs.values():
            yield from found[-1:]


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


@pytest.fixture(autouse=True)
def _no_foreign_network() -> Iterator[None]:
    """Fail a test that opens a connection to another machine, even if it swallows the error."""
    network.outside.clear()
    network.names.clear()
    yield
    assert not network.outside, f"connections to other machines: {', '.join(network.outside)}"


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
        **servers.variables(database),
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

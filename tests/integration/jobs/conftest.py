"""A database and a Redis of their own: a clock hands out whatever is due in its database."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from invoicer_core.app import create_app
from invoicer_core.config import Config, libpq_url
from invoicer_core.models.tenancy import enter_business
from tests.environment import Environment
from tests.factories import make_business
from tests.peers.probe import ProbePlugin
from tests.peers.processes import Role


@pytest.fixture(scope="session")
def job_variables(
    servers: Environment, variables: dict[str, str], worker_number: int, run_folder: Path
) -> dict[str, str]:
    database = f"jobs_{worker_number}"
    servers.create_database(database)
    data = run_folder / f"jobs{worker_number}"
    data.mkdir(exist_ok=True)
    given = {**variables, **servers.variables(database)}
    return {**given, "INVOICER_DATA": str(data), "INVOICER_DEMO": "1"}


@pytest.fixture(scope="session")
def config(job_variables: dict[str, str]) -> Config:
    return Config.from_environ(job_variables)


@pytest.fixture(scope="session")
def app(config: Config) -> Flask:
    return create_app(config, plugins=[ProbePlugin])


@pytest.fixture
def data(config: Config) -> Path:
    """The data folder, with an empty probe log."""
    for name in ("probe.log", "mended", "awake"):
        (config.data / name).unlink(missing_ok=True)
    return config.data


@pytest.fixture(scope="session")
def roles(job_variables: dict[str, str], run_folder: Path, app: Flask) -> Iterator[dict[str, Role]]:
    """One clock and one worker for all tests; a test that kills one finds it started again."""
    found = {name: Role(name, job_variables, run_folder) for name in ("clock", "worker")}
    yield found
    for role in found.values():
        role.kill()


@pytest.fixture
def clock(roles: dict[str, Role]) -> Iterator[Role]:
    yield from _running(roles["clock"])


@pytest.fixture
def worker(roles: dict[str, Role]) -> Iterator[Role]:
    yield from _running(roles["worker"])


@pytest.fixture
def alone(roles: dict[str, Role]) -> None:
    """Nobody works beside the test; whoever wants a role later finds it started again."""
    for role in roles.values():
        if role.child is not None and role.child.poll() is None:
            role.kill()


def _running(role: Role) -> Iterator[Role]:
    """The role, running; what it says meanwhile is shown when the test fails."""
    if role.child is None or role.child.poll() is not None:
        role.start()
    before = len(role.output())
    yield role
    print(role.output()[before:])


@pytest.fixture
def business(app: Flask) -> Iterator[int]:
    """A new business, entered."""
    with app.app_context():
        business_id = make_business(name="Jobs & Co", email="billing@jobs.test")
        with enter_business(business_id):
            yield business_id


@pytest.fixture
def owner(config: Config) -> Iterator[psycopg.Connection]:
    """The owner's eyes: sees the rows of every business."""
    with psycopg.connect(libpq_url(config.owner_url or ""), autocommit=True) as connection:
        yield connection

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
    given = {**variables, **servers.variables(database, 32 + worker_number)}
    return {**given, "INVOICER_DATA": str(data)}


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


@pytest.fixture
def clock(job_variables: dict[str, str], run_folder: Path, app: Flask) -> Iterator[Role]:
    role = Role("clock", job_variables, run_folder).start()
    yield role
    role.kill()
    print(role.output())


@pytest.fixture
def worker(job_variables: dict[str, str], run_folder: Path, app: Flask) -> Iterator[Role]:
    role = Role("worker", job_variables, run_folder).start()
    yield role
    role.kill()
    print(role.output())


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

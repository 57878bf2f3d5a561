"""The index built by a real worker, which is killed in the middle of it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from invoicer_vector_search import VectorSearchPlugin, index
from sqlalchemy import text

from invoicer_core import host
from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import plugins, tasks
from tests.environment import Environment
from tests.factories import BY, make_business
from tests.peers.processes import Installed, until
from tests.scale import Scale

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PRODUCTS = text(
    "INSERT INTO products (business_id, name, unit, unit_price, is_active)"
    " SELECT :business, 'Hinge of ' || n || ' mm', 'C62', 10, true FROM generate_series(1, :many) n"
)
READ = text(
    "SELECT count(*), count(DISTINCT thing_id)"
    " FROM plugin_vector_search.entries WHERE business_id = :business"
)


@pytest.fixture(scope="module")
def own_variables(
    servers: Environment, variables: dict[str, str], worker_number: int, run_folder: Path,
    a_service: Any,
) -> dict[str, str]:  # fmt: skip
    """A database of its own: the worker of this test shall meddle with nobody else's."""
    database = f"meaning_{worker_number}"
    servers.create_database(database)
    data = run_folder / f"meaning{worker_number}"
    data.mkdir(exist_ok=True)
    given = {**variables, **servers.variables(database), "INVOICER_DATA": str(data)}
    return {**given, "VECTOR_SEARCH_OPENAI_BASE_URL": a_service.url}


@pytest.fixture(scope="module")
def own_app(own_variables: dict[str, str]) -> Flask:
    """The application that asks for the index."""
    return create_app(Config.from_environ(own_variables), plugins=[VectorSearchPlugin])


@pytest.fixture
def roles(own_variables: dict[str, str], run_folder: Path) -> Iterator[dict[str, Installed]]:
    """A clock and a worker, as they are installed."""
    found = {name: Installed(name, own_variables, run_folder) for name in ("clock", "worker")}
    for role in found.values():
        role.start()
    yield found
    for role in found.values():
        role.kill()


def test_a_killed_worker_reads_on_where_it_was(
    own_app: Flask, roles: dict[str, Installed], service: Any, scale: Scale
) -> None:
    many = scale(150, 5_000)
    service.prompt = 2
    with own_app.app_context():
        business_id = make_business()
        with enter_business(business_id):
            db.session.execute(PRODUCTS, {"business": business_id, "many": many})
            db.session.commit()
            settings = {"embedder": "openai-small", "key": "sk-test-key"}
            plugins.change(name="vector_search", enabled=True, settings=settings, by=BY)
            task_id = index.build(host.current().context("vector_search", business_id))
            until(lambda: len(service.asked) > service.prompt, seconds=90)
            roles["worker"].kill()
            half = task(task_id)
            assert (half.state, half.done) == ("running", 2 * index.BATCH)
            assert read(business_id) == (half.done, half.done)
            service.prompt = 1_000_000
            service.go_on.set()
            roles["worker"].start()
            until(lambda: task(task_id).is_over, seconds=120)
            over = task(task_id)
            assert (over.state, over.error) == ("done", None)
            assert (over.done, over.total) == (many, many)
            assert read(business_id) == (many, many)
            state = index.serving()
            assert state is not None
            assert (state.model, state.building) == ("text-embedding-3-small", None)
    texts = Counter(each for asked in service.asked for each in asked["input"])
    assert len(texts) == many
    twice = [each for each, times in texts.items() if times > 1]
    assert len(twice) <= index.BATCH, "what was read and written is not read again"
    assert max(texts.values()) <= 2


def task(task_id: int) -> tasks.TaskSnapshot:
    db.session.rollback()
    return tasks.get(task_id=task_id)


def read(business_id: int) -> tuple[int, ...]:
    return tuple(db.session.execute(READ, {"business": business_id}).one())

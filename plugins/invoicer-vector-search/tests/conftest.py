"""A business that searches by meaning with the real model, and a worker's hands."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask
from invoicer_vector_search import VectorSearchPlugin
from sqlalchemy import text

from invoicer_core import host
from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.hooks.answers import RetryLater
from invoicer_core.models import db
from invoicer_core.services import businesses, deliveries, plugins, products, searching, tasks
from invoicer_core.services.plugins import plugin_jobs
from tests.factories import BY, make_business

DUE = text(
    "SELECT id, subscriber FROM deliveries WHERE business_id = :business AND state = 'due'"
    " AND subscriber IN ('plugin:vector_search', 'job:vector_search', 'tasks') ORDER BY id"
)
ENTRIES = text(
    "SELECT kind, thing_id, model, digest FROM plugin_vector_search.entries"
    " WHERE business_id = :business ORDER BY kind, thing_id, model"
)


@dataclass
class Shop:
    """A business with the plugin on. Its methods need the application's context."""

    app: Flask
    business_id: int

    def add(self, name: str, **fields: Any) -> int:
        """A product; its id."""
        given = {"name": name, "unit_price": 10, **fields}
        return products.create(fields=given, by=BY).id

    def work(self, most: int = 500) -> int:
        """Do what a worker would do now, at once; how much that was."""
        number = 0
        while owed := db.session.execute(DUE, {"business": self.business_id}).all():
            db.session.rollback()
            for delivery_id, subscriber in owed:
                number += 1
                assert number <= most, "the work does not end"
                self._deliver(delivery_id, subscriber)
        db.session.rollback()
        return number

    def _deliver(self, delivery_id: int, subscriber: str) -> None:
        found = deliveries.load(delivery_id=delivery_id)
        db.session.rollback()
        state = "done"
        try:
            if subscriber == "tasks":
                tasks.run(owed=found)
            elif subscriber.startswith("job:"):
                plugin_jobs.run(found.data)
            elif found.event is not None:
                outcome = host.deliver("vector_search", found.event)
                assert outcome.state == "done", outcome
        except RetryLater:
            state = "parked"
        db.session.rollback()
        deliveries.settle(delivery_id=delivery_id, state=state)
        db.session.commit()

    def found(
        self, query: str, mode: searching.Mode = "semantic", kind: str = "product"
    ) -> list[int]:
        """Ids, the best first."""
        hits = searching.search(kind=kind, query=query, limit=10, mode=mode)
        return [each.id for each in hits]

    def entries(self) -> list[Any]:
        """The index of this business: kind, id, model, digest."""
        return list(db.session.execute(ENTRIES, {"business": self.business_id}).all())


class Service:
    """Something that answers as OpenAI does: ``vector`` of each text, or ``status`` alone. From
    the request after the first ``prompt`` ones on it lets everybody wait until ``go_on``."""

    def __init__(self) -> None:
        self.prompt, self.go_on = 1_000_000, threading.Event()
        self.status, self.body, self.dimension = 200, "", 1536
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.url = ""

    def answer(self, given: dict[str, Any]) -> str:
        """Vectors out of order, as it is allowed to send them."""
        if self.body or self.status != 200:
            return self.body
        many = len(given["input"])
        data = [
            {
                "index": n,
                "embedding": [float(len(given["input"][n]))] + [0.5] * (self.dimension - 1),
            }
            for n in reversed(range(many))
        ]
        return json.dumps({"object": "list", "data": data, "model": given["model"]})


@pytest.fixture(scope="session")
def a_service() -> Iterator[Service]:
    """It, on a loopback port."""
    made = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made.asked.append({"path": self.path, **given})
            made.keys.append(self.headers["Authorization"])
            if len(made.asked) > made.prompt:
                made.go_on.wait(120)
            sent = made.answer(given).encode()
            self.send_response(made.status)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *arguments: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}/v1"
    yield made
    made.go_on.set()
    server.shutdown()
    thread.join(5)


@pytest.fixture
def service(a_service: Service) -> Service:
    """It, in a good mood."""
    url = a_service.url
    a_service.__init__()  # type: ignore[misc]  # the server's thread holds this very one
    a_service.url = url
    return a_service


@pytest.fixture(scope="session")
def meaning(variables: dict[str, str], a_service: Service) -> Flask:
    """The application with the plugin; whoever runs it chose the service for the OpenAI models."""
    given = {**variables, "VECTOR_SEARCH_OPENAI_BASE_URL": a_service.url}
    return create_app(Config.from_environ(given), plugins=[VectorSearchPlugin])


@pytest.fixture
def opened(meaning: Flask) -> Iterator[Callable[[], Shop]]:
    """Opens businesses that search by meaning, in an application's context."""
    with meaning.app_context():

        def make() -> Shop:
            business_id = make_business()
            with businesses.enter_business(business_id):
                plugins.change(name="vector_search", enabled=True, by=BY)
            return Shop(meaning, business_id)

        yield make


@pytest.fixture
def shop(opened: Callable[[], Shop]) -> Iterator[Shop]:
    """One of them, entered."""
    made = opened()
    with businesses.enter_business(made.business_id):
        yield made


@pytest.fixture
def at_work() -> type[Shop]:
    """A worker's hands for any business."""
    return Shop

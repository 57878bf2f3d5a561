"""Two engines that know nothing of each other: our own strict bucket, and moto's server."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from invoicer_s3_pdfs import S3PdfsPlugin
from invoicer_s3_pdfs.settings import S3Settings
from sqlalchemy import text

from invoicer_core import host
from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.plugin import Context
from invoicer_core.services import plugins, tasks
from invoicer_core.services.deliveries import load
from invoicer_core.services.documents import moving
from tests.factories import BY, make_business
from tests.peers.aws import Aws, aws_peer
from tests.peers.s3 import Bucket, s3_peer


@pytest.fixture(scope="session")
def a_bucket() -> Iterator[Bucket]:
    """Our own bucket for all tests."""
    with s3_peer() as peer:
        yield peer


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    """Amazon's services for all tests."""
    with aws_peer() as peer:
        yield peer


@pytest.fixture
def bucket(a_bucket: Bucket) -> Iterator[Bucket]:
    """Our own bucket, empty and in a good mood."""
    fresh = Bucket(url=a_bucket.url)
    a_bucket.__dict__.update(fresh.__dict__)
    yield a_bucket
    a_bucket.go_on.set()


@pytest.fixture(scope="session")
def app(variables: dict[str, str], a_bucket: Bucket) -> Flask:
    """An application whose documents may go into our own bucket."""
    config = Config.from_environ({**variables, **a_bucket.variables()})
    return create_app(config, plugins=[S3PdfsPlugin])


@pytest.fixture(scope="session")
def app_on_aws(variables: dict[str, str], aws: Aws) -> Flask:
    """The same with moto's server."""
    name = aws.bucket(f"papers-{uuid4().hex[:8]}")
    config = Config.from_environ({**variables, **aws.variables(name)})
    return create_app(config, plugins=[S3PdfsPlugin])


@pytest.fixture(params=["peer", "moto"])
def either(request: pytest.FixtureRequest) -> Iterator[int]:
    """A business with the plugin on, on each of the two engines."""
    if request.param == "peer":
        request.getfixturevalue("bucket")
    name = "app" if request.param == "peer" else "app_on_aws"
    yield from _inside(request.getfixturevalue(name))


@pytest.fixture
def business(app: Flask, bucket: Bucket) -> Iterator[int]:
    """A business with the plugin on, on our own bucket."""
    for business_id in _inside(app):
        bucket.asked.clear()
        yield business_id


def _inside(app: Flask) -> Iterator[int]:
    with app.app_context():
        business_id = make_business()
        with enter_business(business_id):
            _switch(on=True)
            yield business_id
            db.session.rollback()


@pytest.fixture
def business_to_nowhere(variables: dict[str, str], a_bucket: Bucket) -> Iterator[int]:
    """A business with the plugin on, whose operator named an address where nobody listens."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{kept.getsockname()[1]}"
        given = {**variables, **a_bucket.variables(), "S3_ENDPOINT": endpoint}
        yield from _inside(create_app(Config.from_environ(given), plugins=[S3PdfsPlugin]))


@pytest.fixture
def context() -> Callable[[int], Context[S3Settings]]:
    """What the plugin is called with for a business."""
    return _context


@pytest.fixture
def switch() -> Callable[..., None]:
    """Switches the plugin on or off, with these settings over the environment's."""
    return _switch


def _switch(*, on: bool, **settings: Any) -> None:
    plugins.change(name="s3_pdfs", enabled=on, settings=settings or None, by=BY)
    db.session.rollback()


@pytest.fixture
def ctx(either: int) -> Context[S3Settings]:
    """What the plugin is called with on each engine."""
    return _context(either)


@pytest.fixture
def own(business: int) -> Context[S3Settings]:
    """What the plugin is called with on our own bucket."""
    return _context(business)


def _context(business_id: int) -> Context[S3Settings]:
    return host.current().context("s3_pdfs", business_id)


@pytest.fixture
def keep_in() -> Callable[[str], None]:
    """Keeps what is new in this store from now on."""

    def choose(name: str) -> None:
        moving.choose(name=name, by=BY)
        db.session.rollback()

    return choose


@pytest.fixture
def turn() -> Callable[[int], tasks.TaskSnapshot]:
    """One try of a worker at a task."""

    def run(task_id: int) -> tasks.TaskSnapshot:
        owed = text("SELECT delivery_id FROM tasks WHERE id = :id")
        delivery_id = db.session.execute(owed, {"id": task_id}).scalar_one()
        tasks.run(owed=load(delivery_id=delivery_id))
        return tasks.get(task_id=task_id)

    return run


@pytest.fixture
def killed(turn: Callable[[int], tasks.TaskSnapshot]) -> Callable[..., None]:
    """One try of a process of its own, which the bucket kills at its ``number``-th request of a
    method, before that has its effect or after."""

    def run(task_id: int, bucket: Bucket, method: str, number: int, *, done: bool) -> None:
        db.session.remove()
        seen: list[int] = []
        ready, go = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.read(ready, 1)
            try:
                db.engine.dispose(close=False)
                turn(task_id)
            finally:
                os._exit(0)

        def cut(asked: str, is_done: bool) -> bool:
            if (asked, is_done) != (method, done):
                return False
            seen.append(pid)
            if len(seen) == number:
                os.kill(pid, signal.SIGKILL)
            return len(seen) >= number

        bucket.watch = cut
        os.write(go, b"!")
        status = os.waitpid(pid, 0)[1]
        bucket.watch = None
        os.close(ready)
        os.close(go)
        assert os.WIFSIGNALED(status), "it ended by itself"

    return run

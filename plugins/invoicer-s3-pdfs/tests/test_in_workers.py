"""A move in a real worker, which is killed in the middle of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from invoicer_s3_pdfs import S3PdfsPlugin

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import documents, files, plugins, tasks
from invoicer_core.services.documents import moving
from tests.environment import Environment
from tests.factories import BY, make_business
from tests.integration.services.test_papers import issue
from tests.peers.processes import Installed, until
from tests.peers.s3 import Bucket

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def own_variables(
    servers: Environment,
    variables: dict[str, str],
    worker_number: int,
    run_folder: Path,
    a_bucket: Bucket,
) -> dict[str, str]:
    """A database of its own: the worker of this test shall meddle with nobody else's."""
    database = f"moves_{worker_number}"
    servers.create_database(database)
    data = run_folder / f"moves{worker_number}"
    data.mkdir(exist_ok=True)
    given = {**variables, **servers.variables(database)}
    return {**given, **a_bucket.variables(), "INVOICER_DATA": str(data)}


@pytest.fixture(scope="module")
def own_app(own_variables: dict[str, str]) -> Flask:
    """The application that asks for the move."""
    return create_app(Config.from_environ(own_variables), plugins=[S3PdfsPlugin])


@pytest.fixture
def roles(own_variables: dict[str, str], run_folder: Path) -> Iterator[dict[str, Installed]]:
    """A clock and a worker."""
    found = {name: Installed(name, own_variables, run_folder) for name in ("clock", "worker")}
    for role in found.values():
        role.start()
    yield found
    for role in found.values():
        role.kill()


def test_a_worker_that_is_killed_leaves_nothing_half(own_app, bucket, roles, own_variables):
    with own_app.app_context(), enter_business(make_business()):
        plugins.change(name="s3_pdfs", enabled=True, by=BY)
        kept = [files.upload(name=f"{n}.txt", data=b"text %d" % n, by=BY) for n in range(4)]
        pdf = documents.render(invoice_id=issue().id)
        bucket.mood, bucket.moody = "waits", ("PUT",)
        bucket.asked.clear()
        task = moving.start(source="local", target="s3", forget=True, by=BY)
        until(lambda: [each for each in bucket.asked if each.startswith("PUT")])
        roles["worker"].kill()
        bucket.mood = "works"
        bucket.go_on.set()
        roles["worker"].start()

        def over() -> tasks.TaskSnapshot | None:
            db.session.rollback()
            found = tasks.get(task_id=task.id)
            return found if found.is_over else None

        done = until(over, seconds=90)
        assert (done.state, done.error) == ("done", None)
        assert (done.done, done.total) == (5, 5)
        found = documents.get(document_id=pdf.id)
        assert found.store == "s3"
        assert documents.content_of(document=found).startswith(b"%PDF-")
        for number, each in enumerate(kept):
            assert files.content(file_id=each.id)[1] == b"text %d" % number
        folder = Path(own_variables["INVOICER_DATA"]) / "documents"
        assert [path for path in folder.rglob("*") if path.is_file()] == []

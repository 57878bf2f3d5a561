"""A worker that is killed in every delivery of a run: a step, a choice, a wait and what ends it, an
undo, a bad end, and each step of an invoice's delivery.

A child does the delivery and is killed where it wants to write down how it ended: what the state
did is there, and nobody knows. Then the delivery is done again.
"""

import os
import signal
from collections.abc import Callable, Iterator

import psycopg
import pytest
from sqlalchemy import text

from invoicer_core.config import libpq_url
from invoicer_core.models import db
from invoicer_core.services import deliveries, messages, workflows
from invoicer_core.services.transaction import transaction
from tests.factories import BY
from tests.integration.jobs.test_invoice_delivery import issue
from tests.integration.jobs.test_journeys import DUE, LEASE, events
from tests.peers.processes import until

MADE = text("SELECT notes FROM clients WHERE business_id = :business AND name = 'quiet' ORDER BY 1")
STARTED = text("SELECT id FROM workflow_runs WHERE business_id = :business")
FREE = text("UPDATE deliveries SET state = 'due' WHERE id = :id AND state = 'leased'")
STILL = "SELECT state FROM deliveries WHERE id = %s"
WAITS_FOR = "SELECT count(*) FROM pg_locks WHERE NOT granted AND %s = ANY(pg_blocking_pids(pid))"

pytestmark = [pytest.mark.usefixtures("alone"), pytest.mark.timeout(180)]


@pytest.fixture
def holder(config) -> Iterator[psycopg.Connection]:
    """Holds the row of a run, so that nobody can write down what became of it."""
    with psycopg.connect(libpq_url(config.owner_url or "")) as connection:
        yield connection


class Killer:
    """Does what is due in children that are killed, and then once more here."""

    def __init__(self, business: int, holder: psycopg.Connection, owner: psycopg.Connection):
        self.business, self.holder, self.owner = business, holder, owner
        self.killed: list[str] = []

    def work(self, run_id: int):
        """Everything that is due; the run as it stands then."""
        db.session.rollback()
        while (due := db.session.execute(DUE, {"business": self.business}).scalar()) is not None:
            self.kill_in(run_id, due)
            advance(due)
        return workflows.get(run_id=run_id)

    def kill_in(self, run_id: int, due: int) -> None:
        where = workflows.get(run_id=run_id)
        db.session.remove()
        self.holder.execute("SELECT id FROM workflow_runs WHERE id = %s FOR UPDATE", [run_id])
        child = child_for(due)
        pid = self.holder.info.backend_pid
        until(lambda: self.owner.execute(WAITS_FOR, [pid]).fetchone() == (1,), seconds=60)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL
        self.holder.rollback()
        assert self.owner.execute(STILL, [due]).fetchone() == ("leased",)
        self.killed.append(f"{where.status}:{where.state}")


def child_for(due: int) -> int:
    """A child that does a delivery; its process id."""
    db.session.remove()
    child = os.fork()
    if not child:
        try:
            for engine in db.engines.values():
                engine.dispose(close=False)
            advance(due)
        finally:
            os._exit(0)
    return child


def advance(due: int) -> None:
    """One try of a delivery, as a worker makes it."""
    db.session.execute(LEASE, {"id": due})
    db.session.commit()
    workflows.advance(owed=deliveries.load(delivery_id=due))
    db.session.rollback()


@pytest.fixture
def killer(business, holder, owner) -> Killer:
    return Killer(business, holder, owner)


def one_of_each(business: int, run_id: int, *, but: tuple[str, ...] = ("workflow.moved",)) -> None:
    told = [name for name in events(business, run_id) if name not in but]
    assert sorted(set(told)) == sorted(told), told
    assert deliveries.list_parked().items == ()


def test_a_choice_a_wait_what_ends_it_and_a_bad_end(business, data, killer):
    run = workflows.start(workflow="probe-crossing", given={}, by=BY)
    assert killer.work(run.id).status == "waiting"
    with transaction(by=BY) as unit:
        unit.publish("client.archived", {"run_id": run.id})
    failed = killer.work(run.id)
    assert (failed.status, failed.error) == ("failed", "Blind")
    assert failed.path == ("road", "lights", "stop", "again", "blind")
    assert killer.killed == ["running:road", "waiting:stop", "waiting:stop", "running:again"]
    assert made(business) == [f"{run.id} road"]
    told = events(business, run.id)
    assert [told.count(name) for name in ("workflow.started", "workflow.failed")] == [1, 1]
    workflows.cancel(run_id=run.id, reason="turned round", by=BY)
    assert killer.work(run.id).status == "cancelled"
    assert killer.killed[-1] == "undoing:blind"
    assert made(business) == [f"{run.id} no-road", f"{run.id} road"]
    one_of_each(business, run.id)


def test_in_the_middle_of_a_choice(business, data):
    run = workflows.start(workflow="probe-crossing", given={"dies": "lights"}, by=BY)
    due = db.session.execute(DUE, {"business": business}).scalar_one()
    _, status = os.waitpid(child_for(due), 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    (data / "mended").touch()
    assert workflows.get(run_id=run.id).path == ("road",)
    db.session.execute(FREE, {"id": due})
    db.session.commit()
    assert db.session.execute(DUE, {"business": business}).scalar_one() == due
    advance(due)
    assert workflows.get(run_id=run.id).path == ("road", "lights", "stop")
    assert made(business) == [f"{run.id} road"]


def test_an_early_event_and_the_end_of_the_time_are_there_once(business, data, killer):
    run = workflows.start(workflow="probe-journey", given={"kind": "long"}, by=BY)

    def over():
        found = killer.work(run.id)
        return found if found.status == "succeeded" else None

    done = until(over, seconds=60)
    assert done.path == ("seat", "kind", "visa", "late")
    assert made(business) == [f"{run.id} late", f"{run.id} seat"]
    one_of_each(business, run.id)
    assert len([each for each in messages.find().items if each.kind == "workflow_late"]) == 1


def test_record_pdf_store_notify(business, data, killer):
    invoice = issue()
    begin: Callable[[], int | None] = lambda: db.session.scalar(STARTED, {"business": business})  # noqa: E731
    while begin() is None:
        advance(db.session.execute(DUE, {"business": business}).scalar_one())
    run = killer.work(begin() or 0)
    assert (run.status, run.path) == ("succeeded", ("record", "pdf", "store", "notify"))
    assert killer.killed == [f"running:{name}" for name in run.path]
    assert [step.attempts for step in run.steps] == [2] * 4
    count = text("SELECT count(*) FROM documents WHERE business_id = :business")
    assert db.session.scalar(count, {"business": business}) == 1
    (message,) = messages.find(invoice_id=invoice.id).items
    assert message.state == "queued"
    one_of_each(business, run.id)


def made(business: int) -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(MADE, {"business": business}))

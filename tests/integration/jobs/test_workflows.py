"""Runs of workflows: the way through the states, errors with a name, waiting, trying again."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from invoicer_core.domain.errors import Conflict, NotFound
from invoicer_core.models import db
from invoicer_core.services import clients, deliveries, workflows
from invoicer_core.services.transaction import transaction
from tests.factories import BY
from tests.peers.processes import children_of, until


def begin(**given):
    return workflows.start(workflow="probe-flow", given=given, by=BY)


def in_status(run_id: int, *statuses: str):
    db.session.rollback()
    run = workflows.get(run_id=run_id)
    return run if run.status in statuses else None


def test_a_run_waits_and_goes_on_with_the_event(business, data, clock, worker):
    run = begin()
    waiting = until(lambda: in_status(run.id, "waiting"))
    assert waiting.path == ("first", "pause")
    horse = waiting.output["first"]["pid"]
    assert horse not in [worker.pid, *children_of(worker.pid)]
    named = clients.create(fields={"name": "quiet"}, by=BY)
    clients.archive(client_id=named.id, by=BY)
    db.session.rollback()
    assert in_status(run.id, "waiting")
    tell(business, "client.archived", run_id=run.id)
    done = until(lambda: in_status(run.id, "succeeded"))
    assert done.path == ("first", "pause", "last")
    assert done.ended_at is not None


def tell(business: int, name: str, **data: object) -> None:
    with transaction(by=BY) as unit:
        unit.publish(name, data)


def test_an_error_that_is_caught_leads_on(business, data, clock, worker):
    run = begin(**{"raise": "Known"})
    done = until(lambda: in_status(run.id, "succeeded"))
    assert done.path == ("first", "rescue")
    assert [step.status for step in done.steps] == ["failed", "succeeded"]


def test_an_error_that_nobody_catches_fails_the_run_by_its_name(business, data, clock, worker):
    run = begin(**{"raise": "Unforeseen"})
    failed = until(lambda: in_status(run.id, "failed"))
    assert (failed.error, failed.state, failed.path) == ("Unforeseen", "first", ("first",))
    (parked,) = deliveries.list_parked().items
    assert (parked.subscriber, parked.error) == ("workflows", "as asked")
    again = workflows.retry(run_id=run.id, by=BY)
    assert again.status == "running"
    failed = until(lambda: in_status(run.id, "failed"))
    assert failed.path == ("first", "first")
    assert len(deliveries.list_parked().items) == 1


def test_a_parked_step_is_replayed(business, data, clock, worker):
    run = begin(**{"raise": "Unforeseen"})
    until(lambda: in_status(run.id, "failed"))
    (parked,) = deliveries.list_parked().items
    deliveries.replay(delivery_id=parked.id, by=BY)
    until(lambda: failed_again(run.id))
    (again,) = until(lambda: deliveries.list_parked().items)
    assert again.id > parked.id


def failed_again(run_id: int) -> bool:
    found = in_status(run_id, "failed")
    return found is not None and len(found.path) == 2


def test_a_step_that_stumbles_is_tried_again_later(business, data, clock, worker, owner):
    run = begin(stumble=True)
    owed = (
        "SELECT d.id FROM deliveries d JOIN events e ON e.id = d.event_id"
        " WHERE e.data ->> 'id' = %s AND d.subscriber = 'workflows' AND d.state = 'due'"
        " AND d.error = 'stumbled'"
    )
    delivery = until(lambda: owner.execute(owed, [str(run.id)]).fetchone())
    assert in_status(run.id, "running")
    (data / "mended").touch()
    owner.execute("UPDATE deliveries SET due_at = now() WHERE id = %s", delivery)
    owner.execute("SELECT pg_notify('due', '')")
    until(lambda: in_status(run.id, "waiting"))


def test_an_outage_of_the_database_is_no_failure_of_the_step(business, data):
    run = begin(outage=True)
    find = text("SELECT id, due_at, error FROM deliveries WHERE subscriber = 'workflows'")
    (before,) = db.session.execute(find).all()
    owed = deliveries.load(delivery_id=before.id)
    db.session.rollback()
    with pytest.raises(OperationalError, match="terminating connection"):
        workflows.advance(owed=owed)
    db.session.remove()
    assert db.session.execute(find).all() == [before]
    assert workflows.get(run_id=run.id).steps[0].status == "running"


def test_only_a_failed_run_is_tried_again(business, data):
    run = begin()
    with pytest.raises(Conflict):
        workflows.retry(run_id=run.id, by=BY)
    with pytest.raises(NotFound):
        workflows.retry(run_id=run.id + 1000, by=BY)

"""What a run waits for may be told before it waits; and who is told when the time is over."""

import pytest
from sqlalchemy import text

from invoicer_core.models import db
from invoicer_core.services import deliveries, messages, workflows
from invoicer_core.services.transaction import transaction
from tests.factories import BY
from tests.integration.jobs.test_journeys import DUE, LEASE, begin, settled, work

pytestmark = pytest.mark.usefixtures("alone")

OVERDUE = text(
    "UPDATE workflow_steps SET created_at = created_at - interval '1 week' WHERE run_id = :run"
)
DUE_NOW = text(
    "UPDATE deliveries SET due_at = now() WHERE business_id = :business AND state = 'due'"
    " AND subscriber = 'workflows'"
)
TOLD = text(
    "SELECT d.id, d.state FROM deliveries d JOIN events e ON e.id = d.event_id"
    " WHERE d.business_id = :business AND e.name = 'client.archived'"
    " AND d.subscriber = 'workflows' ORDER BY d.id"
)


def post():
    return workflows.start(workflow="probe-post", given={}, by=BY)


def tell(run_id: int) -> None:
    with transaction(by=BY) as unit:
        unit.publish("client.archived", {"run_id": run_id})


def tell_early(business: int, run_id: int) -> None:
    """Told, and heard by nobody: the run does not wait yet."""
    tell(run_id)
    (event, _) = db.session.execute(TOLD, {"business": business}).all()[-1]
    db.session.execute(LEASE, {"id": event})
    db.session.commit()
    workflows.advance(owed=deliveries.load(delivery_id=event))
    db.session.rollback()
    assert workflows.get(run_id=run_id).path == ("pack",)


def late(business: int, run_id: int):
    """The time of the wait that the run stands in is over."""
    db.session.execute(OVERDUE, {"run": run_id})
    db.session.execute(DUE_NOW, {"business": business})
    db.session.commit()
    return work(business, run_id)


def test_what_was_told_before_the_wait_counts_once(business, data):
    run = post()
    tell_early(business, run.id)
    run = work(business, run.id)
    assert (run.status, run.path) == ("waiting", ("pack", "stamp", "weigh", "collect"))
    ((event, state),) = db.session.execute(TOLD, {"business": business}).all()
    assert state == "done"
    workflows.advance(owed=deliveries.load(delivery_id=event))  # its delivery comes again
    assert work(business, run.id).path[-1] == "collect"
    tell(run.id)
    assert settled(business, run.id, "succeeded").path[-1] == "gone"


def test_what_was_told_before_the_run_began_does_not_count(business, data):
    first = post()
    tell(first.id + 1)
    work(business, first.id)
    second = post()
    assert second.id == first.id + 1
    assert work(business, second.id).path == ("pack", "stamp")


def test_of_another_run_nothing_counts(business, data):
    first, second = post(), post()
    tell(first.id)
    assert work(business, second.id).path == ("pack", "stamp")
    assert work(business, first.id).path[-1] == "collect"


def test_a_wait_that_is_tried_again_hears_the_event(business, data):
    run = post()
    tell_early(business, run.id)
    work(business, run.id)
    failed = late(business, run.id)
    assert (failed.status, failed.error) == ("failed", "Timeout")
    workflows.retry(run_id=run.id, by=BY)
    assert work(business, run.id).status == "waiting"
    tell(run.id)
    assert settled(business, run.id, "succeeded").path[-2:] == ("collect", "gone")


def test_a_wait_that_failed_finds_what_was_told_meanwhile(business, data):
    run = post()
    tell_early(business, run.id)
    work(business, run.id)
    late(business, run.id)
    tell(run.id)
    assert work(business, run.id).status == "failed"
    workflows.retry(run_id=run.id, by=BY)
    assert work(business, run.id).status == "succeeded"


def test_the_owner_gets_one_mail_for_a_limit_that_is_over(business, data):
    run = post()
    tell_early(business, run.id)
    work(business, run.id)
    late(business, run.id)
    late(business, run.id)
    (mail,) = mails()
    assert mail.subject == "Post: Collected takes too long"
    assert f"/workflows/{run.id}" in (mail.text or "")
    slow = settled(business, begin(slow="seat").id, "succeeded")
    assert slow.path == ("seat", "late")
    assert sorted(each.subject for each in mails()) == [
        "Journey: Seat booked takes too long", "Post: Collected takes too long",
    ]  # fmt: skip


def mails():
    db.session.rollback()
    return [each for each in messages.find().items if each.kind == "workflow_late"]


def test_a_worker_that_dies_after_the_limit_tells_the_owner_once(business, data):
    run = post()
    tell_early(business, run.id)
    work(business, run.id)
    db.session.execute(OVERDUE, {"run": run.id})
    db.session.execute(DUE_NOW, {"business": business})
    (due,) = db.session.execute(DUE, {"business": business}).one()
    db.session.execute(LEASE, {"id": due})
    db.session.commit()
    owed = deliveries.load(delivery_id=due)
    workflows.advance(owed=owed)
    workflows.advance(owed=owed)  # as though it had died before its job was gone
    db.session.rollback()
    assert len(mails()) == 1

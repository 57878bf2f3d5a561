"""Runs in the hands of people and of time: limits, skipping, correcting, giving up, versions."""

import pytest
from sqlalchemy import text

from invoicer_core.domain.errors import Conflict, InvalidInput, NotFound
from invoicer_core.models import db
from invoicer_core.services import audit, deliveries, workflows
from invoicer_core.services.workflows import stepping
from tests.factories import BY
from tests.peers.processes import until

pytestmark = pytest.mark.usefixtures("alone")

DUE = text(
    "SELECT id FROM deliveries WHERE business_id = :business AND subscriber = 'workflows'"
    " AND state = 'due' AND due_at <= now() ORDER BY id LIMIT 1"
)
LEASE = text("UPDATE deliveries SET attempts = attempts + 1, state = 'leased' WHERE id = :id")
OLD = text("UPDATE workflow_runs SET workflow_version = :version WHERE id = :run")


def begin(**given):
    return workflows.start(workflow="probe-journey", given=given, by=BY)


def work(business: int, run_id: int):
    """Do everything that is due; the run as it stands then."""
    db.session.rollback()  # or it would be the same moment for ever
    while (due := db.session.execute(DUE, {"business": business}).scalar()) is not None:
        db.session.execute(LEASE, {"id": due})
        db.session.commit()
        workflows.advance(owed=deliveries.load(delivery_id=due))
        db.session.rollback()
    return workflows.get(run_id=run_id)


def settled(business: int, run_id: int, *statuses: str):
    """The run, when it stands so; tries that are waited for are made."""

    def ready():
        run = work(business, run_id)
        return run if run.status in statuses else None

    return until(ready)


def done(data, word: str, run_id: int) -> list[str]:
    lines = (data / "probe.log").read_text().splitlines()
    return [line.split()[2] for line in lines if line.startswith(f"{word} {run_id} ")]


def test_a_run_takes_the_way_of_its_answer_on_the_newest_version(business, data):
    run = settled(business, begin().id, "succeeded")
    assert (run.version, run.path) == (2, ("seat", "kind", "fly"))
    assert [step.status for step in run.steps] == ["succeeded"] * 3


def test_a_run_finishes_on_the_version_it_began_with(business, data):
    begun = begin()
    db.session.execute(OLD, {"version": 1, "run": begun.id})
    db.session.commit()
    run = settled(business, begun.id, "succeeded")
    assert (run.version, run.path) == (1, ("seat", "hotel", "kind", "fly"))


def test_a_run_whose_version_nobody_offers_is_parked_with_words(business, data):
    begun = begin()
    db.session.execute(OLD, {"version": 7, "run": begun.id})
    db.session.commit()
    run = settled(business, begun.id, "failed")
    assert run.error == "NotOffered"
    assert "version 7 of the workflow probe-journey" in (run.steps[-1].error or "")
    assert len(deliveries.list_parked().items) == 1
    with pytest.raises(NotFound):
        workflows.skip(run_id=run.id, reason="try", by=BY)
    with pytest.raises(NotFound):
        workflows.cancel(run_id=run.id, reason="try", by=BY)
    db.session.execute(OLD, {"version": 2, "run": begun.id})
    db.session.commit()
    workflows.retry(run_id=run.id, by=BY)
    assert settled(business, begun.id, "succeeded").path == ("seat", "seat", "kind", "fly")
    assert deliveries.list_parked().items == ()


def test_a_version_that_is_gone_can_still_be_given_up(business, data):
    begun = begin()
    db.session.execute(OLD, {"version": 7, "run": begun.id})
    db.session.commit()
    work(business, begun.id)
    run = workflows.cancel(run_id=begun.id, reason="never mind", by=BY, undo=False)
    assert run.status == "cancelled"


def test_a_step_that_takes_too_long_is_tried_again_and_then_leads_on(business, data):
    run = settled(business, begin(slow="seat").id, "succeeded")
    assert run.path == ("seat", "late")
    assert done(data, "try", run.id) == ["seat", "seat", "late"]
    assert (run.steps[0].attempts, run.output["error"]["name"]) == (2, "Timeout")
    assert "took longer than 1 s" in (run.steps[0].error or "")
    assert events(business, run.id).count("workflow.late") == 1


def test_a_wait_that_takes_too_long_leads_on(business, data):
    run = settled(business, begin(kind="long").id, "succeeded")
    assert run.path == ("seat", "kind", "visa", "late")
    assert events(business, run.id).count("workflow.late") == 1


def events(business: int, run_id: int) -> list[str]:
    found = text(
        "SELECT name FROM events WHERE business_id = :business AND (data ->> 'id')::int = :run"
        " AND name LIKE 'workflow.%' ORDER BY id"
    )
    return list(db.session.scalars(found, {"business": business, "run": run_id}))


def test_a_named_error_is_an_end_and_correcting_an_earlier_step_leads_elsewhere(business, data):
    run = settled(business, begin(kind="odd").id, "failed")
    assert (run.error, run.path) == ("KindError", ("seat", "kind", "unknown"))
    with pytest.raises(Conflict, match="cannot be skipped"):
        workflows.skip(run_id=run.id, reason="no", by=BY)
    with pytest.raises(InvalidInput, match="never in this state"):
        workflows.correct(run_id=run.id, state="fly", output={}, reason="no", by=BY)
    with pytest.raises(InvalidInput, match="Say why"):
        workflows.correct(run_id=run.id, state="seat", output={"kind": "short"}, reason=" ", by=BY)
    workflows.correct(
        run_id=run.id, state="seat", output={"kind": "short"}, reason="They rang up", by=BY
    )
    run = settled(business, run.id, "succeeded")
    assert run.path == ("seat", "kind", "unknown", "seat", "kind", "fly")
    assert (run.steps[3].status, run.steps[3].reason) == ("corrected", "They rang up")
    assert done(data, "try", run.id) == ["seat", "fly"]
    said = [str(entry) for entry in audit.find().items]
    assert any("They rang up" in entry and "workflow.corrected" in entry for entry in said)


def test_the_answer_of_a_choice_can_be_corrected(business, data):
    run = settled(business, begin(kind="odd").id, "failed")
    workflows.correct(run_id=run.id, state="kind", output={"answer": "short"}, reason="x", by=BY)
    assert settled(business, run.id, "succeeded").state == "fly"


def test_a_step_is_skipped_and_its_late_delivery_does_nothing(business, data):
    run = settled(business, begin(broken="fly").id, "failed")
    assert (run.error, run.steps[-1].attempts) == ("RuntimeError", 2)
    workflows.skip(run_id=run.id, reason="They walk", by=BY)
    run = workflows.get(run_id=run.id)
    assert (run.status, run.steps[-1].status, run.steps[-1].error) == (
        "succeeded", "skipped", "broken",
    )  # fmt: skip
    assert deliveries.list_parked().items == ()
    assert work(business, run.id).path == ("seat", "kind", "fly")


def test_what_was_owed_for_a_state_that_was_left_does_nothing(business, data):
    begun = workflows.start(workflow="probe-relay", given={}, by=BY)
    (owed,) = db.session.execute(DUE, {"business": business}).one()
    workflows.skip(run_id=begun.id, reason="They fly", by=BY)
    run = work(business, begun.id)
    assert done(data, "try", run.id) == ["second", "third"]
    state = text("SELECT state FROM deliveries WHERE id = :id")
    assert db.session.scalar(state, {"id": owed}) == "skipped"


def test_what_was_done_is_taken_back_the_last_first_and_each_once(business, data):
    begun = begin(broken="fly")
    db.session.execute(OLD, {"version": 1, "run": begun.id})
    db.session.commit()
    settled(business, begun.id, "failed")
    run = workflows.cancel(run_id=begun.id, reason="Changed their mind", by=BY)
    assert run.status == "undoing"
    with pytest.raises(Conflict, match="over"):
        workflows.cancel(run_id=begun.id, reason="again", by=BY)
    with pytest.raises(Conflict):
        workflows.retry(run_id=begun.id, by=BY)
    run = settled(business, begun.id, "cancelled")
    assert done(data, "undo", run.id) == ["hotel", "seat"]
    assert [step.status for step in run.steps] == ["undone", "undone", "succeeded", "failed"]
    assert run.reason == "Changed their mind"
    assert events(business, run.id)[-1] == "workflow.cancelled"


def test_an_undo_that_fails_stops_and_goes_on_where_it_was(business, data):
    begun = begin(broken="fly", stuck=True)
    db.session.execute(OLD, {"version": 1, "run": begun.id})
    db.session.commit()
    settled(business, begun.id, "failed")
    workflows.cancel(run_id=begun.id, reason="x", by=BY)
    run = settled(business, begun.id, "failed")
    assert run.error == "NoRefund"
    (data / "mended").touch()
    assert workflows.retry(run_id=run.id, by=BY).status == "undoing"
    run = settled(business, begun.id, "cancelled")
    assert done(data, "undo", run.id) == ["hotel", "hotel", "seat"]


def test_a_step_that_ends_after_the_run_was_given_up_is_taken_back_too(business, data):
    begun = begin()
    (due,) = db.session.execute(DUE, {"business": business}).one()
    db.session.execute(LEASE, {"id": due})
    db.session.commit()
    owed = deliveries.load(delivery_id=due)
    provided = workflows.definitions.newest("probe-journey")
    step = provided.offer.state("seat")
    run = stepping.run_rows.load(begun.id)
    view = stepping.run_rows.view(run, 1)
    db.session.rollback()
    workflows.cancel(run_id=begun.id, reason="too slow", by=BY)
    assert workflows.get(run_id=begun.id).status == "cancelled"
    stepping._do(owed, provided, step, view)
    db.session.rollback()
    assert settled(business, begun.id, "cancelled").steps[0].status == "undone"
    assert done(data, "undo", begun.id) == ["seat"]


def test_runs_are_listed_by_state_and_workflow(business, data):
    first, second = begin(kind="odd"), begin()
    settled(business, second.id, "succeeded")
    assert [run.id for run in workflows.find().items] == [second.id, first.id]
    assert [run.id for run in workflows.find(status="failed").items] == [first.id]
    assert workflows.find(workflow="invoice-delivery").items == ()
    page = workflows.find(limit=1)
    assert [run.id for run in workflows.find(cursor=page.next_cursor).items] == [first.id]
    assert workflows.counts() == {"succeeded": 1, "failed": 1}

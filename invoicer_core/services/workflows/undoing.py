"""Taking back what the steps of a given-up run did: the last one first, a delivery for each."""

from collections.abc import Mapping
from logging import getLogger
from typing import Any, Final

from invoicer_core.domain.actor import plugin_actor
from invoicer_core.hooks.answers import RetryLater
from invoicer_core.hooks.workflows import Step, Workflow, WorkflowError
from invoicer_core.host.offers import Provided
from invoicer_core.models import db
from invoicer_core.models.outbox import WorkflowRun, WorkflowStep
from invoicer_core.services import deliveries, faults
from invoicer_core.services.deliveries import Owed
from invoicer_core.services.statements import run_rows
from invoicer_core.services.time_limits import OutOfTime, within
from invoicer_core.services.transaction import Unit, transaction
from invoicer_core.services.workflows import moving
from invoicer_core.services.workflows.failures import failure_of

log: Final = getLogger(__name__)


def count(run: WorkflowRun) -> int:
    """How many states are undone: a delivery that undoes was owed with this many."""
    return sum(row.status == "undone" for row in run_rows.steps(run))


def is_stale(run: WorkflowRun, owed: Owed) -> bool:
    """Whether the run has gone on since this was owed: somebody skipped, corrected, gave up."""
    if run.status in ("succeeded", "cancelled"):
        return True
    if run.given_up_at is not None:
        done = [step for step in owed.data.get("steps", ()) if step["status"] == "undone"]
        told = len(done) if owed.data.get("status") == "undoing" else -1
        return told != count(run)
    return run.state != owed.data.get("state") or len(owed.data["path"]) != run_rows.count(run)


def upcoming(workflow: Workflow, run: WorkflowRun) -> tuple[WorkflowStep, Step] | None:
    """The last done step that can be taken back; None when there is no more."""
    known = {state.name: state for state in workflow.states}
    for row in reversed(run_rows.steps(run)):
        step = known.get(row.name)
        if row.status == "succeeded" and isinstance(step, Step) and step.undo is not None:
            return row, step
    return None


def take_back(owed: Owed, provided: Provided[Workflow], run_id: int) -> None:
    """Undo one step, outside of any transaction of ours, and owe the next one."""
    run = run_rows.load(run_id)
    found = upcoming(provided.offer, run)
    undone = found[1].name if found is not None else None
    view = run_rows.view(run, owed.attempts, state=undone)
    db.session.rollback()
    if found is not None:
        row, step = found
        error = _undo(provided, step, view)
        if error is not None:
            _failed(owed, provided, run_id, step, error)
            return
        name = row.name
    with transaction(by=plugin_actor(provided.plugin)) as unit:
        run = run_rows.load(run_id, lock=True)
        deliveries.settle(delivery_id=owed.id)
        if run.status != "undoing":
            return
        if found is not None:
            for each in run_rows.steps(run):
                if each.name == name and each.status == "succeeded":
                    each.status = "undone"
            unit.record(f"workflow.undone:{name}", run=run.id, workflow=run.workflow)
        go_on(unit, provided.offer, run)


def go_on(unit: Unit, workflow: Workflow, run: WorkflowRun) -> None:
    """Owe the next undo, or end the run when there is none."""
    db.session.flush()
    if upcoming(workflow, run) is None:
        moving.cancelled(unit, run)
    else:
        moving.tell(unit, run, "workflow.moved", "workflow.undoing")


def came_too_late(
    unit: Unit, run: WorkflowRun, step: Step, position: int, told: Mapping[str, Any]
) -> None:
    """A step ended well after its run was given up: what it did is taken back too."""
    row = next((each for each in run_rows.steps(run) if each.position == position), None)
    if row is None or row.status != "cancelled" or step.undo is None:
        return
    row.status, row.output = "succeeded", dict(told)
    run.output = {**run.output, step.name: dict(told)}
    if run.status == "cancelled":
        run.status, run.ended_at = "undoing", None
        moving.tell(unit, run, "workflow.moved", "workflow.undoing")


def _undo(provided: Provided[Workflow], step: Step, view: Any) -> BaseException | None:
    """Call the step's undo; the error when it did not work."""
    undo = step.undo
    assert undo is not None  # noqa: S101 - `upcoming` looks for it
    try:
        with within(step.limit):
            undo(provided.ctx, view)
    except OutOfTime as late:
        db.session().invalidate()
        return late
    except Exception as error:
        if faults.is_outage(error):
            raise
        db.session.rollback()
        if not isinstance(error, WorkflowError | RetryLater):
            log.exception("undo of %s of run %s failed", step.name, view.id)
        return error
    db.session.rollback()
    return None


def _failed(
    owed: Owed, provided: Provided[Workflow], run_id: int, step: Step, error: BaseException
) -> None:
    failure = failure_of(error, step, owed.attempts)
    with transaction(by=plugin_actor(provided.plugin)) as unit:
        run = run_rows.load(run_id, lock=True)
        if run.status != "undoing":
            deliveries.settle(delivery_id=owed.id, state="skipped")
        elif failure.after is not None:
            deliveries.postpone(delivery_id=owed.id, wait=failure.after, error=failure.words)
        else:
            moving.fail(unit, run, failure.name)
            deliveries.settle(delivery_id=owed.id, state="parked", error=failure.words)

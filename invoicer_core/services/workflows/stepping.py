"""What a worker does for a run: one delivery is one try of a step, the end of a wait, or an undo.

The code of a plugin runs outside of any transaction of ours; how it ended is written together with
the delivery that comes next, so that a worker may die anywhere and the run goes on.
"""

from datetime import timedelta
from logging import getLogger
from typing import Any, Final

from invoicer_core.domain.actor import plugin_actor
from invoicer_core.domain.errors import Unavailable
from invoicer_core.hooks import codec
from invoicer_core.hooks.answers import RetryLater
from invoicer_core.hooks.machines import DONE
from invoicer_core.hooks.workflows import SHORT, TIMEOUT, Run, Step, Wait, Workflow, WorkflowError
from invoicer_core.host import offers
from invoicer_core.host.offers import Provided
from invoicer_core.models import db
from invoicer_core.services import deliveries, faults
from invoicer_core.services.deliveries import Owed
from invoicer_core.services.statements import run_rows
from invoicer_core.services.time_limits import OutOfTime, within
from invoicer_core.services.transaction import transaction
from invoicer_core.services.workflows import (
    definitions,
    escalating,
    moving,
    undoing,
    waiting,
)
from invoicer_core.services.workflows.definitions import NotOffered
from invoicer_core.services.workflows.failures import Failure, failure_of
from invoicer_core.services.workflows.undoing import is_stale

SUBSCRIBER: Final = "workflows"
STEPS: Final = ("workflow.started", "workflow.moved")
WHILE_OFF: Final = timedelta(minutes=10)
"""How long a run rests while the plugin of its steps is off or paused."""

log: Final = getLogger(__name__)


def plugin_of(owed: Owed) -> str | None:
    """Whose code a delivery would run; None when it runs none."""
    if owed.name not in STEPS:
        return None
    name = str(owed.data.get("workflow"))
    return offers.names(Workflow).get(name)


def limit_of(owed: Owed) -> timedelta:
    """How long the step that a delivery does, or takes back, may take at the most."""
    if owed.name not in STEPS:
        return SHORT
    try:
        known = definitions.get(name=owed.data["workflow"], version=owed.data["version"])
    except NotOffered:
        return SHORT
    undoes = owed.data.get("status") == "undoing"
    limits = [
        state.limit
        for state in known.states
        if isinstance(state, Step) and (undoes or state.name == owed.data["state"])
    ]
    return max(limits, default=SHORT)


def advance(*, owed: Owed) -> None:
    """Do what a delivery to the workflows asks for: a step of a run, or beginning runs.

    Settles the delivery itself, in the transaction of the effect.

    Raises:
        RetryLater: the workflow's plugin does not run at the moment.
    """
    if owed.name in STEPS:
        _take_step(owed)
        return
    with transaction(by=plugin_actor(SUBSCRIBER)) as unit:
        for provided in definitions.started_by(owed.name):
            given = moving.checked(provided.offer, owed.data)
            moving.begin(unit, provided.offer, given, owed.invoice_id)
        waiting.resume(unit, owed)
        deliveries.settle(delivery_id=owed.id)


def gave_up(*, delivery_id: int, error: str) -> None:
    """Its delivery was parked outside of a step: the run says so, and can be tried again."""
    owed = deliveries.load(delivery_id=delivery_id)
    if owed.name not in STEPS:
        db.session.rollback()
        return
    with transaction(by=plugin_actor(SUBSCRIBER)) as unit:
        run = run_rows.load(int(owed.data["id"]), lock=True)
        if run.status != "failed" and not is_stale(run, owed):
            run_rows.end_step(run, "failed", attempts=owed.attempts, error=error)
            moving.fail(unit, run, "GaveUp")


def _take_step(owed: Owed) -> None:
    run = run_rows.load(int(owed.data["id"]))
    if is_stale(run, owed):
        deliveries.settle(delivery_id=owed.id, state="skipped")
        db.session.commit()
        return
    if run.status == "failed":
        _again(owed, run.id)
        return
    try:
        provided = definitions.following(run)
    except NotOffered as missing:
        _park(owed, run.id, Failure("NotOffered", missing.detail, final=True))
        return
    except Unavailable as off:
        raise RetryLater(off.detail, after=WHILE_OFF) from off
    state = provided.offer.state(run.state)
    view = run_rows.view(run, owed.attempts)
    if run.status == "undoing":
        undoing.take_back(owed, provided, run.id)
        return
    db.session.rollback()
    if isinstance(state, Step):
        _do(owed, provided, state, view)
    elif isinstance(state, Wait):
        waiting.stand_still(owed, provided, state, run.id)
    else:
        with transaction(by=plugin_actor(provided.plugin)) as unit:
            moving.stand(unit, provided, run_rows.load(run.id, lock=True))
            deliveries.settle(delivery_id=owed.id)


def _again(owed: Owed, run_id: int) -> None:
    """The parked delivery of a failed run was replayed: its state is owed anew."""
    with transaction(by=plugin_actor(SUBSCRIBER)) as unit:
        deliveries.settle(delivery_id=owed.id)
        run = run_rows.load(run_id, lock=True)
        if run.status == "failed":
            moving.reopen(run)
            moving.tell(unit, run, "workflow.moved", f"workflow.retried:{run.state}")


def _do(owed: Owed, provided: Provided[Workflow], step: Step, view: Run) -> None:
    """Run the step outside of any transaction of ours, then write down how it ended."""
    try:
        with within(step.limit):
            output = step.run(provided.ctx, view)
        told: dict[str, Any] = codec.to_json(dict(output or {}))
    except OutOfTime as late:
        db.session().invalidate()  # it may have been cut off in the middle of a statement
        _failed(owed, provided, step, view.id, failure_of(late, step, owed.attempts))
        return
    except Exception as error:
        if faults.is_outage(error):  # no failure of the step: its lease brings it back
            raise
        db.session.rollback()
        if not isinstance(error, WorkflowError | RetryLater):
            log.exception("step %s of run %s failed", step.name, view.id)
        _failed(owed, provided, step, view.id, failure_of(error, step, owed.attempts))
        return
    db.session.rollback()
    with transaction(by=plugin_actor(provided.plugin)) as unit:
        run = run_rows.load(view.id, lock=True)
        deliveries.settle(delivery_id=owed.id)
        if run.given_up_at is not None:
            undoing.came_too_late(unit, run, step, len(owed.data["path"]), told)
        elif not is_stale(run, owed):
            run_rows.end_step(run, "succeeded", attempts=owed.attempts, output=told)
            run.output = {**run.output, step.name: told}
            moving.move(unit, provided, run, DONE)


def _failed(
    owed: Owed, provided: Provided[Workflow], step: Step, run_id: int, failure: Failure
) -> None:
    if failure.final and moving.caught(step, failure.name) is None:
        _park(owed, run_id, failure, step)
        return
    with transaction(by=plugin_actor(provided.plugin)) as unit:
        run = run_rows.load(run_id, lock=True)
        if is_stale(run, owed):
            deliveries.settle(delivery_id=owed.id, state="skipped")
            return
        outcome = moving.caught(step, failure.name) if failure.final else None
        if outcome is None:
            run_rows.note_error(run, owed.attempts, failure.words)
            wait = failure.after or timedelta(minutes=1)
            deliveries.postpone(delivery_id=owed.id, wait=wait, error=failure.words)
            return
        run_rows.end_step(run, "failed", attempts=owed.attempts, error=failure.words)
        run.output = {**run.output, "error": {"name": failure.name, "detail": failure.words}}
        if failure.name == TIMEOUT:
            escalating.tell(unit, run, step)
        moving.move(unit, provided, run, outcome)
        deliveries.settle(delivery_id=owed.id)


def _park(owed: Owed, run_id: int, failure: Failure, step: Step | None = None) -> None:
    """The run stops in its state under the error's name, until a person has looked at it."""
    with transaction(by=plugin_actor(SUBSCRIBER)) as unit:
        run = run_rows.load(run_id, lock=True)
        if is_stale(run, owed):
            deliveries.settle(delivery_id=owed.id, state="skipped")
            return
        run_rows.end_step(run, "failed", attempts=owed.attempts, error=failure.words)
        if step is not None and failure.name == TIMEOUT:
            escalating.tell(unit, run, step)
        moving.fail(unit, run, failure.name)
        deliveries.settle(delivery_id=owed.id, state="parked", error=failure.words)

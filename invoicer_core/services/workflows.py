"""Workflows as rows: a run stands in one state; a delivery moves it on, one step at a time."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from logging import getLogger
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from sqlalchemy import select

from invoicer_core.domain.actor import Actor, plugin_actor
from invoicer_core.domain.errors import Conflict, FieldError, InvalidInput, NotFound
from invoicer_core.domain.work import RunSnapshot
from invoicer_core.hooks import codec
from invoicer_core.hooks.answers import RetryLater
from invoicer_core.hooks.workflows import Choice, Fail, Run, Step, Wait, Workflow, WorkflowError
from invoicer_core.host import offers
from invoicer_core.host.offers import Provided
from invoicer_core.models import db
from invoicer_core.models.outbox import WorkflowRun
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import deliveries, faults, run_rows
from invoicer_core.services.deliveries import Owed
from invoicer_core.services.transaction import Unit, transaction

SUBSCRIBER: Final = "workflows"
STEPS: Final = ("workflow.started", "workflow.moved")
MOST_CHOICES: Final = 100

log: Final = getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """How a step went wrong: the error's name and words; ``after`` is a wait it asked for."""

    name: str
    words: str
    final: bool
    after: timedelta | None = None


def start(
    *, workflow: str, given: Mapping[str, Any], by: Actor, invoice_id: int | None = None
) -> RunSnapshot:
    """Begin a run; its first step is done by a worker.

    Raises:
        NotFound: no such workflow.
        Unavailable: its plugin is off.
        InvalidInput: the input does not fit.
    """
    provided = offers.find(db.session, Workflow, workflow, current_business_id())
    checked = _checked(provided.offer, given)
    with transaction(by=by) as unit:
        return _begin(unit, provided.offer, checked, invoice_id)


def get(*, run_id: int) -> RunSnapshot:
    """One run with its steps. Raises NotFound."""
    return run_rows.snapshot(run_rows.load(run_id))


def of_invoice(*, invoice_id: int) -> tuple[RunSnapshot, ...]:
    """The runs of an invoice, oldest first."""
    statement = (
        select(WorkflowRun)
        .where(
            WorkflowRun.business_id == current_business_id(), WorkflowRun.invoice_id == invoice_id
        )
        .order_by(WorkflowRun.id)
    )
    return tuple(run_rows.snapshot(row) for row in db.session.scalars(statement))


def retry(*, run_id: int, by: Actor) -> RunSnapshot:
    """Let a failed run try its state again.

    Raises:
        NotFound: no such run.
        Conflict: it has not failed.
    """
    with transaction(by=by) as unit:
        run = run_rows.load(run_id, lock=True)
        if run.status != "failed":
            raise Conflict(f"The run is {run.status}: only a failed one is tried again.")
        _reopen(run)
        db.session.flush()
        run_rows.close_parked(run_id)
        return _tell(unit, run, "workflow.moved", f"workflow.retried:{run.state}")


# --- a delivery ----------------------------------------------------------------------------------


def plugin_of(owed: Owed) -> str | None:
    """Whose code a delivery would run; None when it runs none."""
    if owed.name not in STEPS:
        return None
    name = str(owed.data.get("workflow"))
    return offers.names(Workflow).get(name)


def advance(*, owed: Owed) -> None:
    """Do what a delivery to the workflows asks for: a step of a run, or beginning runs.

    Settles the delivery itself, in the transaction of the effect.
    """
    if owed.name in STEPS:
        _take_step(owed)
        return
    with transaction(by=plugin_actor(SUBSCRIBER)) as unit:
        for provided in offers.every(db.session, Workflow, current_business_id()):
            if owed.name in provided.offer.on:
                checked = _checked(provided.offer, owed.data)
                _begin(unit, provided.offer, checked, owed.invoice_id)
        _resume_waiting(unit, owed)
        deliveries.settle(delivery_id=owed.id)


def _take_step(owed: Owed) -> None:
    run = run_rows.load(int(owed.data["id"]))
    if run.state != owed.data.get("state") or run.status == "succeeded":
        deliveries.settle(delivery_id=owed.id, state="skipped")
        db.session.commit()
        return
    provided = offers.find(db.session, Workflow, run.workflow, current_business_id())
    state = provided.offer.state(run.state)
    if run.status == "failed":  # its parked delivery was replayed
        run = run_rows.load(run.id, lock=True)
        _reopen(run)
        db.session.commit()
    view = run_rows.view(run, owed.attempts)
    db.session.rollback()
    if isinstance(state, Step):
        _do(owed, provided, state, view)
    elif isinstance(state, Wait):
        _wait(owed, provided.offer, state, run.id)
    else:
        with transaction(by=plugin_actor(provided.plugin)) as unit:
            run = run_rows.load(run.id, lock=True)
            _enter(unit, provided, run, run.state)
            deliveries.settle(delivery_id=owed.id)


def _do(owed: Owed, provided: Provided[Workflow], step: Step, view: Run) -> None:
    """Run the step outside of any transaction of ours, then write down how it ended."""
    try:
        output = step.run(provided.ctx, view)
        told: dict[str, Any] = codec.to_json(dict(output or {}))
    except Exception as error:
        if faults.is_outage(error):  # no failure of the step: its lease brings it back
            raise
        db.session.rollback()
        if not isinstance(error, WorkflowError | RetryLater):
            log.exception("step %s of run %s failed", step.name, view.id)
        _failed(owed, provided, step, view.id, _failure(error, step, owed.attempts))
        return
    db.session.rollback()
    with transaction(by=plugin_actor(provided.plugin)) as unit:
        run = run_rows.load(view.id, lock=True)
        if run.state != step.name or run.status == "succeeded":
            deliveries.settle(delivery_id=owed.id, state="skipped")
            return
        run_rows.end_step(run, "succeeded", attempts=owed.attempts, output=told)
        run.output = {**run.output, step.name: told}
        _move(unit, provided, run, step.then)
        deliveries.settle(delivery_id=owed.id)


def _failure(error: Exception, step: Step, attempts: int) -> Failure:
    words = str(error) or type(error).__name__
    if isinstance(error, WorkflowError):
        return Failure(error.name, words, final=True)
    if isinstance(error, RetryLater):
        after = error.after or _wait_after(step, attempts)
        return Failure("RetryLater", words, final=False, after=after)
    name = type(error).__name__
    if name in ("PermanentFailure", "OutcomeUnknown") or attempts >= step.retry.attempts:
        return Failure(name, words, final=True)
    return Failure(name, words, final=False, after=_wait_after(step, attempts))


def _wait_after(step: Step, attempts: int) -> timedelta:
    doubled: timedelta = step.retry.first * 2 ** min(attempts - 1, 30)
    return min(doubled, step.retry.most) * random.uniform(0.9, 1.1)  # noqa: S311 - no secret


def _failed(
    owed: Owed, provided: Provided[Workflow], step: Step, run_id: int, failure: Failure
) -> None:
    with transaction(by=plugin_actor(provided.plugin)) as unit:
        run = run_rows.load(run_id, lock=True)
        if not failure.final:
            run_rows.note_error(run, owed.attempts, failure.words)
            wait = failure.after or timedelta(minutes=1)
            deliveries.postpone(delivery_id=owed.id, wait=wait, error=failure.words)
            return
        run_rows.end_step(run, "failed", attempts=owed.attempts, error=failure.words)
        caught = step.catch.get(failure.name)
        if caught is not None:
            run.output = {**run.output, "error": {"name": failure.name, "detail": failure.words}}
            _move(unit, provided, run, caught)
            deliveries.settle(delivery_id=owed.id)
            return
        _fail(unit, run, failure.name)
        deliveries.settle(delivery_id=owed.id, state="parked", error=failure.words)


# --- moving --------------------------------------------------------------------------------------


def _begin(
    unit: Unit, workflow: Workflow, given: Mapping[str, Any], invoice_id: int | None
) -> RunSnapshot:
    run = WorkflowRun(
        business_id=current_business_id(),
        workflow=workflow.name,
        workflow_version=workflow.version,
        state=workflow.start,
        status="running",
        input=codec.to_json(dict(given)),
        output={},
        invoice_id=invoice_id,
    )
    db.session.add(run)
    db.session.flush()
    run_rows.begin_step(run, workflow.start)
    return _tell(unit, run, "workflow.started", f"workflow.started:{workflow.name}")


def _move(unit: Unit, provided: Provided[Workflow], run: WorkflowRun, to: str | None) -> None:
    """Leave a state that is done with: the next one's delivery is owed, or the run ends well."""
    if to is None:
        run.status, run.error = "succeeded", None
        run_rows.close(run)
        _tell(unit, run, "workflow.succeeded", "workflow.succeeded")
        return
    _enter(unit, provided, run, to)


def _enter(unit: Unit, provided: Provided[Workflow], run: WorkflowRun, to: str) -> None:
    """Go into a state; choices are decided on the way, a failing end ends the run."""
    for _ in range(MOST_CHOICES):
        state = provided.offer.state(to)
        if run.state != to or not run_rows.is_open(run):
            run.state = to
            run_rows.begin_step(run, to)
        if isinstance(state, Fail):
            run_rows.end_step(run, "failed", attempts=1, error=state.error)
            _fail(unit, run, state.error)
            return
        if not isinstance(state, Choice):
            run.status = "waiting" if isinstance(state, Wait) else "running"
            _tell(unit, run, "workflow.moved", f"workflow.moved:{to}")
            return
        answer = state.decide(provided.ctx, run_rows.view(run, 1))
        run_rows.end_step(run, "succeeded", attempts=1, output={"answer": answer})
        to = state.branches.get(answer, state.otherwise)
    raise Conflict(f"The workflow {run.workflow} only ever chooses.")


def _fail(unit: Unit, run: WorkflowRun, error: str) -> None:
    run.status, run.error = "failed", error
    run_rows.close(run)
    _tell(unit, run, "workflow.failed", f"workflow.failed:{error}")


def _reopen(run: WorkflowRun) -> None:
    run.status, run.error, run.ended_at = "running", None, None
    run_rows.begin_step(run, run.state)


def _wait(owed: Owed, workflow: Workflow, state: Wait, run_id: int) -> None:
    """A wait's own delivery comes due when its time is over, and then leads on to ``late``."""
    provided = offers.find(db.session, Workflow, workflow.name, current_business_id())
    with transaction(by=plugin_actor(provided.plugin)) as unit:
        run = run_rows.load(run_id, lock=True)
        left = run_rows.time_left(run, state)
        if run.state != state.name or state.limit is None or state.late is None:
            deliveries.settle(delivery_id=owed.id)
        elif left > timedelta(0):
            deliveries.postpone(delivery_id=owed.id, wait=left, forgive=True)
        else:
            run_rows.end_step(run, "failed", attempts=1, error="late")
            _enter(unit, provided, run, state.late)
            deliveries.settle(delivery_id=owed.id)


def _resume_waiting(unit: Unit, owed: Owed) -> None:
    """Runs that wait for this event go on: those of the same invoice, or the run it names."""
    statement = (
        select(WorkflowRun)
        .where(WorkflowRun.business_id == current_business_id(), WorkflowRun.status == "waiting")
        .order_by(WorkflowRun.id)
        .with_for_update()
    )
    for run in db.session.scalars(statement).all():
        named = run.id == owed.data.get("run_id")
        same = run.invoice_id is not None and run.invoice_id == owed.invoice_id
        if not (named or same):
            continue
        provided = offers.find(db.session, Workflow, run.workflow, current_business_id())
        state = provided.offer.state(run.state)
        if isinstance(state, Wait) and state.resume == owed.name:
            run_rows.end_step(run, "succeeded", attempts=1, output={"event": owed.name})
            _move(unit, provided, run, state.then)


def _tell(unit: Unit, run: WorkflowRun, event: str, action: str) -> RunSnapshot:
    db.session.flush()
    snapshot = run_rows.snapshot(run)
    unit.publish(event, snapshot, invoice_id=run.invoice_id)
    unit.record(action, run=run.id, workflow=run.workflow)
    return snapshot


def _checked(workflow: Workflow, given: Mapping[str, Any]) -> Mapping[str, Any]:
    model: type[BaseModel] | None = workflow.input
    if model is None:
        return given
    try:
        return model.model_validate(dict(given)).model_dump()
    except ValidationError as wrong:
        faults = [
            FieldError("/input/" + "/".join(str(part) for part in fault["loc"]), fault["msg"])
            for fault in wrong.errors(include_url=False, include_input=False)
        ]
        raise InvalidInput("The input does not fit the workflow.", faults) from wrong


__all__ = [
    "STEPS",
    "SUBSCRIBER",
    "NotFound",
    "advance",
    "get",
    "of_invoice",
    "plugin_of",
    "retry",
    "start",
]

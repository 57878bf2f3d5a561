"""How a run moves: from an outcome to the state it leads to, and what is told of it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from invoicer_core.domain.errors import Conflict, FieldError, InvalidInput
from invoicer_core.domain.saying import say
from invoicer_core.domain.work import RunSnapshot
from invoicer_core.hooks import codec
from invoicer_core.hooks.machines import DONE, END, OTHERWISE, Impossible
from invoicer_core.hooks.model_faults import fault_words
from invoicer_core.hooks.workflows import Choice, Fail, State, Step, Wait, Workflow
from invoicer_core.host.offers import Provided
from invoicer_core.models import db
from invoicer_core.models.outbox import WorkflowRun
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.statements import run_rows
from invoicer_core.services.transaction import Unit

MOST_CHOICES: Final = 100


def begin(
    unit: Unit, workflow: Workflow, given: Mapping[str, Any], invoice_id: int | None
) -> RunSnapshot:
    """A new run in its first state."""
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
    return tell(unit, run, "workflow.started", f"workflow.started:{workflow.name}")


def move(
    unit: Unit,
    provided: Provided[Workflow],
    run: WorkflowRun,
    outcome: str,
    *,
    decides: bool = True,
) -> RunSnapshot:
    """Leave a state that is done with, on the way of this outcome: the next one's delivery is owed,
    or the run ends.

    Args:
        decides: False where code of plugins has no place: a choice is owed like a step.

    Raises:
        Conflict: no such way is there.
    """
    for _ in range(MOST_CHOICES):
        to = _leads(provided.offer, run.state, outcome)
        if to == END:
            return _succeed(unit, run)
        run.state = to
        run_rows.begin_step(run, to)
        state = provided.offer.state(to)
        if not (isinstance(state, Choice) and decides):
            return _stand(unit, run, state)
        outcome = choose(provided, run, state)
    raise Conflict(say("The workflow %(workflow)s only ever chooses.", workflow=run.workflow))


def stand(unit: Unit, provided: Provided[Workflow], run: WorkflowRun) -> RunSnapshot:
    """Come into the run's own state, whose step is open: it is owed, decided or fails."""
    state = provided.offer.state(run.state)
    if isinstance(state, Choice):
        return move(unit, provided, run, choose(provided, run, state))
    return _stand(unit, run, state)


def choose(provided: Provided[Workflow], run: WorkflowRun, state: Choice) -> str:
    """Decide, write the answer down, and say which outcome that is."""
    answer = state.decide(provided.ctx, run_rows.view(run, 1))
    run_rows.end_step(run, "succeeded", attempts=1, output={"answer": answer})
    return answered(state, answer)


def answered(state: Choice, answer: str) -> str:
    """The outcome of an answer."""
    return f"answer:{answer}" if answer in state.branches else OTHERWISE


def caught(step: Step, error: str) -> str | None:
    """The outcome of an error that the step catches; None for another."""
    return f"error:{error}" if error in step.catch else None


def fail(unit: Unit, run: WorkflowRun, error: str) -> RunSnapshot:
    """The run stops here, under the name of an error."""
    run.status, run.error = "failed", error
    run_rows.close(run)
    return tell(unit, run, "workflow.failed", f"workflow.failed:{error}")


def reopen(run: WorkflowRun) -> None:
    """A failed run stands in its state again; one that was given up goes on being undone."""
    run.status = "undoing" if run.given_up_at is not None else "running"
    run.error, run.ended_at = None, None
    if run.given_up_at is None:
        run_rows.begin_step(run, run.state)
    db.session.flush()
    run_rows.close_parked(run.id)


def cancelled(unit: Unit, run: WorkflowRun) -> RunSnapshot:
    """All that could be taken back was."""
    run.status, run.error = "cancelled", None
    run.ended_at = datetime.now(UTC)
    return tell(unit, run, "workflow.cancelled", "workflow.cancelled")


def tell(unit: Unit, run: WorkflowRun, event: str, action: str, **more: Any) -> RunSnapshot:
    """Publish how the run stands, and put it into the audit chain."""
    db.session.flush()
    snapshot = run_rows.snapshot(run)
    unit.publish(event, snapshot, invoice_id=run.invoice_id)
    unit.record(action, run=run.id, workflow=run.workflow, **more)
    return snapshot


def checked(workflow: Workflow, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a run is started with, as its model reads it. Raises InvalidInput."""
    model: type[BaseModel] | None = workflow.input
    if model is None:
        return given
    try:
        return model.model_validate(dict(given)).model_dump()
    except ValidationError as wrong:
        faults = [
            FieldError("/input/" + "/".join(str(part) for part in fault["loc"]), fault_words(fault))
            for fault in wrong.errors(include_url=False, include_input=False)
        ]
        raise InvalidInput(say("The input does not fit the workflow."), faults) from wrong


def _leads(workflow: Workflow, state: str, outcome: str) -> str:
    try:
        return workflow.machine.leads(state, outcome)
    except Impossible as impossible:
        raise Conflict(
            say(
                "In the workflow %(workflow)s nothing leads on from %(state)s this way.",
                workflow=workflow.name,
                state=state,
            )
        ) from impossible


def _succeed(unit: Unit, run: WorkflowRun) -> RunSnapshot:
    run.status, run.error = "succeeded", None
    run_rows.close(run)
    return tell(unit, run, "workflow.succeeded", "workflow.succeeded")


def _stand(unit: Unit, run: WorkflowRun, state: State) -> RunSnapshot:
    if isinstance(state, Fail):
        run_rows.end_step(run, "failed", attempts=1, error=state.error)
        return fail(unit, run, state.error)
    run.status = "waiting" if isinstance(state, Wait) else "running"
    run.error, run.ended_at = None, None
    return tell(unit, run, "workflow.moved", f"workflow.moved:{run.state}")


__all__ = ["DONE", "answered", "begin", "cancelled", "caught", "checked", "choose", "fail", "move",
           "reopen", "stand", "tell"]  # fmt: skip

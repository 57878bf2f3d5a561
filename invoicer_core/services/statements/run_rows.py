"""The rows of runs and their steps, and what is shown of them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import func, select, text

from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.work import RunSnapshot, RunStatus, StepSnapshot, StepStatus
from invoicer_core.hooks.workflows import Run, Wait, Workflow
from invoicer_core.host import current as host_of_app
from invoicer_core.models import db
from invoicer_core.models.outbox import WorkflowRun, WorkflowStep
from invoicer_core.models.tenancy import current_business_id

_CLOSE_PARKED: Final = text(
    "UPDATE deliveries d SET state = 'skipped', done_at = now() FROM events e"
    " WHERE d.business_id = :business AND d.state = 'parked' AND d.subscriber = 'workflows'"
    " AND e.business_id = d.business_id AND e.id = d.event_id"
    " AND e.name LIKE 'workflow.%' AND (e.data ->> 'id')::bigint = :run"
)


def load(run_id: int, *, lock: bool = False) -> WorkflowRun:
    """The row of a run. Raises NotFound."""
    statement = select(WorkflowRun).where(
        WorkflowRun.business_id == current_business_id(), WorkflowRun.id == run_id
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = db.session.scalars(statement).first()
    if row is None:
        raise NotFound.of("run", run_id)
    return row


def view(run: WorkflowRun, attempt: int, *, state: str | None = None) -> Run:
    """A run as its steps see it; in ``state``, or where it stands."""
    return Run(
        id=run.id,
        workflow=run.workflow,
        version=run.workflow_version,
        input=dict(run.input),
        output=dict(run.output),
        attempt=attempt,
        invoice_id=run.invoice_id,
        state=state or run.state,
    )


def steps(run: WorkflowRun) -> list[WorkflowStep]:
    """The states it was in, in order."""
    statement = (
        select(WorkflowStep)
        .where(WorkflowStep.business_id == run.business_id, WorkflowStep.run_id == run.id)
        .order_by(WorkflowStep.position)
    )
    return list(db.session.scalars(statement))


def count(run: WorkflowRun) -> int:
    """How many states it came into: with this many a delivery that is still right was owed."""
    found = db.session.scalar(
        select(func.count()).where(
            WorkflowStep.business_id == run.business_id, WorkflowStep.run_id == run.id
        )
    )
    return found or 0


def begin_step(run: WorkflowRun, name: str) -> None:
    """Write down that the run came into a state."""
    last = db.session.scalar(
        select(func.max(WorkflowStep.position)).where(
            WorkflowStep.business_id == run.business_id, WorkflowStep.run_id == run.id
        )
    )
    db.session.add(
        WorkflowStep(
            business_id=run.business_id,
            run_id=run.id,
            name=name,
            position=(last or 0) + 1,
            status="running",
            attempts=0,
            output={},
        )
    )
    db.session.flush()


def is_open(run: WorkflowRun) -> bool:
    """Whether the state the run is in has its step, not ended yet."""
    return _open(run) is not None


def _open(run: WorkflowRun) -> WorkflowStep | None:
    found = [step for step in steps(run) if step.ended_at is None]
    return found[-1] if found else None


def end_step(
    run: WorkflowRun,
    status: StepStatus,
    *,
    attempts: int | None = None,
    output: Mapping[str, Any] | None = None,
    error: str | None = None,
    reason: str | None = None,
) -> None:
    """Close the step of the state the run is in."""
    step = _open(run)
    if step is None:
        return
    step.status, step.error, step.reason = status, error or step.error, reason
    step.attempts = step.attempts if attempts is None else attempts
    step.error = None if status == "succeeded" else step.error
    step.output = dict(output or {})
    step.ended_at = datetime.now(UTC)
    db.session.flush()


def mark(run: WorkflowRun, status: StepStatus, reason: str) -> None:
    """Say of the last state, ended or not, what a person decided; its error stays readable."""
    last = steps(run)[-1]
    last.status, last.reason = status, reason
    db.session.flush()


def note_error(run: WorkflowRun, attempts: int, error: str) -> None:
    """A try failed and there will be another."""
    step = _open(run)
    if step is not None:
        step.attempts, step.error = attempts, error
        db.session.flush()


def close(run: WorkflowRun) -> None:
    """The run has ended."""
    run.ended_at = datetime.now(UTC)
    db.session.flush()


def close_parked(run_id: int) -> None:
    """Forget the parked delivery of a failed run: another one is owed in its place."""
    values = {"business": current_business_id(), "run": run_id}
    db.session.execute(_CLOSE_PARKED, values)


def time_left(run: WorkflowRun, state: Wait) -> timedelta:
    """How long a wait still lasts; zero when it has no limit."""
    step = _open(run)
    if state.limit is None or step is None:
        return timedelta(0)
    return step.created_at + state.limit - datetime.now(UTC)


def snapshot(run: WorkflowRun) -> RunSnapshot:
    """What is shown of a run."""
    return _snapshot(run, steps(run))


def snapshots(runs: Sequence[WorkflowRun]) -> tuple[RunSnapshot, ...]:
    """What is shown of several runs of one business; their steps come in one query."""
    found: dict[int, list[WorkflowStep]] = {run.id: [] for run in runs}
    statement = (
        select(WorkflowStep)
        .where(
            WorkflowStep.business_id == current_business_id(),
            WorkflowStep.run_id.in_(list(found)),
        )
        .order_by(WorkflowStep.position)
    )
    for row in db.session.scalars(statement):
        found[row.run_id].append(row)
    return tuple(_snapshot(run, found[run.id]) for run in runs)


def _snapshot(run: WorkflowRun, rows: Sequence[WorkflowStep]) -> RunSnapshot:
    titles = _titles(run.workflow, run.workflow_version)
    return RunSnapshot(
        id=run.id,
        workflow=run.workflow,
        version=run.workflow_version,
        title=titles.get("", run.workflow),
        state=run.state,
        status=cast(RunStatus, run.status),
        error=run.error,
        invoice_id=run.invoice_id,
        path=tuple(row.name for row in rows),
        steps=tuple(
            StepSnapshot(
                name=row.name,
                title=titles.get(row.name, row.name),
                status=cast(StepStatus, row.status),
                attempts=row.attempts,
                started_at=row.created_at,
                ended_at=row.ended_at,
                error=row.error,
                note=row.output.get("reason"),
                reason=row.reason,
            )
            for row in rows
        ),
        input=run.input,
        output=run.output,
        reason=run.reason,
        created_at=run.created_at,
        ended_at=run.ended_at,
    )


def _titles(workflow: str, version: int) -> dict[str, str]:
    """What to call the workflow ("") and its states, in its version where that is offered; empty
    when nobody offers it any more."""
    found: dict[str, str] = {}
    for each in host_of_app().registry.offered(Workflow):
        if each.offer.name != workflow or (found and each.offer.version != version):
            continue
        found = {"": each.offer.title, **{state.name: state.title for state in each.offer.states}}
    return found

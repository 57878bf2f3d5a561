"""Runs that stand still until an event happens or the time is over.

An event that was told since the run began counts, also when the run comes into its wait only later;
each event ends one wait of a run. Two ways lead there: the event's own delivery finds the runs that
wait, and the wait's delivery, which is done after the wait was committed, finds the events that
were told before. So whichever comes first, the other one sees it.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy import select, text, tuple_

from invoicer_core.domain.actor import plugin_actor
from invoicer_core.hooks.machines import DONE, LATE
from invoicer_core.hooks.workflows import TIMEOUT, Wait, Workflow
from invoicer_core.host import current as host_of_app
from invoicer_core.host.offers import Provided
from invoicer_core.models import db
from invoicer_core.models.outbox import WorkflowRun
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import deliveries
from invoicer_core.services.deliveries import Owed
from invoicer_core.services.statements import run_rows
from invoicer_core.services.transaction import Unit, transaction
from invoicer_core.services.workflows import definitions, escalating, moving
from invoicer_core.services.workflows.undoing import is_stale

_TOLD: Final = text(
    "SELECT id FROM events WHERE business_id = :business AND name = :name"
    " AND xid >= pg_snapshot_xmin(CAST(:before AS pg_snapshot))::text::bigint"
    " AND NOT pg_visible_in_snapshot(xid::text::xid8, CAST(:before AS pg_snapshot))"
    " AND (invoice_id = :invoice OR data -> 'run_id' = to_jsonb(CAST(:run AS bigint)))"
    " AND id <> ALL(:used) ORDER BY id LIMIT 1"
)


def stand_still(owed: Owed, provided: Provided[Workflow], state: Wait, run_id: int) -> None:
    """What a wait's own delivery does: first look for what was told too early, then come due when
    the time is over, and lead on to ``late``."""
    with transaction(by=plugin_actor(provided.plugin)) as unit:
        run = run_rows.load(run_id, lock=True)
        if is_stale(run, owed):
            deliveries.settle(delivery_id=owed.id)
            return
        if run.status != "waiting":  # tried again by a person: from the commit on events find it
            run.status = "waiting"
            deliveries.postpone(delivery_id=owed.id, wait=timedelta(0), forgive=True)
            return
        left = run_rows.time_left(run, state)
        event_id = _told(run, state, provided.offer)
        if event_id is not None:
            deliveries.settle(delivery_id=owed.id)
            _go_on(unit, provided, run, state.resume, event_id)
        elif state.limit is None:
            deliveries.settle(delivery_id=owed.id)
        elif left > timedelta(0):
            deliveries.postpone(delivery_id=owed.id, wait=left, forgive=True)
        else:
            deliveries.settle(delivery_id=owed.id)
            _end_late(unit, provided, run, state)


def resume(unit: Unit, owed: Owed) -> None:
    """Runs that wait for this event go on: those of the same invoice, or the run it names."""
    places = [
        (each.offer.name, each.offer.version, state.name)
        for each in host_of_app().registry.offered(Workflow)
        for state in each.offer.states
        if isinstance(state, Wait) and state.resume == owed.name
    ]
    if not places:
        return
    named = owed.data.get("run_id")
    about = WorkflowRun.id == (named if isinstance(named, int) else 0)
    if owed.invoice_id is not None:
        about |= WorkflowRun.invoice_id == owed.invoice_id
    at = tuple_(WorkflowRun.workflow, WorkflowRun.workflow_version, WorkflowRun.state)
    statement = (
        select(WorkflowRun)
        .where(WorkflowRun.business_id == current_business_id(), WorkflowRun.status == "waiting")
        .where(about, at.in_(places))
        .order_by(WorkflowRun.id)
        .with_for_update()
    )
    for run in db.session.scalars(statement).all():
        provided = definitions.following(run)
        if owed.event_id not in _used(run, provided.offer):
            _go_on(unit, provided, run, owed.name, owed.event_id, decides=False)


def _told(run: WorkflowRun, state: Wait, workflow: Workflow) -> int | None:
    """The first event that the run has waited for since it began and has not used yet."""
    values = {
        "business": run.business_id,
        "name": state.resume,
        "before": run.told_before,
        "invoice": run.invoice_id,
        "run": run.id,
        "used": _used(run, workflow),
    }
    found: int | None = db.session.scalar(_TOLD, values)
    return found


def _used(run: WorkflowRun, workflow: Workflow) -> list[int]:
    """The events that ended waits of this run."""
    waits = {state.name for state in workflow.states if isinstance(state, Wait)}
    told = [row.output.get("event_id") for row in run_rows.steps(run) if row.name in waits]
    return [event_id for event_id in told if isinstance(event_id, int)]


def _go_on(
    unit: Unit,
    provided: Provided[Workflow],
    run: WorkflowRun,
    event: str,
    event_id: int,
    *,
    decides: bool = True,
) -> None:
    """``decides`` is False in the event's own delivery, which is no place for a plugin's code."""
    told = {"event": event, "event_id": event_id}
    run_rows.end_step(run, "succeeded", attempts=1, output=told)
    moving.move(unit, provided, run, DONE, decides=decides)


def _end_late(unit: Unit, provided: Provided[Workflow], run: WorkflowRun, state: Wait) -> None:
    run_rows.end_step(run, "failed", attempts=1, error=LATE)
    escalating.tell(unit, run, state)
    if state.late is None:
        moving.fail(unit, run, TIMEOUT)
    else:
        moving.move(unit, provided, run, LATE)

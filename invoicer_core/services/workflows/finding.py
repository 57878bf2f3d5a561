"""Runs, one by one and as a list."""

from typing import Final

from sqlalchemy import func, select

from invoicer_core.domain.snapshots import Page
from invoicer_core.domain.work import RunSnapshot
from invoicer_core.models import db
from invoicer_core.models.outbox import WorkflowRun
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.statements import run_rows

LIMIT: Final = 50
LIMIT_MOST: Final = 200


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
    return run_rows.snapshots(db.session.scalars(statement).all())


def find(
    *,
    workflow: str | None = None,
    status: str | None = None,
    state: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Page[RunSnapshot]:
    """Runs, the newest first.

    Args:
        status: running, waiting, succeeded, failed, undoing or cancelled.
        state: the name of the state that they stand in.
    """
    size = min(max(limit or LIMIT, 1), LIMIT_MOST)
    statement = select(WorkflowRun).where(WorkflowRun.business_id == current_business_id())
    for column, wanted in (
        (WorkflowRun.workflow, workflow),
        (WorkflowRun.status, status),
        (WorkflowRun.state, state),
    ):
        if wanted:
            statement = statement.where(column == wanted)
    if cursor and cursor.isascii() and cursor.isdigit() and len(cursor) < 19:
        statement = statement.where(WorkflowRun.id < int(cursor))
    ordered = statement.order_by(WorkflowRun.id.desc()).limit(size + 1)
    rows = db.session.scalars(ordered).all()
    more = str(rows[size - 1].id) if len(rows) > size else None
    return Page(items=run_rows.snapshots(rows[:size]), next_cursor=more)


def counts(*, workflow: str | None = None) -> dict[str, int]:
    """How many runs are in which status; of one workflow, or of all."""
    statement = select(WorkflowRun.status, func.count()).where(
        WorkflowRun.business_id == current_business_id()
    )
    if workflow:
        statement = statement.where(WorkflowRun.workflow == workflow)
    rows = db.session.execute(statement.group_by(WorkflowRun.status))
    return {row[0]: row[1] for row in rows}


def names() -> tuple[str, ...]:
    """The workflows of which there are runs, also those that nobody offers any more."""
    statement = (
        select(WorkflowRun.workflow)
        .where(WorkflowRun.business_id == current_business_id())
        .distinct()
        .order_by(WorkflowRun.workflow)
    )
    return tuple(db.session.scalars(statement))

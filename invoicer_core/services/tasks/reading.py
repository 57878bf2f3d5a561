"""Tasks as pages see them: one, or the newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import or_, select

from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.snapshots import Page
from invoicer_core.models import db
from invoicer_core.models.outbox import Delivery
from invoicer_core.models.tasks import Task
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.listing import Ordering, read_page

DIED: Final = "died"
UNEXPECTED: Final = "unexpected"
UNKNOWN: Final = "unknown"
"""Reasons of a failure that pages have words for; any other is a sentence."""

State = Literal["queued", "running", "done", "failed", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSnapshot:
    """One task. ``error`` is a sentence, or one of `DIED`, `UNEXPECTED`, `UNKNOWN`; ``total`` is 0
    while nobody knows how much there is to do."""

    id: int
    kind: str
    title: str
    state: State
    done: int
    total: int
    message: str
    error: str | None
    is_stopping: bool
    file_id: int | None
    created_by: int | None
    data: Mapping[str, Any]
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state in ("done", "failed", "stopped")


def get(*, task_id: int, of_user: int | None = None) -> TaskSnapshot:
    """One task.

    Args:
        of_user: count only what this user asked for; None counts everybody's.

    Raises:
        NotFound: no such task.
    """
    found = read(task_id)
    if of_user is not None and found.created_by != of_user:
        raise NotFound.of("task", task_id)
    return found


def find(
    *, of_user: int | None = None, limit: int | None = None, cursor: str | None = None
) -> Page[TaskSnapshot]:
    """Tasks, the newest first; of one user or of everybody."""
    statement = _with_deliveries()
    if of_user is not None:
        statement = statement.where(Task.created_by == of_user)
    return read_page(statement, Ordering(Task.id, {}), _snapshots, limit=limit, cursor=cursor)


def _with_deliveries() -> Any:
    """Tasks, each with the state of what is owed because of it: a worker that dies every time
    leaves a parked delivery behind, and no word in the task."""
    return (
        select(Task, Delivery.state)
        .outerjoin(
            Delivery,
            (Delivery.business_id == Task.business_id) & (Delivery.id == Task.delivery_id),
        )
        .where(Task.business_id == current_business_id())
    )


def read(task_id: int) -> TaskSnapshot:
    """A task by its id. Raises NotFound."""
    statement = _with_deliveries().where(Task.id == task_id)
    found = db.session.execute(
        statement.execution_options(populate_existing=True)
        if 0 < task_id < 2**63
        else statement.where(or_(False))
    ).first()
    if found is None:
        raise NotFound.of("task", task_id)
    return _snapshot(found[0], found[1])


def _snapshots(rows: Sequence[Any]) -> list[TaskSnapshot]:
    return [_snapshot(row, delivery) for row, delivery in rows]


def _snapshot(row: Task, delivery: str | None) -> TaskSnapshot:
    died = delivery == "parked" and row.state in ("queued", "running")
    state: Any = "failed" if died else row.state
    return TaskSnapshot(
        id=row.id,
        kind=row.kind,
        title=row.title,
        state=state,
        done=row.done,
        total=row.total,
        message=row.message,
        error=DIED if died else row.error,
        is_stopping=row.is_stopping,
        file_id=row.file_id,
        created_by=row.created_by,
        data=row.data,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )

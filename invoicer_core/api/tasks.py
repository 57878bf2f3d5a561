"""Background tasks: how far they are, what they made, and stopping them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from invoicer_core.api.answers import Binary
from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.accounts import PageQuery
from invoicer_core.api.schemas.base import NoFields
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.snapshots import Page
from invoicer_core.services import tasks
from invoicer_core.services.files import results
from invoicer_core.services.identity.sessions import Identity
from invoicer_core.services.tasks import TaskSnapshot

resource = Resource("tasks", tag="Tasks")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundTask:
    """A task; ``total`` is 0 while nobody knows how much there is to do. Its file is below
    ``/tasks/{id}/file``."""

    id: int
    kind: str
    title: str
    state: Literal["queued", "running", "done", "failed", "stopped"]
    done: int
    total: int
    message: str
    error: str | None = None
    is_stopping: bool
    has_file: bool
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None


@resource.get("/tasks", "business.read", query=PageQuery, answer=Page[BackgroundTask])
def list_tasks(query: PageQuery, who: Identity) -> Page[BackgroundTask]:
    """List the tasks, the newest first: one's own, or with the right to the settings all."""
    page = tasks.find(of_user=_whose(who), **query.filters())
    return Page(
        items=tuple(_shown(each) for each in page.items),
        next_cursor=page.next_cursor,
        total=page.total,
    )


@resource.get("/tasks/{taskId}", "business.read", answer=BackgroundTask)
def get_task(task_id: int, who: Identity) -> BackgroundTask:
    """Get a task."""
    return _shown(tasks.get(task_id=task_id, of_user=_whose(who)))


@resource.get(
    "/tasks/{taskId}/file", "business.read", answer=bytes, media_type="application/octet-stream"
)
def get_task_file(task_id: int, who: Identity) -> Binary:
    """Save what a task made."""
    known, data = results.content(task_id=task_id, of_user=_whose(who))
    return Binary(data, "application/octet-stream", known.name)


@resource.post(
    "/tasks/{taskId}/stop", "business.read", body=NoFields, body_required=False,
    answer=BackgroundTask, errors=(409,),
)  # fmt: skip
def stop_task(task_id: int, by: Actor, who: Identity) -> BackgroundTask:
    """Let a task end: at once when it has not begun, else at its next step. What it did stays."""
    tasks.get(task_id=task_id, of_user=_whose(who))
    return _shown(tasks.stop(task_id=task_id, by=by))


@resource.post(
    "/tasks/{taskId}/retry", "business.read", body=NoFields, body_required=False,
    answer=BackgroundTask, errors=(409,),
)  # fmt: skip
def retry_task(task_id: int, by: Actor, who: Identity) -> BackgroundTask:
    """Let what failed of a task be tried again."""
    tasks.get(task_id=task_id, of_user=_whose(who))
    return _shown(tasks.retry(task_id=task_id, by=by))


def _whose(who: Identity) -> int | None:
    return None if who.may("settings.write") else who.user_id


def _shown(task: TaskSnapshot) -> BackgroundTask:
    return BackgroundTask(
        id=task.id,
        kind=task.kind,
        title=task.title,
        state=task.state,
        done=task.done,
        total=task.total,
        message=task.message,
        error=task.error,
        is_stopping=task.is_stopping,
        has_file=task.file_id is not None,
        created_at=task.created_at,
        started_at=task.started_at,
        ended_at=task.ended_at,
    )

"""Long work in the background: asked for on a page, done by a worker, watched, tried again.

    @tasks.work("statements")
    def make_statements(task: tasks.Running) -> None:
        for number, client_id in enumerate(task.data["clients"], 1):
            ...
            task.state["last"] = client_id
            task.progress(number, len(task.data["clients"]))
        task.finish(file_id=..., message=...)

A task is owed like an event: when its worker dies it is handed out again within seconds, and goes
on from `Running.state`. It gives way to other tasks now and then, so that a long one holds up no
short one; mails have workers of their own.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from logging import getLogger
from time import monotonic
from typing import Any, Final

from flask import has_request_context
from flask_babel import force_locale, get_locale
from sqlalchemy import func, text, update

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, InvoicerError, Unavailable
from invoicer_core.domain.saying import say
from invoicer_core.hooks import codec
from invoicer_core.hooks.answers import RetryLater
from invoicer_core.models import db
from invoicer_core.models.tasks import Task, TaskRow
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import faults
from invoicer_core.services.deliveries import Owed
from invoicer_core.services.rows import find_row
from invoicer_core.services.tasks.reading import UNEXPECTED, UNKNOWN, TaskSnapshot, read
from invoicer_core.services.transaction import transaction
from invoicer_core.services.wording import told

SUBSCRIBER: Final = "tasks"
EVENT: Final = "task.requested"
"""Not a fact of the catalogue: it reaches nobody but the worker."""

SLICE: Final = 20.0
"""Seconds after which a task that can go on later makes way for others."""

PAUSE: Final = timedelta(seconds=2)
"""Before another try, when something else held what the task needed in the database."""

PATIENCE: Final = timedelta(minutes=15)
"""How long after it was asked for a task still waits for such a moment to pass."""

log: Final = getLogger(__name__)

_OWE: Final = text(
    "WITH e AS ("
    " INSERT INTO events (business_id, name, data, actor)"
    " VALUES (:business, :name, CAST(:data AS jsonb), :actor) RETURNING id)"
    " INSERT INTO deliveries (business_id, event_id, subscriber)"
    " SELECT :business, e.id, :subscriber FROM e RETURNING id"
)
_WAKE: Final = text("SELECT pg_notify('due', '')")


class _Paused(BaseException):
    """The task makes way. Not an Exception, so that no handler swallows it."""


class _Stopped(BaseException):
    """Somebody asked the task to stop."""


class Running:
    """A task in its worker's hands.

    Args:
        data: what was asked for.
        by: who asked.
        state: what the task keeps for itself; saved by `progress`, there again after a restart.
    """

    def __init__(self, row: Task) -> None:
        self.id = row.id
        self.data: Mapping[str, Any] = row.data
        self.by = _actor_of(row)
        self.language = str(row.actor.get("language") or "en")
        self.state: dict[str, Any] = dict(row.resume)
        self.ended = False
        self._saved = codec.dumps(self.state)
        self._moved = False
        self._until = monotonic() + SLICE

    def progress(self, done: int, total: int) -> None:
        """Write down how far it is, with ``state``, and commit.

        A task that went on by its ``state`` for `SLICE` seconds ends its turn here: it is called
        again soon, with what it saved. One that was asked to stop ends for good.
        """
        saved = codec.dumps(self.state)
        self._moved |= saved != self._saved
        self._saved = saved
        stopping = _set(self.id, done=done, total=total, resume=self.state)
        if "unit" in db.session().info:
            return
        db.session.commit()
        if stopping:
            raise _Stopped
        if self._moved and monotonic() > self._until:
            raise _Paused

    def finish(self, *, file_id: int | None = None, message: str = "") -> None:
        """End well.

        Args:
            file_id: what it made, to be downloaded.
            message: a sentence that says what was done, in the reader's language.
        """
        with transaction(by=self.by) as unit:
            values = {"file_id": file_id, "message": message, "error": None}
            _set(self.id, state="done", ended_at=func.now(), **values)
            unit.record("task.done", task=self.id)
        self.ended = True


Work = Callable[[Running], None]
_KINDS: Final[dict[str, Work]] = {}


def work(kind: str) -> Callable[[Work], Work]:
    """Make a function the work of this kind. Raises ValueError when the kind has one already."""

    def register(function: Work) -> Work:
        if kind in _KINDS:
            raise ValueError(f"{kind} has work already")
        _KINDS[kind] = function
        return function

    return register


# --- asking ---------------------------------------------------------------------------------------


def start(*, kind: str, data: Mapping[str, Any], by: Actor, title: str = "") -> TaskSnapshot:
    """Ask for a task; a worker begins it within a second.

    Args:
        kind: registered with `work`.
        data: what it needs to know, as JSON.
        title: what it is called in lists, in the language of who asks.

    Raises:
        ValueError: nobody can do this kind.
    """
    if kind not in _KINDS:
        raise ValueError(f"nobody can do {kind}")
    scopes = None if by.scopes is None else sorted(by.scopes)
    actor = {"kind": by.kind, "role": by.role, "label": by.label, "scopes": scopes}
    actor["language"] = _language()
    with transaction(by=by) as unit:
        row = Task(
            business_id=current_business_id(),
            kind=kind,
            title=title,
            data=dict(data),
            created_by=by.user_id,
            actor=actor,
        )
        db.session.add(row)
        db.session.flush()
        _owe(row, by)
        unit.record("task.started", task=row.id, kind=kind)
        return read(row.id)


def retry(*, task_id: int, by: Actor) -> TaskSnapshot:
    """Let a failed task go on, or one that is done try the rows again that failed.

    Raises:
        NotFound: no such task.
        Conflict: nothing of it failed.
    """
    with transaction(by=by) as unit:
        row = find_row(Task, task_id, "task", lock=True)
        reopened = db.session.execute(
            update(TaskRow)
            .where(
                TaskRow.business_id == current_business_id(),
                TaskRow.task_id == task_id,
                TaskRow.outcome == "failed",
            )
            .values(outcome="waiting", reason=None, detail=None)
            .returning(TaskRow.position)
        ).all()
        over = read(task_id).state in ("failed", "stopped")
        if not over and not (row.state == "done" and reopened):
            raise Conflict(say("Nothing of this task failed: there is nothing to try again."))
        _set(task_id, state="queued", error=None, message="", ended_at=None, is_stopping=False)
        _owe(row, by)
        unit.record("task.retried", task=task_id)
        return read(task_id)


def stop(*, task_id: int, by: Actor) -> TaskSnapshot:
    """Let a task end: at once when it has not begun, else at its next step. What it did stays.

    Raises:
        NotFound: no such task.
        Conflict: it is over.
    """
    with transaction(by=by) as unit:
        row = find_row(Task, task_id, "task", lock=True)
        if read(task_id).is_over:
            raise Conflict(say("This task is over already: there is nothing to stop."))
        _set(task_id, is_stopping=True)
        if row.state == "queued":
            _set(task_id, state="stopped", ended_at=func.now())
        unit.record("task.stopped", task=task_id)
        return read(task_id)


# --- working --------------------------------------------------------------------------------------


def run(*, owed: Owed) -> None:
    """Do a task that is owed, or a slice of it, in the business that was entered.

    Raises:
        RetryLater: it goes on in a moment.
        DBAPIError: PostgreSQL is away; the lease brings it back.
    """
    row = find_row(Task, int(owed.data["id"]), "task")
    if row.state not in ("queued", "running") or row.delivery_id != owed.id:
        return
    if _set(row.id, state="running", started_at=func.coalesce(Task.started_at, func.now())):
        _set(row.id, state="stopped", ended_at=func.now())
        db.session.commit()
        return
    db.session.commit()
    running = Running(row)
    try:
        with force_locale(running.language):
            _do(row.kind, running)
    except _Stopped:
        _set(row.id, state="stopped", ended_at=func.now())
        db.session.commit()
    except _Paused as paused:
        raise RetryLater("it makes way for others and goes on", timedelta(0)) from paused
    except RetryLater as later:
        if not isinstance(later, InvoicerError) or owed.age < PATIENCE:
            db.session.rollback()
            raise
        _refused(running, later)
    except InvoicerError as refused:
        _refused(running, refused)
    except Exception as error:
        if faults.is_outage(error):
            raise
        passing = faults.translated(error)
        if isinstance(passing, Unavailable) and owed.age < PATIENCE:
            db.session.rollback()
            raise RetryLater(passing.detail, PAUSE) from error
        log.exception("task %s failed", row.id)
        _fail(running, UNEXPECTED)


def _do(kind: str, running: Running) -> None:
    found = _KINDS.get(kind)
    if found is None:
        _fail(running, UNKNOWN)
        return
    found(running)
    if not running.ended:
        running.finish()


def _refused(running: Running, refusal: InvoicerError) -> None:
    with force_locale(running.language):
        words = told(refusal.detail)
    _fail(running, words)


def _fail(running: Running, words: str) -> None:
    """Write down what went wrong, in words where it was meant for people."""
    db.session.rollback()
    with transaction(by=running.by) as unit:
        _set(running.id, state="failed", error=words, ended_at=func.now())
        unit.record("task.failed", task=running.id, error=words)


def _owe(row: Task, by: Actor) -> None:
    """Owe the task to the workers, within the caller's transaction."""
    values = {
        "business": current_business_id(),
        "name": EVENT,
        "data": codec.dumps({"id": row.id, "kind": row.kind}),
        "actor": by.label,
        "subscriber": SUBSCRIBER,
    }
    row.delivery_id = db.session.execute(_OWE, values).scalar_one()
    db.session.flush()
    db.session.execute(_WAKE)


def _set(task_id: int, **values: Any) -> bool:
    """Write it down; True when somebody asked the task to stop."""
    return bool(
        db.session.scalar(
            update(Task)
            .where(Task.business_id == current_business_id(), Task.id == task_id)
            .values(updated_at=func.now(), **values)
            .returning(Task.is_stopping)
        )
    )


def _actor_of(row: Task) -> Actor:
    who = row.actor
    kind: Any = who.get("kind") or "system"
    label = str(who.get("label") or "system")
    scopes = who.get("scopes")
    kept = None if scopes is None else frozenset(scopes)
    return Actor(kind, row.created_by, who.get("role"), label, kept)


def _language() -> str:
    return str(get_locale() or "en") if has_request_context() else "en"

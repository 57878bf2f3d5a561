"""Which store keeps what, and moving all of it to another one.

Each object is copied, read back and compared, and only then does its row name the new store. What
cannot be copied stays where it is and is named.
"""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import CursorResult, func, select, update

from invoicer_core import host
from invoicer_core.domain.account import PluginCheck
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, InvalidInput, NotFound, Unavailable
from invoicer_core.domain.saying import say
from invoicer_core.hooks.answers import RetryLater
from invoicer_core.hooks.offers import DocumentStore
from invoicer_core.models import db
from invoicer_core.models.documents import File, StoredDocument
from invoicer_core.models.tasks import Task
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import businesses, plugins, tasks
from invoicer_core.services.documents import stores
from invoicer_core.services.documents.stores import Store, StoreAway
from invoicer_core.services.tasks import Running, TaskSnapshot
from invoicer_core.services.transaction import transaction
from invoicer_core.services.wording import told

KIND: Final = "documents.move"
NAMED: Final = 20
"""How many of those that could not be moved are remembered by name."""

BREATH: Final = timedelta(seconds=30)
"""Between two tries at a store that does not answer."""

_MODELS: Final[Mapping[str, Any]] = {"document": StoredDocument, "file": File}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSnapshot:
    """A store as the business sees it. ``runs`` False: it is off, paused or not installed."""

    name: str
    title: str
    plugin: str | None
    runs: bool
    chosen: bool
    documents: int
    files: int
    size: int
    can_forget: bool = False
    checks: tuple[PluginCheck, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it keeps nothing of this business."""
        return self.documents + self.files == 0


@dataclass(frozen=True, slots=True)
class _Object:
    """One row's bytes."""

    kind: str
    id: int
    name: str
    key: str
    sha256: str
    media_type: str


# --- choosing -------------------------------------------------------------------------------------


def overview() -> tuple[StoreSnapshot, ...]:
    """Every store that is installed or keeps something, the chosen one first."""
    kept = _counts()
    offered = {each.offer.name: each for each in host.current().registry.offered(DocumentStore)}
    current = _current_name()
    found = [
        _snapshot(name, offered.get(name), kept.get(name, (0, 0, 0)), chosen=name == current)
        for name in sorted({*offered, *kept})
    ]
    return tuple(sorted(found, key=lambda each: not each.chosen))


def choose(*, name: str, by: Actor) -> None:
    """Keep what is new in this store from now on.

    Raises:
        InvalidInput: there is no such store, or it does not run.
    """
    if not _runs(name):
        raise InvalidInput.at(
            "/store", say("Switch its plugin on first, and fill in its settings.")
        )
    businesses.update(fields={"settings": {stores.SETTING: name}}, by=by)


def _current_name() -> str | None:
    try:
        return stores.store_for_new().offer.name
    except Unavailable:
        return stores.chosen_name()


def _runs(name: str) -> bool:
    try:
        stores.store_named(name)
    except (NotFound, Unavailable):
        return False
    return True


def _snapshot(
    name: str, offered: Any, kept: tuple[int, int, int], *, chosen: bool
) -> StoreSnapshot:
    plugin = plugins.get(name=offered.plugin) if offered is not None else None
    return StoreSnapshot(
        name=name,
        title=name if plugin is None else plugin.title,
        plugin=None if plugin is None else plugin.name,
        runs=_runs(name),
        chosen=chosen,
        documents=kept[0],
        files=kept[1],
        size=kept[2],
        can_forget=offered is not None and offered.offer.delete is not None,
        checks=() if plugin is None else plugin.checks,
    )


def _counts() -> dict[str, tuple[int, int, int]]:
    found: dict[str, tuple[int, int, int]] = {}
    for kind, model in _MODELS.items():
        statement = (
            select(model.store, func.count(), func.coalesce(func.sum(model.size), 0))
            .where(*_alive(model))
            .group_by(model.store)
        )
        for name, count, size in db.session.execute(statement):
            papers, files, bytes_ = found.get(name, (0, 0, 0))
            more = (count, 0) if kind == "document" else (0, count)
            found[name] = (papers + more[0], files + more[1], bytes_ + int(size))
    return found


def _alive(model: Any) -> tuple[Any, ...]:
    mine = (model.business_id == current_business_id(),)
    return (*mine, model.deleted_at.is_(None)) if model is File else mine


# --- moving ---------------------------------------------------------------------------------------


def start(*, source: str, target: str, forget: bool, by: Actor, title: str = "") -> TaskSnapshot:
    """Ask for everything of one store to be moved to another.

    Args:
        forget: delete each object at the source once its row names the target.

    Raises:
        NotFound, Unavailable: a store is not there, off or paused.
        InvalidInput: both are the same.
        Conflict: such a task is at work.
    """
    if source == target:
        raise InvalidInput.at("/target", say("Choose another store than the one they are in."))
    for name in (source, target):
        stores.store_named(name)
    with transaction(by=by):
        working = select(Task.id).where(
            Task.business_id == current_business_id(),
            Task.kind == KIND,
            Task.state.in_(("queued", "running")),
        )
        if any(not tasks.get(task_id=each).is_over for each in db.session.scalars(working).all()):
            raise Conflict(say("Documents are being moved already: wait until that is over."))
        data = {"source": source, "target": target, "forget": forget}
        return tasks.start(kind=KIND, data=data, by=by, title=title)


def latest() -> TaskSnapshot | None:
    """The newest task of this kind."""
    statement = (
        select(Task.id)
        .where(Task.business_id == current_business_id(), Task.kind == KIND)
        .order_by(Task.id.desc())
        .limit(1)
    )
    found = db.session.scalar(statement)
    return None if found is None else tasks.get(task_id=found)


@tasks.work(KIND)
def move(task: Running) -> None:
    """Move every document and file, one by one; goes on where it was.

    Raises:
        RetryLater: a store does not answer now.
        Unavailable: a store is off or paused, or has not answered for too long.
        Conflict: some could not be moved; says which.
    """
    state = task.state
    if "total" not in state:
        state.update(total=_waiting(task.data["source"]), moved=0, failed=0, named=[], after={})
    try:
        _everything(task)
    except StoreAway as away:
        raise _again(task, away) from away
    moved, failed, named = state["moved"], state["failed"], list(state["named"])
    if failed:
        state.clear()
        task.progress(moved, moved + failed)
        raise Conflict(_reasons(failed, named))
    words = ngettext(
        "%(num)s document or file was moved and compared.",
        "%(num)s documents and files were moved and compared.",
        moved,
    )
    task.finish(message=words)


def _everything(task: Running) -> None:
    """One after the other. Raises StoreAway, Unavailable."""
    _finish_forgetting(task)
    for kind in _MODELS:
        while (found := _next(kind, task)) is not None:
            _one(task, found)
            task.state.pop("stuck", None)
            _tell(task)


def _again(task: Running, away: StoreAway) -> Exception:
    """What to do about a store that does not answer: wait for it, and for a quarter of an hour at
    most, however long the whole has taken so far."""
    now = time.time()
    since = int(task.state.setdefault("stuck", int(now)))
    _tell(task)
    if now - since > tasks.PATIENCE.total_seconds():
        task.state.pop("stuck")
        _tell(task)
        return Unavailable(away.detail)
    return RetryLater(away.detail, away.after or BREATH)


def _waiting(source: str) -> int:
    counts = (
        select(func.count()).select_from(model).where(*_alive(model), model.store == source)
        for model in _MODELS.values()
    )
    return sum(int(db.session.scalar(each) or 0) for each in counts)


def _next(kind: str, task: Running) -> _Object | None:
    model = _MODELS[kind]
    name = model.filename if kind == "document" else model.name
    statement = (
        select(model.id, name, model.key, model.sha256, model.media_type)
        .where(
            *_alive(model),
            model.store == task.data["source"],
            model.id > task.state["after"].get(kind, 0),
        )
        .order_by(model.id)
        .limit(1)
    )
    row = db.session.execute(statement).first()
    return None if row is None else _Object(kind, *row)


def _one(task: Running, found: _Object) -> None:
    source = stores.store_named(task.data["source"])
    target = stores.store_named(task.data["target"])
    try:
        _copy(source, target, found)
    except StoreAway:
        raise
    except Unavailable as refused:
        task.state["failed"] += 1
        task.state["named"] = [*task.state["named"], told(refused.detail)][:NAMED]
        task.state["after"][found.kind] = found.id
        return
    _switch(task, found)
    _finish_forgetting(task)


def _copy(source: Store, target: Store, found: _Object) -> None:
    """Put the bytes into the target and read them back. Raises Unavailable, StoreAway."""
    kept = {"key": found.key, "sha256": found.sha256, "name": found.name}
    data = stores.read(store=source.offer.name, **kept)
    stores.put(target, found.key, data, found.media_type)
    try:
        back = stores.get(target, found.key)
    except KeyError as lost:
        words = say(
            "The store %(store)s did not keep %(file)s.", store=target.offer.name, file=found.name
        )
        raise Unavailable(words) from lost
    if hashlib.sha256(back).hexdigest() != found.sha256:
        raise Unavailable(
            say(
                "The store %(store)s gave back another %(file)s.",
                store=target.offer.name,
                file=found.name,
            )
        )


def _switch(task: Running, found: _Object) -> None:
    """The row names its new store, together with how far the task is."""
    model, state = _MODELS[found.kind], task.state
    with transaction(by=task.by) as unit:
        result: CursorResult[Any] = db.session.execute(  # type: ignore[assignment]
            update(model)
            .where(
                model.business_id == current_business_id(),
                model.id == found.id,
                model.store == task.data["source"],
            )
            .values(store=task.data["target"])
        )
        state["after"][found.kind] = found.id
        state["moved"] += 1
        if result.rowcount:
            where = {"from": task.data["source"], "to": task.data["target"]}
            unit.record(f"{found.kind}.moved", **{found.kind: found.id}, **where)
            if task.data["forget"]:
                state["forget"] = found.key
        _tell(task)


def _tell(task: Running) -> None:
    """How far it is; what was made meanwhile is moved as well, so that the whole may grow."""
    state = task.state
    done = state["moved"] + state["failed"]
    state["total"] = max(state["total"], done)
    task.progress(done, state["total"])


def _finish_forgetting(task: Running) -> None:
    """Delete what was moved at its source, unless another row still reads it there; after a crash
    this comes first."""
    key = task.state.get("forget")
    if key is None:
        return
    source = stores.store_named(task.data["source"])
    if not _is_needed(source.offer.name, key):
        stores.delete(source, key)
    task.state.pop("forget")


def _is_needed(store: str, key: str) -> bool:
    return any(
        db.session.scalar(
            select(func.count()).where(
                model.business_id == current_business_id(), model.store == store, model.key == key
            )
        )
        for model in _MODELS.values()
    )


def _reasons(failed: int, named: list[str]) -> str:
    first = ngettext(
        "%(num)s could not be moved and stays where it is:",
        "%(num)s could not be moved and stay where they are:",
        failed,
    )
    more = failed - len(named)
    rest = [_("and %(num)s more", num=more)] if more > 0 else []
    return " ".join([str(first), *named, *(str(each) for each in rest)])

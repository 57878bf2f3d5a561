"""The index kept fresh: what changed is noted at once and read in batches by a worker; the whole
is built by a task that can be killed anywhere and goes on where it was."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from time import time
from typing import Any, Final

from sqlalchemy import and_, delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from invoicer_core.plugin import NotFound, PermanentFailure
from invoicer_core.plugin.tables import current_business_id, session
from invoicer_core.plugin.use_cases import searching, tasks, transaction

from . import near
from .settings import Ctx
from .tables import Entry, Near, Serving, Stale
from .texts import KINDS, words_of
from .words import gettext

TASK: Final = "vector_search.index"
BATCH: Final = 32
Thing = tuple[str, int]

_GATHERED: Final = 2
"""Seconds whose changes are read by one job. It begins when they are over, so that no change can
find it at its end and be forgotten."""


def serving() -> Serving | None:
    """What the business searches with; None before the first index was asked for."""
    return session.scalar(select(Serving).where(Serving.business_id == current_business_id()))


# --- what changed --------------------------------------------------------------------------------


def note(ctx: Ctx, kind: str, thing_id: int) -> None:
    """Something may read differently now: have a worker look, together with what else changed."""
    added = insert(Stale).values(business_id=current_business_id(), kind=kind, thing_id=thing_id)
    session.execute(
        added.on_conflict_do_update(
            index_elements=["business_id", "kind", "thing_id"], set_={"mark": Stale.mark + 1}
        )
    )
    span = int(time() // _GATHERED)
    ctx.later("refresh", delay=timedelta(seconds=_GATHERED), key=f"refresh {span}")


def refresh(ctx: Ctx) -> None:
    """Read what changed, batch by batch; and see that the index is of the model that is wanted."""
    ensure(ctx)
    while rows := _noted():
        seen = [(row.id, row.mark) for row in rows]
        things = [(row.kind, row.thing_id) for row in rows]
        state = serving()
        models = {} if state is None else {state.model, state.building} - {None}
        for model in sorted(filter(None, models)):
            read(model, {each: words_of(*each) for each in things})
        with transaction(by=ctx.actor):
            session.execute(
                delete(Stale).where(
                    Stale.business_id == current_business_id(),
                    tuple_(Stale.id, Stale.mark).in_(seen),
                )
            )


def _noted() -> Sequence[Stale]:
    mine = select(Stale).where(Stale.business_id == current_business_id())
    latest = mine.execution_options(populate_existing=True)
    return session.scalars(latest.order_by(Stale.id).limit(BATCH)).all()


def read(model: str, words: Mapping[Thing, str]) -> int:
    """Bring the entries of these things up to date; those without words are forgotten.

    What reads as before is not read again. The model works outside of any transaction.

    Returns how many were read.

    Raises:
        RetryLater, PermanentFailure: the model does not answer.
    """
    keys = list(words)
    theirs = and_(
        Entry.business_id == current_business_id(),
        Entry.model == model,
        tuple_(Entry.kind, Entry.thing_id).in_(keys),
    )
    rows = session.execute(select(Entry.kind, Entry.thing_id, Entry.digest).where(theirs))
    known = {(kind, thing_id): digest for kind, thing_id, digest in rows}
    digests = {each: sha256(words[each].encode()).hexdigest()[:32] for each in keys if words[each]}
    gone = [each for each in keys if each not in digests and each in known]
    changed = [each for each, digest in digests.items() if known.get(each) != digest]
    found = searching.embedder_of(model)
    session.rollback()
    vectors = _vectors(found, [words[each] for each in changed])
    with transaction(by=found.ctx.actor):
        if gone:
            session.execute(
                delete(Entry).where(theirs, tuple_(Entry.kind, Entry.thing_id).in_(gone))
            )
        if changed:
            _write(model, changed, digests, vectors)
    return len(changed)


def _vectors(found: Any, texts: Sequence[str]) -> list[list[float]]:
    """A vector per text, between those of its two lines: people search for a name more often than
    for what is said of it."""
    parts = [part for text in texts for part in text.split("\n", 1)]
    every = list(dict.fromkeys(parts))
    read = found.offer.embed(found.ctx, every) if every else ()
    if any(len(vector) != found.offer.dimension for vector in read):
        raise PermanentFailure(gettext("The model answers vectors of another length."))
    known = dict(zip(every, read, strict=True))
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return [
        [one + other for one, other in zip(known[name], known[whole], strict=True)]
        for name, whole in pairs
    ]


def _write(
    model: str,
    things: Sequence[Thing],
    digests: Mapping[Thing, str],
    vectors: Sequence[Sequence[float]],
) -> None:
    business_id = current_business_id()
    places = {kind: near.place_of(model, kind) for kind in {kind for kind, _thing_id in things}}
    added = insert(Entry).values(
        [
            {
                "business_id": business_id,
                "model": model,
                "kind": kind,
                "thing_id": thing_id,
                "digest": digests[kind, thing_id],
                "vector": list(vector),
                "place": places[kind],
            }
            for (kind, thing_id), vector in zip(things, vectors, strict=True)
        ]
    )
    session.execute(
        added.on_conflict_do_update(
            index_elements=["business_id", "model", "kind", "thing_id"],
            set_={"digest": added.excluded.digest, "vector": added.excluded.vector},
        )
    )


# --- the whole -----------------------------------------------------------------------------------


def ensure(ctx: Ctx) -> None:
    """Begin an index of the model that is wanted, unless it serves or is being built already."""
    wanted = searching.embedder(ctx.settings.embedder).offer.model
    state = serving()
    if state is None or (state.building or state.model) != wanted:
        build(ctx)


def build(ctx: Ctx) -> int:
    """Begin to build the index, or to look through it; the task's id. One that is on its way to the
    same model is left to end."""
    wanted = searching.embedder(ctx.settings.embedder).offer.model
    state = serving()
    if state is not None and state.building == wanted and _is_running(state.task_id):
        return int(state.task_id or 0)
    with transaction(by=ctx.actor):
        title = gettext("Index for the search by meaning")
        task = tasks.start(kind=TASK, data={"model": wanted}, by=ctx.actor, title=title)
        added = insert(Serving).values(
            business_id=current_business_id(), building=wanted, task_id=task.id
        )
        session.execute(
            added.on_conflict_do_update(
                index_elements=["business_id"],
                set_={"building": added.excluded.building, "task_id": added.excluded.task_id},
            )
        )
    return task.id


def _is_running(task_id: int | None) -> bool:
    try:
        return task_id is not None and not tasks.get(task_id=task_id).is_over
    except NotFound:
        return False


@tasks.work(TASK)
def work(task: tasks.Running) -> None:
    """Read every text that its model has not read as it is now, kind by kind, newest first."""
    model = str(task.data["model"])
    state = task.state
    state.setdefault("kind", next(iter(KINDS)))
    state.setdefault("total", sum(each.page(None, 1).total or 0 for each in KINDS.values()))
    kinds = list(KINDS)
    while state["kind"] is not None:
        name = str(state["kind"])
        page = KINDS[name].page(state.get("cursor"), BATCH)
        words = {(name, each.id): KINDS[name].words(each) for each in page.items}
        _drop_between(model, name, words, state.get("below"), is_last=page.next_cursor is None)
        state["read"] = state.get("read", 0) + read(model, words)
        state["done"] = state.get("done", 0) + len(words)
        state["cursor"] = page.next_cursor
        state["below"] = min((each for _kind, each in words), default=None)
        if page.next_cursor is None:
            after = kinds.index(name) + 1
            state["kind"] = kinds[after] if after < len(kinds) else None
            state["below"] = None
        task.progress(state["done"], max(state["total"], state["done"]))
    _settle(task, model)
    _serve(task, model)
    read_anew = state.get("read", 0)
    said = gettext("%(read)s of %(all)s texts were read.", read=read_anew, all=state.get("done", 0))
    task.finish(message=said)


def _settle(task: tasks.Running, model: str) -> None:
    """Give what is too much to be compared an approximate index, before anybody searches there."""
    found = searching.embedder_of(model)
    settings = found.ctx.settings
    for kind in KINDS:
        moves = near.settle(task.by, model, found.offer.dimension, kind, settings.approximate_from)
        for moved in moves:
            task.state["moved"] = task.state.get("moved", 0) + moved
            task.progress(task.state["done"], max(task.state["total"], task.state["done"]))


def _drop_between(
    model: str, kind: str, words: Mapping[Thing, str], below: int | None, *, is_last: bool
) -> None:
    """Forget what the list, read from the newest down, does not have any more."""
    ids = [each for _kind, each in words]
    reach = [Entry.thing_id < below] if below is not None else []
    if not is_last:
        reach.append(Entry.thing_id >= min(ids))
    session.execute(
        delete(Entry).where(
            Entry.business_id == current_business_id(),
            Entry.model == model,
            Entry.kind == kind,
            Entry.thing_id.not_in(ids),
            *reach,
        )
    )
    session.commit()


def _serve(task: tasks.Running, model: str) -> None:
    """From now on this model answers, and what others read is forgotten; unless meanwhile yet
    another one was chosen."""
    with transaction(by=task.by):
        state = serving()
        if state is None or state.building != model or state.task_id != task.id:
            return
        state.model, state.building = model, None
        session.flush()
        for table in (Entry, Near):
            others = (table.business_id == current_business_id(), table.model != model)
            session.execute(delete(table).where(*others))


def counts() -> dict[str, int]:
    """How many texts of each kind the serving model has read."""
    state = serving()
    model = None if state is None else state.model or state.building
    theirs = select(Entry.kind, func.count()).where(
        Entry.business_id == current_business_id(), Entry.model == model
    )
    found = {row[0]: row[1] for row in session.execute(theirs.group_by(Entry.kind))}
    return {kind: found.get(kind, 0) for kind in KINDS}

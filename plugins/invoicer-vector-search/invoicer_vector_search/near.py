"""Approximate indexes, for the few businesses with so many texts of one kind that comparing them
all takes too long.

A migration made a number of empty HNSW indexes, each for the entries that stand in one place and so
for one kind of one business alone: row level security filters nothing out of it that a search would
then miss. Entries are put into a place in small steps while people search and write. At every
moment an entry stands either in the place, or outside and is compared exactly. Nothing is locked,
nothing needs the tables' owner, and who is killed on the way goes on later.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.elements import ColumnElement

from invoicer_core.plugin import Actor
from invoicer_core.plugin.tables import current_business_id, session
from invoicer_core.plugin.use_cases import transaction

from .tables import Entry, Near

PLACES: Final[Mapping[int, range]] = {
    384: range(1, 17),
    1536: range(101, 109),
    3072: range(201, 209),
}
"""The places there are for vectors of this length. For other lengths, and when all are taken,
search stays exact."""
HALVED: Final = 3072
"""From this length on vectors are indexed as numbers of half the size: pgvector's limit."""
STEP: Final = 200


def place_of(model: str, kind: str) -> int | None:
    """Where entries of this kind stand; None where all are compared."""
    mine = (Near.business_id == current_business_id(), Near.model == model, Near.kind == kind)
    return session.scalar(select(Near.place).where(*mine))


def settle(by: Actor, model: str, dimension: int, kind: str, least: int) -> Iterator[int]:
    """Put the entries of a kind into a place when there are more than ``least``.

    Once they have one they keep it: an index that shrinks goes on finding.

    Yields how many entries were moved, after each step.
    """
    place = place_of(model, kind)
    if place is None and _count(model, kind) > least:
        place = _claim(by, model, dimension, kind)
    if place is not None:
        yield from _move(by, model, kind, place)


def _claim(by: Actor, model: str, dimension: int, kind: str) -> int | None:
    """The first place that nobody has; whose the others are cannot be seen from here."""
    for place in PLACES.get(dimension, ()):
        given = {"business_id": current_business_id(), "model": model, "kind": kind, "place": place}
        added = insert(Near).values(given).on_conflict_do_nothing()
        with transaction(by=by):
            session.execute(added)
        if found := place_of(model, kind):
            return found
    return None


def _move(by: Actor, model: str, kind: str, place: int) -> Iterator[int]:
    while True:
        with transaction(by=by):
            outside = select(Entry.id).where(*_of(model, kind), Entry.place.is_(None))
            ids = session.scalars(outside.limit(STEP)).all()
            session.execute(
                update(Entry)
                .where(*_of(model, kind), Entry.id.in_(ids))
                .values(place=place)
                .execution_options(synchronize_session=False)
            )
        if not ids:
            return
        yield len(ids)


def _count(model: str, kind: str) -> int:
    return session.scalar(select(func.count()).select_from(Entry).where(*_of(model, kind))) or 0


def _of(model: str, kind: str) -> tuple[ColumnElement[bool], ...]:
    mine = Entry.business_id == current_business_id()
    return (mine, Entry.model == model, Entry.kind == kind)

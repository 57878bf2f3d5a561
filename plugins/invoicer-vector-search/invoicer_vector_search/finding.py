"""What is nearest in meaning. Every entry of the business is compared, none is guessed; save where
there are so many that they have an approximate index of their own."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Float, Select, Text, bindparam, cast, select, text
from sqlalchemy.sql.elements import ColumnElement

from invoicer_core.plugin import SearchHit
from invoicer_core.plugin.tables import current_business_id, session
from invoicer_core.plugin.use_cases import searching

from . import near
from .index import serving
from .settings import Ctx
from .tables import Entry, Near, Vector, written

ALIKE: Final = 0.58
"""From here on two products belong together."""
SAME: Final = 0.66
"""From here on they may be one product under two names, if the same numbers stand in both."""
MOST_LETTERS: Final = 200

_NUMBER: Final = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
_PLAN: Final = text(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true),"
    " set_config('hnsw.ef_search', '200', true),"
    " set_config('hnsw.iterative_scan', 'strict_order', true)"
)
"""A plan made for all places at once could not use the index of one of them. The index is searched
on until there are as many rows as were asked for, also where some of its rows are gone."""

_SORTING: Final = text("SELECT set_config('enable_sort', :sorting, true)")
"""PostgreSQL takes what fits four conditions for few rows, and would rather sort them all."""


def search(_ctx: Ctx, kind: str, query: str, limit: int) -> Sequence[SearchHit]:
    """The things whose texts mean what the query does, the nearest first.

    While the first index is being built, what it has already is found.

    Raises:
        RetryLater, PermanentFailure: the model does not answer.
    """
    state = serving()
    model = None if state is None else state.model or state.building
    if model is None:
        return ()
    found = searching.embedder_of(model)
    vector = searching.vectors(found, [query[:MOST_LETTERS]])[0]
    return _nearest(model, kind, written(list(vector)), limit)


def alike(kind: str, thing_id: int, limit: int, least: float = ALIKE) -> Sequence[SearchHit]:
    """What is nearest to a thing that the index has, itself left out."""
    state = serving()
    model = None if state is None else state.model or state.building
    if model is None:
        return ()
    theirs = select(Entry.vector).where(*_of(model, kind), Entry.thing_id == thing_id)
    vector = session.scalar(theirs)
    if vector is None:
        return ()
    hits = _nearest(model, kind, str(vector), limit + 1)
    return [hit for hit in hits if hit.id != thing_id and hit.score >= least][:limit]


def _nearest(model: str, kind: str, vector: str, limit: int) -> list[SearchHit]:
    """What stands in no place is compared exactly; where there is a place, its index is asked."""
    length = vector.count(",") + 1
    own = select(Near.place).where(Near.business_id == current_business_id())
    own = own.where(Near.model == model, Near.kind == kind)
    # The place as it is while the rest is compared: what moves meanwhile is found here or there.
    exact = _asked(model, kind, Vector(length), vector, limit, None)
    found = session.execute(exact.add_columns(own.scalar_subquery())).all()
    place = found[0][2] if found else near.place_of(model, kind)
    rows = [(row[0], row[1]) for row in found]
    if place is not None:
        session.execute(_PLAN)
        numbers = Vector(length, halved=length >= near.HALVED)
        session.execute(_SORTING, {"sorting": "off"})
        asked = _asked(model, kind, numbers, vector, limit, place)
        rows += [(row[0], row[1]) for row in session.execute(asked)]
        session.execute(_SORTING, {"sorting": "on"})
    return sorted(_hits(rows), key=lambda hit: (-hit.score, hit.id))[:limit]


def _asked(
    model: str, kind: str, numbers: Vector, vector: str, limit: int, place: int | None
) -> Select[int, float]:
    """The query; a place is written into it as a number, so that its index is seen to fit."""
    sought = cast(bindparam("sought", vector, Text()), numbers)
    distance = cast(Entry.vector, numbers).op("<=>", return_type=Float())(sought)
    stands = Entry.place.is_(None) if place is None else Entry.place == text(str(place))
    found = select(Entry.thing_id, 1 - distance).where(*_of(model, kind), stands)
    return found.order_by(distance).limit(limit)


def _of(model: str, kind: str) -> tuple[ColumnElement[bool], ...]:
    mine = Entry.business_id == current_business_id()
    return (mine, Entry.model == model, Entry.kind == kind)


def same_numbers(one: str, other: str) -> bool:
    """Whether the same numbers stand in both names: sizes that differ are different products,
    however near their names are."""
    return set(_NUMBER.findall(one)) == set(_NUMBER.findall(other))


def _hits(rows: Iterable[Any]) -> list[SearchHit]:
    """Opposites have a negative likeness, which is none."""
    return [SearchHit(thing_id, min(1.0, max(0.0, float(score)))) for thing_id, score in rows]

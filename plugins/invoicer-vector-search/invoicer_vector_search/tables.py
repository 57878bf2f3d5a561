"""The index: a vector per text and model, what has to be read anew, and which model serves."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Identity, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from invoicer_core.plugin.tables import DeclarativeBase, OfBusiness, table_registry


class Vector(UserDefinedType[list[float]]):
    """pgvector's type, of any dimension, so that several models can stand side by side.

    Written here because the library's own needs NumPy, which processes that never search by
    meaning do not load.

    Args:
        dimension: how many numbers, where that is known; an approximate index needs it.
        halved: numbers of half the size, for an index of long vectors.
    """

    cache_ok = True

    def __init__(self, dimension: int | None = None, *, halved: bool = False) -> None:
        self.dimension, self.halved = dimension, halved

    def get_col_spec(self, **_: Any) -> str:
        """Its name in PostgreSQL."""
        name = "halfvec" if self.halved else "vector"
        return name if self.dimension is None else f"{name}({self.dimension})"

    def bind_processor(self, dialect: Any) -> Callable[[Any], Any]:  # noqa: ARG002
        """Numbers in brackets."""
        return lambda value: written(value) if isinstance(value, list) else value


def written(vector: list[float]) -> str:
    """A vector as PostgreSQL reads it."""
    return "[" + ",".join(format(number, ".7g") for number in vector) + "]"


class Base(DeclarativeBase):
    """Tables of this plugin."""

    registry = table_registry("vector_search")


class Entry(OfBusiness, Base):
    """One text as one model reads it. ``digest`` tells whether the text has changed since;
    ``place`` which approximate index has it, if any."""

    __tablename__ = "entries"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    model: Mapped[str]
    kind: Mapped[str]
    thing_id: Mapped[int]
    digest: Mapped[str]
    vector: Mapped[list[float]] = mapped_column(Vector())
    place: Mapped[int | None]

    __table_args__ = (UniqueConstraint("business_id", "model", "kind", "thing_id"),)


class Stale(OfBusiness, Base):
    """Something whose text may have changed. ``mark`` grows with each change, so that a change
    during the reading is not taken for read."""

    __tablename__ = "stale"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    kind: Mapped[str]
    thing_id: Mapped[int]
    mark: Mapped[int] = mapped_column(server_default=text("1"))

    __table_args__ = (UniqueConstraint("business_id", "kind", "thing_id"),)


class Serving(OfBusiness, Base):
    """Which model a business searches with, and which one is being built by which task."""

    __tablename__ = "serving"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    model: Mapped[str | None]
    building: Mapped[str | None]
    task_id: Mapped[int | None]

    __table_args__ = (UniqueConstraint("business_id"),)


class Near(OfBusiness, Base):
    """Which approximate index a business has for one kind of texts as one model reads them;
    without a place, none."""

    __tablename__ = "near"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    model: Mapped[str]
    kind: Mapped[str]
    place: Mapped[int | None]

    __table_args__ = (UniqueConstraint("business_id", "model", "kind"), UniqueConstraint("place"))

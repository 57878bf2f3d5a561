"""Statements that members keep as reports, and what the audit log tells of questions."""

from datetime import datetime
from typing import Any

from sqlalchemy import Identity, select
from sqlalchemy.orm import Mapped, mapped_column

from invoicer_core.plugin import Actor, Conflict, InvalidInput, NotFound, say
from invoicer_core.plugin.tables import (
    DeclarativeBase,
    OfBusiness,
    current_business_id,
    session,
    table_registry,
)
from invoicer_core.plugin.use_cases import transaction

from .allowed import MOST_BYTES

LONGEST_NAME = 120


class Base(DeclarativeBase):
    """Tables of questions."""

    registry = table_registry("ai")


class Report(OfBusiness, Base):
    """A statement under a name; ``question`` is what was asked, or empty."""

    __tablename__ = "reports"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str]
    question: Mapped[str]
    statement: Mapped[str]
    saved_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default="now()")


def reports() -> list[Report]:
    """All of the business, by name."""
    return list(session.scalars(select(Report).order_by(Report.name, Report.id)))


def report(report_id: int) -> Report:
    """One of them. Raises NotFound."""
    found = session.scalar(select(Report).where(Report.id == report_id))
    if found is None:
        raise NotFound(say("There is no report like that."))
    return found


def keep(*, name: str, question: str, statement: str, by: Actor) -> Report:
    """Save a checked statement.

    Raises:
        InvalidInput: no name.
        Conflict: the name is taken.
    """
    plain = " ".join(stored(name).split())
    if not 0 < len(plain) <= LONGEST_NAME:
        raise InvalidInput.at(
            "/name", say("Give it a name of at most %(most)s characters.", most=LONGEST_NAME)
        )
    with transaction(by=by) as unit:
        if session.scalar(select(Report.id).where(Report.name == plain)) is not None:
            raise Conflict(say("There is a report of that name: choose another."))
        kept = Report(
            business_id=current_business_id(),
            name=plain,
            question=stored(question),
            statement=statement,
            saved_by=by.label,
        )
        session.add(kept)
        session.flush()
        unit.record("question.report_saved", report=kept.id, name=plain)
    return kept


def drop(*, report_id: int, by: Actor) -> None:
    """Throw a report away. Raises NotFound."""
    with transaction(by=by) as unit:
        found = report(report_id)
        unit.record("question.report_deleted", report=found.id, name=found.name)
        session.delete(found)


def note(action: str, *, by: Actor, **detail: Any) -> None:
    """Write into the audit log what was asked, what it became and how it ended."""
    plain = {
        name: stored(value) if isinstance(value, str) else value for name, value in detail.items()
    }
    with transaction(by=by) as unit:
        unit.record(action, **plain)


def stored(text: str) -> str:
    """The text as the database can keep it, no longer than a statement may be."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")[:MOST_BYTES]

"""What works in the background for a business: what waits, what is done, what was given up."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import readiness, tasks

DAY: Final = 24
"""Hours that the counts of what was done go back."""

_COUNTS: Final = text(
    "SELECT subscriber, count(*) FILTER (WHERE state = 'due') AS due,"
    " count(*) FILTER (WHERE state = 'leased') AS leased,"
    " count(*) FILTER (WHERE state = 'parked') AS parked,"
    " count(*) FILTER (WHERE state = 'done') AS done,"
    " min(due_at) FILTER (WHERE state = 'due') AS next"
    " FROM deliveries WHERE business_id = :business"
    " AND (state IN ('due', 'leased', 'parked')"
    " OR (state = 'done' AND done_at > now() - make_interval(hours => :hours)))"
    " GROUP BY subscriber ORDER BY subscriber"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One subscriber: what it is owed, and what it was told of late."""

    subscriber: str
    due: int
    leased: int
    parked: int
    done: int
    next: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The state of everything that works in the background."""

    parts: dict[str, bool]
    lines: tuple[Line, ...]
    failed_tasks: tuple[tasks.TaskSnapshot, ...]

    @property
    def is_well(self) -> bool:
        """Whether every part of the installation answers."""
        return all(self.parts.values())


def overview() -> Overview:
    """As it is now."""
    values = {"business": current_business_id(), "hours": DAY}
    rows = db.session.execute(_COUNTS, values).mappings().all()
    return Overview(
        parts=readiness.parts(),
        lines=tuple(Line(**row) for row in rows),
        failed_tasks=tuple(each for each in tasks.find(limit=50).items if each.state == "failed"),
    )

"""One use case, one transaction: rows, events, deliveries and the audit entry commit together.

    with transaction(by=actor) as unit:
        ...                                    # rows
        unit.publish("client.created", snapshot, client_id=client.id)
        unit.record("client.created", client=client.id)

Blocks nest: the outermost commits. Just before, all events, their deliveries and one link of the
audit chain go out in a single statement, so that what is locked is locked for that statement only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from invoicer_core.domain.actor import Actor
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import publishing
from invoicer_core.services.publishing import Numbering, PendingEvent


@dataclass(slots=True)
class Unit:
    """What a transaction has to tell when it commits."""

    by: Actor
    events: list[PendingEvent] = field(default_factory=list)
    actions: list[dict[str, Any]] = field(default_factory=list)
    depth: int = 0

    def publish(
        self, name: str, data: Any, *, client_id: int | None = None, invoice_id: int | None = None
    ) -> None:
        """Owe this fact to every subscriber that is on for the business.

        Args:
            name: ``thing.happened``, one of `domain.events.EVENTS`.
            data: the snapshot the API answers with.
        """
        self.events.append(PendingEvent(name, data, client_id, invoice_id))

    def record(self, action: str, **detail: Any) -> None:
        """Put an action into the transaction's entry of the audit chain."""
        self.actions.append({"do": action, **detail})

    def issue(self, numbering: Numbering) -> str:
        """Give the number and send out all that is pending, in one statement; the last thing that a
        use case does. In the outermost block this commits.

        Returns the number. Raises Conflict when the series refuses the date or when the invoice
        is no draft of that version any more.
        """
        db.session.flush()
        number = publishing.flush(
            self.by, self.events, self.actions, numbering, commit=self.depth == 0
        )
        self.events.clear()
        self.actions.clear()
        assert number is not None  # noqa: S101 - flush raises where there is none
        return number

    def flush(self, *, commit: bool = False) -> None:
        """Write what is pending, if anything is; with ``commit``, COMMIT travels along."""
        db.session.flush()
        if self.events or self.actions:
            publishing.flush(self.by, self.events, self.actions, commit=commit)
            self.events.clear()
            self.actions.clear()


@contextmanager
def transaction(*, by: Actor) -> Iterator[Unit]:
    """The unit of the running transaction, or a new one that commits at the end of the block."""
    session = db.session()
    running: Unit | None = session.info.get("unit")
    if running is not None:
        running.depth += 1
        try:
            yield running
        finally:
            running.depth -= 1
        return
    current_business_id()
    unit = Unit(by)
    session.info["unit"] = unit
    try:
        yield unit
        unit.flush(commit=True)
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop("unit", None)

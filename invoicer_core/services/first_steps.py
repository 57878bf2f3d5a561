"""The first set-up of a business: which of its steps were done, skipped, or are still open."""

from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.saying import say
from invoicer_core.models import db
from invoicer_core.models.access import FirstStep
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import invoices
from invoicer_core.services.transaction import transaction

STEPS: Final = ("business", "region", "look", "numbers", "taxes", "mail", "invoice")
State = Literal["open", "done", "skipped"]


@dataclass(frozen=True, slots=True)
class Progress:
    """Every step with its state, in order."""

    steps: tuple[tuple[str, State], ...]

    @property
    def done(self) -> int:
        """How many are behind one: done or skipped."""
        return sum(state != "open" for _, state in self.steps)

    @property
    def next(self) -> str | None:
        """The first step that is open; None at the end."""
        return next((step for step, state in self.steps if state == "open"), None)

    def after(self, step: str) -> str | None:
        """The first open step behind this one, else the first open one; None at the end."""
        names = [name for name, _ in self.steps]
        behind = names[names.index(step) + 1 :]
        states = dict(self.steps)
        return next((name for name in behind if states[name] == "open"), self.next)


def progress() -> Progress:
    """How far the business is; its first invoice is a step done, however it came to be."""
    statement = select(FirstStep.step, FirstStep.state).where(
        FirstStep.business_id == current_business_id()
    )
    states: dict[str, State] = {
        step: "done" if state == "done" else "skipped"
        for step, state in db.session.execute(statement)
    }
    if states.get("invoice") != "done" and invoices.find(limit=1).items:
        states["invoice"] = "done"
    return Progress(tuple((step, states.get(step, "open")) for step in STEPS))


def mark(*, step: str, state: Literal["done", "skipped"], by: Actor) -> None:
    """Note that a step was done or skipped; what was done is not skipped any more.

    Raises:
        NotFound: no such step.
    """
    if step not in STEPS:
        raise NotFound(say("There is no step %(step)s.", step=step[:50]))
    statement = insert(FirstStep).values(business_id=current_business_id(), step=step, state=state)
    statement = statement.on_conflict_do_update(
        index_elements=[FirstStep.business_id, FirstStep.step],
        set_={"state": statement.excluded.state},
        where=FirstStep.state == "skipped",
    )
    with transaction(by=by) as unit:
        db.session.execute(statement)
        unit.record(f"set_up.{state}", step=step)

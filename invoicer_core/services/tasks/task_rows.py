"""The rows of a task: which invoices it is about, and what became of each.

They are written down when the task is asked for, so that it is about exactly what was seen then;
each outcome is written in the transaction of its effect, so that nothing is done twice.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, Select, case, func, insert, literal, select, update

from invoicer_core.models import db
from invoicer_core.models.invoices import Invoice
from invoicer_core.models.tasks import TaskRow
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.invoices.rows import LABEL

SHOWN: Final = 200
"""Rows that a page lists; what failed or was left out comes first."""


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of one row. ``reason`` is a code that pages have words for, ``detail`` a
    sentence from wherever it failed."""

    invoice_id: int
    number: str
    client: str
    outcome: str
    reason: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """All rows of a task in numbers, and the first of them: ``reasons`` counts each pair of
    outcome and reason."""

    done: int
    skipped: int
    failed: int
    waiting: int
    reasons: tuple[tuple[str, str | None, int], ...]
    rows: tuple[RowOutcome, ...]

    @property
    def total(self) -> int:
        """How many rows there are."""
        return self.done + self.skipped + self.failed + self.waiting


def freeze(*, task_id: int, chosen: Select[Any]) -> int:
    """Write down what the task is about, within the caller's transaction; how many that are.

    Args:
        chosen: a select of ids of invoices, in the order they are to be worked on.
    """
    ids = chosen.subquery()
    numbered = select(
        literal(current_business_id(), BigInteger),
        literal(task_id, BigInteger),
        func.row_number().over(),
        ids.c[0],
    )
    columns = ["business_id", "task_id", "position", "invoice_id"]
    db.session.execute(insert(TaskRow).from_select(columns, numbered))
    return int(db.session.scalar(select(func.count()).where(*_of(task_id))) or 0)


def waiting(*, task_id: int, most: int) -> list[tuple[int, int]]:
    """Pairs of position and invoice that are still to be done, the first ones."""
    statement = (
        select(TaskRow.position, TaskRow.invoice_id)
        .where(*_of(task_id), TaskRow.outcome == "waiting")
        .order_by(TaskRow.position)
        .limit(most)
    )
    return [(position, invoice_id) for position, invoice_id in db.session.execute(statement)]


def claim(*, task_id: int, position: int) -> bool:
    """Lock a row until the end of the transaction; False when it is not waiting any more."""
    statement = (
        select(TaskRow.position)
        .where(*_of(task_id), TaskRow.position == position, TaskRow.outcome == "waiting")
        .with_for_update()
    )
    return db.session.scalar(statement) is not None


def close(
    *,
    task_id: int,
    position: int,
    outcome: str,
    reason: str | None = None,
    detail: str | None = None,
) -> None:
    """Write down what became of a row, within the transaction of its effect."""
    db.session.execute(
        update(TaskRow)
        .where(*_of(task_id), TaskRow.position == position)
        .values(outcome=outcome, reason=reason, detail=detail)
    )


def counts(*, task_id: int) -> tuple[int, int]:
    """How many rows are over, and how many there are."""
    over = func.count().filter(TaskRow.outcome != "waiting")
    found = db.session.execute(select(over, func.count()).where(*_of(task_id))).one()
    return int(found[0]), int(found[1])


def outcomes(*, task_id: int) -> Outcomes | None:
    """What became of a task's rows; None for a task without rows."""
    statement = (
        select(TaskRow.outcome, TaskRow.reason, func.count())
        .where(*_of(task_id))
        .group_by(TaskRow.outcome, TaskRow.reason)
        .order_by(func.count().desc(), TaskRow.outcome, TaskRow.reason)
    )
    reasons = tuple((str(o), r, int(n)) for o, r, n in db.session.execute(statement))
    if not reasons:
        return None
    numbers = dict.fromkeys(("done", "skipped", "failed", "waiting"), 0)
    for outcome, _, count in reasons:
        numbers[outcome] += count
    return Outcomes(**numbers, reasons=reasons, rows=tuple(_first(task_id)))


def _first(task_id: int) -> list[RowOutcome]:
    """The rows that matter most: what failed, what was left out, then what was done."""
    order = case({"failed": 0, "skipped": 1, "waiting": 2}, value=TaskRow.outcome, else_=3)
    statement = (
        select(TaskRow, Invoice.number, Invoice.client_name)
        .join(
            Invoice,
            (Invoice.business_id == TaskRow.business_id) & (Invoice.id == TaskRow.invoice_id),
        )
        .where(*_of(task_id))
        .order_by(order, TaskRow.position)
        .limit(SHOWN)
    )
    return [
        RowOutcome(
            invoice_id=row.invoice_id,
            number=number or LABEL.format(row.invoice_id),
            client=client,
            outcome=row.outcome,
            reason=row.reason,
            detail=row.detail,
        )
        for row, number, client in db.session.execute(statement)
    ]


def _of(task_id: int) -> tuple[Any, ...]:
    return (TaskRow.business_id == current_business_id(), TaskRow.task_id == task_id)

"""Statements for all clients who owe something, made and sent in the background.

Whom a run is about is written down when it is asked for; what became of each is written in the
transaction that sends, so that nothing goes out twice, however often a worker dies.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import func, insert, literal, select, update

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, InvalidInput, InvoicerError
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import ClientSnapshot
from invoicer_core.models import db
from invoicer_core.models.invoices import Invoice
from invoicer_core.models.parties import Client
from invoicer_core.models.statements import StatementRunRow
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import clients, statements, tasks
from invoicer_core.services.clients import letters
from invoicer_core.services.messages import reaching
from invoicer_core.services.transaction import transaction
from invoicer_core.services.wording import told

KIND: Final = "statement_run"
SHOWN: Final = 500
NO_ADDRESS: Final = "no_address"
NO_CONSENT: Final = "no_consent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Whom a run of now would reach: clients with an open balance, and those of them without an
    e-mail address."""

    clients: int
    without_address: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What became of one client's account. ``reason`` is `NO_ADDRESS`, `NO_CONSENT` or a
    sentence."""

    client_id: int
    client_name: str
    currency: str
    outcome: str
    reason: str | None
    statement_id: int | None
    message_id: int | None


def outlook() -> Outlook:
    """Counts of what `start` would do."""
    whose = _owing().subquery()
    found = db.session.execute(
        select(
            func.count(func.distinct(Client.id)),
            func.count(func.distinct(Client.id)).filter(Client.email.is_(None)),
        ).where(
            Client.business_id == current_business_id(),
            Client.id.in_(select(whose.c.client_id)),
        )
    ).one()
    return Outlook(clients=found[0], without_address=found[1])


def start(*, start: date, end: date, title: str, by: Actor) -> tasks.TaskSnapshot:
    """Send every client with an open balance the statement of this period, one per currency.

    Raises:
        InvalidInput: the period ends before it starts (``/to``).
        Conflict: nobody owes anything.
    """
    if end < start:
        raise InvalidInput.at("/to", say("The period ends before it starts."))
    with transaction(by=by):
        data = {"from": start.isoformat(), "to": end.isoformat()}
        task = tasks.start(kind=KIND, data=data, title=title, by=by)
        whose = _owing().subquery()
        rows = select(
            literal(current_business_id()), literal(task.id), whose.c.client_id, whose.c.currency
        )
        names = ["business_id", "task_id", "client_id", "currency"]
        db.session.execute(insert(StatementRunRow).from_select(names, rows))
        if not counts(task_id=task.id):
            raise Conflict(say("No client owes anything: there is nothing to send."))
        return task


def results(*, task_id: int) -> tuple[RunResult, ...]:
    """What became of each client so far: what failed first, then by name."""
    order = func.array_position(["failed", "skipped", "waiting", "sent"], StatementRunRow.outcome)
    statement = (
        select(StatementRunRow, Client.name)
        .join(
            Client,
            (Client.business_id == StatementRunRow.business_id)
            & (Client.id == StatementRunRow.client_id),
        )
        .where(*_of(task_id))
        .order_by(order, func.lower(Client.name), Client.id)
        .limit(SHOWN)
    )
    return tuple(
        RunResult(
            client_id=row.client_id,
            client_name=name,
            currency=row.currency,
            outcome=row.outcome,
            reason=row.reason,
            statement_id=row.statement_id,
            message_id=row.message_id,
        )
        for row, name in db.session.execute(statement)
    )


def counts(*, task_id: int) -> dict[str, int]:
    """How many accounts of a run have each outcome."""
    statement = (
        select(StatementRunRow.outcome, func.count().label("found"))
        .where(*_of(task_id))
        .group_by(StatementRunRow.outcome)
    )
    return {row.outcome: row.found for row in db.session.execute(statement)}


@tasks.work(KIND)
def send_all(task: tasks.Running) -> None:
    """Send the statements of a run that are not sent yet."""
    known = counts(task_id=task.id)
    total, waiting = sum(known.values()), _waiting(task.id)
    done = total - len(waiting)
    task.progress(done, total)
    period = (date.fromisoformat(task.data["from"]), date.fromisoformat(task.data["to"]))
    for client_id, currency in waiting:
        _send(task, client_id, currency, period)
        done += 1
        task.state["done"] = done
        task.progress(done, total)
    task.finish()


def _send(task: tasks.Running, client_id: int, currency: str, period: tuple[date, date]) -> None:
    """One client's; what is wrong with it does not stop the others."""
    try:
        with transaction(by=task.by):
            client = clients.get(client_id=client_id)
            way = reaching.first(client)
            if way is None:
                _close(task.id, client_id, currency, outcome="skipped", reason=_obstacle(client))
                return
            kept = statements.freeze(
                client_id=client_id, start=period[0], end=period[1], currency=currency, by=task.by
            )
            token = f"statement-run-{task.id}-{client_id}-{currency}"
            sent = letters.send_statement(
                statement_id=kept.id, by=task.by, token=token, automatic=True,
                channel=way.name, recipient=way.address,
            )  # fmt: skip
            ids = {"statement_id": kept.id, "message_id": sent.id}
            _close(task.id, client_id, currency, outcome="sent", **ids)
    except InvoicerError as refused:
        with transaction(by=task.by):
            _close(task.id, client_id, currency, outcome="failed", reason=told(refused.detail))


def _obstacle(client: ClientSnapshot) -> str:
    """Why there is no way to the client."""
    there = any(each.address for each in reaching.ways(client))
    return NO_CONSENT if there else NO_ADDRESS


def _close(task_id: int, client_id: int, currency: str, **values: Any) -> None:
    db.session.execute(
        update(StatementRunRow)
        .where(
            *_of(task_id),
            StatementRunRow.client_id == client_id,
            StatementRunRow.currency == currency,
        )
        .values(**values)
    )


def _waiting(task_id: int) -> Sequence[tuple[int, str]]:
    statement = (
        select(StatementRunRow.client_id, StatementRunRow.currency)
        .where(*_of(task_id), StatementRunRow.outcome.in_(("waiting", "failed")))
        .order_by(StatementRunRow.client_id, StatementRunRow.currency)
    )
    return [(client_id, currency) for client_id, currency in db.session.execute(statement)]


def _owing() -> Any:
    """Each account with an open balance, of clients that are not archived."""
    return (
        select(Invoice.client_id, Invoice.currency)
        .join(
            Client, (Client.business_id == Invoice.business_id) & (Client.id == Invoice.client_id)
        )
        .where(
            Invoice.business_id == current_business_id(),
            Invoice.state == "issued",
            Invoice.settled < Invoice.amount_due,
            Client.deleted_at.is_(None),
            Client.archived_at.is_(None),
        )
        .distinct()
    )


def _of(task_id: int) -> tuple[Any, ...]:
    mine = StatementRunRow.business_id == current_business_id()
    return mine, StatementRunRow.task_id == task_id

"""Many invoices in a real worker that is killed in the middle: each is paid and sent once."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import psycopg

from invoicer_core.config import Config, libpq_url
from invoicer_core.domain.document import Document, Item
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.models import db
from invoicer_core.services import bulk, clients, invoices, messages, payments, tasks
from invoicer_core.services.bulk import Choice
from tests.factories import BY
from tests.peers.processes import Role, until

PAYING = {"method": "cash", "date": "2026-11-20"}


def made(count: int) -> list[int]:
    """Issued invoices, each of a client of its own."""
    ids = []
    for number in range(count):
        client = clients.create(
            fields={"name": f"quiet {number}", "email": f"{number}@bulk.test"}, by=BY
        )
        document = Document("EUR", (Item("Work", Decimal(1), Decimal(10)),))
        draft = InvoiceDraft(document=document, client_id=client.id)
        ids.append(invoices.create(draft=draft, by=BY, issue=True).id)
    return ids


@contextmanager
def in_hand(config: Config, invoice_id: int) -> Iterator[None]:
    """Somebody else holds the invoice: whoever wants to change it waits."""
    with psycopg.connect(libpq_url(config.owner_url or "")) as connection:
        connection.execute("SELECT id FROM invoices WHERE id = %s FOR NO KEY UPDATE", [invoice_id])
        yield


def now(task_id: int) -> tasks.TaskSnapshot:
    db.session.rollback()
    return tasks.get(task_id=task_id)


def rows_done(owner: psycopg.Connection, task_id: int) -> int:
    found = owner.execute(
        "SELECT count(*) FROM task_rows WHERE task_id = %s AND outcome <> 'waiting'", [task_id]
    ).fetchone()
    return found[0]


def waits_for_a_lock(owner: psycopg.Connection) -> bool:
    """Somebody in this database: other tests lock rows in theirs."""
    found = owner.execute(
        "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
        " WHERE NOT l.granted AND a.datname = current_database()"
    ).fetchone()
    return found[0] > 0


def test_a_killed_worker_pays_nothing_twice(business, config, owner, clock, worker: Role):
    ids = made(5)
    with in_hand(config, ids[2]):
        task_id = bulk.start(
            kind=bulk.PAY, choice=Choice(ids=tuple(ids)), by=BY, title="Pay", options=PAYING
        ).id
        until(lambda: rows_done(owner, task_id) == 2 and waits_for_a_lock(owner))
        worker.kill()
    assert now(task_id).state == "running"
    worker.start()
    until(lambda: now(task_id).state == "done", seconds=60)
    db.session.rollback()
    paid = [each.invoice_id for each in payments.find().items]
    assert sorted(paid) == sorted(ids)
    assert {invoices.get(invoice_id=each).payment_state for each in ids} == {"paid"}


def settled(owner: psycopg.Connection, task_id: int) -> bool:
    found = owner.execute(
        "SELECT t.state, d.state FROM tasks t JOIN deliveries d ON d.id = t.delivery_id"
        " WHERE t.id = %s",
        [task_id],
    ).fetchone()
    return found == ("done", "done")


def test_the_same_task_owed_again_sends_nothing_again(business, owner, clock, worker):
    ids = made(4)
    task_id = bulk.start(
        kind=bulk.SEND, choice=Choice(ids=tuple(ids)), by=BY, title="Send", options={}
    ).id
    until(lambda: settled(owner, task_id))
    owner.execute("UPDATE tasks SET state = 'running' WHERE id = %s", [task_id])
    owner.execute(
        "UPDATE deliveries d SET state = 'due', due_at = now() FROM tasks t"
        " WHERE t.id = %s AND d.id = t.delivery_id",
        [task_id],
    )
    owner.execute("SELECT pg_notify('due', '')")
    until(lambda: settled(owner, task_id))
    db.session.rollback()
    told = [each.invoice_id for each in messages.find().items if each.kind == "invoice"]
    assert sorted(told) == sorted(ids)

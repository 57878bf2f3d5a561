"""The same done to many invoices: exactly once each, whatever happens to the task."""

import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from invoicer_core.domain.document import Document, Item
from invoicer_core.domain.drafts import InvoiceDraft
from invoicer_core.domain.errors import Conflict, InvalidInput, NotFound
from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.models import db
from invoicer_core.models.tasks import Task
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import (
    bulk,
    clients,
    deliveries,
    invoices,
    messages,
    payments,
    plugins,
    tasks,
)
from invoicer_core.services.bulk import Choice
from invoicer_core.services.files import results
from invoicer_core.services.invoice_list import Wanted
from invoicer_core.services.tasks import task_rows
from tests.factories import BY

PAYING = {"method": "cash", "date": "2026-11-20", "reference": "Till"}
TABLE = {
    "name": "invoices", "title": "Invoices", "header": ["h"] * 13,
    "statuses": {"overdue": "Late!"},
}  # fmt: skip


def made(name: str, *, mail: bool = True, issue: bool = True) -> InvoiceSnapshot:
    email = f"{name}@client.test" if mail else None
    client_id = clients.create(fields={"name": name, "email": email}, by=BY).id
    document = Document("EUR", (Item("Work", Decimal(1), Decimal("10.50")),))
    draft = InvoiceDraft(document=document, client_id=client_id, issue_date=date(2026, 11, 1))
    return invoices.create(draft=draft, by=BY, issue=issue)


@pytest.fixture
def five(business: int) -> dict[str, InvoiceSnapshot]:
    every = {
        "one": made("one"),
        "two": made("two"),
        "mute": made("mute", mail=False),
        "void": made("void"),
        "draft": made("draft", issue=False),
    }
    invoices.void(invoice_id=every["void"].id, reason="wrong", by=BY)
    return every


def ids(five: dict[str, InvoiceSnapshot]) -> tuple[int, ...]:
    return tuple(each.id for each in five.values())


def start(kind: str, choice: Choice, **options: object) -> int:
    return bulk.start(kind=kind, choice=choice, by=BY, title="Many", options=options).id


def work(task_id: int) -> tasks.TaskSnapshot:
    """Let the task run in this process, as its worker would."""
    db.session.rollback()
    row = db.session.get(Task, task_id, populate_existing=True)
    owed = deliveries.load(delivery_id=row.delivery_id)
    db.session.rollback()
    tasks.run(owed=owed)
    db.session.rollback()
    return tasks.get(task_id=task_id)


def reasons(task_id: int) -> dict[str, tuple[str, str | None]]:
    found = task_rows.outcomes(task_id=task_id)
    return {row.client: (row.outcome, row.reason) for row in found.rows}


def sent() -> list[str]:
    return sorted(message.recipient for message in messages.find().items)


def test_the_question_says_what_will_happen(five):
    found = bulk.look(Choice(ids=ids(five)))
    assert (found.count, found.drafts, found.void, found.issued) == (5, 1, 1, 3)
    assert (found.without_address, found.drafts_without_address, found.open) == (1, 0, 3)
    assert found.balances == (("EUR", Decimal("31.50")),)
    assert bulk.look(Choice(wanted=Wanted(status="draft"))).count == 1
    assert bulk.look(Choice(ids=(five["one"].id + 1000,))).count == 0


def test_sending_many(five):
    task_id = start(bulk.SEND, Choice(ids=ids(five)))
    done = work(task_id)
    assert (done.state, done.done, done.total) == ("done", 5, 5)
    assert reasons(task_id) == {
        "one": ("done", "sent"),
        "two": ("done", "sent"),
        "mute": ("skipped", "no_address"),
        "void": ("skipped", "void"),
        "draft": ("skipped", "draft"),
    }
    assert len(sent()) == 2
    outcomes = task_rows.outcomes(task_id=task_id)
    assert (outcomes.done, outcomes.skipped, outcomes.failed) == (2, 3, 0)


def test_drafts_are_issued_and_sent_where_that_was_asked_for(five):
    task_id = start(bulk.SEND, Choice(ids=(five["draft"].id,)), issue=True)
    work(task_id)
    assert reasons(task_id) == {"draft": ("done", "issued_and_sent")}
    assert invoices.get(invoice_id=five["draft"].id).state == "issued"


def test_a_repeated_delivery_does_nothing_again(five):
    task_id = start(bulk.PAY, Choice(ids=ids(five)), **PAYING)
    row = db.session.get(Task, task_id)
    owed = deliveries.load(delivery_id=row.delivery_id)
    work(task_id)
    before = len(payments.find().items)
    tasks.run(owed=owed)
    assert len(payments.find().items) == before == 3


def test_marking_many_as_paid(five):
    task_id = start(bulk.PAY, Choice(wanted=Wanted()), **PAYING)
    work(task_id)
    assert reasons(task_id)["one"] == ("done", "paid")
    assert reasons(task_id)["void"] == ("skipped", "void")
    assert reasons(task_id)["draft"] == ("skipped", "draft")
    paid = payments.find(invoice_id=five["one"].id).items[0]
    assert (paid.amount, paid.method, paid.date, paid.reference) == (
        Decimal("10.50"), "cash", date(2026, 11, 20), "Till",
    )  # fmt: skip
    again = start(bulk.PAY, Choice(wanted=Wanted(status="paid")), **PAYING)
    work(again)
    assert set(reasons(again).values()) == {("skipped", "paid_before")}


def test_what_fails_is_said_and_tried_again(five):
    plugins.change(name="email", enabled=False, by=BY)
    task_id = start(bulk.SEND, Choice(ids=(five["one"].id, five["mute"].id)))
    work(task_id)
    found = task_rows.outcomes(task_id=task_id)
    assert (found.failed, found.skipped, found.rows[0].client) == (1, 1, "one")
    assert "email" in found.rows[0].detail
    plugins.change(name="email", enabled=True, by=BY)
    tasks.retry(task_id=task_id, by=BY)
    work(task_id)
    assert reasons(task_id) == {"one": ("done", "sent"), "mute": ("skipped", "no_address")}
    assert len(sent()) == 1


def test_the_pdfs_of_many_in_one_file(five):
    task_id = start(bulk.ZIP, Choice(ids=ids(five)), name="pdfs")
    done = work(task_id)
    known, data = results.content(task_id=task_id)
    assert (done.state, known.name, known.media_type) == ("done", "pdfs.zip", "application/zip")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert len(archive.namelist()) == 4
        assert f"{five['one'].invoice_number}.pdf" in archive.namelist()
        assert archive.read(archive.namelist()[0]).startswith(b"%PDF-")
    assert reasons(task_id)["draft"] == ("skipped", "not_issued")


def test_a_table_of_many(five):
    task_id = start(bulk.EXPORT, Choice(ids=ids(five)), format="csv", **TABLE)
    assert work(task_id).state == "done"
    known, data = results.content(task_id=task_id)
    lines = data.decode("utf-8-sig").splitlines()
    assert (known.name, len(lines)) == ("invoices.csv", 6)
    assert any("Late!" in line and "10.50" in line and "2026-11-01" in line for line in lines)
    task_id = start(bulk.EXPORT, Choice(wanted=Wanted()), format="xlsx", **TABLE)
    work(task_id)
    _, data = results.content(task_id=task_id)
    sheet = load_workbook(io.BytesIO(data)).active
    assert sheet.max_row == 6


def test_a_list_that_has_changed_is_not_touched(five):
    with pytest.raises(Conflict, match="about 4 invoices, now it would be 5"):
        bulk.start(
            kind=bulk.PAY, choice=Choice(wanted=Wanted()), by=BY, title="", options=PAYING,
            expected=4,
        )  # fmt: skip
    assert tasks.find().items == ()
    with pytest.raises(InvalidInput):
        start(bulk.SEND, Choice())


def test_invoices_of_another_business_are_none(five, other_business):
    with enter_business(other_business):
        with pytest.raises(InvalidInput):
            start(bulk.SEND, Choice(ids=ids(five)))
        with pytest.raises(NotFound):
            tasks.retry(task_id=1, by=BY)

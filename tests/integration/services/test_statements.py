"""Statements of account, counted by hand; frozen when given out; sent to all who owe."""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from invoicer_core.domain.document import Document, Item, Tax
from invoicer_core.domain.drafts import CreditNoteDraft, InvoiceDraft, PaymentDraft
from invoicer_core.domain.errors import Conflict, InvalidInput, NotFound
from invoicer_core.models import db
from invoicer_core.models.tasks import Task
from invoicer_core.models.tenancy import current_business_id, enter_business
from invoicer_core.services import (
    businesses,
    clients,
    credit_notes,
    documents,
    invoices,
    messages,
    payments,
    statements,
    tasks,
)
from invoicer_core.services.clients import ledger, letters
from invoicer_core.services.messages import consents
from invoicer_core.services.statements import runs
from tests.factories import BY
from tests.integration.builtin.pdf_reading import Pdf

MARCH = (date(2026, 3, 1), date(2026, 3, 31))


def bill(client_id, day, price, *, currency="EUR", rate="20"):
    """An issued invoice over one item, with the tax on top."""
    item = Item("Work", Decimal(1), Decimal(price), taxes=(Tax("S", Decimal(rate)),))
    draft = InvoiceDraft(
        document=Document(currency, (item,)),
        client_id=client_id,
        issue_date=date.fromisoformat(day),
        due_date=date.fromisoformat(day),
    )
    return invoices.create(draft=draft, by=BY, issue=True)


def pay(client_id, day, amount, invoice_id=None, **more):
    draft = PaymentDraft(
        amount=Decimal(amount),
        client_id=client_id,
        invoice_id=invoice_id,
        date=date.fromisoformat(day),
        **more,
    )
    return payments.record(draft=draft, by=BY)


@pytest.fixture
def client(business):
    return clients.create(fields={"name": "Harbour Books", "email": "a@harbour.test"}, by=BY)


def lines(found):
    return [(each.date.isoformat(), each.kind, each.amount, each.balance) for each in found.lines]


def test_a_period_opens_with_what_came_before_and_adds_each_posting(client):
    """By hand: 120.00 in February less 50.00 paid then opens March with 70.00; 240.00 billed,
    70.00 and 100.00 received leave 140.00."""
    first = bill(client.id, "2026-02-10", "100.00")
    pay(client.id, "2026-02-20", "50.00", first.id)
    second = bill(client.id, "2026-03-01", "200.00")
    pay(client.id, "2026-03-01", "70.00", first.id, reference="bank 7")
    pay(client.id, "2026-03-31", "100.00", second.id)
    bill(client.id, "2026-04-01", "10.00")
    found = statements.compute(client_id=client.id, start=MARCH[0], end=MARCH[1])
    assert found.opening_balance == Decimal("70.00")
    assert lines(found) == [
        ("2026-03-01", "invoice", Decimal("240.00"), Decimal("310.00")),
        ("2026-03-01", "payment", Decimal("-70.00"), Decimal("240.00")),
        ("2026-03-31", "payment", Decimal("-100.00"), Decimal("140.00")),
    ]
    assert found.closing_balance == Decimal("140.00")
    assert found.lines[0].number == second.invoice_number
    assert found.lines[1].number == "bank 7"


def test_every_kind_of_posting_counts_and_ends_at_what_is_open(client):
    """120.00 - 20.00 credited - 60.00 paid + 10.00 given back - 50.00 written off = 0.00, then
    36.00 billed and voided, and 30.00 too much received: 30.00 of the client's own."""
    first = bill(client.id, "2026-03-02", "100.00")
    part = Document("EUR", (Item("Off", Decimal(1), Decimal("16.67"),
                                 taxes=(Tax("S", Decimal(20)),)),))  # fmt: skip
    credit_notes.create(
        draft=CreditNoteDraft(invoice_id=first.id, document=part, issue_date=date(2026, 3, 3)),
        by=BY,
    )
    paid = pay(client.id, "2026-03-04", "60.00", first.id)
    payments.refund(payment_id=paid.id, amount=Decimal("10.00"), reason="too much", by=BY)
    invoices.write_off(invoice_id=first.id, reason="gone", by=BY)
    wrong = bill(client.id, "2026-03-06", "30.00")
    invoices.void(invoice_id=wrong.id, reason="typo", by=BY)
    pay(client.id, "2026-03-07", "30.00")
    found = statements.compute(client_id=client.id, start=MARCH[0], end=date(2100, 1, 1))
    assert sorted((each.kind, each.amount) for each in found.lines) == [
        ("credit_note", Decimal("-20.00")),
        ("invoice", Decimal("36.00")),
        ("invoice", Decimal("120.00")),
        ("payment", Decimal("-60.00")),
        ("payment", Decimal("-30.00")),
        ("refund", Decimal("10.00")),
        ("void", Decimal("-36.00")),
        ("write_off", Decimal("-50.00")),
    ]
    assert found.closing_balance == Decimal("-30.00")
    (account,) = ledger.of(client_ids=[client.id])[client.id]
    assert account.balance - account.unapplied == found.closing_balance


def test_money_that_a_credit_note_freed_is_the_clients(client):
    """120.00 billed and paid, then credited in full: 120.00 are the client's."""
    billed = bill(client.id, "2026-03-02", "100.00")
    pay(client.id, "2026-03-03", "120.00", billed.id)
    draft = CreditNoteDraft(invoice_id=billed.id, issue_date=date(2026, 3, 4), settlement="credit")
    credit_notes.create(draft=draft, by=BY)
    found = statements.compute(client_id=client.id, start=MARCH[0], end=MARCH[1])
    assert found.closing_balance == Decimal("-120.00")
    assert ledger.of(client_ids=[client.id])[client.id][0].unapplied == Decimal("120.00")


def test_a_credit_of_what_was_written_off_settles_nothing_again(client):
    """120.00 billed, written off, then credited in full: nothing is owed, and nothing is theirs."""
    billed = bill(client.id, "2026-03-02", "100.00")
    invoices.write_off(invoice_id=billed.id, reason="gone", by=BY)
    draft = CreditNoteDraft(invoice_id=billed.id, issue_date=date(2026, 3, 4), settlement="credit")
    credit_notes.create(draft=draft, by=BY)
    found = statements.compute(client_id=client.id, start=MARCH[0], end=date(2100, 1, 1))
    assert found.closing_balance == 0
    assert ledger.of(client_ids=[client.id]) == {}


def test_each_currency_has_an_account_of_its_own(client):
    bill(client.id, "2026-03-02", "100.00")
    bill(client.id, "2026-03-02", "7.00", currency="USD")
    euros = statements.compute(client_id=client.id, start=MARCH[0], end=MARCH[1])
    dollars = statements.compute(client_id=client.id, start=MARCH[0], end=MARCH[1], currency="USD")
    assert (euros.closing_balance, dollars.closing_balance) == (Decimal("120.00"), Decimal("8.40"))


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_days_are_those_of_the_business(client, zone):
    """In one of these two it is always another day than in UTC."""
    businesses.update(fields={"time_zone": zone}, by=BY)
    paid = pay(client.id, "2026-03-04", "10.00")
    payments.refund(payment_id=paid.id, by=BY)
    shown = statements.compute(client_id=client.id, start=date(2026, 3, 4), end=date(2100, 1, 1))
    booked = payments.get(payment_id=paid.id).refunds[0].created_at
    local = booked.astimezone(ZoneInfo(zone)).date()
    assert [each.date for each in shown.lines if each.kind == "refund"] == [local]


def test_a_period_that_ends_before_it_starts_is_refused(client):
    with pytest.raises(InvalidInput) as refusal:
        statements.compute(client_id=client.id, start=MARCH[1], end=MARCH[0])
    assert refusal.value.fields[0].pointer == "/to"


# --- frozen -----------------------------------------------------------------------------------


def test_a_statement_that_was_given_out_says_the_same_for_ever(client):
    bill(client.id, "2026-03-02", "100.00")
    kept = statements.freeze(client_id=client.id, start=MARCH[0], end=MARCH[1], by=BY)
    document = documents.render(statement_id=kept.id)
    bill(client.id, "2026-03-20", "50.00")
    clients.update(client_id=client.id, fields={"name": "Harbour Publishers"}, by=BY)
    again = statements.get(statement_id=kept.id)
    assert again.statement.closing_balance == Decimal("120.00")
    assert again.client_name == "Harbour Books"
    assert documents.render(statement_id=kept.id).sha256 == document.sha256
    printed = Pdf(documents.content_of(document=document)).text
    assert "Harbour Books" in printed
    assert "120.00" in printed
    assert "Publishers" not in printed
    with pytest.raises(DBAPIError):
        db.session.execute(text("UPDATE statements SET closing_balance = 0"))
    db.session.rollback()


def test_the_same_statement_is_kept_once(client):
    bill(client.id, "2026-03-02", "100.00")
    first = statements.freeze(client_id=client.id, start=MARCH[0], end=MARCH[1], by=BY)
    second = statements.freeze(client_id=client.id, start=MARCH[0], end=MARCH[1], by=BY)
    assert first.id == second.id
    bill(client.id, "2026-03-02", "1.00")
    third = statements.freeze(client_id=client.id, start=MARCH[0], end=MARCH[1], by=BY)
    assert third.id != first.id
    found = statements.find(client_id=client.id)
    assert [each.id for each in found.items] == [third.id, first.id]


def test_statements_of_others_are_not_there(client, other_business):
    kept = statements.freeze(client_id=client.id, start=MARCH[0], end=MARCH[1], by=BY)
    with enter_business(other_business), pytest.raises(NotFound):
        statements.get(statement_id=kept.id)


def test_a_statement_goes_out_in_the_clients_language(client):
    clients.update(client_id=client.id, fields={"locale": "de-AT"}, by=BY)
    bill(client.id, "2026-03-02", "1000.00")
    kept = statements.freeze(client_id=client.id, start=MARCH[0], end=MARCH[1], by=BY)
    sent = letters.send_statement(statement_id=kept.id, by=BY)
    assert sent.subject == "Kontoauszug von Acme"
    assert sent.text is not None
    assert "1. März 2026" in sent.text
    assert "€ 1.200,00" in sent.text.replace("\xa0", " ")
    printed = Pdf(documents.content_of(document=documents.render(statement_id=kept.id))).text
    assert "Kontoauszug" in printed


def test_a_receipt_goes_out_as_often_as_wanted(client):
    paid = pay(client.id, "2026-03-04", "10.00")
    first = letters.send_receipt(payment_id=paid.id, by=BY)
    second = letters.send_receipt(payment_id=paid.id, by=BY, recipient="boss@harbour.test")
    assert first.recipient == "a@harbour.test"
    assert second.recipient == "boss@harbour.test"
    assert first.id != second.id
    clients.update(client_id=client.id, fields={"email": None}, by=BY)
    with pytest.raises(InvalidInput):
        letters.send_receipt(payment_id=paid.id, by=BY)


# --- for all ----------------------------------------------------------------------------------


def work(task_id):
    """What a worker does with the task."""
    row = db.session.get(Task, task_id)
    runs.send_all(tasks.Running(row))


def start():
    return runs.start(start=MARCH[0], end=MARCH[1], title="March", by=BY)


def test_a_run_sends_to_all_who_owe_and_says_why_not_to_others(client):
    bill(client.id, "2026-03-02", "100.00")
    mute = clients.create(fields={"name": "No Mail"}, by=BY)
    bill(mute.id, "2026-03-02", "5.00")
    refusing = clients.create(fields={"name": "Refuses", "email": "r@refuses.test"}, by=BY)
    bill(refusing.id, "2026-03-02", "6.00")
    contact = clients.add_contact(
        client_id=refusing.id, fields={"name": "R", "email": "R@refuses.test"}, by=BY
    )
    consents.record(
        client_id=refusing.id, contact_id=contact.id, channel="email", given=False,
        how="by phone", day=date(2026, 3, 1), by=BY,
    )  # fmt: skip
    settled = clients.create(fields={"name": "Settled", "email": "s@settled.test"}, by=BY)
    pay(settled.id, "2026-03-02", "12.00", bill(settled.id, "2026-03-02", "10.00").id)
    assert runs.outlook() == runs.Outlook(clients=3, without_address=1)

    task = start()
    work(task.id)
    found = {each.client_name: each for each in runs.results(task_id=task.id)}
    assert {name: (each.outcome, each.reason) for name, each in found.items()} == {
        "Harbour Books": ("sent", None),
        "No Mail": ("skipped", runs.NO_ADDRESS),
        "Refuses": ("skipped", runs.NO_CONSENT),
    }
    assert tasks.get(task_id=task.id).done == 3
    (mail,) = messages.find(client_id=client.id).items
    assert mail.recipient == "a@harbour.test"


def test_a_run_that_is_done_again_sends_nothing_twice(client):
    bill(client.id, "2026-03-02", "100.00")
    task = start()
    work(task.id)
    db.session.execute(update(Task).where(Task.business_id == current_business_id())
                       .values(state="running"))  # fmt: skip
    db.session.commit()
    work(task.id)
    assert messages.find(client_id=client.id).total == 1


def test_where_nobody_owes_there_is_no_run(client):
    with pytest.raises(Conflict):
        start()
    assert tasks.find().items == ()

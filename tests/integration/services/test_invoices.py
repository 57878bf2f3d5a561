"""The main job on real PostgreSQL, as the login that owns nothing."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from invoicer_core.domain.document import Adjustment, Document, Item, Tax
from invoicer_core.domain.drafts import CreditNoteDraft, InvoiceDraft, PaymentDraft
from invoicer_core.domain.errors import Conflict, InvalidInput, NotFound, StaleVersion
from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.models import db
from invoicer_core.models.tenancy import current_business_id, enter_business
from invoicer_core.services import (
    businesses,
    clients,
    contract_status,
    credit_notes,
    dashboard,
    invoices,
    payments,
    timeline,
)
from tests.factories import BY, make_business

VAT = Tax("S", Decimal(19))


@pytest.fixture
def business(app: Flask) -> Iterator[int]:
    """A business of this test's own, entered."""
    with app.app_context():
        business_id = make_business(time_zone="Pacific/Kiritimati")
        with enter_business(business_id):
            yield business_id


def a_client(**given: object) -> int:
    return clients.create(
        fields={"name": "Client", "email": "client@client.test", **given}, by=BY
    ).id


def a_draft(client_id: int, *prices: str, **given: object) -> InvoiceDraft:
    items = tuple(
        Item(f"Thing {place}", Decimal(1), Decimal(price), taxes=(VAT,))
        for place, price in enumerate(prices or ("100.00",))
    )
    return InvoiceDraft(document=Document("EUR", items), client_id=client_id, **given)  # type: ignore[arg-type]


def issued(*prices: str, **given: object) -> InvoiceSnapshot:
    return invoices.create(draft=a_draft(a_client(), *prices, **given), by=BY, issue=True)


def test_what_is_answered_on_creation_is_what_is_read_back(business: int) -> None:
    draft = a_draft(a_client(), "33.335", "10.00", notes="Thank you", tags=("vip",))
    for issue in (False, True):
        made = invoices.create(draft=draft, by=BY, issue=issue)
        read = invoices.get(invoice_id=made.id)
        for field in fields(made):
            assert getattr(made, field.name) == getattr(read, field.name), field.name


def test_a_draft_has_a_label_and_issuing_gives_the_next_number(business: int) -> None:
    client_id = a_client()
    draft = invoices.create(draft=a_draft(client_id), by=BY)
    assert (draft.invoice_number, draft.status) == (f"DRAFT-{draft.id}", "draft")
    first = invoices.issue(invoice_id=draft.id, by=BY)
    second = invoices.create(draft=a_draft(client_id), by=BY, issue=True)
    year = first.issue_date.year if first.issue_date else 0
    assert first.invoice_number == f"INV-{year}-0001"
    assert second.invoice_number == f"INV-{year}-0002"


def test_a_failed_issue_gives_the_number_back(business: int) -> None:
    client_id = a_client()
    invoices.create(draft=a_draft(client_id), by=BY, issue=True)
    with pytest.raises(Conflict):
        invoices.create(draft=a_draft(client_id, expected_total=Decimal(1)), by=BY, issue=True)
    empty = invoices.create(
        draft=InvoiceDraft(document=Document("EUR", ()), client_id=client_id), by=BY
    )
    with pytest.raises(InvalidInput):
        invoices.issue(invoice_id=empty.id, by=BY)
    last = invoices.create(draft=a_draft(client_id), by=BY, issue=True)
    assert last.invoice_number.endswith("-0002")


def test_a_series_can_refuse_dates_before_the_last_one(business: int) -> None:
    client_id = a_client()
    db.session.execute(
        text("UPDATE series SET ordered_dates = true WHERE business_id = :b"), {"b": business}
    )
    db.session.commit()
    late, early = date(2026, 5, 2), date(2026, 5, 1)
    invoices.create(draft=a_draft(client_id, issue_date=late), by=BY, issue=True)
    with pytest.raises(Conflict, match="date"):
        invoices.create(draft=a_draft(client_id, issue_date=early), by=BY, issue=True)
    again = invoices.create(draft=a_draft(client_id, issue_date=late), by=BY, issue=True)
    assert again.invoice_number == "INV-2026-0002"


def test_issue_freezes_the_parties_as_they_were(business: int) -> None:
    invoice = issued()
    clients.update(client_id=invoice.client_id, fields={"name": "Renamed"}, by=BY)
    read = invoices.get(invoice_id=invoice.id)
    assert read.buyer is not None
    assert read.buyer.name == "Client"
    assert read.client_name == "Client"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE invoices SET total_amount = 1 WHERE id = :id",
        "UPDATE invoices SET number = 'X' WHERE id = :id",
        "UPDATE invoices SET client_name = 'X' WHERE id = :id",
        "UPDATE invoices SET state = 'draft', issued_at = NULL, number = NULL WHERE id = :id",
        "UPDATE invoice_items SET unit_price = 1 WHERE invoice_id = :id",
        "DELETE FROM invoice_items WHERE invoice_id = :id",
        "DELETE FROM invoice_taxes WHERE invoice_id = :id",
        "INSERT INTO invoice_taxes (business_id, invoice_id, position, name, category, rate, base,"
        " tax) SELECT business_id, id, 9, 'x', 'S', 1, 1, 1 FROM invoices WHERE id = :id",
    ],
)
def test_the_database_itself_refuses_to_change_an_issued_invoice(
    business: int, change: str
) -> None:
    invoice = issued()
    with pytest.raises(IntegrityError, match="issued"):
        db.session.execute(text(change), {"id": invoice.id})
    db.session.rollback()
    assert invoices.get(invoice_id=invoice.id) == invoices.get(invoice_id=invoice.id)


def test_an_old_version_is_refused_and_the_newer_one_is_shown(business: int) -> None:
    client_id = a_client()
    draft = invoices.create(draft=a_draft(client_id), by=BY)
    newer = invoices.update_draft(
        invoice_id=draft.id, draft=a_draft(client_id, "5.00"), by=BY, expected_version=1
    )
    with pytest.raises(StaleVersion) as refused:
        invoices.update_draft(
            invoice_id=draft.id, draft=a_draft(client_id, "7.00"), by=BY, expected_version=1
        )
    assert refused.value.current == newer


def test_overdue_follows_from_the_due_date_in_the_business_zone(business: int) -> None:
    late = issued(issue_date=date(2020, 1, 1), due_date=date(2020, 1, 2))
    assert (late.status, late.is_overdue) == ("overdue", True)
    fresh = issued_again(late.client_id)
    assert fresh.status == "sent"
    assert invoices.counts() == {"overdue": 1, "sent": 1}
    for status in ("overdue", "sent"):
        (found,) = invoices.find(status=status).items
        assert found.status == status


def issued_again(client_id: int) -> InvoiceSnapshot:
    return invoices.create(draft=a_draft(client_id), by=BY, issue=True)


def test_thirds_leave_a_cent_open(business: int) -> None:
    invoice = invoices.create(
        draft=InvoiceDraft(
            document=Document("EUR", (Item("x", Decimal(1), Decimal(100)),)), client_id=a_client()
        ),
        by=BY,
        issue=True,
    )
    for _ in range(3):
        payments.record(draft=PaymentDraft(amount=Decimal("33.33"), invoice_id=invoice.id), by=BY)
    read = invoices.get(invoice_id=invoice.id)
    assert (read.balance_due, read.payment_state) == (Decimal("0.01"), "partial")


def test_a_payment_is_capped_at_the_balance_and_the_rest_is_the_clients_credit(
    business: int,
) -> None:
    invoice = issued()
    payment = payments.record(
        draft=PaymentDraft(amount=Decimal("150.00"), invoice_id=invoice.id), by=BY
    )
    assert payment.allocated_amount == Decimal("119.00")
    assert payment.unapplied_amount == Decimal("31.00")
    assert invoices.get(invoice_id=invoice.id).status == "paid"
    other = issued_again(invoice.client_id)
    with pytest.raises(InvalidInput):
        payments.allocate(payment_id=payment.id, allocations=[(other.id, Decimal("31.01"))], by=BY)
    payments.allocate(payment_id=payment.id, allocations=[(other.id, Decimal("31.00"))], by=BY)
    assert invoices.get(invoice_id=other.id).balance_due == Decimal("88.00")


def test_a_refund_opens_the_balance_again(business: int) -> None:
    invoice = issued()
    payment = payments.pay_balance(invoice_id=invoice.id, by=BY)
    refunded = payments.refund(payment_id=payment.id, amount=Decimal("19.00"), by=BY)
    assert refunded.status == "partly_refunded"
    assert invoices.get(invoice_id=invoice.id).balance_due == Decimal("19.00")
    with pytest.raises(Conflict):
        payments.refund(payment_id=payment.id, amount=Decimal("100.01"), by=BY)
    assert payments.refund(payment_id=payment.id, by=BY).status == "refunded"


def test_credits_never_exceed_the_invoice_and_the_last_takes_the_rest(business: int) -> None:
    invoice = issued("100.00", "0.05")
    part = Document("EUR", (Item("part", Decimal(1), Decimal("99.99"), taxes=(VAT,)),))
    credit_notes.create(draft=CreditNoteDraft(invoice_id=invoice.id, document=part), by=BY)
    last = credit_notes.create(draft=CreditNoteDraft(invoice_id=invoice.id), by=BY)
    found = credit_notes.find(invoice_id=invoice.id).items
    assert sum(note.total_amount for note in found) == invoice.total_amount
    assert last.credit_note_number.endswith("-0002")
    assert invoices.get(invoice_id=invoice.id).status == "paid"
    with pytest.raises(Conflict):
        credit_notes.create(draft=CreditNoteDraft(invoice_id=invoice.id), by=BY)


def test_crediting_a_paid_invoice_frees_the_payment(business: int) -> None:
    invoice = issued()
    payment = payments.pay_balance(invoice_id=invoice.id, by=BY)
    note = credit_notes.create(draft=CreditNoteDraft(invoice_id=invoice.id), by=BY)
    assert (note.allocated_amount, note.surplus_amount) == (Decimal("0.00"), Decimal("119.00"))
    assert payments.get(payment_id=payment.id).unapplied_amount == Decimal("119.00")
    assert invoices.get(invoice_id=invoice.id).balance_due == 0


def test_void_keeps_number_and_row_but_not_when_money_touched_it(business: int) -> None:
    invoice = issued()
    with pytest.raises(InvalidInput):
        invoices.void(invoice_id=invoice.id, reason="  ", by=BY)
    voided = invoices.void(invoice_id=invoice.id, reason="twice", by=BY)
    assert (voided.status, voided.invoice_number) == ("void", invoice.invoice_number)
    paid = issued_again(invoice.client_id)
    payments.pay_balance(invoice_id=paid.id, by=BY)
    with pytest.raises(Conflict):
        invoices.void(invoice_id=paid.id, reason="no", by=BY)


def test_the_contract_sets_a_status(business: int) -> None:
    draft = invoices.create(draft=a_draft(a_client()), by=BY)
    assert contract_status.change(invoice_id=draft.id, status="sent", by=BY).status == "sent"
    assert contract_status.change(invoice_id=draft.id, status="sent", by=BY).status == "sent"
    with pytest.raises(Conflict):
        contract_status.change(invoice_id=draft.id, status="overdue", by=BY)
    assert contract_status.change(invoice_id=draft.id, status="paid", by=BY).status == "paid"
    with pytest.raises(Conflict):
        contract_status.change(invoice_id=draft.id, status="draft", by=BY)
    (payment,) = payments.find(invoice_id=draft.id).items
    assert payment.amount == draft.total_amount


def test_write_off_closes_the_balance(business: int) -> None:
    invoice = issued()
    assert invoices.write_off(invoice_id=invoice.id, reason="bankrupt", by=BY).status == "paid"
    with pytest.raises(Conflict):
        invoices.write_off(invoice_id=invoice.id, reason="again", by=BY)


def test_another_business_never_sees_it(business: int, app: Flask) -> None:
    invoice = issued()
    with enter_business(make_business()):
        with pytest.raises(NotFound):
            invoices.get(invoice_id=invoice.id)
        with pytest.raises(NotFound):
            invoices.create(draft=a_draft(invoice.client_id), by=BY)
        assert invoices.find().items == ()


def test_each_change_leaves_one_link_of_an_unbroken_chain(business: int) -> None:
    invoice = issued()
    payments.pay_balance(invoice_id=invoice.id, by=BY)
    links = db.session.execute(
        text(
            "SELECT seq, prev, hash, sha256(prev || convert_to(payload, 'UTF8')) AS again,"
            " lag(hash) OVER (ORDER BY seq) AS before FROM audit_entries"
            " WHERE business_id = :b ORDER BY seq"
        ),
        {"b": business},
    ).all()
    assert [link.seq for link in links] == [1, 2, 3, 4]
    for link in links:
        assert link.hash == link.again
        assert link.before is None or link.before == link.prev
    assert invoice.invoice_number in db.session.scalar(
        text("SELECT payload FROM audit_entries WHERE business_id = :b AND seq = 3"),
        {"b": business},
    )


def test_the_story_is_told_in_order_and_figures_add_up(business: int) -> None:
    invoice = issued()
    payments.record(draft=PaymentDraft(amount=Decimal("19.00"), invoice_id=invoice.id), by=BY)
    names = [entry.name for entry in timeline.of_invoice(invoice_id=invoice.id)]
    assert names == ["invoice.created", "invoice.issued", "payment.recorded"]
    figures = dashboard.summary()
    assert figures.outstanding == Decimal("100.00")
    assert figures.paid_this_month == Decimal("19.00")


def test_the_event_holds_the_number_that_was_given(business: int) -> None:
    invoice = issued()
    data = db.session.scalar(
        text("SELECT data FROM events WHERE business_id = :b AND name = 'invoice.issued'"),
        {"b": business},
    )
    assert data["invoice_number"] == invoice.invoice_number
    assert data["total_amount"] == invoice.total_amount
    assert businesses.current().id == current_business_id()


def test_spread_discounts_survive_storage(business: int) -> None:
    document = Document(
        "EUR",
        (Item("a", Decimal(1), Decimal("33.33"), taxes=(Tax("S", Decimal(20)),)),
         Item("b", Decimal(1), Decimal("33.33"), taxes=(Tax("S", Decimal(10)),))),
        discounts=(Adjustment(amount=Decimal("10.00"), spread=True),),
    )  # fmt: skip
    made = invoices.create(draft=InvoiceDraft(document=document, client_id=a_client()), by=BY)
    again = invoices.issue(invoice_id=made.id, by=BY)
    assert (again.total_amount, again.discounts) == (made.total_amount, made.discounts)

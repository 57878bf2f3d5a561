"""Many writers, one series: no number twice, none left out, whatever is rolled back meanwhile."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import text

from invoicer_core.domain.document import Document, Item, Tax
from invoicer_core.domain.drafts import CreditNoteDraft, InvoiceDraft, PaymentDraft
from invoicer_core.domain.errors import Conflict
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import clients, credit_notes, invoices, payments
from invoicer_core.services.transaction import transaction
from tests.factories import BY, make_business
from tests.scale import Scale


class Undone(Exception):
    """Rolls a transaction back on purpose."""


@contextmanager
def inside(app: Flask, business_id: int) -> Iterator[None]:
    with app.app_context(), enter_business(business_id):
        yield


def at_once(app: Flask, business_id: int, works: list[Callable[[], object]]) -> list[object]:
    """Run each in a thread of its own, all starting together; exceptions are returned."""
    start = Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        with inside(app, business_id):
            start.wait(30)
            try:
                return work()
            except Conflict as refused:
                return refused

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


@pytest.fixture
def business(app: Flask) -> int:
    with app.app_context():
        return make_business()


def issue_and_undo(invoice_id: int) -> None:
    with transaction(by=BY):
        invoices.issue(invoice_id=invoice_id, by=BY)
        raise Undone


def draft(client_id: int) -> InvoiceDraft:
    items = (Item("x", Decimal(1), Decimal(10), taxes=(Tax("S", Decimal(20)),)),)
    return InvoiceDraft(document=Document("EUR", items), client_id=client_id)


def a_client(app: Flask, business: int) -> int:
    with inside(app, business):
        return clients.create(fields={"name": "C", "email": "c@client.test"}, by=BY).id


def test_fifty_writers_leave_neither_gap_nor_duplicate(
    app: Flask, business: int, scale: Scale
) -> None:
    count, writers = scale(200, 1000), 50
    client_id = a_client(app, business)
    with inside(app, business):
        drafts = [invoices.create(draft=draft(client_id), by=BY).id for _ in range(count)]

    def writer(mine: list[int]) -> Callable[[], object]:
        def work() -> object:
            for invoice_id in mine:
                if invoice_id % 10 == 0:
                    with pytest.raises(Undone):
                        issue_and_undo(invoice_id)
                invoices.issue(invoice_id=invoice_id, by=BY)
            return None

        return work

    found = at_once(app, business, [writer(drafts[place::writers]) for place in range(writers)])
    assert found == [None] * writers
    with inside(app, business):
        numbers = db.session.scalars(
            text("SELECT seq FROM invoices WHERE business_id = :b ORDER BY seq"), {"b": business}
        ).all()
        assert numbers == list(range(1, count + 1))
        links = db.session.scalar(
            text(
                "SELECT count(*) FROM (SELECT prev, hash, lag(hash) OVER (ORDER BY seq) AS before"
                " FROM audit_entries WHERE business_id = :b) c WHERE before <> prev"
            ),
            {"b": business},
        )
        assert links == 0


def test_of_two_who_issue_one_draft_one_wins(app: Flask, business: int, scale: Scale) -> None:
    client_id = a_client(app, business)
    for _ in range(scale(5, 200)):
        with inside(app, business):
            invoice_id = invoices.create(draft=draft(client_id), by=BY).id
        found = at_once(
            app, business, [lambda i=invoice_id: invoices.issue(invoice_id=i, by=BY)] * 2
        )  # type: ignore[misc]
        assert sum(isinstance(each, Conflict) for each in found) == 1
    with inside(app, business):
        gaps = db.session.scalar(
            text("SELECT max(seq) - count(*) FROM invoices WHERE business_id = :b AND seq > 0"),
            {"b": business},
        )
        assert gaps == 0


def test_of_many_payments_at_once_no_cent_too_much_is_put_on_the_invoice(
    app: Flask, business: int, scale: Scale
) -> None:
    client_id = a_client(app, business)
    for _ in range(scale(3, 100)):
        with inside(app, business):
            invoice = invoices.create(draft=draft(client_id), by=BY, issue=True)

        def pay(invoice_id: int = invoice.id) -> object:
            amount = Decimal("5.00")
            return payments.record(draft=PaymentDraft(amount=amount, invoice_id=invoice_id), by=BY)

        found = at_once(app, business, [pay] * 4)
        with inside(app, business):
            assert invoices.get(invoice_id=invoice.id).balance_due == 0
        put = [each.allocated_amount for each in found if not isinstance(each, Conflict)]  # type: ignore[attr-defined]
        assert sum(put) == Decimal("12.00")


def test_pay_against_void_and_credit_against_credit_have_one_winner(
    app: Flask, business: int, scale: Scale
) -> None:
    client_id = a_client(app, business)
    for _ in range(scale(3, 100)):
        with inside(app, business):
            one = invoices.create(draft=draft(client_id), by=BY, issue=True).id
            two = invoices.create(draft=draft(client_id), by=BY, issue=True).id
        found = at_once(
            app,
            business,
            [
                lambda i=one: payments.pay_balance(invoice_id=i, by=BY),  # type: ignore[misc]
                lambda i=one: invoices.void(invoice_id=i, reason="no", by=BY),  # type: ignore[misc]
            ],
        )
        assert sum(isinstance(each, Conflict) for each in found) == 1
        full = CreditNoteDraft(invoice_id=two)
        found = at_once(
            app,
            business,
            [lambda d=full: credit_notes.create(draft=d, by=BY)] * 3,  # type: ignore[misc]
        )
        assert sum(isinstance(each, Conflict) for each in found) == 2

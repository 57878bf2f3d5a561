"""Payments by their pages: recorded once, divided by the server, applied, taken off, given back."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import uuid4

import pytest
from flask import Flask

from invoicer_core import host
from invoicer_core.domain.document import Document, Item
from invoicer_core.domain.drafts import InvoiceDraft, PaymentDraft
from invoicer_core.domain.snapshots import InvoiceSnapshot, PaymentSnapshot
from invoicer_core.models import db
from invoicer_core.models.payments import Payment
from invoicer_core.plugin import (
    PaymentOutcome,
    PaymentProvider,
    PermanentFailure,
    Plugin,
    hookimpl,
)
from invoicer_core.services import businesses, invoices, messages, payments, plugins
from invoicer_core.services.payments import providers
from tests.factories import BY
from tests.integration.web.conftest import Visitor

DAY = "2026-11-20"


class Books:
    """The owner's business from inside."""

    def __init__(self, app: Flask, owner: Visitor) -> None:
        self.app, self.owner = app, owner

    def __enter__(self) -> "Books":
        self.context = self.app.app_context()
        self.context.push()
        self.entered = businesses.enter_business(self.owner.business_id)
        self.entered.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.entered.__exit__(None, None, None)
        self.context.pop()

    def bill(self, price: str) -> InvoiceSnapshot:
        document = Document("EUR", (Item("Work", Decimal(1), Decimal(price)),))
        draft = InvoiceDraft(document=document, client_id=self.owner.client_id)
        return invoices.create(draft=draft, by=BY, issue=True)

    def pay(self, amount: str, **more: object) -> PaymentSnapshot:
        draft = PaymentDraft(
            amount=Decimal(amount),
            client_id=self.owner.client_id,
            **more,  # type: ignore[arg-type]
        )
        return payments.record(draft=draft, by=BY)


@pytest.fixture
def books(app: Flask, owner: Visitor) -> Books:
    return Books(app, owner)


def form(owner: Visitor, **more: object) -> dict[str, object]:
    page = f"/payments/new?client_id={owner.client_id}"
    return {
        **owner.hidden(page), "client_id": owner.client_id, "currency": "EUR", "date": DAY,
        "method": "bank_transfer", **more,
    }  # fmt: skip


def test_one_payment_over_several_invoices_is_recorded_once(owner: Visitor, books: Books) -> None:
    with books:
        first, second = books.bill("100"), books.bill("50")
    fields = form(owner, amount="130,00", **{f"part-{first.id}": "100", f"part-{second.id}": "20"})
    answers = [owner.send("/payments/new", **fields) for _ in range(2)]
    assert [each.status_code for each in answers] == [302, 302]
    assert answers[0].location == answers[1].location
    with books:
        (paid,) = payments.find(client_id=owner.client_id).items
        assert paid.unapplied_amount == Decimal("10.00")
        assert invoices.get(invoice_id=first.id).status == "paid"
        assert invoices.get(invoice_id=second.id).balance_due == Decimal("30.00")
    page = owner.get(str(answers[0].location)).text
    assert first.invoice_number in page
    assert "10,00\xa0€ not used yet" in page


def test_without_parts_the_oldest_are_paid_first(owner: Visitor, books: Books) -> None:
    with books:
        first, second = books.bill("100"), books.bill("50")
    owner.send("/payments/new", **form(owner, amount="120"))
    with books:
        assert invoices.get(invoice_id=first.id).balance_due == 0
        assert invoices.get(invoice_id=second.id).balance_due == Decimal("30.00")


def test_all_of_it_may_stay_credit(owner: Visitor, books: Books) -> None:
    with books:
        open_ = books.bill("100")
    owner.send("/payments/new", **form(owner, amount="40", keep="1"))
    with books:
        assert invoices.get(invoice_id=open_.id).balance_due == Decimal("100.00")
        assert payments.find().items[0].unapplied_amount == Decimal("40.00")


def test_the_server_says_what_remains(owner: Visitor, books: Books) -> None:
    with books:
        first, second = books.bill("100"), books.bill("50")
    typed = form(owner, amount="130", **{f"part-{first.id}": "25,50"})
    answer = owner.send("/payments/preview", **typed)
    assert re.search(r'id="division-left">104,50\s€', answer.text)
    spread = owner.send("/payments/preview?spread=1", **typed)
    assert f'name="part-{first.id}" value="100,00"' in spread.text
    assert f'name="part-{second.id}" value="30,00"' in spread.text
    too_much = owner.send(
        "/payments/preview",
        **form(owner, amount="10", **{f"part-{first.id}": "25"}),
    )
    assert "Too much by" in too_much.text
    assert "15,00" in too_much.text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"amount": "many"}, "This is not a number."),
        ({"amount": "0"}, "more than nothing"),
        ({"amount": "100", "method": "shells"}, "choose one of the list"),
        ({"amount": "100", "date": ""}, "choose a day"),
        ({"amount": "10,005"}, "At most 2 digits"),
    ],
)
def test_a_refused_payment_names_the_field_and_keeps_the_text(
    owner: Visitor, books: Books, typed: dict[str, str], words: str
) -> None:
    with books:
        open_ = books.bill("100")
    answer = owner.send(
        "/payments/new", **{**form(owner, reference="bank 7", **typed), f"part-{open_.id}": "1"}
    )
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="bank 7"' in answer.text
    assert f'name="part-{open_.id}" value="1"' in answer.text
    with books:
        assert payments.find().items == ()


def test_more_than_an_invoice_or_the_payment_holds_is_refused(owner: Visitor, books: Books) -> None:
    with books:
        open_ = books.bill("100")
    over = owner.send("/payments/new", **form(owner, amount="500", **{f"part-{open_.id}": "101"}))
    assert over.status_code == 422
    assert f'id="part-{open_.id}-error"' in over.text
    short = owner.send("/payments/new", **form(owner, amount="10", **{f"part-{open_.id}": "11"}))
    assert "More is put on invoices than came in." in short.text
    with books:
        assert payments.find().items == ()


def test_an_amount_that_was_paid_meanwhile_is_refused_beside_its_invoice(
    owner: Visitor, books: Books
) -> None:
    with books:
        open_ = books.bill("100")
        fields = form(owner, amount="100", **{f"part-{open_.id}": "100"})
        books.pay("60", invoice_id=open_.id)
    answer = owner.send("/payments/new", **fields)
    assert answer.status_code == 422
    assert f'id="part-{open_.id}-error"' in answer.text


def test_unapplied_money_is_used_later_and_taken_off_again(owner: Visitor, books: Books) -> None:
    with books:
        paid, open_ = books.pay("80"), books.bill("100")
    path = f"/payments/{paid.id}"
    nothing = owner.send(f"{path}/apply", path)
    assert nothing.status_code == 422
    done = owner.send(f"{path}/apply", path, **{f"part-{open_.id}": "80"})
    assert done.location == path
    with books:
        (part,) = payments.get(payment_id=paid.id).allocations
        assert invoices.get(invoice_id=open_.id).balance_due == Decimal("20.00")
    assert "Take off" in owner.get(path).text
    for _ in range(2):
        assert owner.send(f"{path}/allocations/{part.id}/undo", path).status_code == 302
    with books:
        assert payments.get(payment_id=paid.id).unapplied_amount == Decimal("80.00")
        assert invoices.get(invoice_id=open_.id).balance_due == Decimal("100.00")
    assert f"/allocations/{part.id}/undo" not in owner.get(path).text


def test_a_part_goes_back_once_and_needs_a_reason(owner: Visitor, books: Books) -> None:
    with books:
        open_ = books.bill("100")
        paid = books.pay("100", invoice_id=open_.id)
    path = f"/payments/{paid.id}"
    silent = owner.send(f"{path}/refund", path, amount="30")
    assert silent.status_code == 422
    assert 'id="refund-reason-error"' in silent.text
    fields = {**owner.hidden(path), "amount": "30", "reason": "too much"}
    for _ in range(2):
        assert owner.send(f"{path}/refund", path, **fields).status_code == 302
    with books:
        found = payments.get(payment_id=paid.id)
        assert (found.status, found.refunded_amount) == ("partly_refunded", Decimal("30.00"))
        assert invoices.get(invoice_id=open_.id).balance_due == Decimal("30.00")
    page = owner.get(path).text
    assert "too much" in page
    assert f"/payments/{paid.id}/allocations/" not in page
    undo = owner.send(f"{path}/allocations/{found.allocations[0].id}/undo", path)
    assert undo.location == path
    assert "A refund took a part" in owner.get(path).text
    more = owner.send(f"{path}/refund", path, amount="71", reason="x")
    assert more.status_code == 409
    assert 'id="refund-amount-error"' in more.text


def test_the_receipt_is_sent_as_often_as_wanted(owner: Visitor, books: Books) -> None:
    with books:
        paid = books.pay("10")
    path = f"/payments/{paid.id}"
    assert owner.send(f"{path}/receipt/send", path, recipient="not one").status_code == 422
    for _ in range(2):
        owner.send(f"{path}/receipt/send", path, recipient="a@harbour.test")
    with books:
        assert messages.find(client_id=owner.client_id).total == 2


def test_the_list_is_narrowed(owner: Visitor, books: Books) -> None:
    with books:
        paid = books.pay("11", invoice_id=books.bill("11").id, method="cash", reference="AB-1")
        payments.refund(payment_id=paid.id, amount=Decimal(1), by=BY)
        books.pay("22", method="card", reference="CD-2")

    def shown(query: str) -> list[str]:
        return sorted(
            set(re.findall(r"\b(11|22),00\s€</td>", owner.get(f"/payments?{query}").text))
        )

    assert shown("") == ["11", "22"]
    assert shown("state=unapplied") == ["22"]
    assert shown("state=refunded") == ["11"]
    assert shown("method=card") == ["22"]
    assert shown("q=ab-1") == ["11"]
    assert shown(f"client_id={owner.client_id}&from=1999-01-01&to=1999-12-31") == []
    assert shown("state=nonsense") == ["11", "22"]


def test_methods_are_those_of_plugins_that_are_on(owner: Visitor, books: Books) -> None:
    page = f"/payments/new?client_id={owner.client_id}"
    assert 'value="bank_transfer"' in owner.get(page).text
    with books:
        plugins.change(name="manual_payments", enabled=False, by=BY)
    assert "Payments by hand are switched off" in owner.get(page).text
    refused = owner.send("/payments/new", page, client_id=owner.client_id, amount="5")
    assert "Payments by hand are switched off" in refused.text
    with books:
        assert payments.find().items == ()


def test_a_viewer_sees_payments_and_touches_none(
    owner: Visitor, viewer: Visitor, books: Books
) -> None:
    with books:
        paid = books.pay("10")
    path = f"/payments/{paid.id}"
    page = viewer.get(path)
    assert page.status_code == 200
    assert "Refund this payment?" not in page.text
    assert "Record payment" not in viewer.get("/payments").text
    for target in (f"{path}/refund", f"{path}/apply", "/payments/new", f"{path}/receipt/send"):
        answer = viewer.send(target, "/payments", amount="1", reason="x", recipient="a@b.test")
        assert answer.status_code == 403


def test_payments_of_others_are_not_there(owner: Visitor, stranger: Visitor) -> None:
    for path in ("/payments/999999999", "/payments/0"):
        assert owner.get(path).status_code == 404
    assert stranger.get("/payments/1").status_code == 302


# --- through a provider -----------------------------------------------------------------------


class BankPlugin(Plugin):
    """A provider that answers what the test wants, and keeps what it was asked."""

    name = "bank"
    title = "Bank"
    default_on = True
    asked: ClassVar[list[tuple[Decimal, str]]] = []
    answers: ClassVar[list[PaymentOutcome | Exception]] = []

    @hookimpl
    def payment_providers(self) -> Iterable[PaymentProvider]:
        yield PaymentProvider("bank", "The bank", refund=self.give)

    def give(
        self, _ctx: object, _payment: PaymentSnapshot, amount: Decimal, key: str
    ) -> PaymentOutcome:
        self.asked.append((amount, key))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def bank(app: Flask) -> Iterator[type[BankPlugin]]:
    """The application with the provider among its plugins."""
    with app.app_context():
        usual = host.current()
    host.install(app, replace(usual, registry=host.discover(extra=[BankPlugin], strict=True)))
    BankPlugin.asked.clear()
    BankPlugin.answers.clear()
    yield BankPlugin
    host.install(app, usual)


def banked(books: Books, amount: str) -> int:
    """Money that came in through the bank; its id."""
    with books:
        row = Payment(
            business_id=books.owner.business_id, client_id=books.owner.client_id,
            amount=Decimal(amount), currency="EUR", method="bank", status="succeeded",
            date=date(2026, 11, 20), provider="bank", provider_ref=uuid4().hex, recorded_by="bank",
        )  # fmt: skip
        db.session.add(row)
        db.session.commit()
        return row.id


def test_a_refund_goes_through_the_provider_once(
    owner: Visitor, books: Books, bank: type[BankPlugin]
) -> None:
    path = f"/payments/{banked(books, '100')}"
    bank.answers.append(PaymentOutcome(state="succeeded", provider_ref="r-1"))
    fields = {**owner.hidden(path), "amount": "40", "reason": "returned", "through": "provider"}
    for _ in range(2):
        assert owner.send(f"{path}/refund", path, **fields).location == path
    assert [amount for amount, _ in bank.asked] == [Decimal("40.00")]
    with books:
        (refund,) = payments.find(client_id=owner.client_id).items[0].refunds
        assert refund.amount == Decimal("40.00")


def test_a_refund_nobody_knows_of_is_asked_about_under_the_same_key(
    owner: Visitor, books: Books, bank: type[BankPlugin]
) -> None:
    payment_id = banked(books, "100")
    path = f"/payments/{payment_id}"
    bank.answers += [TimeoutError("no answer"), PaymentOutcome(state="succeeded")]
    answer = owner.send(f"{path}/refund", path, amount="70", reason="x", through="provider")
    assert answer.status_code == 409
    assert "can not say yet" in answer.text
    more = owner.send(f"{path}/refund", path, amount="31", reason="x", through="provider")
    assert more.status_code == 409
    assert "Only 30" in more.text
    with books:
        (attempt,) = providers.attempts(payment_id=payment_id)
        assert payments.get(payment_id=payment_id).refunds == ()
    assert "Ask again" in owner.get(path).text
    owner.send(f"{path}/refunds/{attempt.id}/ask", path)
    owner.send(f"{path}/refunds/{attempt.id}/ask", path)
    assert len(bank.asked) == 2
    assert len({key for _, key in bank.asked}) == 1
    with books:
        assert payments.get(payment_id=payment_id).refunded_amount == Decimal("70.00")


def test_a_refund_the_provider_refuses_changes_nothing(
    owner: Visitor, books: Books, bank: type[BankPlugin]
) -> None:
    payment_id = banked(books, "100")
    path = f"/payments/{payment_id}"
    bank.answers += [PermanentFailure("the card is closed")]
    answer = owner.send(f"{path}/refund", path, amount="70", reason="x", through="provider")
    assert answer.status_code == 409
    assert "the card is closed" in answer.text
    by_hand = owner.send(f"{path}/refund", path, amount="100", reason="x", through="hand")
    assert by_hand.location == path
    assert len(bank.asked) == 1
    with books:
        assert payments.get(payment_id=payment_id).status == "refunded"

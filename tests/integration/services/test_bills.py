"""What suppliers bill, and what is paid to them. All sums by hand."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from invoicer_core.domain.errors import Conflict, InvalidInput, NotFound, StaleVersion
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services.buying import bills, suppliers
from invoicer_core.services.buying.bill_rows import today
from tests.factories import BY

D = Decimal


@pytest.fixture
def supplier_id(business: int) -> int:
    return suppliers.create(fields={"name": "Mill", "payment_terms_days": 14}, by=BY).id


def bill(supplier_id: int, number: str = "R-1", **fields):
    given = {
        "number": number, "bill_date": date(2026, 11, 1), "currency": "EUR",
        "total_amount": D("119.00"), "tax_amount": D("19.00"), **fields,
    }  # fmt: skip
    return bills.record(supplier_id=supplier_id, fields=given, by=BY)


def pay(bill_id: int, amount: str):
    fields = {"amount": D(amount), "method": "bank_transfer", "date": date(2026, 11, 20)}
    return bills.pay(bill_id=bill_id, fields=fields, by=BY)


def pointers(refusal) -> list[str]:
    return [field.pointer for field in refusal.value.fields]


def test_a_bill_falls_due_by_the_suppliers_terms(supplier_id):
    made = bill(supplier_id)
    assert bills.get(bill_id=made.id) == made
    assert (made.net_amount, made.tax_amount, made.balance_due) == (D(100), D(19), D(119))
    assert made.due_date == date(2026, 11, 15)
    assert bill(supplier_id, "R-2", due_date=date(2026, 12, 1)).due_date == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"total_amount": D(0)}, "/total_amount"),
        ({"total_amount": D("1.001")}, "/total_amount"),
        ({"tax_amount": D(119)}, "/tax_amount"),
        ({"tax_amount": D("0.001")}, "/tax_amount"),
        ({"due_date": date(2026, 10, 31)}, "/due_date"),
        ({"currency": "XXX"}, "/currency"),
        ({"number": " "}, "/number"),
        ({"bill_date": None}, "/bill_date"),
    ],
)
def test_what_cannot_be_is_refused(supplier_id, fields, pointer):
    with pytest.raises(InvalidInput) as refusal:
        bill(supplier_id, **fields)
    assert pointers(refusal) == [pointer]
    assert bills.find().items == ()


def test_yen_have_no_cents(supplier_id):
    fields = {"currency": "JPY", "total_amount": D(1100), "tax_amount": D(100)}
    assert str(bill(supplier_id, **fields).net_amount) == "1000"
    with pytest.raises(InvalidInput):
        bill(supplier_id, "R-2", **{**fields, "total_amount": D("1100.5")})


def test_a_number_stands_once_per_supplier_until_it_is_void(supplier_id):
    made = bill(supplier_id)
    with pytest.raises(Conflict) as refusal:
        bill(supplier_id, "r-1")
    assert pointers(refusal) == ["/number"]
    other = suppliers.create(fields={"name": "Other"}, by=BY).id
    bill(other)
    assert bills.void(bill_id=made.id, reason="typed twice", by=BY).status == "void"
    assert bill(supplier_id).id != made.id


def test_parts_add_up_and_nothing_is_overpaid(supplier_id):
    made = bill(supplier_id)
    assert pay(made.id, "39.67").balance_due == D("79.33")
    assert pay(made.id, "39.67").balance_due == D("39.66")
    with pytest.raises(Conflict, match=r"Only 39.66 EUR") as refusal:
        pay(made.id, "39.67")
    assert pointers(refusal) == ["/amount"]
    done = pay(made.id, "39.66")
    assert (done.status, done.paid_amount, done.balance_due) == ("paid", D(119), D(0))
    assert [each.amount for each in bills.payments(bill_id=made.id)] == [
        D("39.67"), D("39.67"), D("39.66"),
    ]  # fmt: skip


def test_two_who_pay_at_once_do_not_overpay(app_context, supplier_id, business):
    made = bill(supplier_id)

    def attempt(_number: int) -> bool:
        with app_context.app_context(), enter_business(business):
            try:
                pay(made.id, "70.00")
            except Conflict:
                return False
            return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4))) == [False, False, False, True]
    db.session.rollback()
    assert bills.get(bill_id=made.id).balance_due == D(49)


def test_a_mistake_is_countered_and_stays_to_be_seen(supplier_id):
    made = bill(supplier_id)
    pay(made.id, "100")
    (wrong,) = bills.payments(bill_id=made.id)
    undo = {"bill_id": made.id, "payment_id": wrong.id, "reason": "wrong bill", "by": BY}
    assert bills.undo_payment(**undo).balance_due == D(119)
    (shown,) = bills.payments(bill_id=made.id)
    assert (shown.undone, shown.undone_reason) == (True, "wrong bill")
    with pytest.raises(Conflict, match="undone already"):
        bills.undo_payment(**undo)
    other = bill(supplier_id, "R-2")
    with pytest.raises(NotFound):
        bills.undo_payment(**{**undo, "bill_id": other.id})
    assert pay(made.id, "119").status == "paid"


def test_corrections_respect_what_is_paid(supplier_id):
    made = bill(supplier_id)
    paid = pay(made.id, "60")
    for fields, pointer in (
        ({"total_amount": D(59)}, "/total_amount"),
        ({"currency": "USD"}, "/currency"),
    ):
        with pytest.raises(Conflict) as refusal:
            bills.update(bill_id=made.id, fields={"tax_amount": D(0), **fields}, by=BY)
        assert pointers(refusal) == [pointer]
    with pytest.raises(StaleVersion):
        bills.update(bill_id=made.id, fields={"notes": "x"}, by=BY, expected_version=made.version)
    edited = bills.update(
        bill_id=made.id, fields={"total_amount": D(60), "tax_amount": None}, by=BY,
        expected_version=paid.version,
    )  # fmt: skip
    assert (edited.status, edited.net_amount) == ("paid", D(60))
    with pytest.raises(Conflict, match="undo its payments"):
        bills.void(bill_id=made.id, reason="x", by=BY)


def test_what_is_owed_is_summed_by_currency(supplier_id):
    late = bill(
        supplier_id, "late", due_date=today() - timedelta(days=1), bill_date=date(2026, 1, 1)
    )
    bill(supplier_id, "due", due_date=today(), bill_date=date(2026, 1, 1))
    francs = bill(supplier_id, "chf", currency="CHF", due_date=today())
    pay(late.id, "19")
    pay(francs.id, "119")
    bills.void(bill_id=bill(supplier_id, "no").id, reason="x", by=BY)
    chf, eur = bills.owed()
    assert (chf.open, chf.overdue, chf.paid, chf.count) == (D(0), D(0), D(119), 0)
    assert (eur.open, eur.overdue, eur.paid, eur.count) == (D(219), D(100), D(19), 2)
    assert bills.owed_to([supplier_id]) == {supplier_id: [(D(219), "EUR")]}
    assert bills.owed(supplier_id=supplier_id + 1) == ()
    assert [each.number for each in bills.find(status="open", sort="due_date").items] == [
        "late", "due",
    ]  # fmt: skip
    assert [each.number for each in bills.find(status="overdue").items] == ["late"]
    assert [each.number for each in bills.find(status="paid").items] == ["chf"]
    assert [each.number for each in bills.find(q="mill lat").items] == []
    assert len(bills.find(q="mill").items) == 3


def test_the_database_refuses_what_the_code_would_not_do(supplier_id, business):
    made = bill(supplier_id)
    pay(made.id, "100")
    for statement in (
        "UPDATE bill_payments SET amount = 1",
        "UPDATE bills SET paid = 120 WHERE id = :id",
        "UPDATE bills SET currency = 'USD' WHERE id = :id",
        "UPDATE bills SET voided_at = now() WHERE id = :id",
        "INSERT INTO bill_payments (business_id, bill_id, amount, date, method, actor)"
        " VALUES (:business, :id, 20, '2026-11-20', 'cash', 'x')",
        "INSERT INTO bill_payments (business_id, bill_id, amount, date, method, actor)"
        " VALUES (:business, :id, -1, '2026-11-20', 'cash', 'x')",
        "DELETE FROM bills WHERE id = :id",
    ):
        with pytest.raises(DBAPIError):
            db.session.execute(text(statement), {"id": made.id, "business": business})
        db.session.rollback()
    assert bills.get(bill_id=made.id).balance_due == D(19)


def test_bills_of_others_are_not_there(supplier_id, other_business):
    made = bill(supplier_id)
    with enter_business(other_business):
        assert bills.find().items == ()
        assert bills.owed() == ()
        for call in (lambda: bills.get(bill_id=made.id), lambda: pay(made.id, "1")):
            with pytest.raises(NotFound):
                call()
    with pytest.raises(Conflict, match="archive it"):
        suppliers.delete(supplier_id=supplier_id, by=BY)

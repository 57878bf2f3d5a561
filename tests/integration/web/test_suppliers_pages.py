"""Suppliers in the browser: who they are, what they bill, what is due, and what was paid."""

import io
from datetime import timedelta
from decimal import Decimal

import pytest

from invoicer_core.models import db
from invoicer_core.models.outbox import WorkflowRun
from invoicer_core.services.buying import bill_rows, bills, suppliers
from invoicer_core.services.files import attachments
from tests.factories import BY
from tests.integration.web.conftest import Visitor

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"


@pytest.fixture
def supplier(do):
    """Who sells us wood; to be paid within 10 days."""
    fields = {"name": "Forstgut", "email": "holz@forst.test", "payment_terms_days": 10}
    return do(suppliers.create, fields=fields, by=BY)


@pytest.fixture
def bill(do, supplier):
    """Makes a bill of 119.00, of which 19.00 is tax."""

    def make(number: str = "R-1", **fields):
        given = {
            "number": number, "bill_date": "2026-11-01", "currency": "EUR",
            "total_amount": Decimal(119), "tax_amount": Decimal(19), **fields,
        }  # fmt: skip
        return do(bills.record, supplier_id=supplier.id, fields=given, by=BY)

    return make


def pay(owner: Visitor, made, amount: str, **more: str):
    page = f"/bills/{made.id}"
    given = {"amount": amount, "date": "2026-11-20", "method": "bank_transfer", **more}
    return owner.send(f"{page}/pay", page, **given)


def test_a_supplier_is_added_changed_and_archived(owner: Visitor, do):
    page = "/suppliers/new"
    wrong = owner.send(page, page, name="", email="nobody", iban="DE00")
    assert wrong.status_code == 422
    assert 'value="nobody"' in wrong.text
    answer = owner.send(
        page, page, name="Sägewerk", email="Holz@saege.test", country="DE",
        iban="DE02120300000000202051", payment_terms_days="30", notes="Rings twice",
    )  # fmt: skip
    assert answer.status_code == 302, answer.text
    address = answer.headers["Location"]
    for words in ("Sägewerk", "holz@saege.test", "DE02 1203", "Rings twice"):
        assert words in owner.get(address).text, words
    made = do(suppliers.find).items[0]
    fields = {"name": "Sägewerk Nord", "version": str(made.version)}
    assert owner.send(f"{address}/edit", f"{address}/edit", **fields).status_code == 302
    assert owner.send(f"{address}/edit", f"{address}/edit", **fields).status_code == 409
    owner.send(f"{address}/archive", address)
    assert "Sägewerk Nord is archived." in owner.get("/suppliers").text
    assert "Sägewerk Nord" not in owner.get("/suppliers").text
    assert "Sägewerk Nord" in owner.get("/suppliers?status=archived").text
    owner.send(f"{address}/archive", address, back="1")
    assert "Sägewerk Nord" in owner.get("/suppliers").text


def test_a_bill_is_written_down_with_its_file(owner: Visitor, supplier, do):
    page = f"/bills/new?supplier_id={supplier.id}"
    data = {
        **owner.hidden(page), "supplier_id": str(supplier.id), "number": "2026/77",
        "bill_date": "2026-11-05", "currency": "EUR", "total_amount": "1.190,00",
        "tax_amount": "190", "file": (io.BytesIO(PDF), "scan.pdf"),
    }  # fmt: skip
    answer = owner.http.post("/bills/new", data=data, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 302, answer.text
    made = do(bills.find).items[0]
    assert (made.total_amount, made.net_amount) == (Decimal("1190.00"), Decimal("1000.00"))
    assert made.due_date.isoformat() == "2026-11-15"
    assert [each.file.name for each in do(attachments.of, ("bill", made.id))] == ["scan.pdf"]
    shown = owner.get(answer.headers["Location"]).text
    for words in ("2026/77", "Forstgut", "1.190,00", "scan.pdf"):
        assert words in shown, words


def test_a_bad_file_stores_no_bill(owner: Visitor, supplier, do):
    page = "/bills/new"
    data = {
        **owner.hidden(page), "supplier_id": str(supplier.id), "number": "1",
        "bill_date": "2026-11-05", "currency": "EUR", "total_amount": "10",
        "file": (io.BytesIO(b"<svg/>"), "a.pdf"),
    }  # fmt: skip
    answer = owner.http.post(page, data=data, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 422
    assert 'id="file-error"' in answer.text
    assert do(bills.find).items == ()


def test_the_same_bill_is_not_written_down_twice(owner: Visitor, supplier, bill):
    bill("R-1")
    page = "/bills/new"
    answer = owner.send(
        page, page, supplier_id=supplier.id, number="r-1", bill_date="2026-11-05",
        currency="EUR", total_amount="10",
    )  # fmt: skip
    assert answer.status_code == 409
    assert 'id="number-error"' in answer.text


def test_it_is_paid_in_parts_and_never_too_much(owner: Visitor, bill, do):
    made = bill(due_date=do(bill_rows.today))
    assert pay(owner, made, "19,50", reference="TX 1").status_code == 302
    page = owner.get(f"/bills/{made.id}").text
    for words in ("99,50", "Part paid", "TX 1", owner.email):
        assert words in page, words
    over = pay(owner, made, "99,51")
    assert over.status_code == 409
    assert 'id="pay-amount-error"' in over.text
    assert "data-show" in over.text
    pay(owner, made, "99,50", method="cash")
    assert do(bills.get, bill_id=made.id).status == "paid"
    assert "Record payment" not in owner.get(f"/bills/{made.id}").text.split("<main")[1]


def test_a_payment_is_undone_with_a_reason(owner: Visitor, bill, do):
    made = bill()
    pay(owner, made, "100")
    (payment,) = do(bills.payments, bill_id=made.id)
    page = f"/bills/{made.id}"
    undo = f"{page}/payments/{payment.id}/undo"
    assert owner.send(undo, page, reason="").status_code == 422
    assert owner.send(undo, page, reason="Wrong account").status_code == 302
    assert "undone: Wrong account" in owner.get(page).text
    assert do(bills.get, bill_id=made.id).balance_due == 119
    assert owner.send(undo, page, reason="Again").status_code == 409


def test_the_due_list_has_the_most_urgent_first(owner: Visitor, bill, do):
    today = do(bill_rows.today)
    bill("later", due_date=today + timedelta(days=9), bill_date=today)
    bill("late", due_date=today - timedelta(days=3), bill_date=today - timedelta(days=9))
    paid = bill("settled")
    pay(owner, paid, "119")
    assert "Bill settled is paid." in owner.get("/bills").text
    shown = owner.get("/bills").text
    assert shown.index("/bills/" + str(paid.id - 1)) < shown.index("/bills/" + str(paid.id - 2))
    assert "settled" not in shown
    assert "238,00" in shown  # both open ones
    assert "later" not in owner.get("/bills?status=overdue").text
    assert "settled" in owner.get("/bills?status=paid").text


def test_a_bill_is_corrected_and_voided(owner: Visitor, bill, do):
    made = bill()
    page = f"/bills/{made.id}/edit"
    fields = {"number": "R-2", "bill_date": "2026-11-02", "currency": "EUR",
              "total_amount": "238", "tax_amount": "38", "version": str(made.version)}  # fmt: skip
    assert owner.send(page, page, **fields).status_code == 302
    assert do(bills.get, bill_id=made.id).total_amount == 238
    one = f"/bills/{made.id}"
    assert owner.send(f"{one}/void", one, reason="").status_code == 422
    owner.send(f"{one}/void", one, reason="Sent to the wrong firm")
    assert "Sent to the wrong firm" in owner.get(one).text
    assert "R-2" in owner.get("/bills?status=void").text
    assert pay(owner, made, "1").status_code == 409
    assert owner.get(page).status_code == 302


def test_what_is_owed_stands_at_the_supplier(owner: Visitor, supplier, bill):
    made = bill()
    pay(owner, made, "19")
    bill("R-2", currency="CHF", total_amount=Decimal(50), tax_amount=Decimal(0))
    shown = owner.get(f"/suppliers/{supplier.id}").text
    for words in ("100,00", "19,00", "CHF", "R-2"):
        assert words in shown, words
    assert "100,00" in owner.get("/suppliers").text


def test_who_may_not_see_costs_sees_no_bills(owner: Visitor, viewer: Visitor, supplier, bill):
    made = bill()
    shown = viewer.get(f"/suppliers/{supplier.id}").text
    assert "Forstgut" in shown
    for words in ("R-1", "119", "New bill", "Edit"):
        assert words not in shown.split("<main")[1], words
    for path in ("/bills", f"/bills/{made.id}", "/bills/new", "/suppliers/new"):
        assert viewer.get(path).status_code == 403, path
    assert viewer.send(f"/bills/{made.id}/pay", "/suppliers", amount="1").status_code == 403


def test_other_businesses_have_none_of_it(owner: Visitor, stranger: Visitor, bill):
    made = bill()
    assert owner.get("/bills/999999").status_code == 404
    assert owner.get("/suppliers/999999").status_code == 404
    assert stranger.get(f"/bills/{made.id}").status_code == 302


def test_how_far_the_onboarding_is_stands_at_the_supplier(owner: Visitor, supplier, do):
    page = f"/suppliers/{supplier.id}"
    assert "Onboarding" not in owner.get(page).text

    def begin(status: str, **more: object) -> None:
        db.session.add(
            WorkflowRun(
                business_id=owner.business_id, workflow="supplier-onboarding", state="x",
                status=status, **more,
            )
        )  # fmt: skip
        db.session.commit()

    do(begin, "failed", error="ProviderTypeError", input={"supplier": {"email": "HOLZ@forst.test"}})
    shown = owner.get(page).text
    assert "Onboarding" in shown
    assert "ProviderTypeError" in shown
    do(begin, "succeeded", output={"HandleNewProvider": {"supplier_id": supplier.id}})
    assert "ProviderTypeError" not in owner.get(page).text

"""PDFs of credit notes and payments, and units, through the API."""

from decimal import Decimal

import pytest
from flask import Flask

from invoicer_core.hooks import codec
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import documents
from tests.factories import Api, make_caller
from tests.integration.api.conftest import draft_body


def test_the_pdf_of_a_credit_note(app: Flask, owner: Api, stranger: Api, nobody: Api) -> None:
    invoice = owner.made("/invoices", draft_body(issue=True))
    note = owner.made(f"/invoices/{invoice['id']}/credit-notes", {})
    assert "pdf_url" not in note
    with app.app_context(), enter_business(owner.business_id or 0):
        documents.render(credit_note_id=note["id"])
    path = f"/credit-notes/{note['id']}"
    assert owner.get(path).get_json()["pdf_url"] == f"/api/v1{path}/pdf"
    answer = owner.get(f"{path}/pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.data.startswith(b"%PDF-")
    assert f"{note['credit_note_number']}.pdf" in answer.headers["Content-Disposition"]
    assert stranger.get(f"{path}/pdf").status_code == 404
    assert nobody.get(f"{path}/pdf").status_code == 401


def test_the_receipt_of_a_payment(app: Flask, owner: Api, stranger: Api) -> None:
    invoice = owner.made("/invoices", draft_body(issue=True))
    body = {"amount": "12.00", "method": "cash"}
    payment = owner.made(f"/invoices/{invoice['id']}/payments", body)
    path = f"/payments/{payment['id']}/receipt"
    answer = owner.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert f"receipt-{payment['id']}.pdf" in answer.headers["Content-Disposition"]
    assert owner.get(path).data == answer.data
    assert stranger.get(path).status_code == 404
    assert owner.get("/payments/999999999999/receipt").status_code == 404
    viewer = make_caller(app, role="viewer", business_id=owner.business_id)
    assert viewer.get(path).status_code == 200


@pytest.mark.parametrize(
    ("typed", "code"),
    [("pieces", "C62"), ("kg", "KGM"), (" Hours ", "HUR"), ("m²", "MTK"), ("kgm", "KGM"),
     ("NAR", "NAR"), (None, "C62")],
)  # fmt: skip
def test_units_become_codes(owner: Api, typed: str | None, code: str) -> None:
    body = draft_body()
    body["items"][0]["unit"] = typed
    made = owner.made("/invoices", body)
    assert made["items"][0]["unit"] == code
    assert owner.post("/invoices/preview", body).get_json()["items"][0]["unit"] == code
    changed = owner.put(f"/invoices/{made['id']}", {"items": body["items"]})
    assert changed.get_json()["items"][0]["unit"] == code


@pytest.mark.parametrize("typed", ["smurfs", "nar", "ABCD", "k g", "Ω"])
def test_an_unknown_unit_is_refused_at_its_line(owner: Api, typed: str) -> None:
    body = draft_body()
    body["items"] += [{**body["items"][0], "unit": typed}]
    for path in ("/invoices", "/invoices/preview"):
        answer = owner.post(path, body)
        assert answer.status_code == 422
        (fault,) = codec.loads(answer.data)["errors"]
        assert fault["pointer"] == "/items/1/unit"
        assert "KGM" in str(fault)


def test_terms_have_one_limit(owner: Api) -> None:
    assert owner.post("/clients", {"name": "A", "payment_terms_days": 3650}).status_code == 201
    assert owner.post("/clients", {"name": "B", "payment_terms_days": 3651}).status_code == 422
    business = f"/businesses/{owner.business_id}"
    assert owner.put(business, {"payment_terms_days": 3650}).status_code == 200
    assert owner.put(business, {"payment_terms_days": 3651}).status_code == 422
    assert Decimal(owner.get(business).get_json()["payment_terms_days"]) == 3650

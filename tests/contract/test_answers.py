"""Real answers, held against the schema that the document gives for them."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from invoicer_core.hooks import codec
from tests.factories import Api, make_caller

ITEM = {"description": "Work", "quantity": "2.5", "unit_price": 10, "taxes": [{"rate": 20}]}
CLIENT = {
    "name": "Ann", "email": "ann@client.test", "address": "Street 1\nBack door", "country": "AT",
    "registration": {"value": "FN 1", "scheme": "0002"}, "payment_terms_days": 10,
}  # fmt: skip


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = codec.loads(app.test_client().get("/api/openapi.json").data)
    return found


def _schema(document: dict[str, Any], answer: TestResponse) -> dict[str, Any]:
    """The schema of this very answer: of its path, method, status and media type."""
    path = answer.request.path
    for template, item in document["paths"].items():
        if re.fullmatch(re.sub(r"\\{[^/]*?\\}", "[^/]+", re.escape(template)), path):
            operation = item.get(answer.request.method.lower())
            if operation is not None and ("{" not in template or path not in document["paths"]):
                response = operation["responses"][str(answer.status_code)]
                kind = answer.mimetype
                found: dict[str, Any] = response["content"][kind]["schema"]
                return found
    raise AssertionError(f"{answer.request.method} {path} is not described")


def _fits(document: dict[str, Any], answer: TestResponse) -> Any:
    schema = {**_schema(document, answer), "components": document["components"]}
    value = codec.loads(answer.data)
    faults = list(Draft202012Validator(schema).iter_errors(value))
    assert not faults, (answer.request.path, faults[0].message, list(faults[0].path))
    assert b"null" not in re.sub(rb'"(\\.|[^"\\])*"', b"", answer.data)
    return value


def _told(owner: Api) -> Iterator[TestResponse]:
    """A business day, answer by answer."""
    client = owner.post("/clients", CLIENT)
    yield client
    number = client.get_json()["id"]
    yield owner.post(f"/clients/{number}/contacts", {"name": "Bob", "email": "bob@client.test"})
    yield owner.post("/suppliers", {**CLIENT, "name": "Sam"})
    yield owner.post("/products", {"name": "Tea", "unit_price": 3, "stock_quantity": 5,
                                   "category": "Drinks", "tax_rate": 20, "sku": "T-1"})  # fmt: skip
    order = {"product_name": "Tea", "quantity": 1, "unit_price": 3}
    yield owner.post("/orders", {"client_id": number, "items": [order]})
    body = {"client_id": number, "items": [ITEM], "discounts": [{"percent": 5, "spread": True}],
            "prepaid": [1], "withholding": [{"rate": 5}], "rounding": {"increment": "0.05"},
            "notes": "hello", "tags": ["a"]}  # fmt: skip
    yield owner.post("/invoices/preview", body)
    made = owner.post("/invoices", body)
    yield made
    path = f"/invoices/{made.get_json()['id']}"
    yield owner.put(path, {"notes": "changed"})
    yield owner.post(f"{path}/issue")
    yield owner.post(f"{path}/send")
    paid = owner.post(f"{path}/payments", {"amount": 5, "reference": "R1"})
    yield paid
    yield owner.post(f"{path}/credit-notes", {"reason": "returned"})
    yield owner.post(f"/payments/{paid.get_json()['id']}/refund", {"amount": 1, "reason": "x"})
    yield owner.put("/plugins/email", {"enabled": True})
    yield owner.post("/businesses", {"name": "Second", "country": "DE"})
    for name in (
        path, f"{path}/timeline", "/invoices", "/credit-notes", "/payments", "/clients",
        f"/clients/{number}", f"/clients/{number}/contacts", "/suppliers", "/products",
        "/products/categories", "/products/search?q=tea", "/orders", "/tax-rates", "/series",
        "/messages", "/files", "/changes", "/deliveries", "/audit", "/audit/verify", "/plugins",
        "/businesses", f"/businesses/{owner.business_id}", "/auth/me", "/auth/sessions",
        f"/businesses/{owner.business_id}/members",
        "/invoices/999999", "/invoices?limit=0",
    ):  # fmt: skip
        yield owner.get(name)


def test_every_answer_fits_its_schema(app: Flask, document: dict[str, Any]) -> None:
    count = 0
    for answer in _told(make_caller(app)):
        assert answer.status_code < 500, answer.data
        _fits(document, answer)
        count += 1
    assert count == 44


def test_a_wrong_answer_would_be_noticed(app: Flask, document: dict[str, Any]) -> None:
    answer = make_caller(app).get("/auth/me")
    answer.data = answer.data.replace(b'"user"', b'"usr"')
    with pytest.raises(AssertionError, match="user"):
        _fits(document, answer)


def test_tokens_fit_their_schema(app: Flask, document: dict[str, Any]) -> None:
    caller = make_caller(app)
    _fits(document, caller.post("/auth/refresh", {"refresh_token": caller.refresh_token}))
    _fits(document, caller.post("/auth/login", {"email": "a@b.test", "password": "x"}))

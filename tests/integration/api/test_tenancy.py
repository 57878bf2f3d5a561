"""Nothing of another business is reached: every operation, every kind of id, everywhere."""

import re
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from invoicer_core.api.catalogue import operations
from invoicer_core.api.resources import Operation
from tests.factories import Api, make_caller
from tests.integration.api.conftest import draft_body

CANARY = "canary-of-the-stranger"
MISSING = 888_888_888
QUERIES = {"search_products": "?q=a"}
WITH_ID = [each for each in operations() if any(n.endswith("Id") for n in each.parameters)]


@pytest.fixture(scope="module")
def things(app: Flask) -> dict[str, Any]:
    """One of everything, in a business of somebody else."""
    stranger = make_caller(app)
    body = draft_body(notes=CANARY, issue=True)
    body["client"]["name"] = CANARY
    made = stranger.made("/invoices", body)
    payment = stranger.made("/payments", {"invoice_id": made["id"], "amount": 1})
    note = stranger.made(f"/invoices/{made['id']}/credit-notes", {"reason": CANARY})
    path = f"/businesses/{stranger.business_id}"
    return {
        "stranger": stranger,
        "businessId": stranger.business_id,
        "invoiceId": made["id"],
        "clientId": made["client_id"],
        "paymentId": payment["id"],
        "allocationId": payment["allocations"][0]["id"],
        "creditNoteId": note["id"],
        "memberId": stranger.get(f"{path}/members").get_json()[0]["id"],
        "seriesId": stranger.get("/series").get_json()[0]["id"],
        "taxRateId": stranger.get("/tax-rates").get_json()[0]["id"],
        "messageId": stranger.made(f"/invoices/{made['id']}/send", {}, 202)["id"],
        "fileId": _file(stranger),
        **_catalogue(stranger, made["client_id"]),
        "webhookId": _webhook(stranger),
        "sessionId": stranger.get("/auth/sessions").get_json()[0]["id"],
    }


def _webhook(stranger: Api) -> int:
    body = {"url": "https://hooks.example.com/", "events": ["invoice.paid"], "description": CANARY}
    return int(stranger.made("/webhooks", body)["id"])


def _file(stranger: Api) -> int:
    image = BytesIO()
    Image.new("RGB", (2, 2)).save(image, "PNG")
    image.seek(0)
    answer = stranger.http.post(
        "/api/v1/files",
        data={"file": (image, "logo.png")},
        headers={"Authorization": f"Bearer {stranger.token}"},
    )
    assert answer.status_code == 201, answer.data
    return int(answer.get_json()["id"])


def _catalogue(stranger: Api, client_id: int) -> dict[str, Any]:
    product = stranger.made("/products", {"name": CANARY, "unit_price": 1})
    order = {"client_id": client_id, "items": [
        {"product_name": CANARY, "quantity": 1, "unit_price": 1}]}  # fmt: skip
    return {
        "productId": product["id"],
        "categoryId": stranger.made("/products/categories", {"name": CANARY})["id"],
        "supplierId": stranger.made("/suppliers", {"name": CANARY, "email": "s@x.test"})["id"],
        "orderId": stranger.made("/orders", order)["id"],
        "contactId": stranger.made(f"/clients/{client_id}/contacts", {"name": CANARY})["id"],
        "deliveryId": MISSING - 1,
    }


def _bodies() -> dict[str, Any]:
    item = {"description": "x", "quantity": 1, "unit_price": 1}
    return {
        "update_business": {"name": "taken over"},
        "add_contact": {"name": "x"},
        "move_stock": {"quantity": 1, "reason": "x"},
        "add_member": {"email": "x@y.test", "role": "viewer"},
        "change_member": {"role": "viewer"},
        "update_invoice": {"notes": "x", "items": [item]},
        "void_invoice": {"reason": "x"},
        "write_off_invoice": {"reason": "x"},
        "pay_invoice": {"amount": 1},
        "resend_webhook_event": {"delivery_id": 1},
        "allocate_payment": {"allocations": [{"invoice_id": 1, "amount": 1}]},
    }


@pytest.mark.parametrize("operation", WITH_ID, ids=lambda each: each.name)
def test_a_foreign_id_answers_as_a_missing_one(
    owner: Api, things: dict[str, Any], operation: Operation
) -> None:
    foreign, missing = operation.path, operation.path
    for name in operation.parameters:
        foreign = foreign.replace(f"{{{name}}}", str(things[name]))
        missing = missing.replace(f"{{{name}}}", str(MISSING))
    body = _bodies().get(operation.name, {} if operation.body is not None else None)
    theirs = owner.call(operation.method, foreign, body)
    nothing = owner.call(operation.method, missing, body)
    assert theirs.status_code == nothing.status_code == 404, theirs.data
    shown = re.sub(r"the id \d+", "the id #", theirs.get_data(as_text=True))
    assert shown == re.sub(r"the id \d+", "the id #", nothing.get_data(as_text=True))
    assert CANARY not in shown


def test_foreign_ids_in_bodies_answer_as_missing_ones(owner: Api, things: dict[str, Any]) -> None:
    own = owner.made("/invoices", draft_body(issue=True))
    payment = owner.made("/payments", {"invoice_id": own["id"], "amount": 20})
    item = {"description": "x", "quantity": 1, "unit_price": 1}

    def tries(client: int, invoice: int) -> list[tuple[str, str, Any]]:
        return [
            ("POST", "/invoices", {"client_id": client, "items": [item]}),
            ("POST", "/invoices/preview", {"client_id": client, "items": [item]}),
            ("PUT", f"/invoices/{owner.made('/invoices', draft_body())['id']}",
             {"client_id": client}),
            ("POST", "/credit-notes", {"invoice_id": invoice}),
            ("POST", "/payments", {"invoice_id": invoice, "amount": 1}),
            ("POST", "/payments", {"client_id": client, "amount": 1}),
            ("POST", f"/payments/{payment['id']}/allocate",
             {"allocations": [{"invoice_id": invoice, "amount": 1}]}),
        ]  # fmt: skip

    theirs = tries(things["clientId"], things["invoiceId"])
    missing = tries(MISSING, MISSING)
    for (method, path, body), (_, other_path, other_body) in zip(theirs, missing, strict=True):
        one = owner.call(method, path, body)
        two = owner.call(method, other_path, other_body)
        assert one.status_code == two.status_code == 404, (path, one.data, two.data)
        assert CANARY.encode() not in one.data


def test_foreign_products_and_tax_rates_answer_404(owner: Api, things: dict[str, Any]) -> None:
    for field in ("product_id", "tax_rate_id"):
        item = {"description": "x", "quantity": 1, "unit_price": 1, field: 1}
        answer = owner.post("/invoices/preview", {"items": [item]})
        assert answer.status_code == 404, field


def test_foreign_ids_in_queries_show_nothing(owner: Api, things: dict[str, Any]) -> None:
    for path in (
        f"/invoices?client_id={things['clientId']}",
        f"/payments?invoice_id={things['invoiceId']}",
        f"/credit-notes?invoice_id={things['invoiceId']}",
        f"/invoices?q={CANARY}",
        f"/payments?q={CANARY}",
        f"/credit-notes?q={CANARY}",
    ):
        answer = owner.get(path)
        assert answer.status_code == 200
        assert answer.get_json() == [], path


def test_a_cursor_of_another_business_shows_nothing_of_it(
    owner: Api, things: dict[str, Any]
) -> None:
    stranger: Api = things["stranger"]
    for _ in range(2):
        stranger.made("/invoices", draft_body(notes=CANARY))
    link = stranger.get("/invoices?limit=1").headers["Link"].split(", ")[1]
    path = link.split(">")[0][1:].removeprefix("/api/v1")
    assert CANARY.encode() not in owner.get(path).data


def test_every_read_shows_only_ones_own(owner: Api, things: dict[str, Any]) -> None:
    owner.made("/invoices", draft_body())
    count = 0
    for each in operations():
        if each.method == "GET" and not each.parameters:
            answer = owner.get(each.path + QUERIES.get(each.name, ""))
            assert answer.status_code == 200, each.path
            assert CANARY.encode() not in answer.data, each.path
            count += 1
    assert count >= 9


def test_nothing_of_the_stranger_changed(things: dict[str, Any]) -> None:
    stranger: Api = things["stranger"]
    assert stranger.get("/audit/verify").get_json()["valid"] is True
    found = stranger.get(f"/invoices/{things['invoiceId']}").get_json()
    assert found["notes"] == CANARY
    assert len(stranger.get(f"/businesses/{stranger.business_id}/members").get_json()) == 1

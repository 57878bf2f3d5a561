"""Nothing of another business is reached: every operation, every kind of id, everywhere."""

import re
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from invoicer_core.api.catalogue import operations
from invoicer_core.api.resources import Operation
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.periods import Period
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import report_files, workflows
from invoicer_core.services.reports import Wish
from tests.factories import Api, make_caller
from tests.integration.api.conftest import draft_body

CANARY = "canary-of-the-stranger"
MISSING = 888_888_888
QUERIES = {
    "search_products": "?q=a",
    "plan_merge": f"?into_id={MISSING - 2}",
    "compute_statement": "?from=2026-01-01&to=2026-12-31",
}
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
        **_papers(app, stranger, made["client_id"]),
        "runId": _run(app, stranger, made["id"]),
    }


def _papers(app: Flask, stranger: Api, client_id: int) -> dict[str, Any]:
    supplier = stranger.made("/suppliers", {"name": CANARY})["id"]
    bill = {"supplier_id": supplier, "number": CANARY, "bill_date": "2026-05-01",
            "due_date": "2026-05-31", "currency": "EUR", "total_amount": 5}  # fmt: skip
    span = {"from": "2026-01-01", "to": "2026-12-31"}
    pinned = {"file_id": _file(stranger), "kind": "client", "to_id": client_id}
    by = Actor("user", user_id=stranger.user_id, role="owner", label=CANARY)
    wish = Wish(period=Period(date(2026, 1, 1), date(2026, 12, 31)), currency="EUR")
    with app.app_context(), enter_business(stranger.business_id or 0):
        task = report_files.start(name="tax", wish=wish, form="csv", title=CANARY, by=by)
    return {
        "billId": stranger.made("/bills", bill)["id"],
        "statementId": stranger.made(f"/clients/{client_id}/statements", span)["id"],
        "attachmentId": stranger.made("/attachments", pinned)["id"],
        "taskId": task.id,
    }


def _run(app: Flask, stranger: Api, invoice_id: int) -> int:
    by = Actor("user", user_id=stranger.user_id, role="owner", label=CANARY)
    with app.app_context(), enter_business(stranger.business_id or 0):
        return workflows.start(workflow="invoice-delivery", given={"id": invoice_id}, by=by).id


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
        "merge_client": {"into_id": MISSING - 2},
        "erase_client": {"sure": True},
        "keep_statement": {"from": "2026-01-01", "to": "2026-12-31"},
        "void_bill": {"reason": "x"},
        "pay_bill": {"amount": 1, "method": "cash"},
        "undo_bill_payment": {"reason": "x"},
        "skip_workflow_step": {"reason": "x"},
        "correct_workflow_run": {"reason": "x"},
        "cancel_workflow_run": {"reason": "x"},
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
    query = QUERIES.get(operation.name, "")
    foreign, missing = foreign + query, missing + query
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
    client_id = owner.made("/invoices", draft_body())["client_id"]
    own = {**QUERIES, "list_attachments": f"?kind=client&to_id={client_id}"}
    count = 0
    for each in operations():
        if each.method == "GET" and not each.parameters:
            answer = owner.get(each.path + own.get(each.name, ""))
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

"""Invoices through the API: the contract's way and ours."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import text

from invoicer_core.hooks import codec
from invoicer_core.models import db
from tests.factories import Api, make_caller
from tests.integration.api.conftest import draft_body
from tests.peers.processes import until


def _json(answer):
    return codec.loads(answer.data)


def test_a_draft_becomes_an_issued_and_paid_invoice(owner: Api) -> None:
    made = owner.made("/invoices", draft_body())
    assert made["status"] == "draft"
    assert made["invoice_number"] == f"DRAFT-{made['id']}"
    path = f"/invoices/{made['id']}"
    issued = _json(owner.post(f"{path}/issue"))
    assert issued["status"] == "sent"
    assert issued["invoice_number"].startswith("INV-")
    assert issued["balance_due"] == Decimal("12.00")
    paid = owner.made(f"{path}/payments", {"amount": "12.00", "method": "cash"})
    assert paid["allocations"][0]["invoice_id"] == made["id"]
    assert _json(owner.get(path))["status"] == "paid"


def test_the_contracts_put_walks_through_the_statuses(owner: Api, invoice: dict) -> None:
    path = f"/invoices/{invoice['id']}"
    assert owner.put(path, {"status": "draft"}).status_code == 200
    assert owner.put(path, {"status": "overdue"}).status_code == 409
    assert _json(owner.put(path, {"status": "sent"}))["status"] == "sent"
    assert owner.put(path, {"status": "draft"}).status_code == 409
    late = (datetime.now(UTC).date() - timedelta(days=3)).isoformat()
    assert owner.put(path, {"status": "overdue"}).status_code == 409
    assert owner.put(path, {"due_date": late}).status_code == 422
    assert _json(owner.put(path, {"status": "paid"}))["status"] == "paid"
    assert owner.put(path, {"status": "sent"}).status_code == 409
    assert owner.put(path, {"status": "paid"}).status_code == 200


def test_a_whole_quantity_is_answered_as_an_integer(owner: Api) -> None:
    body = draft_body()
    body["items"][0]["quantity"] = Decimal("3.0")
    answer = owner.post("/invoices", body)
    assert b'"quantity":3,' in answer.data
    body["items"][0]["quantity"] = "2.50"
    assert b'"quantity":2.50,' in owner.post("/invoices", body).data


def test_a_long_number_keeps_its_digits(owner: Api) -> None:
    raw = codec.dumps(draft_body()).replace('"unit_price":10', '"unit_price":123456789012.1234567')
    answer = owner.post("/invoices", raw.encode())
    assert answer.status_code == 201
    assert b'"unit_price":123456789012.1234567' in answer.data


def test_the_sample_body_is_answered_with_its_totals(owner: Api) -> None:
    body = {
        "currency": "EUR", "prices_include_tax": False, "issue_date": "2026-11-20",
        "due_date": None,
        "items": [{
            "description": "Consulting", "quantity": "2.5", "unit_price": "100.00",
            "base_quantity": 1, "unit": "HUR", "product_id": None,
            "price_discounts": [{"amount": "1.00"}],
            "discounts": [{"percent": 10, "base": None, "reason": "regular"}],
            "charges": [{"amount": "5.00", "reason": "rush"}],
            "taxes": [{"name": "VAT", "category": "S", "rate": 19, "compound": False}],
        }],
        "discounts": [{"amount": "10.00", "tax": {"category": "S", "rate": 19}},
                      {"percent": 5, "spread": True}],
        "charges": [{"amount": "4.00", "tax": {"category": "S", "rate": 19}}],
        "prepaid": ["50.00"], "withholding": [{"rate": 15, "on": "net"}],
        "rounding": {"increment": "0.05"},
    }  # fmt: skip
    found = _json(owner.post("/invoices/preview", body))
    assert found["items"][0]["net_amount"] == Decimal("227.75")
    assert found["discount_total"] == Decimal("21.39")
    assert found["net_total"] == Decimal("210.36")
    assert found["taxes"] == [
        {"name": "VAT", "category": "S", "rate": 19, "base": Decimal("210.36"),
         "tax": Decimal("39.97"), "compound": False}
    ]  # fmt: skip
    assert found["total_amount"] == Decimal("250.33")
    assert found["withheld_total"] == Decimal("31.55")
    assert found["amount_due"] == Decimal("168.80")
    assert _json(owner.get("/invoices")) == []


def test_an_expected_total_that_differs_is_a_conflict(owner: Api) -> None:
    assert owner.post("/invoices", draft_body(expected_total="12.01")).status_code == 409
    assert owner.post("/invoices", draft_body(expected_total="12")).status_code == 201


def test_sent_totals_are_refused_by_name(owner: Api) -> None:
    answer = owner.post("/invoices", draft_body(total_amount=1, invoice_number="X", id=1))
    assert answer.status_code == 422
    pointers = {each["pointer"] for each in answer.get_json()["errors"]}
    assert pointers == {"/total_amount", "/invoice_number", "/id"}


def test_an_edit_keeps_what_was_not_sent(owner: Api) -> None:
    made = owner.made("/invoices", draft_body(notes="keep me", currency="USD", tags=["a"]))
    path = f"/invoices/{made['id']}"
    changed = _json(owner.put(path, {"discounts": [{"percent": 10, "spread": True}]}))
    assert changed["notes"] == "keep me"
    assert changed["tags"] == ["a"]
    assert changed["currency"] == "USD"
    assert changed["items"][0]["description"] == "Work"
    assert changed["total_amount"] == Decimal("10.80")
    assert _json(owner.put(path, {"notes": None})).get("notes") is None


def test_a_stale_edit_is_refused_with_the_newer_version(owner: Api, invoice: dict) -> None:
    path = f"/invoices/{invoice['id']}"
    etag = owner.get(path).headers["ETag"]
    assert owner.put(path, {"notes": "first"}, If_Match=etag).status_code == 200
    stale = owner.put(path, {"notes": "second"}, If_Match=etag)
    assert stale.status_code == 409
    assert stale.get_json()["current"]["notes"] == "first"
    assert owner.post(f"{path}/issue", If_Match=etag).status_code == 409
    assert owner.put(path, {}, If_Match="nonsense").status_code == 400


def test_an_issued_invoice_changes_in_details_only(owner: Api, invoice: dict) -> None:
    path = f"/invoices/{invoice['id']}"
    owner.post(f"{path}/issue")
    assert owner.put(path, {"notes": "x"}).status_code == 409
    assert owner.put(path, {"items": []}).status_code == 409
    assert owner.put(path, {"currency": "USD"}).status_code == 409
    changed = _json(owner.put(path, {"internal_note": "x", "tags": ["b"]}))
    assert (changed["internal_note"], changed["tags"]) == ("x", ["b"])
    assert owner.delete(path).status_code == 409


def test_voiding_needs_a_reason_and_keeps_the_number(owner: Api, invoice: dict) -> None:
    path = f"/invoices/{invoice['id']}"
    number = _json(owner.post(f"{path}/issue"))["invoice_number"]
    assert owner.post(f"{path}/void", {}).status_code == 422
    void = _json(owner.post(f"{path}/void", {"reason": "typo"}))
    assert (void["status"], void["invoice_number"]) == ("void", number)
    assert owner.post(f"{path}/issue").status_code == 409
    assert owner.put(path, {"status": "paid"}).status_code == 409


def test_a_deleted_draft_is_gone(owner: Api, invoice: dict) -> None:
    path = f"/invoices/{invoice['id']}"
    assert owner.delete(path).status_code == 204
    assert owner.get(path).status_code == 404
    assert owner.delete(path).status_code == 404


def test_credit_and_refund_through_the_api(owner: Api, invoice: dict) -> None:
    path = f"/invoices/{invoice['id']}"
    owner.post(f"{path}/issue")
    payment = owner.made("/payments", {"invoice_id": invoice["id"], "amount": 20})
    assert payment["unapplied_amount"] == 8
    note = owner.made(f"{path}/credit-notes", {"reason": "returned"})
    assert note["credit_note_number"].startswith("CN-")
    assert owner.post("/credit-notes", {"invoice_id": invoice["id"]}).status_code == 409
    back = owner.post(f"/payments/{payment['id']}/refund", {"amount": "20.01"})
    assert back.status_code == 409
    back = owner.post(f"/payments/{payment['id']}/refund")
    assert back.get_json()["status"] == "refunded"


def test_an_issued_invoice_is_queued_for_its_client(owner: Api, invoice: dict) -> None:
    path = f"/invoices/{invoice['id']}"
    assert owner.post(f"{path}/send").status_code == 409
    owner.post(f"{path}/issue")
    sent = owner.post(f"{path}/send", {"recipient": "else@client.test"})
    assert sent.status_code == 202
    assert sent.get_json()["recipient"] == "else@client.test"


def test_the_timeline_tells_the_story_in_order(owner: Api, invoice: dict) -> None:
    path = f"/invoices/{invoice['id']}"
    owner.post(f"{path}/issue")
    names = [each["name"] for each in owner.get(f"{path}/timeline").get_json()]
    assert names[:2] == ["invoice.created", "invoice.issued"]


def test_pages_follow_each_other_without_gap(owner: Api) -> None:
    made = [owner.made("/invoices", draft_body())["id"] for _ in range(5)]
    seen, path = [], "/invoices?limit=2&sort=-id&status=draft"
    while path:
        answer = owner.get(path)
        seen += [each["id"] for each in answer.get_json()]
        assert answer.headers["X-Total-Count"] == "5"
        links = dict(part.split("; ")[::-1] for part in answer.headers["Link"].split(", "))
        path = links.get('rel="next"', "")[1:-1].removeprefix("/api/v1")
    assert seen == made[::-1]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"), ("limit=201", "/limit"), ("limit=x", "/limit"),
        ("limit=1&limit=2", "/limit"), ("cursor=zzz", "/cursor"), ("sort=password", "/sort"),
        ("sort=id;drop table invoices", "/sort"), ("status=paid'--", "/status"),
        ("client_id=0", "/client_id"), ("client_id=1.5", "/client_id"),
        ("client_id=99999999999999999999", "/client_id"), ("from=20240101", "/from"),
        ("from=2024-02-30", "/from"), ("from=2024-02-02&to=2024-02-01", "/to"),
        ("to=0000-01-01", "/to"), ("unknown=1", "/unknown"), ("q=" + "x" * 201, "/q"),
        ("q=%00", "/q"),
    ],
)  # fmt: skip
def test_a_bad_query_names_its_parameter(owner: Api, query: str, pointer: str) -> None:
    answer = owner.get(f"/invoices?{query}")
    assert answer.status_code == (404 if pointer == "/cursor" else 422)
    assert answer.get_json()["errors"][0]["pointer"] == pointer


def test_the_feed_tells_every_event_once_and_in_order(owner: Api, invoice: dict) -> None:
    owner.post(f"/invoices/{invoice['id']}/issue")
    names, after = list[str](), ""

    def told() -> bool:
        nonlocal after
        found = owner.get(f"/changes?limit=1{after}").get_json()
        names.extend(each["name"] for each in found["items"])
        after = f"&after={found['next']}"
        return "invoice.issued" in names

    until(told)  # others' transactions in the same server hold it back while they run
    assert names[-3:] == ["client.created", "invoice.created", "invoice.issued"]
    assert len(names) == len(set(names))
    assert owner.get(f"/changes?{after[1:]}").get_json()["items"] == []


def test_the_feed_waits_for_transactions_that_still_run(app: Flask, owner: Api) -> None:
    start = owner.get("/changes").get_json()["next"]
    with app.app_context():
        slow = db.engine.connect()
    with slow:
        slow.execute(text("SELECT pg_current_xact_id()"))
        owner.made("/invoices", draft_body())
        assert owner.get(f"/changes?after={start}").get_json()["items"] == []
    found = until(lambda: owner.get(f"/changes?after={start}").get_json()["items"])
    assert [each["name"] for each in found] == ["client.created", "invoice.created"]


def test_a_cursor_of_another_business_is_refused(owner: Api, stranger: Api) -> None:
    cursor = stranger.get("/changes").get_json()["next"]
    assert owner.get(f"/changes?after={cursor}").status_code == 404
    for wrong in ("x", "MTIz", "é", "MS4xLjE" * 50):
        assert owner.get(f"/changes?after={wrong}").status_code == 404


def test_the_audit_chain_proves_itself(owner: Api, invoice: dict) -> None:
    entries = owner.get("/audit").get_json()
    assert owner.get("/audit/verify").get_json()["valid"] is True
    assert entries[0]["seq"] == len(entries)
    assert '"do":"invoice.created"' in entries[0]["payload"]


def test_every_write_leaves_one_entry(owner: Api, invoice: dict) -> None:
    path = f"/invoices/{invoice['id']}"

    def entries() -> int:
        return owner.get("/audit/verify").get_json()["entries"]

    for send in (
        lambda: owner.post("/invoices", draft_body(issue=True)),
        lambda: owner.put(path, {"notes": "x", "status": "sent"}),
        lambda: owner.post(f"{path}/payments", {"amount": 1}),
        lambda: owner.put(path, {"status": "paid"}),
        lambda: owner.put(f"/businesses/{owner.business_id}", {"city": "Wien"}),
        lambda: owner.put("/plugins/email", {"enabled": False}),
    ):
        before = entries()
        assert send().status_code < 300
        assert entries() == before + 1


def test_a_viewer_reads_and_writes_nothing(app: Flask, owner: Api, invoice: dict) -> None:
    viewer = make_caller(app, role="viewer", business_id=owner.business_id)
    path = f"/invoices/{invoice['id']}"
    assert viewer.get(path).status_code == 200
    for answer in (viewer.put(path, {}), viewer.delete(path), viewer.post(f"{path}/issue")):
        assert answer.status_code == 403

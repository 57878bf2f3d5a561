"""A write that is sent twice happens once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from invoicer_core.models import db
from invoicer_core.models.identity import IdempotencyKey
from invoicer_core.models.invoices import Invoice
from invoicer_core.models.tenancy import enter_business
from tests.factories import Api, make_caller, sign_in
from tests.integration.api.conftest import draft_body
from tests.scale import Scale


def _count(app: Flask, owner: Api, model: type = Invoice) -> int:
    with app.app_context(), enter_business(owner.business_id):
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_repetition_gets_the_same_answer_and_has_no_effect(app: Flask, owner: Api) -> None:
    key = {"Idempotency_Key": str(uuid4())}
    first = owner.post("/invoices", draft_body(), **key)
    again = owner.post("/invoices", draft_body(), **key)
    assert first.status_code == again.status_code == 201
    assert again.data == first.data
    for name in ("Location", "ETag", "Content-Type"):
        assert again.headers[name] == first.headers[name]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert _count(app, owner) == 1


def test_another_body_under_the_same_key_is_refused(app: Flask, owner: Api) -> None:
    key = {"Idempotency_Key": "k-1"}
    assert owner.post("/invoices", draft_body(), **key).status_code == 201
    other = owner.post("/invoices", draft_body(notes="other"), **key)
    assert other.status_code == 422
    assert other.get_json()["errors"][0]["pointer"] == "/Idempotency-Key"
    elsewhere = owner.post("/invoices/preview", draft_body(), **key)
    assert elsewhere.status_code == 200
    assert _count(app, owner) == 1


def test_the_same_key_means_something_else_at_another_address(owner: Api) -> None:
    key = {"Idempotency_Key": "k-1"}
    made = owner.post("/invoices", draft_body(), **key).get_json()
    assert owner.post(f"/invoices/{made['id']}/issue", **key).status_code == 422


def test_keys_belong_to_their_user_and_business(app: Flask, owner: Api, stranger: Api) -> None:
    colleague = make_caller(app, role="admin", business_id=owner.business_id)
    key = {"Idempotency_Key": "shared"}
    ids = [
        each.post("/invoices", draft_body(), **key).get_json()["id"]
        for each in (owner, colleague, stranger)
    ]
    assert len(set(ids)) == 3


def test_nothing_is_kept_for_invalid_input(app: Flask, owner: Api) -> None:
    key = {"Idempotency_Key": "k-1"}
    assert owner.post("/invoices", {"items": []}, **key).status_code == 422
    assert owner.post("/invoices", b"{", **key).status_code == 400
    assert owner.post("/invoices/999999/issue", **key).status_code == 404
    assert _count(app, owner, IdempotencyKey) == 0
    assert owner.post("/invoices", draft_body(), **key).status_code == 201


def test_after_a_day_the_key_is_free_again(app: Flask, owner: Api) -> None:
    key = {"Idempotency_Key": "k-1"}
    owner.post("/invoices", draft_body(), **key)
    first, owners = owner.post("/invoices", draft_body(), **key), owner
    assert first.headers["Idempotency-Replayed"] == "true"
    with app.app_context(), enter_business(owners.business_id):
        row = db.session.scalars(select(IdempotencyKey)).one()
        names = ("business_id", "user_id", "key", "fingerprint", "status", "headers", "body")
        values = {name: getattr(row, name) for name in names}
        db.session.delete(row)
        db.session.flush()
        late = db.session.scalar(select(func.now() - text("interval '25 hours'")))
        db.session.add(IdempotencyKey(**values, created_at=late))
        db.session.commit()
    again = owner.post("/invoices", draft_body(), **key)
    assert again.status_code == 201
    assert "Idempotency-Replayed" not in again.headers
    assert _count(app, owner) == 2


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there", "ümlaut"])
def test_a_key_that_cannot_be_one_answers_400(owner: Api, key: str) -> None:
    assert owner.post("/invoices", draft_body(), Idempotency_Key=key).status_code == 400


def test_twins_make_one_invoice(app: Flask, owner: Api, scale: Scale) -> None:
    twins = scale(8, 50)
    barrier = Barrier(min(twins, 12))
    assert owner.user_id is not None
    caller = sign_in(app, owner.user_id)

    def send(number: int) -> tuple[int, bytes]:
        if number < barrier.parties:
            barrier.wait(30)
        mine = Api(app.test_client(), caller.token)
        answer = mine.post("/invoices", draft_body(issue=True), Idempotency_Key="twins")
        return answer.status_code, answer.data

    with ThreadPoolExecutor(barrier.parties) as pool:
        found = list(pool.map(send, range(twins)))
    assert {status for status, _ in found} <= {201, 409}
    assert len({data for status, data in found if status == 201}) == 1
    assert _count(app, owner) == 1
    assert _count(app, owner, IdempotencyKey) == 1


def test_while_one_works_the_other_hears_409(app: Flask, owner: Api) -> None:
    name = f"idempotency:{owner.business_id}:{owner.user_id}:busy"
    with app.app_context():
        other = db.engine.connect()
    with other:
        other.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name}
        )
        answer = owner.post("/invoices", draft_body(), Idempotency_Key="busy")
        assert answer.status_code == 409
    again = owner.post("/invoices", draft_body(), Idempotency_Key="busy")
    assert again.status_code == 201
    assert "Idempotency-Replayed" not in again.headers


def test_founding_a_business_happens_once_and_is_recorded_in_both(app: Flask, owner: Api) -> None:
    key = {"Idempotency_Key": "found"}
    first = owner.post("/businesses", {"name": "Two"}, **key).get_json()
    again = owner.post("/businesses", {"name": "Two"}, **key).get_json()
    assert first["id"] == again["id"]
    assert len(owner.get("/businesses").get_json()) == 2
    check = owner.get("/audit/verify", X_Business_Id=str(first["id"])).get_json()
    assert check == {"valid": True, "entries": 1, "head": check["head"]}


def test_auth_takes_no_key(nobody: Api) -> None:
    body = {"email": "unknown@x.test", "password": "whatever it is"}
    first = nobody.post("/auth/login", body, Idempotency_Key="k")
    again = nobody.post("/auth/login", body, Idempotency_Key="k")
    assert first.status_code == again.status_code == 401
    assert "Idempotency-Replayed" not in again.headers

"""API keys: what they open, what they never do, and what ends them."""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from invoicer_core.api.catalogue import operations
from invoicer_core.api.resources import PUBLIC, SIGNED_IN, Operation
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Forbidden, InvalidInput
from invoicer_core.domain.permissions import ALL, OWNER
from invoicer_core.models import db
from invoicer_core.models.access import ApiKey
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import audit
from invoicer_core.services.identity import api_keys, members, users
from tests.factories import Api, make_caller
from tests.integration.api.conftest import draft_body


def make_key(
    app: Flask, owner: Api, *scopes: str, name: str = "till", role: str = "owner", **more: Any
) -> Api:
    """A program with a key of this member."""
    by = Actor("user", owner.user_id, role, owner.email or "")
    with app.app_context(), enter_business(owner.business_id):
        _made, token = api_keys.create(name=name, scopes=scopes, by=by, **more)
    return Api(app.test_client(), token, owner.business_id, owner.user_id)


def change(app: Flask, owner: Api, statement: str) -> None:
    with app.app_context(), enter_business(owner.business_id):
        db.session.execute(text(statement), {"business": owner.business_id})
        db.session.commit()


def test_a_key_does_what_its_scopes_say_and_nothing_else(app: Flask, owner: Api) -> None:
    key = make_key(app, owner, "clients.read", "clients.write")
    made = key.made("/clients", {"name": "Harbour Books"})
    assert key.get(f"/clients/{made['id']}").get_json()["name"] == "Harbour Books"
    refused = key.get("/invoices")
    assert refused.status_code == 403
    assert refused.get_json()["detail"] == (
        "The scopes of this API key do not include invoices.read: make one that has it."
    )


@pytest.mark.parametrize(
    "operation", [each for each in operations() if each.in_business], ids=lambda each: each.name
)
def test_every_operation_is_closed_to_a_key_with_all_scopes_but_its_own(
    app: Flask, every_key_but: dict[str, Api], operation: Operation
) -> None:
    without = every_key_but[operation.access]
    path = operation.path.replace("{businessId}", str(without.business_id))
    path = re.sub(r"\{[A-Za-z]+Id\}", "777777777", path).replace("{name}", "no_such_plugin")
    assert without.call(operation.method, path, b"[]").status_code == 403


@pytest.fixture(scope="module")
def every_key_but(app: Flask) -> dict[str, Api]:
    """For each permission a key with all the others."""
    owner = make_caller(app)
    return {each: make_key(app, owner, *(ALL - {each}), name=each) for each in sorted(ALL)}


@pytest.mark.parametrize(
    "operation",
    [each for each in operations() if each.access == SIGNED_IN],
    ids=lambda each: each.name,
)
def test_nothing_about_an_account_is_open_to_a_key(
    app: Flask, all_but_nothing: Api, operation: Operation
) -> None:
    path = operation.path.replace("{sessionId}", "1")
    answer = all_but_nothing.call(operation.method, path, {} if operation.body else None)
    assert answer.status_code == 403
    assert "POST /auth/login" in answer.get_json()["detail"]


@pytest.fixture(scope="module")
def all_but_nothing(app: Flask) -> Api:
    """A key with every scope there is."""
    return make_key(app, make_caller(app), *OWNER)


def test_a_status_that_does_more_needs_its_scope_too(app: Flask, owner: Api) -> None:
    key = make_key(app, owner, "invoices.read", "invoices.write", "clients.write")
    assert key.post("/invoices", draft_body(issue=True)).status_code == 403
    assert key.post("/invoices", draft_body(send=True)).status_code == 403
    draft = key.made("/invoices", draft_body())
    assert key.put(f"/invoices/{draft['id']}", {"status": "sent"}).status_code == 403
    assert owner.put(f"/invoices/{draft['id']}", {"status": "sent"}).status_code == 200
    assert key.put(f"/invoices/{draft['id']}", {"status": "paid"}).status_code == 403


def test_costs_and_owners_are_closed_to_an_owners_key_without_their_scopes(
    app: Flask, owner: Api
) -> None:
    key = make_key(app, owner, "products.read", "products.write", "members.read", "members.write")
    product = owner.made("/products", {"name": "Lamp", "unit_price": 9, "cost_price": 4})
    assert owner.get(f"/products/{product['id']}").get_json()["cost_price"] == 4
    assert "cost_price" not in key.get(f"/products/{product['id']}").get_json()
    assert key.put(f"/products/{product['id']}", {"cost_price": 1}).status_code == 403
    path = f"/businesses/{owner.business_id}/members"
    answer = key.post(path, {"email": "new@owner.test", "role": "owner"})
    assert answer.status_code == 403
    assert key.post(path, {"email": "new@viewer.test", "role": "viewer"}).status_code == 201


def test_another_business_answers_as_a_missing_one(app: Flask, owner: Api, stranger: Api) -> None:
    key = make_key(app, owner, *OWNER)
    theirs = stranger.made("/clients", {"name": "Theirs"})
    assert key.get(f"/clients/{theirs['id']}").status_code == 404
    foreign = key.get("/clients", X_Business_Id=str(stranger.business_id))
    missing = key.get("/clients", X_Business_Id="888888888")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.get_json()["detail"].replace(str(stranger.business_id), "#") == (
        missing.get_json()["detail"].replace("888888888", "#")
    )
    assert key.get(f"/businesses/{stranger.business_id}").status_code == 404
    assert key.get("/clients", X_Business_Id=str(owner.business_id)).status_code == 200


def test_a_key_is_of_one_business_even_when_its_creator_sits_in_two(app: Flask, owner: Api) -> None:
    second = owner.made("/businesses", {"name": "Second"})
    key = make_key(app, owner, *OWNER)
    assert owner.get("/clients", X_Business_Id=str(second["id"])).status_code == 200
    assert key.get("/clients", X_Business_Id=str(second["id"])).status_code == 404


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE api_keys SET revoked_at = now() WHERE business_id = :business", "was revoked"),
        ("UPDATE api_keys SET expires_at = now() WHERE business_id = :business", "has expired"),
        ("DELETE FROM memberships WHERE business_id = :business", "no member any more"),
        (
            "UPDATE users SET is_active = false WHERE id = (SELECT min(user_id) FROM api_keys"
            " WHERE business_id = :business)",
            "no member any more",
        ),
    ],
)
def test_what_ends_a_key_ends_it_with_the_next_request(
    app: Flask, owner: Api, statement: str, words: str
) -> None:
    key = make_key(app, owner, *OWNER)
    assert key.get("/clients").status_code == 200
    change(app, owner, statement)
    answer = key.get("/clients")
    assert answer.status_code == 401
    assert words in answer.get_json()["detail"]
    assert key.get("/auth/me").status_code == 401


@pytest.mark.parametrize("token", ["inv_", "inv_" + "A" * 43, "inv_ä", "Inv_x", "inv_\t"])
def test_a_wrong_key_is_refused(app: Flask, token: str) -> None:
    answer = Api(app.test_client(), token.encode().decode("latin-1")).get("/clients")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_what_the_creators_role_loses_the_key_loses(app: Flask, owner: Api) -> None:
    other = make_caller(app, role="admin", business_id=owner.business_id)
    key = make_key(app, other, "clients.read", "clients.write", role="admin")
    assert key.post("/clients", {"name": "Before"}).status_code == 201
    with app.app_context(), enter_business(owner.business_id):
        seat = next(each for each in members.find() if each.user_id == other.user_id)
        members.change_role(member_id=seat.id, role="viewer", by=Actor("user", 1, "owner", "x"))
    refused = key.post("/clients", {"name": "After"})
    assert refused.status_code == 403
    assert "Your role (viewer)" in refused.get_json()["detail"]
    assert key.get("/clients").status_code == 200


def test_nobody_gives_more_than_they_hold(app: Flask, owner: Api) -> None:
    staff = make_caller(app, role="staff", business_id=owner.business_id)
    with pytest.raises(Forbidden, match=r"settings\.write"):
        make_key(app, staff, "clients.read", "settings.write", role="staff")
    with pytest.raises(Forbidden, match=r"no\.such"):
        make_key(app, owner, "no.such")
    with pytest.raises(InvalidInput, match="at least one"):
        make_key(app, owner)


def test_only_a_hash_is_stored(app: Flask, owner: Api) -> None:
    key = make_key(app, owner, "clients.read")
    assert key.token is not None
    assert len(key.token) > 40
    with app.app_context(), enter_business(owner.business_id):
        row = db.session.scalars(select(ApiKey)).one()
        stored = " ".join(str(getattr(row, each.name)) for each in ApiKey.__table__.columns)
        assert key.token not in stored
        assert key.token.startswith(row.hint)
        assert len(row.hint) <= 12


def test_the_last_use_is_shown(app: Flask, owner: Api) -> None:
    key = make_key(app, owner, "clients.read")
    with app.app_context(), enter_business(owner.business_id):
        assert api_keys.find()[0].last_used_at is None
    key.get("/clients")
    with app.app_context(), enter_business(owner.business_id):
        assert api_keys.find()[0].last_used_at is not None


def test_the_audit_log_names_the_key(app: Flask, owner: Api) -> None:
    key = make_key(app, owner, "clients.write", name="Night shift")
    key.made("/clients", {"name": "Harbour Books"})
    with app.app_context(), enter_business(owner.business_id):
        newest = audit.find(limit=1).items[0]
    assert '"api:Night shift"' in newest.payload
    assert "client.created" in newest.payload


def test_writes_with_a_key_happen_once(app: Flask, owner: Api) -> None:
    key = make_key(app, owner, "clients.write")
    first = key.post("/clients", {"name": "Once"}, Idempotency_Key="k1")
    again = key.post("/clients", {"name": "Once"}, Idempotency_Key="k1")
    assert (first.status_code, first.data) == (again.status_code, again.data)
    assert again.headers["Idempotency-Replayed"] == "true"


def test_a_revoked_key_stays_revoked_and_foreign_ones_are_not_there(
    app: Flask, owner: Api, stranger: Api
) -> None:
    key = make_key(app, owner, "clients.read")
    by = Actor("user", owner.user_id, "owner", "o")
    with app.app_context(), enter_business(owner.business_id):
        key_id = api_keys.find()[0].id
    with (
        app.app_context(),
        enter_business(stranger.business_id),
        pytest.raises(Exception, match="There is no API key"),
    ):
        api_keys.revoke(key_id=key_id, by=by)
    assert key.get("/clients").status_code == 200
    with app.app_context(), enter_business(owner.business_id):
        api_keys.revoke(key_id=key_id, by=by)
        api_keys.revoke(key_id=key_id, by=by)
        assert [each.state for each in api_keys.find()] == ["revoked"]
    assert key.get("/clients").status_code == 401


def test_the_document_speaks_of_keys(nobody: Api) -> None:
    document = nobody.http.get("/api/openapi.json")
    scheme = document.get_json()["components"]["securitySchemes"]["BearerAuth"]
    assert "inv_" in scheme["description"]


def test_open_operations_do_not_care_about_keys(app: Flask, all_but_nothing: Api) -> None:
    """A key in the header of a sign-in changes nothing: the body decides."""
    assert {each.name for each in operations() if each.access == PUBLIC}
    body = {"email": "nobody@nowhere.test", "password": "wrong password"}
    assert all_but_nothing.post("/auth/login", body).status_code == 401
    with app.app_context():
        assert users.by_email("nobody@nowhere.test") is None


def test_keys_of_a_removed_member_stay_shut_when_they_come_back(app: Flask, owner: Api) -> None:
    other = make_caller(app, role="admin", business_id=owner.business_id)
    key = make_key(app, other, "clients.read", role="admin")
    by = Actor("user", owner.user_id, "owner", "o")
    with app.app_context(), enter_business(owner.business_id):
        seat = next(each for each in members.find() if each.user_id == other.user_id)
        members.remove(member_id=seat.id, by=by)
        members.add(email=seat.email, role="admin", by=by)
    answer = key.get("/clients")
    assert answer.status_code == 401
    assert "revoked" in answer.get_json()["detail"]

"""Signing up, in and out; forgotten passwords; what strangers may learn."""

import re
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text

from invoicer_core.models import db
from invoicer_core.models.documents import Message
from invoicer_core.models.identity import OneTimeToken, SecurityEvent, SignIn, User
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services.identity import users
from tests.factories import Api, make_caller

PASSWORD = "correct horse battery"


def _address() -> str:
    return f"{uuid4().hex[:12]}@sign-up.test"


@pytest.fixture
def registered(nobody: Api) -> str:
    email = _address()
    answer = nobody.post("/auth/register", {"email": email, "password": PASSWORD})
    assert answer.status_code == 200
    return email


def _login(nobody: Api, email: str, password: str = PASSWORD):
    return nobody.post("/auth/login", {"email": email, "password": password})


def test_a_new_user_signs_in_and_owns_a_business(nobody: Api, registered: str) -> None:
    answer = _login(nobody, registered.upper())
    found = answer.get_json()
    assert answer.status_code == 200
    assert found["expires_in"] == 900
    assert found["token_type"] == "Bearer"
    me = Api(nobody.http, found["token"]).get("/auth/me").get_json()
    assert me["user"]["email"] == registered
    assert me["role"] == "owner"
    assert [each["id"] for each in me["businesses"]] == [me["business_id"]]
    assert "invoices.issue" in me["permissions"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/email"),
        ({"email": "a@b.test"}, "/password"),
        ({"email": "no address", "password": PASSWORD}, "/email"),
        ({"email": "a@b.test", "password": "short"}, "/password"),
        ({"email": "a@b.test", "password": "QwertyUiop"}, "/password"),
        ({"email": "a@b.test", "password": "x" * 1025}, "/password"),
        ({"email": "a@b.test", "password": "ä" * 600}, "/password"),
        ({"email": 7, "password": PASSWORD}, "/email"),
        ({"email": "a@b.test", "password": PASSWORD, "is_admin": True}, "/is_admin"),
        ({"email": "a@b.test", "password": PASSWORD, "business": {"country": "QQ"}}, "/business"),
    ],
)
def test_a_bad_registration_answers_400_and_names_the_field(
    nobody: Api, body: dict, pointer: str
) -> None:
    answer = nobody.post("/auth/register", body)
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"
    assert any(each["pointer"].startswith(pointer) for each in answer.get_json()["errors"])


def test_registering_a_known_address_answers_the_same_and_changes_nothing(
    app: Flask, nobody: Api, registered: str
) -> None:
    again = nobody.post("/auth/register", {"email": registered, "password": "another password"})
    fresh = nobody.post("/auth/register", {"email": _address(), "password": PASSWORD})
    assert (again.status_code, again.data) == (fresh.status_code, fresh.data)
    assert _login(nobody, registered, "another password").status_code == 401
    assert _login(nobody, registered).status_code == 200
    with app.app_context():
        assert db.session.scalars(select(User.id).where(User.email.like("taken-%"))).all() == []


def test_a_wrong_password_and_an_unknown_address_answer_the_same(
    nobody: Api, registered: str
) -> None:
    wrong = _login(nobody, registered, "wrong password")
    unknown = _login(nobody, _address(), "wrong password")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.data == unknown.data
    assert wrong.headers["WWW-Authenticate"].startswith("Bearer")


def test_sign_ins_and_failures_stand_in_the_security_log(
    app: Flask, nobody: Api, registered: str
) -> None:
    _login(nobody, registered)
    _login(nobody, registered, "wrong password")
    with app.app_context():
        names = db.session.scalars(
            select(SecurityEvent.name)
            .where(SecurityEvent.email == registered)
            .order_by(SecurityEvent.id)
        ).all()
    assert names == ["registered", "sign_in", "sign_in_failed"]


def test_a_log_entry_holds_no_line_breaks(app: Flask, nobody: Api) -> None:
    body = {"email": "evil\r\nINFO all is well@x.test", "password": PASSWORD}
    assert nobody.post("/auth/login", body).status_code == 401
    with app.app_context():
        found = db.session.scalars(
            select(SecurityEvent.email).where(SecurityEvent.email.like("evil%"))
        ).all()
    assert found == ["evilinfo all is well@x.test"]


def test_logging_out_ends_the_token_at_once(owner: Api) -> None:
    assert owner.post("/auth/logout").status_code == 204
    assert owner.get("/invoices").status_code == 401
    assert owner.post("/auth/refresh", {"refresh_token": owner.refresh_token}).status_code == 401


def test_one_session_can_end_another(app: Flask, owner: Api) -> None:
    from tests.factories import sign_in

    assert owner.user_id is not None
    other = sign_in(app, owner.user_id)
    listed = owner.get("/auth/sessions").get_json()
    assert [each["current"] for each in listed] == [False, True]
    assert owner.delete(f"/auth/sessions/{listed[0]['id']}").status_code == 204
    assert other.get("/auth/me").status_code == 401
    assert owner.get("/auth/me").status_code == 200


def test_nobody_ends_the_session_of_somebody_else(owner: Api, stranger: Api) -> None:
    theirs = stranger.get("/auth/sessions").get_json()[0]["id"]
    assert owner.delete(f"/auth/sessions/{theirs}").status_code == 404
    assert stranger.get("/auth/me").status_code == 200


def test_a_disabled_user_is_out_with_the_next_request(app: Flask, owner: Api) -> None:
    with app.app_context():
        users.set_active(user_id=owner.user_id or 0, active=False)
    assert owner.get("/invoices").status_code == 401


def test_changing_the_password_ends_the_other_sessions(
    app: Flask, nobody: Api, registered: str
) -> None:
    first = Api(nobody.http, _login(nobody, registered).get_json()["token"])
    second = Api(nobody.http, _login(nobody, registered).get_json()["token"])
    wrong = {"current_password": "not it at all", "password": "a new long password"}
    assert first.put("/auth/password", wrong).status_code == 403
    right = {"current_password": PASSWORD, "password": "a new long password"}
    assert first.put("/auth/password", right).status_code == 204
    assert first.get("/auth/me").status_code == 200
    assert second.get("/auth/me").status_code == 401
    assert _login(nobody, registered, "a new long password").status_code == 200


def _mailed_token(app: Flask, email: str) -> str:
    with app.app_context():
        user_id = db.session.scalar(select(User.id).where(User.email == email))
        business_id = db.session.scalar(select(SignIn.business_id).where(SignIn.user_id == user_id))
        db.session.rollback()
        with enter_business(business_id):
            words = db.session.scalars(
                select(Message.text).where(
                    Message.kind == "password_reset", Message.recipient == email
                )
            ).one()
    found = re.search(r"/reset/(\S+)", words or "")
    assert found is not None
    return found[1]


def test_a_forgotten_password_is_replaced_once_by_the_mailed_link(
    app: Flask, nobody: Api, registered: str
) -> None:
    session = Api(nobody.http, _login(nobody, registered).get_json()["token"])
    answer = nobody.post(
        "/auth/password-reset",
        {"email": registered},
        Host="evil.test",
        X_Forwarded_Host="evil.test",
    )
    assert answer.status_code == 202
    token = _mailed_token(app, registered)
    body = {"token": token, "password": "the new password"}
    assert nobody.post("/auth/password-reset/confirm", body).status_code == 204
    assert session.get("/auth/me").status_code == 401
    assert _login(nobody, registered).status_code == 401
    assert _login(nobody, registered, "the new password").status_code == 200
    again = nobody.post("/auth/password-reset/confirm", body)
    assert again.status_code == 404
    assert again.get_json()["errors"][0]["pointer"] == "/token"


def test_asking_for_a_new_password_tells_nothing_about_the_address(
    nobody: Api, registered: str
) -> None:
    known = nobody.post("/auth/password-reset", {"email": registered})
    unknown = nobody.post("/auth/password-reset", {"email": _address()})
    assert (known.status_code, known.data) == (unknown.status_code, unknown.data)


@pytest.mark.parametrize("email", ["", "nobody", "a@", "a b@c.test"])
def test_what_is_no_address_is_refused(nobody, email):
    answer = nobody.post("/auth/password-reset", {"email": email})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "/email"


def test_an_old_link_is_refused(app: Flask, nobody: Api, registered: str) -> None:
    _login(nobody, registered)
    nobody.post("/auth/password-reset", {"email": registered})
    token = _mailed_token(app, registered)
    with app.app_context():
        db.session.execute(
            text("UPDATE one_time_tokens SET expires_at = now() - interval '1 second'"
                 " WHERE user_id = (SELECT id FROM users WHERE email = :email)"),
            {"email": registered},
        )  # fmt: skip
        db.session.commit()
    body = {"token": token, "password": "the new password"}
    assert nobody.post("/auth/password-reset/confirm", body).status_code == 404


def test_links_are_stored_as_hashes(app: Flask, nobody: Api, registered: str) -> None:
    _login(nobody, registered)
    nobody.post("/auth/password-reset", {"email": registered})
    token = _mailed_token(app, registered)
    with app.app_context():
        rows = db.session.scalars(select(OneTimeToken.token_hash)).all()
    assert all(token.encode() not in row for row in rows)


def test_an_invited_member_chooses_a_password(app: Flask, owner: Api, nobody: Api) -> None:
    email = _address()
    member = owner.made(
        f"/businesses/{owner.business_id}/members", {"email": email, "role": "staff"}
    )
    assert member["role"] == "staff"
    with app.app_context(), enter_business(owner.business_id):
        words = db.session.scalars(select(Message.text).where(Message.recipient == email)).one()
    token = re.search(r"/reset/(\S+)", words)[1]
    body = {"token": token, "password": "chosen by myself"}
    assert nobody.post("/auth/password-reset/confirm", body).status_code == 204
    found = _login(nobody, email, "chosen by myself").get_json()
    assert found["business_id"] == owner.business_id


def test_the_role_counts_from_the_next_request_on(app: Flask, owner: Api) -> None:
    staff = make_caller(app, role="staff", business_id=owner.business_id)
    path = f"/businesses/{owner.business_id}/members"
    member = next(each for each in owner.get(path).get_json() if each["user_id"] == staff.user_id)
    assert staff.post("/invoices", {}).status_code == 422
    assert owner.put(f"{path}/{member['id']}", {"role": "viewer"}).status_code == 200
    assert staff.post("/invoices", {}).status_code == 403
    assert owner.delete(f"{path}/{member['id']}").status_code == 204
    assert staff.get("/invoices").status_code == 404


def test_the_last_owner_stays(owner: Api) -> None:
    path = f"/businesses/{owner.business_id}/members"
    own = owner.get(path).get_json()[0]["id"]
    assert owner.put(f"{path}/{own}", {"role": "viewer"}).status_code == 409
    assert owner.delete(f"{path}/{own}").status_code == 409


def test_an_admin_makes_no_owner(app: Flask, owner: Api) -> None:
    admin = make_caller(app, role="admin", business_id=owner.business_id)
    path = f"/businesses/{owner.business_id}/members"
    body = {"email": _address(), "role": "owner"}
    assert admin.post(path, body).status_code == 403
    own = owner.get(path).get_json()[0]["id"]
    assert admin.put(f"{path}/{own}", {"role": "viewer"}).status_code == 403
    assert admin.delete(f"{path}/{own}").status_code == 403

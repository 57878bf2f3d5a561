"""Access and refresh tokens that must not be accepted."""

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from flask import Flask
from sqlalchemy import text

from invoicer_core.models import db
from invoicer_core.services import secret_keys
from tests.factories import Api, make_caller

PURPOSE = "access-token"


def _claims(owner: Api) -> dict:
    return jwt.decode(owner.token, options={"verify_signature": False})


def _signed(app: Flask, claims: dict, *, key: bytes | None = None, alg: str = "HS256", **head):
    with app.app_context():
        real = secret_keys.newest(PURPOSE)
        kid = secret_keys.newest(PURPOSE + "-id")[:6].hex()
    return jwt.encode(claims, key or real, algorithm=alg, headers={"kid": kid, **head})


def _unsigned(claims: dict, alg: str) -> str:
    def part(value: dict) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': alg, 'typ': 'JWT'})}.{part(claims)}."


NOW = datetime.now(UTC)

CHANGES: dict = {
    "expired": {"exp": NOW - timedelta(minutes=1)},
    "without an end": {"exp": None},
    "of another issuer": {"iss": "elsewhere"},
    "for another audience": {"aud": "elsewhere"},
    "of another kind": {"type": "refresh"},
    "of an unknown session": {"sid": 999_999_999},
    "with a session that is no number": {"sid": "1"},
    "with a session that is true": {"sid": True},
    "of another user": {"sub": "999999999"},
    "with a user that is no number": {"sub": "1 OR 1=1"},
    "with a user in other digits": {"sub": "١"},
    "without a user": {"sub": None},
    "with a business that is no number": {"bid": "1"},
    "not yet valid": {"nbf": NOW + timedelta(hours=1)},
    "issued in the future": {"iat": NOW + timedelta(hours=1)},
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_token_is_refused(app: Flask, owner: Api, case: str) -> None:
    claims = {**_claims(owner), **CHANGES[case]}
    token = _signed(app, {name: value for name, value in claims.items() if value is not None})
    answer = Api(owner.http, token).get("/invoices")
    assert answer.status_code == 401
    assert answer.get_json()["type"] == "urn:invoicer:problem:not-authenticated"


def test_a_token_signed_as_we_do_is_accepted(app: Flask, owner: Api) -> None:
    assert Api(owner.http, _signed(app, _claims(owner))).get("/invoices").status_code == 200


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE"])
def test_an_unsigned_token_is_refused(owner: Api, alg: str) -> None:
    assert Api(owner.http, _unsigned(_claims(owner), alg)).get("/invoices").status_code == 401


def test_foreign_signatures_are_refused(app: Flask, owner: Api) -> None:
    claims = _claims(owner)
    for token in (
        _signed(app, claims, key=b"\0" * 32),
        _signed(app, claims, kid="unknown"),
        _signed(app, claims, key=b"\0" * 32, kid="unknown"),
        _signed(app, claims, alg="HS512", key=b"k" * 64),
        _signed(app, claims, crit=["b64"], b64=False),
        owner.token[:-2] + ("AA" if owner.token[-2:] != "AA" else "BB"),
        owner.token + "x" * 3000,
        "",
        "a.b.c",
        "ünïcode",
    ):
        assert Api(owner.http, token).get("/invoices").status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer", "Basic abc", "Token abc", "Bearer  "])
def test_a_header_that_is_no_bearer_is_refused(owner: Api, header: str) -> None:
    assert owner.get("/invoices", Authorization=header).status_code == 401


def test_a_token_elsewhere_than_in_the_header_counts_for_nothing(owner: Api) -> None:
    stranger = Api(owner.http)
    owner.http.set_cookie("access_token_cookie", owner.token)
    assert stranger.get(f"/invoices?jwt={owner.token}").status_code == 401
    assert stranger.get("/invoices", Cookie=f"token={owner.token}").status_code == 401


def test_a_refresh_token_is_no_access_token(owner: Api) -> None:
    assert Api(owner.http, owner.refresh_token).get("/invoices").status_code == 401


def test_a_key_that_was_replaced_still_reads_its_tokens(app: Flask, owner: Api) -> None:
    from dataclasses import replace

    config = app.extensions["invoicer.config"]
    try:
        newer = ("n3wer" * 8, *config.secret_keys)
        app.extensions["invoicer.config"] = replace(config, secret_keys=newer)
        assert owner.get("/invoices").status_code == 200
        fresh = owner.post("/auth/refresh", {"refresh_token": owner.refresh_token})
        assert fresh.status_code == 200
        app.extensions["invoicer.config"] = replace(config, secret_keys=("other" * 8,))
        assert owner.get("/invoices").status_code == 401
    finally:
        app.extensions["invoicer.config"] = config
    assert Api(owner.http, fresh.get_json()["token"]).get("/invoices").status_code == 401


def _refresh(owner: Api, token: str, agent: str = "one"):
    return owner.post("/auth/refresh", {"refresh_token": token}, User_Agent=agent)


def _age(app: Flask, owner: Api) -> None:
    with app.app_context():
        db.session.execute(
            text("UPDATE sign_ins SET rotated_at = rotated_at - interval '31 seconds'"
                 " WHERE user_id = :user"),
            {"user": owner.user_id},
        )  # fmt: skip
        db.session.commit()


def test_a_refresh_token_is_good_once(app: Flask, owner: Api) -> None:
    first = _refresh(owner, owner.refresh_token).get_json()
    second = _refresh(owner, first["refresh_token"]).get_json()
    assert len({owner.refresh_token, first["refresh_token"], second["refresh_token"]}) == 3
    assert Api(owner.http, second["token"]).get("/invoices").status_code == 200


def test_a_second_use_ends_the_whole_family(app: Flask, owner: Api) -> None:
    first = _refresh(owner, owner.refresh_token).get_json()
    _age(app, owner)
    assert _refresh(owner, owner.refresh_token).status_code == 401
    assert _refresh(owner, first["refresh_token"]).status_code == 401
    assert Api(owner.http, first["token"]).get("/invoices").status_code == 401


def test_a_much_older_token_ends_the_family_too(app: Flask, owner: Api) -> None:
    token = owner.refresh_token
    for _ in range(3):
        latest = _refresh(owner, token).get_json()
        token = latest["refresh_token"]
    assert _refresh(owner, owner.refresh_token).status_code == 401
    assert Api(owner.http, latest["token"]).get("/invoices").status_code == 401


def test_within_the_grace_the_same_client_gets_the_same_successor(owner: Api, app: Flask) -> None:
    with app.app_context():
        db.session.execute(
            text("UPDATE sign_ins SET user_agent = 'one' WHERE user_id = :user"),
            {"user": owner.user_id},
        )
        db.session.commit()
    first = _refresh(owner, owner.refresh_token).get_json()["refresh_token"]
    again = _refresh(owner, owner.refresh_token).get_json()["refresh_token"]
    assert again == first
    assert _refresh(owner, owner.refresh_token, agent="another").status_code == 401


def test_made_up_refresh_tokens_end_nothing(app: Flask, owner: Api) -> None:
    raw = bytearray(base64.urlsafe_b64decode(owner.refresh_token))
    raw[12] ^= 1
    forged = base64.urlsafe_b64encode(bytes(raw)).decode()
    for token in (forged, "x", owner.refresh_token[:-4], "é" * 10, "=" * 100):
        assert _refresh(owner, token).status_code == 401
    assert _refresh(owner, owner.refresh_token).status_code == 200


def test_an_expired_family_is_over(app: Flask, owner: Api) -> None:
    with app.app_context():
        db.session.execute(
            text("UPDATE sign_ins SET expires_at = now() WHERE user_id = :user"),
            {"user": owner.user_id},
        )
        db.session.commit()
    assert _refresh(owner, owner.refresh_token).status_code == 401
    assert owner.get("/invoices").status_code == 401


def test_the_header_chooses_among_ones_own_businesses(app: Flask, owner: Api) -> None:
    second = owner.made("/businesses", {"name": "Second"})["id"]
    there = owner.get("/auth/me", X_Business_Id=str(second)).get_json()
    assert there["business_id"] == second
    assert owner.get("/invoices", X_Business_Id=str(second)).status_code == 200


@pytest.mark.parametrize("value", ["x", "-1", "0", "1.5", "", "9" * 30, "١", "1,2"])
def test_a_business_that_is_no_id_answers_400(owner: Api, value: str) -> None:
    answer = owner.call("GET", "/invoices", headers={"X-Business-Id": value})
    assert answer.status_code == 400


def test_a_foreign_business_answers_as_a_missing_one(app: Flask, owner: Api) -> None:
    foreign = make_caller(app).business_id
    there = owner.get("/invoices", X_Business_Id=str(foreign))
    missing = owner.get("/invoices", X_Business_Id="987654321")
    assert there.status_code == missing.status_code == 404
    assert there.data.replace(str(foreign).encode(), b"#") == missing.data.replace(
        b"987654321", b"#"
    )

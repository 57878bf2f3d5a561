"""Rate limits per account and address, with Redis and without it."""

from dataclasses import replace
from uuid import uuid4

import pytest
from flask import Flask

from invoicer_core.app import create_app
from invoicer_core.config import Config
from tests.factories import Api, make_caller


def _app(config: Config, **limits: str) -> Flask:
    return create_app(replace(config, **limits), plugins=[])


def _tries(app: Flask, count: int, email: str, address: str = "10.0.0.{}") -> list[int]:
    http = app.test_client()
    return [
        http.post(
            "/api/v1/auth/login",
            json={"email": email, "password": "wrong password"},
            headers={"X-Forwarded-For": f"192.0.2.{number}"},
            environ_base={"REMOTE_ADDR": address.format(number)},
        ).status_code
        for number in range(count)
    ]


@pytest.fixture
def email() -> str:
    return f"{uuid4().hex}@limits.test"


def test_the_eleventh_try_on_an_account_is_refused_from_anywhere(
    config: Config, email: str
) -> None:
    app = _app(config, rate_limit_sign_in="10/minute")
    assert _tries(app, 12, email) == [401] * 10 + [429] * 2


def test_another_spelling_of_the_address_is_the_same_account(config: Config, email: str) -> None:
    app = _app(config, rate_limit_sign_in="2/minute")
    assert _tries(app, 2, email) == [401, 401]
    assert _tries(app, 1, f" {email.upper()} ") == [429]


def test_one_address_trying_many_accounts_is_refused(config: Config) -> None:
    app = _app(config, rate_limit_sign_in="2/minute")
    address = f"2001:db8::{uuid4().hex[:4]}"
    found = [_tries(app, 1, f"{uuid4().hex}@x.test", address)[0] for _ in range(12)]
    assert found == [401] * 10 + [429] * 2


def test_the_refusal_says_how_long_to_wait(config: Config, email: str) -> None:
    app = _app(config, rate_limit_sign_in="1/minute")
    _tries(app, 1, email)
    answer = app.test_client().post(
        "/api/v1/auth/login", json={"email": email, "password": "wrong password"}
    )
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 61
    assert answer.content_type == "application/problem+json"


def test_asking_for_a_new_password_counts_too(config: Config, email: str) -> None:
    app = _app(config, rate_limit_sign_in="2/minute")
    http = app.test_client()
    found = [
        http.post("/api/v1/auth/password-reset", json={"email": email}).status_code
        for _ in range(3)
    ]
    assert found == [202, 202, 429]


def test_an_account_has_its_limit_whatever_it_does(config: Config) -> None:
    app = _app(config, rate_limit_account="3/minute")
    caller, other = make_caller(app), make_caller(app)
    assert [caller.get("/auth/me").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert other.get("/auth/me").status_code == 200


def test_without_redis_sign_ins_are_still_counted_and_work_goes_on(
    config: Config, email: str
) -> None:
    away = "unix:///nowhere/redis.sock?db=0"
    app = _app(config, redis_url=away, rate_limit_sign_in="2/minute", rate_limit_account="1/minute")
    assert _tries(app, 3, email) == [401, 401, 429]
    caller: Api = make_caller(app)
    assert [caller.get("/auth/me").status_code for _ in range(3)] == [200, 200, 200]

"""Signing in to the API with two-step sign-in on: no code, no token."""

import time
from uuid import uuid4

import pyotp
import pytest
from flask import Flask

from invoicer_core.services.identity import two_factor, users
from tests.factories import Api

PASSWORD = "correct horse battery"


@pytest.fixture
def address(nobody: Api) -> str:
    """A user with a business."""
    email = f"{uuid4().hex[:12]}@two-step.test"
    body = {"email": email, "password": PASSWORD}
    assert nobody.post("/auth/register", body).status_code == 200
    return email


@pytest.fixture
def codes(app: Flask, address: str) -> tuple[str, ...]:
    """Recovery codes of that user, who has switched it on."""
    with app.app_context():
        user = users.by_email(address)
        assert user is not None
        two_factor.begin(user_id=user.id)
        enrolment = two_factor.enrolment(user=users.snapshot_of(user))
        assert enrolment is not None
        code = pyotp.TOTP(enrolment.secret).at(int(time.time()))
        return two_factor.enable(user_id=user.id, code=code)


def login(nobody: Api, email: str, password: str = PASSWORD, **more: object):
    return nobody.post("/auth/login", {"email": email, "password": password, **more})


def test_without_a_code_there_is_no_token_and_words_say_what_to_send(
    nobody: Api, address: str, codes: tuple[str, ...]
) -> None:
    answer = login(nobody, address)
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    found = answer.get_json()
    assert found["title"] == "A code is needed"
    assert found["errors"][0]["pointer"] == "/code"
    assert "`code`" in found["detail"]
    assert "token" not in found
    assert login(nobody, address, code=codes[0]).get_json()["token_type"] == "Bearer"
    assert login(nobody, address, code=codes[0]).status_code == 401


def test_a_wrong_password_says_nothing_of_codes(
    nobody: Api, address: str, codes: tuple[str, ...]
) -> None:
    with_code = login(nobody, address, "wrong password", code=codes[0])
    plain = login(nobody, "nobody@two-step.test", "wrong password")
    assert with_code.status_code == plain.status_code == 401
    assert with_code.data == plain.data
    assert login(nobody, address, code=codes[0]).status_code == 200


def test_a_wrong_code_is_refused(nobody: Api, address: str, codes: tuple[str, ...]) -> None:
    answer = login(nobody, address, code="000000")
    assert answer.status_code == 401
    assert answer.get_json()["errors"][0]["pointer"] == "/code"


def test_guessing_codes_ends(nobody: Api, address: str, codes: tuple[str, ...]) -> None:
    for _ in range(5):
        assert login(nobody, address, code="000000").status_code == 401
    answer = login(nobody, address, code="000000")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 800
    assert login(nobody, address, code=codes[1]).status_code == 200


def test_without_two_steps_nothing_changes(nobody: Api, address: str) -> None:
    assert login(nobody, address).status_code == 200
    assert login(nobody, address, code="123456").status_code == 200

"""A Redis that is away, slow or full: whoever writes an invoice does not notice."""

from time import perf_counter
from uuid import uuid4

import pytest
from flask import Flask
from redis import Redis
from redis.exceptions import OutOfMemoryError

from tests.factories import Api
from tests.peers.wire import Wire

LONG = 2.0
"""Seconds in which everything has to be answered, whatever Redis does."""

FAULTS = ("away", "slow", "full")
BODY = {
    "client": {"name": "Ann", "email": "ann@client.test"},
    "items": [{"description": "Work", "quantity": 1, "unit_price": 10, "taxes": [{"rate": 20}]}],
    "issue": True,
}


@pytest.fixture(params=FAULTS)
def faulty(request: pytest.FixtureRequest, redis_wire: Wire, redis: Redis) -> str:
    """One of the faults, as it is when the tests come to it."""
    if request.param == "away":
        redis_wire.cut()
    elif request.param == "slow":
        redis_wire.clog()
    else:
        redis.config_set("maxmemory", 1)
        with pytest.raises(OutOfMemoryError):
            redis.set("one", "more")
    return str(request.param)


def test_invoices_are_issued_all_the_same(caller: Api, faulty: str) -> None:
    for number in range(3):
        began = perf_counter()
        answer = caller.post("/invoices", BODY, Idempotency_Key=f"{faulty}-{number}")
        assert answer.status_code == 201, answer.text
        assert perf_counter() - began < LONG
    assert len(caller.get("/invoices").get_json()) == 3


def test_ten_requests_wait_for_a_broken_redis_only_once(caller: Api, faulty: str) -> None:
    began = perf_counter()
    assert {caller.get("/clients").status_code for _ in range(10)} == {200}
    assert perf_counter() - began < 2 * LONG


def test_passwords_cannot_be_guessed_meanwhile(limited: Flask, faulty: str) -> None:
    body = {"email": f"{uuid4().hex}@limits.test", "password": "wrong password"}
    http = limited.test_client()
    found = [http.post("/api/v1/auth/login", json=body) for _ in range(5)]
    assert [each.status_code for each in found] == [401] * 3 + [429] * 2
    assert found[-1].content_type == "application/problem+json"


def test_whoever_runs_it_is_told(limited: Flask, faulty: str) -> None:
    began = perf_counter()
    answer = limited.test_client().get("/readyz")
    assert perf_counter() - began < LONG
    parts = answer.get_json()["parts"]
    assert parts["database"] == "up"
    assert parts["redis"] == ("up" if faulty == "full" else "down")
    assert limited.test_client().get("/healthz").status_code == 200


def test_it_counts_again_when_redis_is_back(
    limited: Flask, caller: Api, redis_wire: Wire, redis: Redis
) -> None:
    redis_wire.cut()
    assert caller.get("/clients").status_code == 200
    redis_wire.mend()
    limited.extensions["invoicer.rate_limits"].ask_again()
    assert caller.get("/clients").status_code == 200
    assert redis.keys("*account*")

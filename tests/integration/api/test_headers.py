"""What every answer carries: security headers, an id, CORS for named origins only."""

import logging
from dataclasses import replace

import pytest
from flask import Flask

from invoicer_core.app import create_app
from invoicer_core.config import Config
from tests.factories import Api

ORIGIN = "https://app.example"


@pytest.fixture(scope="module")
def shared(config: Config) -> Flask:
    return create_app(
        replace(config, cors_origins=(ORIGIN,), url="https://invoicer.example"), plugins=[]
    )


def test_an_answer_is_kept_by_nobody_and_shown_nowhere_else(owner: Api) -> None:
    headers = owner.get("/auth/me").headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Strict-Transport-Security" not in headers
    assert "Set-Cookie" not in headers


def test_https_is_remembered_where_it_is_used(shared: Flask) -> None:
    headers = shared.test_client().get("/api/v1/auth/me").headers
    assert headers["Strict-Transport-Security"].startswith("max-age=")


def test_a_request_keeps_its_id_or_gets_one(owner: Api) -> None:
    assert owner.get("/auth/me", X_Request_Id="abc-1").headers["X-Request-Id"] == "abc-1"
    for odd in ("a b", "x" * 65, "<script>", "ä"):
        assert owner.get("/auth/me", X_Request_Id=odd).headers["X-Request-Id"] != odd
    assert len(owner.get("/auth/me").headers["X-Request-Id"]) == 16


def test_a_log_line_tells_rule_status_and_time_but_no_secret(
    owner: Api, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "invoicer.request"):
        owner.get("/invoices/7?q=secret", X_Request_Id="req-1")
    line = next(each for each in caplog.messages if "req-1" in each)
    assert line.startswith("GET /api/v1/invoices/<id:invoiceId>")
    assert f"business={owner.business_id}" in line
    assert "secret" not in line
    assert owner.token not in line


def test_a_probe_leaves_no_line_unless_it_failed(
    app: Flask, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "invoicer.request"):
        app.test_client().get("/healthz")
        app.test_client().get("/nothing-here")
    assert not [each for each in caplog.messages if "/healthz" in each]
    assert [each for each in caplog.messages if each.startswith("GET")]
    away = create_app(replace(config, redis_url="unix:///nowhere/redis.sock"), plugins=[])
    with caplog.at_level(logging.INFO, "invoicer.request"):
        away.test_client().get("/readyz")
    (line,) = [each for each in caplog.records if "/readyz" in each.getMessage()]
    assert line.levelname == "WARNING"


def test_without_the_setting_no_origin_is_let_in(owner: Api) -> None:
    headers = owner.get("/auth/me", Origin=ORIGIN).headers
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(
    "origin",
    ["https://app.example.evil.test", "http://app.example", "https://evil.test", "null",
     "https://app.example:444", "https://APP.example.", "https://app.example/"],
)  # fmt: skip
def test_only_exact_origins_are_let_in(shared: Flask, origin: str) -> None:
    answer = shared.test_client().get("/api/v1/auth/me", headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Origin" in answer.headers["Vary"]


def test_a_named_origin_is_let_in_without_cookies(shared: Flask) -> None:
    http = shared.test_client()
    answer = http.get("/api/v1/auth/me", headers={"Origin": ORIGIN})
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in answer.headers
    asked = http.options(
        "/api/v1/invoices",
        headers={"Origin": ORIGIN, "Access-Control-Request-Method": "POST"},
    )
    assert asked.status_code == 200
    assert "POST" in asked.headers["Access-Control-Allow-Methods"]
    assert "Idempotency-Key" in asked.headers["Access-Control-Allow-Headers"]


def test_an_unexpected_error_shows_nothing_of_itself(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    from invoicer_core.api import problems

    with app.test_request_context("/api/v1/invoices"):
        answer = problems.answer(RuntimeError("the secret recipe"))
    assert answer.status_code == 500
    assert b"secret recipe" not in answer.data
    assert "the secret recipe" in caplog.text


def test_alive_ready_and_the_figures(app: Flask) -> None:
    http = app.test_client()
    assert http.get("/healthz").get_json() == {"status": "alive"}
    ready = http.get("/readyz")
    parts = ready.get_json()["parts"]
    assert parts["database"] == parts["migrations"] == parts["redis"] == "up"
    assert (ready.status_code == 200) == all(each == "up" for each in parts.values())
    figures = http.get("/metrics").get_data(as_text=True)
    assert 'invoicer_requests_total{method="GET",rule="/healthz",status="200"}' in figures
    assert 'invoicer_part_up{part="database"} 1.0' in figures


def test_not_ready_without_redis(config: Config) -> None:
    app = create_app(replace(config, redis_url="unix:///nowhere/redis.sock"), plugins=[])
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["parts"]["redis"] == "down"

"""A Host header is what a stranger says: nothing is built from it, and a foreign one is refused."""

import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.models import db
from invoicer_core.models.documents import Message
from invoicer_core.models.identity import User
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services.identity import sessions
from tests.factories import Api, make_caller

URL = "https://invoices.example"
EVIL = "evil.test"
EMAIL = "ann@host.test"


@pytest.fixture
def owner(app: Flask) -> Api:
    """The owner of a fresh business."""
    return make_caller(app)


def _app(config: Config, **more: object) -> Flask:
    return create_app(
        replace(
            config,
            url=URL,
            hosts=frozenset({"invoices.example", "inside"}),
            **more,  # type: ignore[arg-type]
        ),
        plugins=[],
    )


@pytest.fixture(scope="module")
def named(config: Config) -> FlaskClient:
    """An installation whose address is known."""
    return _app(config).test_client()


@pytest.fixture(scope="module")
def behind(config: Config) -> FlaskClient:
    """The same behind one proxy."""
    return _app(config, proxies=1).test_client()


@pytest.mark.parametrize(
    "host",
    [EVIL, "invoices.example.evil.test", "127.0.0.1", "localhost:8000", "invoices.example.",
     "a b", "invoices.example@evil.test", "evil.test:443", "[::1]", "", "in\u00fc.test"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/api/v1/auth/me", "/sign-in", "/hooks/x/y", "/nowhere"])
def test_an_unknown_host_is_refused(named: FlaskClient, host: str, path: str) -> None:
    answer = named.get(path, headers={"Host": host})
    assert answer.status_code == 400
    assert host == "" or host not in answer.text
    if path.startswith(("/api", "/hooks")):
        assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("host", ["invoices.example", "INVOICES.example:8443", "inside:8000"])
def test_its_own_names_are_served(named: FlaskClient, host: str) -> None:
    assert named.get("/favicon.svg", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_ask_by_number(named: FlaskClient, path: str) -> None:
    assert named.get(path, headers={"Host": "10.1.2.3:8000"}).status_code in (200, 503)


@pytest.mark.parametrize("name", ["X-Forwarded-Host", "X-Original-Host", "Forwarded", "X-Host"])
def test_nobody_speaks_for_a_proxy_that_is_not_there(named: FlaskClient, name: str) -> None:
    own = {"Host": "invoices.example", name: f"host={EVIL}" if name == "Forwarded" else EVIL}
    assert named.get("/favicon.svg", headers=own).status_code == 200
    own["Host"], own[name] = EVIL, "invoices.example"
    assert named.get("/favicon.svg", headers=own).status_code == 400


def test_a_trusted_proxy_says_the_host(behind: FlaskClient) -> None:
    def asked(*hosts: str) -> int:
        given = {"Host": "10.0.0.7:8000", "X-Forwarded-Host": ", ".join(hosts)}
        return behind.get("/favicon.svg", headers=given).status_code

    assert asked("invoices.example") == 200
    assert asked(EVIL, "invoices.example") == 200  # the last one is the proxy's own
    assert asked("invoices.example", EVIL) == 400


def test_redirects_name_no_host(app: Flask) -> None:
    http = app.test_client()
    for path in ("/", "/invoices", "/clients", "/health"):
        answer = http.get(path, headers={"Host": EVIL})
        assert answer.status_code in (302, 303)
        assert EVIL not in answer.headers["Location"]


def test_paging_and_places_name_no_host(app: Flask, owner: Api) -> None:
    for number in range(2):
        made = owner.post("/clients", {"name": f"Ann {number}"}, Host=EVIL)
        assert EVIL not in made.headers["Location"]
    listed = owner.get("/clients?limit=1", Host=EVIL)
    assert "next" in listed.headers["Link"]
    assert EVIL not in listed.headers["Link"]


def test_a_reset_mail_leads_to_the_configured_address(config: Config, app: Flask) -> None:
    http = _app(config).test_client()
    own = {"Host": "invoices.example", "X-Forwarded-Host": EVIL, "X-Forwarded-Proto": "http"}
    body = {"email": EMAIL, "password": "a quiet lake under 7 stars",
            "business": {"name": "Hosts & Co"}}  # fmt: skip
    made = http.post("/api/v1/auth/register", json=body, headers=own)
    assert made.status_code == 200, made.text
    sent = http.post("/api/v1/auth/password-reset", json={"email": EMAIL}, headers=own)
    assert sent.status_code == 202, sent.text
    with app.app_context():
        user_id = db.session.scalar(select(User.id).where(User.email == EMAIL))
        (business_id,) = sessions.seats_of(user_id or 0)
        db.session.rollback()
        with enter_business(business_id):
            bodies = db.session.scalars(
                select(Message.text).where(Message.recipient == EMAIL)
            ).all()
    links = re.findall(r"https?://[^\s]+", " ".join(each or "" for each in bodies))
    assert len(bodies) >= 2
    assert any("/reset/" in link for link in links)
    assert all(link.startswith(URL) for link in links)

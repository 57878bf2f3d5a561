"""A new installation belongs to whoever has the set-up code from its log, and to nobody else."""

from uuid import uuid4

import pytest
from flask import Flask

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.services import businesses, tax_rates
from invoicer_core.services.identity import sessions, users
from tests.environment import Environment
from tests.integration.web.conftest import PASSWORD, Visitor

TYPED = {
    "name": "Mara", "email": "mara@first.test", "password": PASSWORD,
    "business_name": "Atelier Nordlicht", "country": "DE", "currency": "EUR",
    "time_zone": "Europe/Berlin", "iban": "DE89 3704 0044 0532 0130 00", "tax_name": "MwSt.",
    "tax_rate": "7,7",
}  # fmt: skip


@pytest.fixture
def fresh(servers: Environment, variables: dict[str, str], worker_number: int) -> Flask:
    """An application on a database without any user."""
    database = f"first_run_{worker_number}"
    servers.create_database(database)
    addresses = servers.variables(database)
    return create_app(Config.from_environ({**variables, **addresses, "INVOICER_SIGNUP": "first"}))


def test_from_the_first_page_to_the_first_business(fresh: Flask) -> None:
    config: Config = fresh.extensions["invoicer.config"]
    visitor = Visitor(fresh.test_client())
    assert visitor.get("/").location.startswith("/sign-in")
    assert visitor.get("/sign-in").location == "/set-up"

    refused = visitor.send("/set-up", "/set-up", **TYPED, code="AAAA-BBBB-CCCC-DDDD")
    assert refused.status_code == 403
    assert "set-up code is wrong" in refused.text
    assert 'value="Atelier Nordlicht"' in refused.text
    assert PASSWORD not in refused.text

    bad = {**TYPED, "iban": "DE00 1234", "email": "mara", "code": config.setup_code}
    refused = visitor.send("/set-up", "/set-up", **bad)
    assert refused.status_code == 422
    assert 'id="email-error"' in refused.text
    refused = visitor.send("/set-up", "/set-up", **{**bad, "email": TYPED["email"]})
    assert refused.status_code == 422
    assert 'id="iban-error"' in refused.text

    done = visitor.send("/set-up", "/set-up", **TYPED, code=config.setup_code)
    assert done.location == "/welcome"
    page = visitor.get("/")
    assert page.status_code == 200
    assert "Atelier Nordlicht" in page.text
    with fresh.app_context():
        who = sessions.sign_in(email=TYPED["email"], password=PASSWORD, kind="web").identity
        with businesses.enter_business(who.business_id):
            usual = tax_rates.default()
    assert usual is not None
    assert (usual.name, str(usual.rate.normalize())) == ("MwSt.", "7.7")

    stranger = Visitor(fresh.test_client())
    assert stranger.get("/set-up").location == "/sign-in"
    assert stranger.send("/set-up", "/sign-in", **TYPED, code=config.setup_code).status_code == 302


def test_where_sign_up_is_open_anybody_registers_and_learns_nothing_of_others(
    app: Flask, owner: Visitor
) -> None:
    typed = {**TYPED, "email": f"{uuid4().hex[:10]}@open.test", "password": f" {PASSWORD} "}
    visitor = Visitor(app.test_client())
    assert owner.get("/register").location == "/sign-in"
    assert "Register" in visitor.get("/sign-in").text
    bad = visitor.send("/register", "/register", **{**typed, "email": "mara", "business_name": ""})
    assert bad.status_code == 422
    assert 'id="email-error"' in bad.text
    assert 'id="business_name-error"' in bad.text
    assert PASSWORD not in bad.text
    weak = visitor.send("/register", "/register", **{**typed, "password": "short"})
    assert weak.status_code == 422
    assert 'id="password-error"' in weak.text
    first = visitor.send("/register", "/register", **typed)
    again = visitor.send("/register", "/register", **{**typed, "password": "another one of mine"})
    assert first.location == again.location == "/sign-in?next=/welcome"
    wrong = {"email": typed["email"], "password": "another one of mine"}
    assert visitor.send("/sign-in", "/sign-in", **wrong).status_code == 401
    right = {"email": typed["email"], "password": typed["password"], "next": "/welcome"}
    assert visitor.send("/sign-in", "/sign-in", **right).location == "/welcome"
    assert visitor.get("/welcome").location == "/welcome/business"
    assert visitor.get("/register").location == "/sign-in"


def test_where_it_is_closed_nobody_does(fresh: Flask) -> None:
    visitor = Visitor(fresh.test_client())
    page = "/reset"
    assert visitor.get("/register").location in ("/set-up", "/sign-in")
    answer = visitor.send("/register", page, **TYPED)
    assert answer.location in ("/set-up", "/sign-in")
    with fresh.app_context():
        assert users.needs_first() == (answer.location == "/set-up")

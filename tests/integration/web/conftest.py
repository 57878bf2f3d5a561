"""A browser without a screen: it keeps cookies and fills in the hidden fields of forms."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.domain.actor import Actor
from invoicer_core.models import db
from invoicer_core.services import businesses, clients
from invoicer_core.services.identity import members, sessions, users
from invoicer_core.web.access import COOKIE
from tests.peers.till import Till, till_peer
from tests.plugins.paying.invoicer_paying import PayingPlugin

PASSWORD = "a quiet lake under 7 stars"
HIDDEN = re.compile(r'<input type="hidden" name="(form_secret|once)" value="([^"]*)">')


@dataclass
class Visitor:
    """Somebody with a browser, perhaps signed in."""

    http: FlaskClient
    email: str = ""
    business_id: int = 0
    client_id: int = 0

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.http.get(path, **more)

    def hidden(self, path: str) -> dict[str, str]:
        """The hidden fields of the first form of a page."""
        found: dict[str, str] = {}
        for name, value in HIDDEN.findall(self.get(path).text):
            found.setdefault(name, value)
        return found

    def send(self, path: str, page: str = "/invoices/new", **fields: Any) -> TestResponse:
        """Send a form, with the hidden fields as ``page`` shows them unless given."""
        values = {**self.hidden(page), **{name.replace("__", "-"): v for name, v in fields.items()}}
        return self.http.post(path, data=values, headers={"Sec-Fetch-Site": "same-origin"})


@pytest.fixture
def stranger(app: Flask) -> Visitor:
    """A fresh browser."""
    return Visitor(app.test_client())


def _enter(app: Flask, email: str) -> Visitor:
    visitor = Visitor(app.test_client(), email)
    answer = visitor.send("/sign-in", "/sign-in", email=email, password=PASSWORD)
    assert answer.status_code == 302, answer.text
    return visitor


def _known(app: Flask, email: str, signed: sessions.SignedIn, *ids: int) -> Visitor:
    """The browser of somebody who signed in already; the form for that has tests of its own."""
    visitor = Visitor(app.test_client(), email, *ids)
    visitor.http.set_cookie(COOKIE, signed.token)
    return visitor


def _signed_in(email: str) -> sessions.SignedIn:
    """What a right password leads to. To check one takes a fifth of the time of a short test."""
    user = users.by_email(email)
    assert user is not None
    user_id = user.id
    db.session.rollback()
    return sessions.begin(user_id=user_id, kind="web")


@pytest.fixture
def owner(app: Flask) -> Visitor:
    """An owner in the browser, with one client."""
    email = f"{uuid4().hex[:12]}@owner.test"
    business = {"name": "Atelier", "country": "DE", "currency": "EUR", "locale": "de"}
    with app.app_context():
        users.register(email=email, password=PASSWORD, business=business)
        signed = _signed_in(email)
        who = signed.identity
        assert who.business_id is not None
        with businesses.enter_business(who.business_id):
            client = clients.create(fields={"name": "Harbour Books"}, by=who.actor())
    return _known(app, email, signed, who.business_id, client.id)


@pytest.fixture
def viewer(app: Flask, owner: Visitor) -> Visitor:
    """Somebody who may only look, in the owner's business."""
    email = f"{uuid4().hex[:12]}@viewer.test"
    with app.app_context():
        users.register(email=email, password=PASSWORD, business={"name": "Elsewhere"})
        with businesses.enter_business(owner.business_id):
            members.add(email=email, role="viewer", by=Actor("system", role="owner"))
        signed = _signed_in(email)
        sessions.choose_business(identity=signed.identity, business_id=owner.business_id)
    return _known(app, email, signed, owner.business_id)


@pytest.fixture
def do(app: Flask, owner: Visitor) -> Callable[..., Any]:
    """Calls a service in the owner's business: ``do(files.get, file_id=7)``."""

    def call(service: Callable[..., Any], *given: Any, **named: Any) -> Any:
        with app.app_context(), businesses.enter_business(owner.business_id):
            return service(*given, **named)

    return call


@pytest.fixture(scope="session")
def till() -> Iterator[Till]:
    """A payment provider on this machine."""
    with till_peer() as peer:
        yield peer


@pytest.fixture(scope="session")
def paying(config: Config) -> Flask:
    """An application in which clients can pay at the till."""
    return create_app(config, plugins=[PayingPlugin])

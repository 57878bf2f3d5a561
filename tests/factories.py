"""Small builders: each says what it needs and makes nothing else by surprise."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from invoicer_core.domain.actor import Actor
from invoicer_core.hooks import codec
from invoicer_core.models import db
from invoicer_core.models.identity import Membership, User
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import businesses
from invoicer_core.services.identity import access_tokens, sessions

BY = Actor("user", user_id=1, role="owner", label="owner@factory.test")


def make_user() -> int:
    """A user who never signs in; returns the id. Needs an application context."""
    user = User(email=f"{uuid4().hex}@factory.test", password_hash="-")
    db.session.add(user)
    db.session.commit()
    return user.id


def make_business(*, owner_id: int | None = None, **fields: object) -> int:
    """A business with its owner, series and tax rates; returns the id."""
    given = {"name": "Acme", "country": "AT", "currency": "EUR", "time_zone": "Europe/Vienna"}
    founded = businesses.create(fields={**given, **fields}, owner_id=owner_id or make_user(), by=BY)
    return founded.id


@dataclass(frozen=True, slots=True)
class Api:
    """Somebody who calls the API: a client with a token.

    Bodies are plain values (amounts as text or Decimal, never float) or raw bytes.
    """

    http: FlaskClient
    token: str | None = None
    business_id: int | None = None
    user_id: int | None = None
    email: str | None = None
    refresh_token: str | None = None

    def call(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> TestResponse:
        """Send a request; paths are below ``/api/v1``."""
        sent = dict(headers or {})
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        data = body
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
            if not isinstance(body, bytes):
                data = codec.dumps(body).encode()
        return self.http.open(f"/api/v1{path}", method=method, data=data, headers=sent)

    def get(self, path: str, **headers: str) -> TestResponse:
        """Read. Header names are written with ``_`` for ``-``."""
        return self.call("GET", path, headers=_spelled(headers))

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        """Make or do."""
        return self.call("POST", path, body, _spelled(headers))

    def put(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        """Change."""
        return self.call("PUT", path, body, _spelled(headers))

    def delete(self, path: str, **headers: str) -> TestResponse:
        """Remove."""
        return self.call("DELETE", path, headers=_spelled(headers))

    def made(self, path: str, body: Any, status: int = 201) -> dict[str, Any]:
        """The JSON of something that must come into being."""
        answer = self.post(path, body)
        assert answer.status_code == status, answer.get_data(as_text=True)
        found: dict[str, Any] = answer.get_json()
        return found


def _spelled(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def make_caller(app: Flask, *, role: str = "owner", business_id: int | None = None) -> Api:
    """Somebody signed in to the API with this role, in a business of their own or in that one."""
    with app.app_context():
        user_id = make_user()
        if business_id is None:
            business_id = make_business(owner_id=user_id)
        with enter_business(business_id):
            seat = db.session.scalar(
                select(Membership).where(
                    Membership.business_id == business_id, Membership.user_id == user_id
                )
            )
            if seat is None:
                seat = Membership(business_id=business_id, user_id=user_id, role=role)
                db.session.add(seat)
            seat.role = role
            db.session.commit()
        return sign_in(app, user_id)


def sign_in(app: Flask, user_id: int) -> Api:
    """A new API session of this user, without a password."""
    with app.app_context():
        signed = sessions.begin(user_id=user_id, kind="api")
        who = signed.identity
        token = access_tokens.make(who.user_id, who.sign_in_id, who.business_id)
        return Api(app.test_client(), token, who.business_id, user_id, who.email, signed.token)

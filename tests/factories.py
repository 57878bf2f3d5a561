"""Small builders: each says what it needs and makes nothing else by surprise."""

from uuid import uuid4

from invoicer_core.domain.actor import Actor
from invoicer_core.models import db
from invoicer_core.models.identity import User
from invoicer_core.services import businesses

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

"""Services run inside a business that belongs to the one test."""

from collections.abc import Iterator

import pytest
from flask import Flask

from invoicer_core.models.tenancy import enter_business
from tests.factories import make_business


@pytest.fixture
def business(app_context: Flask) -> Iterator[int]:
    """A new business, entered."""
    business_id = make_business()
    with enter_business(business_id):
        yield business_id


@pytest.fixture
def other_business(app_context: Flask) -> int:
    """Another business, not entered."""
    return make_business(name="Other")


@pytest.fixture(scope="session")
def app(config):  # TEMP
    from invoicer_core.models import db

    app = Flask("x")
    app.extensions["invoicer.config"] = config
    app.config.update(
        SECRET_KEY="x" * 32,
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={"pool_size": 16},
        SQLALCHEMY_BINDS={"gate": {"url": config.gate_url}},
    )
    db.init_app(app)
    return app

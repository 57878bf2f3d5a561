"""Callers of the API, one per role that a test needs."""

import pytest
from flask import Flask

from tests.factories import Api, make_caller


@pytest.fixture
def owner(app: Flask) -> Api:
    """The owner of a fresh business."""
    return make_caller(app)


@pytest.fixture
def stranger(app: Flask) -> Api:
    """The owner of another fresh business."""
    return make_caller(app)


@pytest.fixture
def nobody(app: Flask) -> Api:
    """Someone without a token."""
    return Api(app.test_client())


@pytest.fixture
def invoice(owner: Api) -> dict:
    """A draft of one line, 10.00 plus 20 %."""
    return owner.made("/invoices", draft_body())


def draft_body(**more: object) -> dict:
    """The body of a small invoice for a client given inline."""
    item = {"description": "Work", "quantity": 1, "unit_price": 10, "taxes": [{"rate": 20}]}
    return {"client": {"name": "Ann", "email": "ann@client.test"}, "items": [item], **more}

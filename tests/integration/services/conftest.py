"""Services run inside a business that belongs to the one test."""

from collections.abc import Iterator

import pytest
from flask import Flask

from invoicer_core.models.tenancy import enter_business
from tests.factories import make_business
from tests.integration.services.conversations import birds, loft

__all__ = ["birds", "business", "loft", "other_business"]


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

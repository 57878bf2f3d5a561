"""Servers that a test may stop, clog and fill: the run's own stay as they are."""

from dataclasses import replace

import pytest
from flask import Flask

from invoicer_core.app import create_app
from invoicer_core.config import Config
from tests.factories import Api, make_caller
from tests.peers.faulty import redis, redis_wire, valkey
from tests.peers.wire import Wire

__all__ = ["redis", "redis_wire", "valkey"]


@pytest.fixture
def limited(config: Config, redis_wire: Wire) -> Flask:
    """The application with limits that are counted in that Redis, over the wire."""
    return create_app(
        replace(
            config,
            redis_url=f"unix://{redis_wire.path}?db=0",
            rate_limit_account="1000/minute",
            rate_limit_address="1000/minute",
            rate_limit_sign_in="3/minute",
        ),
        plugins=[],
    )


@pytest.fixture
def caller(app: Flask, limited: Flask) -> Api:
    """The owner of a fresh business, who calls that application."""
    known = make_caller(app)
    return replace(known, http=limited.test_client())

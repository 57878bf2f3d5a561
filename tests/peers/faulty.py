"""A Redis that a test may stop, clog and fill, and the way there: the run's own stays as it is.
Fixtures, to be imported into a conftest."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from redis import Redis

from invoicer_core.embedded.account import server_account
from invoicer_core.embedded.servers import await_ready
from invoicer_core.embedded.valkey import Valkey, valkey_server
from tests.peers.wire import Wire, wire


@pytest.fixture(scope="session")
def valkey(run_folder: Path) -> Iterator[Valkey]:
    """A Redis of these tests."""
    folder = run_folder / f"faulty-{uuid4().hex[:6]}"
    server = valkey_server(server_account(), folder=folder, sockets=folder)
    server.prepare()
    child = server.start()
    await_ready(server, child, 60)
    yield server
    server.stop(child)


@pytest.fixture
def redis_wire(valkey: Valkey, run_folder: Path) -> Iterator[Wire]:
    """The way there."""
    with wire(run_folder / f"wire-{uuid4().hex[:6]}.sock", valkey.socket) as made:
        yield made


@pytest.fixture
def redis(valkey: Valkey) -> Iterator[Redis]:
    """Straight there; nothing is left in it afterwards."""
    with Redis.from_url(valkey.url()) as connection:
        yield connection
        connection.config_set("maxmemory", 0)
        connection.flushall()

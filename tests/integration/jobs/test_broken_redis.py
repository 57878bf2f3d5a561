"""Redis away, slow or full while invoices are issued: mails and PDFs come later, each once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from invoicer_core.services import messages
from tests.integration.jobs.test_deliveries import a_client, lines, probe
from tests.integration.jobs.test_invoice_delivery import finished, fresh, issue, the_message
from tests.peers.faulty import redis, redis_wire, valkey
from tests.peers.processes import Role, until
from tests.peers.wire import Wire

__all__ = ["redis", "redis_wire", "valkey"]


@pytest.fixture
def both(
    alone, redis_wire: Wire, job_variables: dict[str, str], run_folder: Path
) -> Iterator[list]:
    """A clock and a worker that reach that Redis over the wire."""
    environ = {**job_variables, "REDIS_URL": f"unix://{redis_wire.path}?db=0"}
    found = [Role(name, environ, run_folder).start() for name in ("clock", "worker")]
    yield found
    for role in found:
        print(role.output()[-4000:])
        role.kill()


@pytest.mark.parametrize("fault", ["away", "slow", "full"])
def test_what_was_issued_meanwhile_is_sent_later_and_once(
    fault: str, both: list, redis_wire: Wire, redis: Redis, data: Path, business: int, owner
) -> None:
    first = a_client("before")
    until(lambda: lines(data, "done", first))
    if fault == "away":
        redis_wire.cut()
    elif fault == "slow":
        redis_wire.clog()
    else:
        redis.config_set("maxmemory", 1)
    invoice, meanwhile = issue(), a_client("meanwhile")
    assert invoice.state == "issued"
    assert not lines(data, "begun", meanwhile)
    redis_wire.mend()
    redis.config_set("maxmemory", 0)
    run = until(lambda: finished(invoice.id), 100)
    assert run.status == "succeeded"
    until(lambda: probe(owner, meanwhile)[0] == "done", 100)
    assert len(lines(data, "done", meanwhile)) == 1
    until(lambda: the_message(invoice.id, "sent"), 60)
    assert len(fresh(messages.find, invoice_id=invoice.id).items) == 1
    assert [role.child.poll() for role in both] == [None, None]

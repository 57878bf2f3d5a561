"""From a committed fact to its subscriber: the real clock, real workers, a plugin that fails."""

import os
import signal

import pytest

from invoicer_core.models import db
from invoicer_core.services import clients, deliveries
from tests.factories import BY
from tests.peers.processes import Role, children_of, until
from tests.peers.roles import LEASE


def a_client(name: str) -> int:
    return clients.create(fields={"name": name}, by=BY).id


def lines(data, word: str, client_id: int) -> list[str]:
    path = data / "probe.log"
    found = path.read_text().splitlines() if path.exists() else []
    return [line for line in found if line.startswith(f"{word} {client_id} ")]


def states(owner, client_id: int) -> dict[str, str]:
    rows = owner.execute(
        "SELECT d.subscriber, d.state FROM deliveries d JOIN events e ON e.id = d.event_id"
        " WHERE e.name = 'client.created' AND (e.data ->> 'id')::bigint = %s",
        [client_id],
    )
    return dict(rows.fetchall())


def probe(owner, client_id: int) -> tuple:
    return owner.execute(
        "SELECT d.state, d.attempts, d.due_at > now(), d.error FROM deliveries d"
        " JOIN events e ON e.id = d.event_id WHERE d.subscriber = 'plugin:probe'"
        " AND (e.data ->> 'id')::bigint = %s",
        [client_id],
    ).fetchone()


def test_a_fact_reaches_its_subscribers(business, data, clock, worker, owner):
    client_id = a_client("well")
    until(lambda: lines(data, "done", client_id))
    until(lambda: set(states(owner, client_id).values()) == {"done"})
    assert states(owner, client_id).keys() == {"live", "plugin:probe"}


def due_now(owner, client_id: int) -> None:
    """Let the wait of the probe's delivery be over."""
    owner.execute(
        "UPDATE deliveries d SET due_at = now() FROM events e WHERE e.id = d.event_id"
        " AND d.subscriber = 'plugin:probe' AND (e.data ->> 'id')::bigint = %s",
        [client_id],
    )
    owner.execute("SELECT pg_notify('due', '')")


def test_a_failed_delivery_is_tried_again_later(business, data, clock, worker, owner):
    client_id = a_client("mend this")
    until(lambda: probe(owner, client_id)[:3] == ("due", 1, True))
    assert "not mended yet" in probe(owner, client_id)[3]
    (data / "mended").touch()
    due_now(owner, client_id)
    until(lambda: probe(owner, client_id)[:2] == ("done", 2))
    assert len(lines(data, "done", client_id)) == 1


def test_after_the_last_try_it_is_parked_and_can_be_replayed(business, data, clock, worker, owner):
    client_id = a_client("mend that")
    for attempts in range(1, len(deliveries.WAITS) + 1):
        until(lambda: probe(owner, client_id)[:3] == ("due", attempts, True))  # noqa: B023
        due_now(owner, client_id)
    until(lambda: probe(owner, client_id)[0] == "parked")
    (found,) = deliveries.list_parked().items
    assert (found.event, found.subscriber) == ("client.created", "plugin:probe")
    assert found.attempts == len(deliveries.WAITS) + 1
    (data / "mended").touch()
    deliveries.replay(delivery_id=found.id, by=BY)
    until(lambda: probe(owner, client_id)[:2] == ("done", 1))


def test_waiting_that_was_asked_for_does_not_count(business, data, clock, worker, owner):
    client_id = a_client("later")
    until(lambda: probe(owner, client_id)[:3] == ("due", 1, True))
    assert "come back" in probe(owner, client_id)[3]


def test_repeated_parking_pauses_the_plugin_and_resuming_replays(
    business, data, clock, worker, owner
):
    ids = [a_client(f"never {number}") for number in range(5)]
    for client_id in ids:
        until(lambda: probe(owner, client_id)[0] == "parked")  # noqa: B023
    paused = "SELECT pause_reason FROM plugin_states WHERE business_id = %s AND plugin = 'probe'"
    until(lambda: owner.execute(paused, [business]).fetchone()[0])
    late = a_client("held back")
    assert probe(owner, late)[:2] == ("parked", 0)
    assert [each.subscriber for each in deliveries.list_parked().items] == ["plugin:probe"] * 6
    (data / "mended").touch()
    assert deliveries.resume_plugin(plugin="probe", by=BY) == 6
    until(lambda: probe(owner, late)[0] == "done")
    db.session.rollback()


@pytest.fixture
def as_ever(alone, job_variables, run_folder):
    """A worker as patient as those of an installation, and its clock beside it."""
    patient = {**job_variables, "AS_EVER": "1"}
    found = [Role(name, patient, run_folder).start() for name in ("clock", "worker")]
    yield found[1]
    for role in found:
        role.kill()


def test_an_effect_of_a_killed_worker_comes_within_15_seconds(business, data, as_ever, owner):
    worker = as_ever
    client_id = a_client("sleepy")
    begun = until(lambda: lines(data, "begun", client_id))
    horse = int(begun[0].split()[2])
    assert horse not in children_of(worker.pid)
    worker.kill()
    os.kill(horse, signal.SIGKILL)
    (data / "awake").touch()
    worker.start()
    until(lambda: lines(data, "done", client_id), seconds=15)
    until(lambda: probe(owner, client_id)[0] == "done")
    assert len(lines(data, "begun", client_id)) == 2
    assert len(lines(data, "done", client_id)) == 1


def test_a_job_of_a_live_worker_is_not_taken_over(business, data, clock, worker, owner):
    client_id = a_client("sleepy as well")
    until(lambda: lines(data, "begun", client_id))
    lease = (
        "SELECT extract(epoch FROM min(leased_until) - now()) FROM deliveries"
        " WHERE state = 'leased'"
    )
    first = owner.execute(lease).fetchone()[0]
    assert 0 < first <= LEASE
    renewed = (
        "SELECT count(*) FROM deliveries WHERE state = 'leased' AND attempts = 1"
        " AND leased_until > %s"
    )
    until(lambda: owner.execute(renewed, [_soon(owner, LEASE + 2)]).fetchone()[0], seconds=20)
    (data / "awake").touch()
    until(lambda: probe(owner, client_id)[:2] == ("done", 1))
    assert len(lines(data, "begun", client_id)) == 1


def _soon(owner, seconds: int):
    """An instant that only a renewal can move the lease beyond: begun + a lease is before it."""
    start = owner.execute(
        "SELECT min(created_at) + make_interval(secs => %s) FROM deliveries WHERE state = 'leased'",
        [seconds],
    ).fetchone()
    return start[0]


@pytest.mark.parametrize("greed", ["greedy"])
def test_a_handler_that_eats_memory_fails_alone(business, data, clock, worker, owner, greed):
    client_id = a_client(greed)
    until(lambda: probe(owner, client_id)[:3] == ("due", 1, True))
    assert "MemoryError" in probe(owner, client_id)[3]
    well = a_client("after greed")
    until(lambda: probe(owner, well)[0] == "done")


def test_a_job_that_a_handler_asked_for(business, data, clock, worker, owner):
    client_id = a_client("job please")
    until(lambda: lines(data, "job", client_id))
    assert lines(data, "job", client_id) == [f"job {client_id} {business}"]

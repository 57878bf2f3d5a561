"""From a committed fact to its subscriber: the real clock, real workers, a plugin that fails."""

import os
import signal

import pytest

from invoicer_core.models import db
from invoicer_core.services import clients, deliveries
from tests.factories import BY
from tests.peers.processes import children_of, until


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

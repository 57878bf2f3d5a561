"""Webhooks over real sockets: signed, tried again, given up, never lost, and not told twice."""

import os
import signal
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac

import pytest

from invoicer_core.hooks import codec
from invoicer_core.models import db
from invoicer_core.services import clients, deliveries, messages, webhooks
from invoicer_core.services.webhooks import webhook_sending
from tests.factories import BY
from tests.peers.processes import children_of, until
from tests.peers.sink import Call, Sink, sink


@pytest.fixture
def receiver() -> Iterator[Sink]:
    with sink() as server:
        yield server


def endpoint(receiver: Sink, *events: str) -> tuple[int, str]:
    fields = {"url": receiver.url, "events": list(events or ("client.created",))}
    made, secret = webhooks.create(fields=fields, by=BY)
    return made.id, secret


def a_client(name: str) -> int:
    return clients.create(fields={"name": name}, by=BY).id


def is_signed(call: Call, secret: str) -> bool:
    """As a receiver checks it, from the text of the standard."""
    key = b64decode(secret.removeprefix("whsec_"))
    signed = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode()
    wanted = b64encode(hmac(key, signed + call.body, sha256).digest()).decode()
    given = [part.split(",", 1) for part in call.headers["webhook-signature"].split(" ")]
    return any(version == "v1" and compare_digest(value, wanted) for version, value in given)


def log(endpoint_id: int) -> list:
    db.session.rollback()
    return list(webhooks.attempts(endpoint_id=endpoint_id).items)


def over_now(owner, endpoint_id: int) -> None:
    """Let every wait of this endpoint be over."""
    owner.execute("UPDATE webhook_endpoints SET hold_until = NULL WHERE id = %s", [endpoint_id])
    owner.execute(
        "UPDATE deliveries SET due_at = now() WHERE state = 'due' AND subscriber = %s",
        [f"webhook:{endpoint_id}"],
    )
    owner.execute("SELECT pg_notify('due', '')")


def states(owner, endpoint_id: int) -> list[str]:
    rows = owner.execute(
        "SELECT state FROM deliveries WHERE subscriber = %s ORDER BY id", [f"webhook:{endpoint_id}"]
    )
    return [row[0] for row in rows]


def test_a_fact_is_told_once_and_signed(business, receiver, clock, worker, owner):
    endpoint_id, secret = endpoint(receiver)
    client_id = a_client("Told <b>")
    until(lambda: states(owner, endpoint_id) == ["done"])
    (call,) = receiver.calls
    assert call.path == "/hook?key=1"
    assert is_signed(call, secret)
    assert not is_signed(call, "whsec_" + b64encode(b"x" * 32).decode())
    assert abs(int(call.headers["webhook-timestamp"]) - time.time()) < 60
    said = codec.loads(call.body)
    assert (said["name"], said["business_id"]) == ("client.created", business)
    assert said["data"]["id"] == client_id
    assert call.headers["webhook-id"] == f"evt_{said['id']}"
    (attempt,) = log(endpoint_id)
    assert (attempt.state, attempt.status, attempt.response) == (
        "succeeded",
        200,
        "I takes <b>so</b>",
    )
    assert attempt.request == call.body.decode()


def test_only_the_chosen_events_of_ones_own_business_are_told(
    business, receiver, clock, worker, owner
):
    chosen, _ = endpoint(receiver, "client.archived")
    both, _ = endpoint(receiver, "client.created", "client.archived")
    client_id = a_client("chosen")
    until(lambda: states(owner, both) == ["done"])
    assert states(owner, chosen) == []
    clients.delete(client_id=client_id, by=BY)
    until(lambda: states(owner, chosen) == ["done"])
    until(lambda: states(owner, both) == ["done", "done"])


@pytest.mark.parametrize("mood", ["fails", "sends elsewhere", "hangs up"])
def test_what_failed_is_tried_again_under_the_same_id(
    business, receiver, clock, worker, owner, mood
):
    endpoint_id, secret = endpoint(receiver)
    receiver.mood = mood
    a_client("again")
    until(lambda: [each.state for each in log(endpoint_id)] == ["failed"])
    until(lambda: states(owner, endpoint_id) == ["due"])
    assert webhooks.get(endpoint_id=endpoint_id).failures == 1
    receiver.mood = "takes"
    over_now(owner, endpoint_id)
    until(lambda: states(owner, endpoint_id) == ["done"])
    first, second = receiver.calls
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert is_signed(second, secret)
    assert {call.path for call in receiver.calls} == {"/hook?key=1"}
    assert webhooks.get(endpoint_id=endpoint_id).failures == 0


def test_one_that_just_failed_is_spared_and_nothing_is_lost(
    business, receiver, clock, worker, owner
):
    endpoint_id, _ = endpoint(receiver)
    receiver.mood = "fails"
    a_client("first")
    until(lambda: len(log(endpoint_id)) == 1)
    for number in range(3):
        a_client(f"waits {number}")
    held = (
        "SELECT count(*) FROM deliveries WHERE subscriber = %s AND state = 'due'"
        " AND due_at > now() AND attempts = 0 AND error IS NOT NULL"
    )
    until(lambda: owner.execute(held, [f"webhook:{endpoint_id}"]).fetchone()[0] == 3)
    assert len(receiver.calls) == 1
    receiver.mood = "takes"
    over_now(owner, endpoint_id)
    until(lambda: states(owner, endpoint_id) == ["done"] * 4)
    assert len(receiver.bodies("waits")) == 3


def test_a_killed_worker_tells_it_again_and_a_success_never_twice(
    business, receiver, clock, worker, owner
):
    endpoint_id, _ = endpoint(receiver)
    receiver.mood = "waits"
    a_client("interrupted")
    assert receiver.come.wait(40)
    children = children_of(worker.pid)
    worker.kill()
    for child in children:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue
    receiver.mood = "takes"
    receiver.go_on.set()
    worker.start()
    until(lambda: states(owner, endpoint_id) == ["done"])
    assert len(receiver.calls) == 2
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == 1
    newest, oldest = log(endpoint_id)
    assert (newest.state, oldest.state) == ("succeeded", "failed")
    assert "died" in (oldest.error or "")
    worker.kill()
    worker.start()
    a_client("after it")
    until(lambda: states(owner, endpoint_id) == ["done", "done"])
    assert len(receiver.calls) == 3


def test_a_dead_receiver_holds_up_no_other(business, receiver, clock, worker, owner):
    dead, _ = endpoint(receiver)
    receiver.mood = "waits"
    a_client("hangs")
    assert receiver.come.wait(40)
    with sink() as other:
        well, _ = endpoint(other)
        a_client("goes on")
        until(lambda: states(owner, well) == ["done"], seconds=8)
        assert log(dead)[0].state == "begun"
        assert other.bodies("goes on")
    receiver.mood = "takes"
    receiver.go_on.set()
    until(lambda: states(owner, dead) == ["done", "done"])


def test_gone_is_given_up_the_owner_told_and_what_is_owed_kept(
    business, receiver, clock, worker, owner
):
    endpoint_id, _ = endpoint(receiver)
    receiver.mood = "is gone"
    a_client("gone")
    until(lambda: states(owner, endpoint_id) == ["parked"])
    a_client("kept")
    assert states(owner, endpoint_id) == ["parked", "parked"]
    db.session.rollback()
    found = webhooks.get(endpoint_id=endpoint_id)
    assert (found.state, found.held) == ("failing", 2)
    assert [each.id for each in webhooks.failing()] == [endpoint_id]
    (mail,) = [each for each in messages.find().items if each.kind == "webhook_given_up"]
    assert receiver.url in (mail.text or "")
    receiver.mood = "takes"
    assert webhooks.switch(endpoint_id=endpoint_id, on=True, by=BY) == 2
    until(lambda: states(owner, endpoint_id) == ["done", "done"])
    assert len(receiver.bodies("kept")) == 1


def test_a_long_failure_is_given_up(business, receiver, alone, owner):
    endpoint_id, _ = endpoint(receiver)
    receiver.mood = "fails"
    a_client("long")
    owner.execute(
        "UPDATE webhook_endpoints SET failing_since = now() - %s WHERE id = %s",
        [webhook_sending.GIVEN_UP_AFTER + timedelta(minutes=1), endpoint_id],
    )
    (delivery_id,) = owner.execute(
        "SELECT id FROM deliveries WHERE subscriber = %s", [f"webhook:{endpoint_id}"]
    ).fetchone()
    call = webhook_sending.begin(endpoint_id=endpoint_id, delivery_id=delivery_id)
    assert call is not None
    assert webhook_sending.finish(call, webhook_sending.make(call))
    assert webhooks.get(endpoint_id=endpoint_id).state == "failing"
    assert states(owner, endpoint_id) == ["parked"]


def test_both_secrets_sign_while_one_is_replaced(business, receiver, clock, worker, owner):
    endpoint_id, former = endpoint(receiver)
    newer = webhooks.rotate(endpoint_id=endpoint_id, by=BY)
    assert newer != former
    a_client("rotated")
    until(lambda: states(owner, endpoint_id) == ["done"])
    assert is_signed(receiver.calls[0], former)
    assert is_signed(receiver.calls[0], newer)
    owner.execute("UPDATE webhook_endpoints SET former_until = now() WHERE id = %s", [endpoint_id])
    a_client("later")
    until(lambda: states(owner, endpoint_id) == ["done", "done"])
    assert not is_signed(receiver.calls[1], former)
    assert is_signed(receiver.calls[1], newer)


def test_a_test_message_goes_out_even_when_off(business, receiver, clock, worker, owner):
    endpoint_id, secret = endpoint(receiver)
    webhooks.switch(endpoint_id=endpoint_id, on=False, by=BY)
    a_client("unheard")
    delivery_id = webhooks.ping(endpoint_id=endpoint_id, by=BY)
    until(lambda: states(owner, endpoint_id) == ["done"])
    (call,) = receiver.calls
    assert is_signed(call, secret)
    assert codec.loads(call.body)["name"] == "webhook.ping"
    receiver.mood = "fails"
    webhooks.ping(endpoint_id=endpoint_id, by=BY)
    until(lambda: states(owner, endpoint_id) == ["done", "skipped"])
    webhooks.resend(endpoint_id=endpoint_id, delivery_id=delivery_id, by=BY)
    until(lambda: len(receiver.calls) == 3)
    assert receiver.calls[2].headers["webhook-id"] == call.headers["webhook-id"]


def test_a_deleted_one_hears_nothing_more(business, receiver, alone, owner):
    endpoint_id, _ = endpoint(receiver)
    a_client("too late")
    webhooks.delete(endpoint_id=endpoint_id, by=BY)
    assert states(owner, endpoint_id) == ["skipped"]
    a_client("unheard")
    assert states(owner, endpoint_id) == ["skipped"]
    assert deliveries.list_parked().items == ()
    sealed = owner.execute(
        "SELECT sealed, former_sealed FROM webhook_endpoints WHERE id = %s", [endpoint_id]
    ).fetchone()
    assert sealed == (None, None)

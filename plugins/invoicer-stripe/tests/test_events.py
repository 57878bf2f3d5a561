"""Calls that pretend to be Stripe's, and true ones that come wrongly: no effect, or the right."""

import copy
import json
import time
from decimal import Decimal
from pathlib import Path

import pytest
from invoicer_stripe import inbound

from tests.peers.stripe_events import event_of, signature

DAYS = 86_400


@pytest.fixture
def waiting(till):
    """An invoice whose pay page was paid at Stripe, whose events are held back."""
    till.peer.post.held = True
    made, session = till.begun()
    till.peer.pay(session)
    before = till.state(made)
    assert before[0] == "sent"
    return made, session, before


def completed(till):
    (event,) = till.events("checkout.session.completed")
    return event


@pytest.mark.parametrize(
    "how",
    [
        {"header": ""},
        {"header": "t=1,v1=abc"},
        {"header": "nonsense"},
        {"secret": "whsec_of_somebody_else"},
        {"secret": "whsec_"},
        {"at": -301},
        {"at": 360},
        {"at": -3 * DAYS},
        {"at": 3 * DAYS},
    ],
    ids=lambda how: "-".join(f"{name}={value}" for name, value in how.items()),
)
def test_a_call_that_is_not_signed_now_has_no_effect(till, waiting, how):
    made, _session, before = waiting
    given = {**how, "at": time.time() + how["at"]} if "at" in how else how
    assert till.deliver(completed(till), **given) == 400
    till.work()
    assert till.state(made) == before


def test_a_body_changed_after_signing_has_no_effect(till, waiting):
    made, _session, before = waiting
    event = completed(till)
    signed = signature(json.dumps(event).encode(), till.endpoint.secret)
    assert till.deliver(event, header=signed) == 400
    assert till.state(made) == before


@pytest.mark.parametrize("at", [-290, 0, 290])
def test_clocks_may_differ_by_five_minutes(till, waiting, at):
    made, _session, _before = waiting
    assert till.deliver(completed(till), at=time.time() + at) == 200
    assert till.shop.invoice(made.id).status == "paid"


def change(path, value):
    def apply(event):
        place = event
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return apply


THING = ("data", "object")


@pytest.mark.parametrize(
    ("kind", "path", "value", "reason"),
    [
        ("checkout.session.completed", (*THING, "amount_total"), 1190, "another amount"),
        ("checkout.session.completed", (*THING, "amount_total"), 11901, "another amount"),
        ("checkout.session.completed", (*THING, "amount_total"), "11900", "another amount"),
        ("checkout.session.completed", (*THING, "currency"), "usd", "another currency"),
        ("checkout.session.completed", ("livemode",), True, "test and live mode mixed up"),
        ("payment_intent.succeeded", (*THING, "amount_received"), 1, "another amount"),
        ("payment_intent.succeeded", (*THING, "currency"), "jpy", "another currency"),
        ("payment_intent.succeeded", ("livemode",), True, "test and live mode mixed up"),
        ("payment_intent.succeeded", (*THING, "metadata", "attempt"),
         "0b5c8c3e-0000-4000-8000-000000000000", "nothing that was begun here"),
    ],
)  # fmt: skip
def test_what_was_not_agreed_has_no_effect_and_is_counted(till, waiting, kind, path, value, reason):
    made, _session, before = waiting
    (event,) = till.events(kind)
    assert till.deliver(event, change=change(path, value)) == 200
    till.work()
    assert till.state(made) == before
    assert till.odd() == {reason: 1}


def test_another_payment_than_the_one_that_is_known_has_no_effect(till):
    made, intent = till.paid()
    before = till.state(made)
    fake = copy.deepcopy(till.events("payment_intent.succeeded")[0])
    fake["id"], fake["data"]["object"]["id"] = "evt_fake", "pi_another"
    assert till.deliver(fake) == 200
    assert till.state(made) == before
    assert till.odd() == {"another payment": 1}
    assert intent["id"] != "pi_another"


def test_another_business_learns_and_changes_nothing(till, other, waiting):
    made, _session, before = waiting
    for event in till.events():
        assert other.deliver(event) == 200
        assert till.peer.post.deliver(event, other.endpoint, secret=till.endpoint.secret) == 400
        assert till.peer.post.deliver(event, till.endpoint, secret=other.endpoint.secret) == 400
    other.work()
    till.work()
    assert till.state(made) == before
    assert set(other.odd()) == {"nothing that was begun here"}
    assert till.odd() == {}


def test_an_event_again_and_again_counts_once(till, waiting):
    made, _session, _before = waiting
    event = completed(till)
    assert [till.deliver(event) for _ in range(3)] == [200, 200, 200]
    # Three days late, signed anew, as Stripe does it when we were away for a weekend.
    late = {**event, "created": event["created"] - 3 * DAYS}
    assert till.deliver({**late, "id": "evt_late"}) == 200
    till.work()
    assert till.shop.invoice(made.id).status == "paid"
    assert till.payment(made).allocated_amount == Decimal("119.00")
    assert till.odd() == {}


def test_three_days_late_is_not_too_late(till, waiting):
    made, _session, _before = waiting
    event = completed(till)
    assert till.deliver({**event, "created": event["created"] - 3 * DAYS}) == 200
    assert till.shop.invoice(made.id).status == "paid"


def test_what_came_later_is_not_undone_by_what_came_before(till):
    made, session = till.begun()
    till.peer.pay(session)
    till.settle()
    expired = event_of("checkout.session.expired", {**session, "status": "expired",
                       "payment_status": "unpaid"}, livemode=False)  # fmt: skip
    declined = copy.deepcopy(till.events("payment_intent.succeeded")[0])
    declined.update(id="evt_declined", type="payment_intent.payment_failed")
    declined["data"]["object"]["status"] = "requires_payment_method"
    assert (till.deliver(expired), till.deliver(declined)) == (200, 200)
    assert till.shop.invoice(made.id).status == "paid"


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"id": "evt_1"}', b'{"id": 1, "type": "x"}',
     b'{"id":"evt_2","type":"checkout.session.completed","data":{"object":null}}',
     b'{"id":"evt_3","type":"refund.created","livemode":false,"data":{"object":{"id":1}}}'],
)  # fmt: skip
def test_signed_nonsense_breaks_nothing(till, waiting, body):
    made, _session, before = waiting
    headers = {"Stripe-Signature": signature(body, till.endpoint.secret)}
    path = till.endpoint.url.removeprefix(till.site)
    answer = till.payer.http.post(path, data=body, headers=headers)
    assert answer.status_code in (200, 400, 409), answer.text
    assert till.state(made) == before


def test_other_events_of_the_account_are_taken_and_left_alone(till, waiting):
    made, _session, before = waiting
    strange = event_of("customer.created", {"id": "cus_1", "object": "customer"}, livemode=False)
    foreign = event_of("checkout.session.completed",
                       {"id": "cs_of_a_shop", "metadata": {}, "object": "checkout.session"},
                       livemode=False)  # fmt: skip
    assert (till.deliver(strange), till.deliver(foreign)) == (200, 200)
    assert till.state(made) == before
    assert till.odd() == {}


def test_the_readme_names_every_event(till):
    del till
    text = Path(inbound.__file__).parents[1].joinpath("README.md").read_text()
    assert [name for name in inbound.EVENTS if name not in text] == []

"""Stripe's events in every order, more than once, at the same time: one and the same end."""

import random
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import permutations

import pytest

THREADS = 10


def history(till, lost):
    """A payment that was made, refunded twice and perhaps lost to the payer's bank; its events are
    still to come."""
    till.peer.post.held = True
    made, session = till.begun()
    till.peer.pay(session)
    intent = till.peer.intent_of(session)
    till.peer.refund(intent, 3000)
    if lost:
        case = till.peer.books.contest(intent, 2000)
        till.peer.books.close(case, "lost")
    else:
        till.peer.refund(intent, 2000)
    names = ["checkout.session.completed", "payment_intent.succeeded"]
    names += (["refund.created", "charge.dispute.created", "charge.dispute.closed"] if lost
              else ["refund.created", "charge.refunded"])  # fmt: skip
    mine = [e for e in till.events(*names) if _is_of(e, session, intent)]
    if not lost:
        # The first of the two that only say how much went back in all is the fifth.
        mine = [e for e in mine if e["type"] != "charge.refunded"] + [
            e for e in mine if e["type"] == "charge.refunded"
        ][-1:]
    assert len(mine) == 5
    return made, mine


def _is_of(event, session, intent):
    thing = event["data"]["object"]
    return session["id"] in (thing["id"],) or intent["id"] in (
        thing["id"], thing.get("payment_intent")
    )  # fmt: skip


@pytest.mark.parametrize("lost", [False, True], ids=["refunded", "lost"])
def test_five_events_in_every_order(till, scale, lost):
    chance = random.Random(7)
    orders = list(permutations(range(5)))
    assert len(orders) == 120
    for order in chance.sample(orders, scale(5, 120)):
        made, events = history(till, lost)
        calls = [events[number] for number in order for _ in range(chance.randint(1, 3))]
        with ThreadPoolExecutor(THREADS) as pool:
            answers = list(pool.map(till.deliver, calls))
        # Stripe sends again what was not taken.
        again = [event for event, status in zip(calls, answers, strict=True) if status != 200]
        assert set(answers) <= {200, 503}
        assert {till.deliver(event) for event in again} <= {200}
        till.work()
        parts = (Decimal("20.00"), Decimal("30.00"))
        assert till.state(made) == (
            "sent", Decimal("50.00"), "partly_refunded", Decimal("50.00"), Decimal("69.00"), parts,
        ), order  # fmt: skip
    assert till.odd() == {}

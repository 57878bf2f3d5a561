"""Events reach plugins one by one; how each ends is an outcome, never an exception."""

import pytest
from sqlalchemy import select

from invoicer_core.hooks.plugin import Plugin
from invoicer_core.host import Host, Outcome, deliver, discover, install, parked, states
from invoicer_core.models import db
from tests.integration.host.conftest import event
from tests.plugins.good.invoicer_good.tables import Noted


def noted():
    return [(row.invoice_id, row.times) for row in db.session.scalars(select(Noted))]


def test_a_handler_writes_in_its_own_transaction_and_twice_is_once(host_app, business):
    for _ in range(2):
        assert deliver("good", event("invoice.issued", business)) == Outcome("done")
    assert noted() == [(7, 1)]
    assert not db.session().in_transaction() or noted() == [(7, 1)]


@pytest.mark.parametrize(
    ("plugin", "name", "state", "words"),
    [
        ("crashing", "invoice.issued", "retry", "ProgrammingError"),
        ("crashing", "invoice.paid", "retry", "the other side sleeps"),
        ("crashing", "invoice.voided", "parked", "PermanentFailure: no such account"),
        ("good", "invoice.paid", "skipped", "not installed"),
        ("missing", "invoice.issued", "skipped", "not installed"),
    ],
)
def test_how_it_can_end(host_app, business, plugin, name, state, words):
    outcome = deliver(plugin, event(name, business))
    assert outcome.state == state
    assert words in (outcome.error or "")
    assert not db.session().in_transaction()


def test_a_plugin_in_quarantine_keeps_what_it_is_owed(host_app, business):
    broken = type("Broken", (Plugin,), {"name": "broken", "api": 99})
    install(host_app, Host(registry=discover(extra=[broken], entry_points=False)))
    assert deliver("broken", event("invoice.issued", business)).state == "held"


def test_off_is_skipped_and_paused_is_held_until_resumed(host_app, business):
    issued = event("invoice.issued", business)
    states.switch(db.session, business, "good", on=False)
    db.session.commit()
    assert deliver("good", issued).state == "skipped"
    states.switch(db.session, business, "good", on=True)
    states.pause(db.session, business, "good", "enough", on=True)
    db.session.commit()
    assert deliver("good", issued) == Outcome("held", error="enough")
    assert states.resume(db.session, business, "good")
    assert not states.resume(db.session, business, "good")
    db.session.commit()
    assert deliver("good", issued).state == "done"


def test_parking_again_and_again_pauses(host_app, business):
    paused = [parked("good", business, f"try {n}") for n in range(states.MOST_FAILURES + 1)]
    assert paused == [False] * (states.MOST_FAILURES - 1) + [True, False]
    assert deliver("good", event("invoice.issued", business)).state == "held"


def test_a_success_forgets_the_failures_before(host_app, business):
    for _ in range(states.MOST_FAILURES - 1):
        parked("good", business, "no")
    assert deliver("good", event("invoice.issued", business)).state == "done"
    assert not parked("good", business, "no")
    assert states.read(db.session, business, frozenset()).of("good").failures == 1

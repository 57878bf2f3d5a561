"""The catalogue: names, envelopes, and one hook for each event."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from invoicer_core.domain import events
from invoicer_core.domain.events import (
    EVENTS,
    LIVE_NAMES,
    Event,
    envelope,
    event_from,
    live_envelope,
)
from invoicer_core.hooks.plugin import HOOKS

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
INVOICE = {
    "id": 7,
    "public_id": str(UUID(int=1)),
    "client_public_id": str(UUID(int=2)),
    "client_id": 3,
    "invoice_number": "INV-1",
    "balance_due": Decimal("9.99"),
}
NAMED_IN_THE_RULES = {
    "invoice.created", "invoice.updated", "invoice.issued", "invoice.sent", "invoice.paid",
    "payment.recorded", "invoice.voided", "invoice.overdue", "invoice.viewed",
    "invoice.written_off", "credit_note.issued", "payment.refunded", "message.sent",
    "message.failed", "document.stored", "user.registered", "user.logged_in", "client.created",
    "product.low_stock",
}  # fmt: skip


def event(name, data):
    return event_from(event_id=5, name=name, business_id=2, occurred_at=NOW, data=data)


def test_every_event_of_the_rules_exists():
    assert NAMED_IN_THE_RULES - EVENTS.keys() == set()


def test_every_event_has_a_hook_and_every_event_hook_an_event():
    hooks = {hook for hook, family in HOOKS.items() if family == "event"}
    assert hooks == {"on_" + name.replace(".", "_") for name in EVENTS}


@pytest.mark.parametrize("kind", EVENTS.values(), ids=EVENTS.keys())
def test_every_event_is_documented(kind):
    assert kind.__doc__
    assert kind.__doc__ != Event.__doc__


def test_the_envelope_has_the_six_parts():
    assert envelope(event("client.created", {"id": 3})) == {
        "id": 5,
        "name": "client.created",
        "business_id": 2,
        "occurred_at": NOW,
        "version": 1,
        "data": {"id": 3},
    }


def test_the_data_is_read_by_type():
    issued = event("invoice.issued", INVOICE)
    assert isinstance(issued, events.InvoiceIssued)
    assert (issued.invoice_id, issued.client_id, issued.balance_due) == (7, 3, Decimal("9.99"))
    assert issued.public_id == UUID(int=1)
    payment = event("payment.recorded", {"id": 1, "client_id": 3, "amount": 5})
    assert isinstance(payment, events.PaymentRecorded)
    assert (payment.invoice_id, payment.amount) == (None, Decimal(5))
    with pytest.raises(KeyError):
        _ = event("invoice.issued", {}).invoice_id


@pytest.mark.parametrize(("name", "kind"), LIVE_NAMES.items())
def test_the_live_form_of_an_invoice(name, kind):
    data = INVOICE if name.startswith("invoice.") else {"id": 1, "invoice": INVOICE}
    assert live_envelope(event(name, data)) == {
        "type": "INVOICE_UPDATE",
        "eventType": kind,
        "customerId": str(UUID(int=2)),
        "invoice": INVOICE,
    }


def test_issuing_is_what_the_live_channel_calls_sent():
    assert [name for name, kind in LIVE_NAMES.items() if kind == "INVOICE_SENT"] == [
        "invoice.issued"
    ]


@pytest.mark.parametrize("name", ["invoice.voided", "client.created"])
def test_other_events_have_no_live_form(name):
    assert live_envelope(event(name, INVOICE)) is None


def test_a_payment_without_its_invoice_needs_to_be_told_it():
    recorded = event("payment.recorded", {"id": 1})
    assert live_envelope(recorded) is None
    shown = live_envelope(recorded, INVOICE)
    assert shown is not None
    assert shown["invoice"] == INVOICE


def test_two_events_cannot_share_a_name():
    with pytest.raises(TypeError, match="two event classes"):
        type("Again", (Event,), {"name": "invoice.paid"})


def test_an_unknown_name_is_no_event():
    with pytest.raises(KeyError):
        event("invoice.eaten", {})

"""Each hook that may object is asked at its moment, and what it says stops what was about to be."""

from collections.abc import Iterable
from typing import Any

import pytest
from flask import Flask

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.hooks.plugin import ObjectionHooks
from invoicer_core.plugin import (
    Context,
    CreditNoteSnapshot,
    InvoiceSnapshot,
    Objection,
    PaymentSnapshot,
    Plugin,
    hookimpl,
)
from tests.integration.api.conftest import draft_body, make_caller

NO = [Objection("Not on a Friday.")]
HOOKS = sorted(name for name in vars(ObjectionHooks) if name.startswith("before_"))


class FridayPlugin(Plugin):
    """Says no to everything."""

    name = "friday"

    @hookimpl
    def before_invoice_issued(self, ctx: Context, invoice: InvoiceSnapshot) -> Iterable[Objection]:
        return NO

    @hookimpl
    def before_invoice_sent(self, ctx: Context, invoice: InvoiceSnapshot) -> Iterable[Objection]:
        return NO

    @hookimpl
    def before_invoice_voided(self, ctx: Context, invoice: InvoiceSnapshot) -> Iterable[Objection]:
        return NO

    @hookimpl
    def before_credit_note_issued(
        self, ctx: Context, credit_note: CreditNoteSnapshot
    ) -> Iterable[Objection]:
        return NO

    @hookimpl
    def before_payment_refunded(
        self, ctx: Context, payment: PaymentSnapshot
    ) -> Iterable[Objection]:
        return NO


@pytest.fixture(scope="module")
def on_friday(config: Config) -> Flask:
    return create_app(config, plugins=[FridayPlugin])


def prepare(owner: Any) -> dict[str, tuple[str, dict[str, Any]]]:
    """A call for each hook, on things that were made while the plugin was off."""
    draft = owner.made("/invoices", draft_body())
    issued = owner.made("/invoices", {**draft_body(), "issue": True})
    paid = owner.made("/invoices", {**draft_body(), "issue": True})
    payment = owner.made("/payments", {"invoice_id": paid["id"], "amount": 1, "method": "cash"})
    return {
        "before_invoice_issued": (f"/invoices/{draft['id']}/issue", {}),
        "before_invoice_sent": (f"/invoices/{issued['id']}/send", {"recipient": "a@client.test"}),
        "before_invoice_voided": (f"/invoices/{issued['id']}/void", {"reason": "typo"}),
        "before_credit_note_issued": (
            f"/invoices/{paid['id']}/credit-notes",
            {"reason": "broken"},
        ),
        "before_payment_refunded": (f"/payments/{payment['id']}/refund", {"reason": "too much"}),
    }


def test_every_hook_stops_what_it_is_about(on_friday: Flask) -> None:
    owner = make_caller(on_friday)
    calls = prepare(owner)
    assert sorted(calls) == HOOKS
    owner.put("/plugins/friday", {"enabled": True})
    for hook, (path, body) in calls.items():
        answer = owner.post(path, body)
        assert answer.status_code == 409, (hook, answer.text)
        assert "friday: Not on a Friday." in answer.get_json()["detail"], hook
    owner.put("/plugins/friday", {"enabled": False})
    for hook in ("before_invoice_sent", "before_invoice_issued"):
        path, body = calls[hook]
        assert owner.post(path, body).status_code < 300, hook

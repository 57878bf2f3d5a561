"""An example plugin that wants more than it may have."""

from collections.abc import Iterable, Mapping
from itertools import repeat
from typing import Any, cast

from sqlalchemy import text

from invoicer_core.plugin import (
    Context,
    CreditNoteSnapshot,
    InvoiceDraft,
    InvoiceIssued,
    InvoiceSnapshot,
    ItemProposal,
    Objection,
    PaymentSnapshot,
    Plugin,
    Slot,
    hookimpl,
)
from invoicer_core.plugin.tables import session

HOARD: list[bytearray] = []


class GreedyPlugin(Plugin):
    """Commits, answers without end, eats memory."""

    name, default_on = "greedy", True

    @hookimpl
    def before_invoice_issued(self, ctx: Context, invoice: InvoiceSnapshot) -> Iterable[Objection]:
        invoice.plugins["greedy"] = "mine"
        try:
            session.commit()
        except Exception:  # noqa: BLE001 - it hides what it did
            return []
        return []

    @hookimpl
    def before_invoice_voided(self, ctx: Context, invoice: InvoiceSnapshot) -> Iterable[Objection]:
        return repeat(Objection("never enough"))

    @hookimpl
    def before_invoice_sent(self, ctx: Context, invoice: InvoiceSnapshot) -> Iterable[Objection]:
        session.execute(text("COMMIT"))
        return []

    @hookimpl
    def before_payment_refunded(
        self, ctx: Context, payment: PaymentSnapshot
    ) -> Iterable[Objection]:
        return cast(Iterable[Objection], "no")

    @hookimpl
    def before_credit_note_issued(
        self, ctx: Context, credit_note: CreditNoteSnapshot
    ) -> Iterable[Objection]:
        session.connection().commit()
        return []

    @hookimpl
    def propose_items(self, ctx: Context, draft: InvoiceDraft) -> Iterable[ItemProposal]:
        return cast(Iterable[ItemProposal], [draft])

    @hookimpl
    def on_invoice_issued(self, ctx: Context, event: InvoiceIssued) -> None:
        while True:
            HOARD.append(bytearray(64 * 1024 * 1024))

    @hookimpl
    def slots(self) -> Iterable[Slot]:
        yield Slot("greed", "invoice.panels", _render)


def _render(ctx: Context, values: Mapping[str, Any]) -> str:
    return "<script>alert('greed')</script>"

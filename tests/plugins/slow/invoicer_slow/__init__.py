"""An example plugin that waits wherever it is called."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import text

from invoicer_core.plugin import (
    Context,
    InvoiceDraft,
    InvoiceIssued,
    InvoiceSnapshot,
    ItemProposal,
    Objection,
    Plugin,
    Slot,
    hookimpl,
)
from invoicer_core.plugin.tables import session

LONG = 30


class SlowPlugin(Plugin):
    """Waits for a clock, and for the database."""

    name, default_on = "slow", True

    @hookimpl
    def before_invoice_issued(self, ctx: Context, invoice: InvoiceSnapshot) -> Iterable[Objection]:
        time.sleep(LONG)
        return []

    @hookimpl
    def before_invoice_voided(self, ctx: Context, invoice: InvoiceSnapshot) -> Iterable[Objection]:
        session.execute(text("SELECT pg_sleep(30)"))
        return []

    @hookimpl
    def propose_items(self, ctx: Context, draft: InvoiceDraft) -> Iterable[ItemProposal]:
        time.sleep(LONG)
        return []

    @hookimpl
    def on_invoice_issued(self, ctx: Context, event: InvoiceIssued) -> None:
        time.sleep(LONG)

    @hookimpl
    def slots(self) -> Iterable[Slot]:
        yield Slot("wait", "invoice.panels", _render)


def _render(ctx: Context, values: Mapping[str, Any]) -> str:
    time.sleep(LONG)
    return "late"

"""An example plugin that fails wherever it is called."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import text

from invoicer_core.plugin import (
    Context,
    InvoiceDraft,
    InvoiceIssued,
    InvoicePaid,
    InvoiceSnapshot,
    InvoiceVoided,
    ItemProposal,
    Objection,
    PermanentFailure,
    Plugin,
    RetryLater,
    Slot,
    hookimpl,
    places,
)
from invoicer_core.plugin.tables import session


class CrashingPlugin(Plugin):
    """Raises, and sends bad SQL."""

    name, default_on = "crashing", True

    @hookimpl
    def before_invoice_issued(self, ctx: Context, invoice: InvoiceSnapshot) -> Iterable[Objection]:
        raise ZeroDivisionError("division by zero")

    @hookimpl
    def before_invoice_voided(self, ctx: Context, invoice: InvoiceSnapshot) -> Iterable[Objection]:
        session.execute(text("SELECT * FROM no_such_table"))
        return []

    @hookimpl
    def propose_items(self, ctx: Context, draft: InvoiceDraft) -> Iterable[ItemProposal]:
        raise SystemExit(3)

    @hookimpl
    def on_invoice_issued(self, ctx: Context, event: InvoiceIssued) -> None:
        session.execute(text("SELECT * FROM no_such_table"))

    @hookimpl
    def on_invoice_paid(self, ctx: Context, event: InvoicePaid) -> None:
        raise RetryLater("the other side sleeps", after=None)

    @hookimpl
    def on_invoice_voided(self, ctx: Context, event: InvoiceVoided) -> None:
        raise PermanentFailure("no such account")

    @hookimpl
    def slots(self) -> Iterable[Slot]:
        for place in places():
            yield Slot(f"crash-{place}", place, _render)


def _render(ctx: Context, values: Mapping[str, Any]) -> str:
    raise AttributeError("nothing to see")

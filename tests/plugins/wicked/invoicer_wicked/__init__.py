"""An example plugin that misbehaves as it is told, in one business so and in another so."""

import os
import time
from collections.abc import Iterable, Mapping
from typing import Any, Literal, cast

from invoicer_core.plugin import (
    Context,
    InvoiceDraft,
    InvoiceIssued,
    InvoiceSnapshot,
    ItemProposal,
    Objection,
    Plugin,
    Settings,
    Slot,
    data_folder,
    field,
    hookimpl,
)

LONG = 600
PIECE = 32 * 1024 * 1024


class WickedSettings(Settings):
    """What it does."""

    events: Literal["well", "raises", "dies", "hangs", "eats"] = field("well", title="With events")
    hooks: Literal["well", "raises", "waits", "nonsense"] = field("well", title="In hooks")


class WickedPlugin(Plugin):
    """Misbehaves as it is told."""

    name, settings, default_on = "wicked", WickedSettings, True

    @hookimpl
    def on_invoice_issued(self, ctx: Context, event: InvoiceIssued) -> None:
        told = ctx.settings.events
        if told == "raises":
            raise RuntimeError("a bad day")
        if told == "dies":
            os._exit(3)
        if told == "hangs":
            time.sleep(LONG)
        hoard = []
        while told == "eats":
            # Taken, never touched: a slow machine comes to the limit as soon as a fast one.
            hoard.append(bytes(PIECE))
        _note(ctx.business_id, event.invoice_id)

    @hookimpl
    def before_invoice_issued(self, ctx: Context, invoice: InvoiceSnapshot) -> Iterable[Objection]:
        return cast(Iterable[Objection], _misbehave(ctx, []))

    @hookimpl
    def propose_items(self, ctx: Context, draft: InvoiceDraft) -> Iterable[ItemProposal]:
        return cast(Iterable[ItemProposal], _misbehave(ctx, []))

    @hookimpl
    def slots(self) -> Iterable[Slot]:
        yield Slot("wicked", "invoice.panels", _render)


def _render(ctx: Context, values: Mapping[str, Any]) -> str:
    return str(_misbehave(ctx, "well"))


def _misbehave(ctx: Context, well: Any) -> Any:
    told = ctx.settings.hooks
    if told == "raises":
        raise KeyError("nothing there")
    if told == "waits":
        time.sleep(LONG)
    return 42 if told == "nonsense" else well


def _note(business_id: int, invoice_id: int | None) -> None:
    """One line in one write, so that many processes may."""
    path = data_folder() / "wicked.log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(descriptor, f"{business_id} {invoice_id}\n".encode())
    os.close(descriptor)

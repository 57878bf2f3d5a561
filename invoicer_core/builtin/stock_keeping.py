"""What is sold leaves the stock: after an invoice was issued, so that stock never stops issuing."""

from invoicer_core.plugin import (
    Context,
    CreditNoteIssued,
    InvoiceIssued,
    InvoiceVoided,
    Plugin,
    hookimpl,
)
from invoicer_core.plugin.use_cases import invoice_stock


class StockKeepingPlugin(Plugin):
    """Takes sold quantities out of stock, and puts them back when the invoice is annulled."""

    name = "stock_keeping"
    title = "Stock keeping"
    default_on = True

    @hookimpl
    def on_invoice_issued(self, ctx: Context, event: InvoiceIssued) -> None:
        """Take out what the invoice sells."""
        invoice_stock.take_out(invoice_id=event.invoice_id, by=ctx.actor)

    @hookimpl
    def on_invoice_voided(self, ctx: Context, event: InvoiceVoided) -> None:
        """Put it back."""
        invoice_stock.give_back(invoice_id=event.invoice_id, by=ctx.actor)

    @hookimpl
    def on_credit_note_issued(self, ctx: Context, event: CreditNoteIssued) -> None:
        """Put it back once nothing of the invoice is left; a partial credit is a matter of money,
        and goods that came back are then put in stock by hand."""
        invoice_stock.give_back(invoice_id=event.invoice_id, by=ctx.actor)

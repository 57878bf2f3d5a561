"""Mails about what nobody was at a screen for: a card that could not be charged, a refund that did
not arrive."""

from uuid import UUID

from flask_babel import force_locale
from flask_babel import gettext as _

from invoicer_core.plugin import InvoiceSnapshot
from invoicer_core.plugin.pages import invoice_link
from invoicer_core.plugin.use_cases import clients, invoices, messages, payments

from . import records
from .records import Ctx


def charge_failed(ctx: Ctx, invoice_id: int, attempt: str) -> None:
    """Tell the business that a card could not be charged, and give the client the way to pay by
    hand. Payments on Stripe's own page tell their payer themselves."""
    row = records.by_attempt(attempt)
    if row is None or row.kind != "charge":
        return
    invoice = invoices.get(invoice_id=invoice_id)
    client = clients.get(client_id=invoice.client_id)
    ended = payments.attempt(invoice_id=invoice_id, public_id=row.attempt_id)
    named = {
        "number": invoice.invoice_number,
        "client": client.name,
        "business": ctx.business.name,
        "reason": ended.reason or "",
        "link": invoice_link(public_id=invoice.public_id),
    }
    if ctx.business.email:
        _to_business(ctx, ctx.business.email, invoice, named)
    if client.email:
        locale = client.locale or ctx.business.locale or "en"
        _to_client(ctx, client.email, locale, invoice, named)


def _to_business(ctx: Ctx, to: str, invoice: InvoiceSnapshot, named: dict[str, str]) -> None:
    with force_locale(ctx.business.locale or "en"):
        messages.queue(
            kind="charge_failed",
            recipient=to,
            subject=_("The card of %(client)s could not be charged for %(number)s", **named),
            text=_(
                "Hello,\n\nStripe could not charge the saved card of %(client)s for invoice"
                " %(number)s. It says: %(reason)s\n\nNothing was charged, and it is not tried"
                " again by itself. %(client)s was asked to pay here:\n%(link)s\n",
                **named,
            ),
            token=f"stripe-charge-owner-{invoice.id}",
            client_id=invoice.client_id,
            invoice_id=invoice.id,
            by=ctx.actor,
        )


def _to_client(
    ctx: Ctx, to: str, locale: str, invoice: InvoiceSnapshot, named: dict[str, str]
) -> None:
    with force_locale(locale):
        messages.queue(
            kind="charge_failed",
            recipient=to,
            subject=_("Please pay invoice %(number)s yourself this time", **named),
            text=_(
                "Hello,\n\nyour card could not be charged for invoice %(number)s of"
                " %(business)s; some banks want to ask you first. Nothing was charged.\n\n"
                "You can pay here, with the same card or another way:\n%(link)s\n",
                **named,
            ),
            token=f"stripe-charge-client-{invoice.id}",
            client_id=invoice.client_id,
            invoice_id=invoice.id,
            by=ctx.actor,
        )


def refund_failed(ctx: Ctx, *, attempt: str, refund: str) -> None:
    """A job: money that was on its way back did not arrive; the business has to find another."""
    row = records.by_attempt(UUID(attempt))
    if row is None or not ctx.business.email:
        return
    invoice = invoices.get(invoice_id=row.invoice_id)
    with force_locale(ctx.business.locale or "en"):
        messages.queue(
            kind="refund_failed",
            recipient=ctx.business.email,
            subject=_("A refund for %(number)s did not arrive", number=invoice.invoice_number),
            text=_(
                "Hello,\n\nStripe could not give money back of a payment of invoice %(number)s"
                " (refund %(refund)s): the bank refused it. The money is on your Stripe balance"
                " again. Your client still waits for it: please send it another way.\n",
                number=invoice.invoice_number,
                refund=refund,
            ),
            token=f"stripe-{refund}",
            client_id=row.client_id,
            invoice_id=row.invoice_id,
            by=ctx.actor,
        )

"""Stripe for Invoicer: pay pages, refunds, disputes, and cards that clients let be charged."""

from collections.abc import Iterable
from datetime import timedelta

from invoicer_core.plugin import (
    ClientArchived,
    ClientErased,
    ClientMerged,
    Context,
    Health,
    HealthCheck,
    InboundWebhook,
    InvoiceIssued,
    InvoicePaid,
    InvoiceVoided,
    InvoiceWrittenOff,
    Job,
    OutcomeUnknown,
    Page,
    PaymentFailed,
    PaymentProvider,
    PermanentFailure,
    Plugin,
    RetryLater,
    Schedule,
    Slot,
    hookimpl,
)

from . import api, cards, checkout, effects, inbound, pages, records, telling
from .amounts import CURRENCIES
from .settings import StripeSettings
from .words import gettext

HEALTH_SECONDS = 0.8
"""A check answers within two seconds, and tries twice."""


class StripePlugin(Plugin):
    """Card and wallet payments through Stripe."""

    name, title, settings, default_on = "stripe", "Stripe", StripeSettings, False
    migrations = "migrations"

    @hookimpl
    def payment_providers(self) -> Iterable[PaymentProvider]:
        """Paying on Stripe's page, and with cards that are saved there."""
        yield PaymentProvider(
            "stripe",
            "Stripe",
            start=checkout.start,
            refund=checkout.refund,
            lookup=checkout.lookup,
            currencies=CURRENCIES,
            ready=lambda ctx: bool(ctx.settings.secret_key),
            find=checkout.find,
            charge=cards.take,
        )

    @hookimpl
    def inbound_webhooks(self) -> Iterable[InboundWebhook]:
        """Stripe's events."""
        yield InboundWebhook(
            "events",
            verify=inbound.is_genuine,
            handle=inbound.take,
            event_id=inbound.event_id,
            ready=inbound.is_ready,
        )

    @hookimpl
    def jobs(self) -> Iterable[Job]:
        """What has to ask Stripe, or to be repeated."""
        yield Job("catch_up", effects.catch_up, timedelta(minutes=2))
        yield Job("save_card", cards.save, timedelta(minutes=2))
        yield Job("forget_card", cards.forget, timedelta(minutes=2))
        yield Job("charge", cards.charge, timedelta(minutes=2))
        yield Job("charge_due", cards.charge_due)
        yield Job("reconcile", cards.reconcile)
        yield Job("tell_failed_refund", telling.refund_failed)

    @hookimpl
    def schedules(self) -> Iterable[Schedule]:
        """The cards of those whose invoices are due; and, as soon as the plugin is on again, of
        clients who were merged, archived or erased meanwhile."""
        yield Schedule("due", "charge_due", at="08:00")
        yield Schedule("clients", "reconcile", every=timedelta(hours=6))

    @hookimpl
    def health_checks(self) -> Iterable[HealthCheck]:
        """Whether the keys are right."""
        yield HealthCheck("account", healthy)

    @hookimpl
    def pages(self) -> Iterable[Page]:
        """The client's page for automatic payment."""
        yield Page("cards", pages.pages, "clients.write", pages.PUBLIC)

    @hookimpl
    def slots(self) -> Iterable[Slot]:
        """Where automatic payment is offered and shown."""
        yield Slot("automatic", "portal.pay", pages.pay_slot)
        yield Slot("card", "client.panels", pages.client_slot)

    @hookimpl
    def on_client_archived(self, ctx: Context[StripeSettings], event: ClientArchived) -> None:
        """Charge nobody any more who is no client any more."""
        cards.stop(ctx, event.client_id)

    @hookimpl
    def on_client_merged(self, ctx: Context[StripeSettings], event: ClientMerged) -> None:
        """The card goes along: it is the same client."""
        if event.gone_id is not None:
            cards.follow(ctx, event.gone_id, event.client_id)

    @hookimpl
    def on_client_erased(self, ctx: Context[StripeSettings], event: ClientErased) -> None:
        """Neither we nor Stripe keep anything of the client's cards."""
        cards.erase(ctx, event.client_id)

    @hookimpl
    def on_invoice_issued(self, ctx: Context[StripeSettings], event: InvoiceIssued) -> None:
        """Charge the card, where the client agreed and the business wants it now."""
        may = ctx.settings.charge == "when issued" and event.client_id is not None
        if may and cards.chargeable(ctx, event.client_id) is not None:
            ctx.later("charge", key=f"invoice-{event.invoice_id}", invoice=event.invoice_id)

    @hookimpl
    def on_invoice_voided(self, ctx: Context[StripeSettings], event: InvoiceVoided) -> None:
        """Nobody shall pay it any more."""
        checkout.close_all(ctx, event.invoice_id)

    @hookimpl
    def on_invoice_paid(self, ctx: Context[StripeSettings], event: InvoicePaid) -> None:
        """Nobody shall pay it a second time."""
        checkout.close_all(ctx, event.invoice_id)

    @hookimpl
    def on_invoice_written_off(
        self, ctx: Context[StripeSettings], event: InvoiceWrittenOff
    ) -> None:
        """Nobody shall pay what was given up."""
        checkout.close_all(ctx, event.invoice_id)

    @hookimpl
    def on_payment_failed(self, ctx: Context[StripeSettings], event: PaymentFailed) -> None:
        """Tell of a card that could not be charged."""
        attempt = event.data.get("public_id")
        if event.invoice_id is not None and attempt is not None:
            telling.charge_failed(ctx, event.invoice_id, str(attempt))


def healthy(ctx: Context[StripeSettings]) -> Health:
    """Whether Stripe answers to the key, and whether its calls reach us and agree with us."""
    if not ctx.settings.secret_key:
        return Health(False, gettext("Enter the secret key: clients can not pay before."))
    try:
        stripe = api.client(ctx, read=HEALTH_SECONDS)
        api.asked(lambda: stripe.v1.checkout.sessions.list({"limit": 1}))
    except PermanentFailure:
        return Health(False, gettext("Stripe does not accept the secret key: enter it anew."))
    except (RetryLater, OutcomeUnknown):
        return Health(False, gettext("Stripe does not answer just now."))
    mode = gettext("Real money.") if api.is_live(ctx) else gettext("Test mode.")
    if not ctx.settings.webhook_secret:
        address = ctx.webhook_url("events")
        said = gettext("Let Stripe send events to %(address)s and enter its signing secret.",
                       address=address)  # fmt: skip
        return Health(False, f"{mode} {said}")
    odd = ", ".join(f"{times} x {reason}" for reason, times in records.odd_times().items())
    said = gettext("Calls without effect: %(odd)s.", odd=odd) if odd else gettext("All is well.")
    return Health(True, f"{mode} {said}")

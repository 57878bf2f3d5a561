"""Twilio: a plugin for Invoicer."""

from collections.abc import Iterable

from invoicer_core.plugin import (
    Context,
    HealthCheck,
    InboundWebhook,
    Job,
    MessageChannel,
    Plugin,
    ProductLowStock,
    hookimpl,
    phones,
    say,
)
from invoicer_twilio import client, inbound, sms, voice
from invoicer_twilio.settings import TwilioSettings


class TwilioPlugin(Plugin):
    """Text messages and calls through Twilio."""

    name, title, settings = "twilio", "Twilio", TwilioSettings

    @hookimpl
    def message_channels(self) -> Iterable[MessageChannel]:
        """Text messages, and calls to those who agreed to be called."""
        yield MessageChannel(
            sms.CHANNEL, say("Text message"), sms.send, address=phones.of_client, quiet=True,
            carries_files=False, quote=sms.quote, lookup=sms.lookup,
        )  # fmt: skip
        yield MessageChannel(
            voice.CHANNEL, say("Call"), voice.send, address=phones.of_client, quiet=True,
            carries_files=False, quote=voice.quote, lookup=voice.lookup, needs_consent=True,
        )  # fmt: skip

    @hookimpl
    def inbound_webhooks(self) -> Iterable[InboundWebhook]:
        """What Twilio calls: news of messages and calls, answers, and what to say."""
        yield from inbound.webhooks()

    @hookimpl
    def jobs(self) -> Iterable[Job]:
        """Ask how a message stands whose news came too early."""
        yield Job("follow", inbound.follow)

    @hookimpl
    def health_checks(self) -> Iterable[HealthCheck]:
        """Ask Twilio for the account."""
        yield HealthCheck("account", client.check)

    @hookimpl
    def on_product_low_stock(self, ctx: Context[TwilioSettings], event: ProductLowStock) -> None:
        """Tell the owner's telephone."""
        sms.alert_low_stock(ctx, event)

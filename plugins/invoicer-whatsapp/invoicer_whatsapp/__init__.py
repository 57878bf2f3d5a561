"""WhatsApp: a plugin for Invoicer."""

from collections.abc import Iterable

from invoicer_core.plugin import (
    Context,
    Health,
    HealthCheck,
    InboundWebhook,
    Job,
    MessageChannel,
    OutgoingMessage,
    Plugin,
    SendResult,
    hookimpl,
    phones,
    say,
)
from invoicer_whatsapp import (
    cloud,
    composing,
    meta_hook,
    news,
    twilio_hook,
    twilio_lookup,
    twilio_way,
)
from invoicer_whatsapp.settings import WhatsAppSettings

Ctx = Context[WhatsAppSettings]


class WhatsAppPlugin(Plugin):
    """Messages over WhatsApp, with the invoice's PDF: Meta's Cloud API or Twilio."""

    name, title, settings = "whatsapp", "WhatsApp", WhatsAppSettings

    @hookimpl
    def message_channels(self) -> Iterable[MessageChannel]:
        """One channel, whoever carries it."""
        yield MessageChannel(
            composing.CHANNEL, "WhatsApp", send, address=phones.of_client, quote=composing.quote,
            needs_consent=True, lookup=lookup,
        )  # fmt: skip

    @hookimpl
    def inbound_webhooks(self) -> Iterable[InboundWebhook]:
        """One for each provider."""
        yield InboundWebhook(
            "meta", meta_hook.verify, meta_hook.handle, event_id=meta_hook.event_id,
            ready=meta_hook.ready, challenge=meta_hook.challenge, most_bytes=meta_hook.MOST_BYTES,
        )  # fmt: skip
        yield InboundWebhook(
            twilio_way.HOOK, twilio_hook.verify, twilio_hook.handle,
            event_id=twilio_hook.event_id, ready=twilio_hook.ready,
        )  # fmt: skip

    @hookimpl
    def jobs(self) -> Iterable[Job]:
        """What a call of a provider leaves to a worker."""
        yield Job("news", news.work)
        yield Job("report", news.report_again)

    @hookimpl
    def health_checks(self) -> Iterable[HealthCheck]:
        """Whether the provider takes the keys."""
        yield HealthCheck("provider", check)
        yield HealthCheck("webhook", check_webhook)


def send(ctx: Ctx, message: OutgoingMessage) -> SendResult:
    """Hand one message to the chosen provider."""
    letter = composing.letter(ctx, message)
    if ctx.settings.provider == "twilio":
        return twilio_way.send(ctx, letter)
    try:
        return cloud.send(ctx, letter)
    except cloud.Refused as refused:
        if letter.template is not None or refused.code != cloud.WINDOW_CLOSED:
            raise
    # the 24 hours ended on the way, or Meta's clock is ahead of ours
    return cloud.send(ctx, composing.letter(ctx, message, freely=False))


def lookup(ctx: Ctx, message: OutgoingMessage, provider_ref: str | None) -> SendResult | None:
    """What became of a message; Meta tells that by itself or not at all, and can not be asked."""
    if ctx.settings.provider != "twilio":
        return None
    return twilio_lookup.lookup(ctx, message, provider_ref)


def check(ctx: Ctx) -> Health:
    """Ask the provider for the account."""
    way = twilio_way.check if ctx.settings.provider == "twilio" else cloud.check
    return way(ctx.settings)


def check_webhook(ctx: Ctx) -> Health:
    """Say where the provider has to call, which only this page knows."""
    if ctx.settings.provider == "twilio":
        address = ctx.webhook_url(twilio_way.HOOK)
        words = say("At Twilio, enter this address for incoming messages: %(at)s", at=address)
        return Health(twilio_hook.ready(ctx), words)
    if not (meta_hook.ready(ctx) and ctx.settings.verify_token):
        return Health(False, say("Enter the app secret and a verify token for Meta's calls."))
    address = ctx.webhook_url("meta")
    words = say("At Meta, enter this address, with your verify token: %(at)s", at=address)
    return Health(True, words)

"""E-mail providers: a plugin for Invoicer."""

from collections.abc import Iterable

from invoicer_core.plugin import (
    HealthCheck,
    InboundWebhook,
    Job,
    MessageChannel,
    Page,
    Plugin,
    Slot,
    hookimpl,
)
from invoicer_email_providers import sendgrid_events, sendgrid_way, ses_way, sns_events
from invoicer_email_providers.happenings import EMAIL, note_later
from invoicer_email_providers.health import check
from invoicer_email_providers.pages import entry, pages
from invoicer_email_providers.settings import ProviderSettings


class EmailProvidersPlugin(Plugin):
    """E-mail over SendGrid or Amazon SES."""

    name, title, settings = "email_providers", "E-mail providers", ProviderSettings

    @hookimpl
    def message_channels(self) -> Iterable[MessageChannel]:
        """Two more ways to carry what is addressed to ``email``."""
        yield MessageChannel(
            sendgrid_way.NAME, "E-mail over SendGrid", sendgrid_way.send, kind=EMAIL
        )
        yield MessageChannel(ses_way.NAME, "E-mail over Amazon SES", ses_way.send, kind=EMAIL)

    @hookimpl
    def inbound_webhooks(self) -> Iterable[InboundWebhook]:
        """What became of mails."""
        yield InboundWebhook(
            sendgrid_way.NAME,
            verify=sendgrid_events.verify,
            handle=sendgrid_events.handle,
            event_id=sendgrid_events.event_id,
            ready=sendgrid_events.ready,
        )
        yield InboundWebhook(
            ses_way.NAME,
            verify=sns_events.verify,
            handle=sns_events.handle,
            event_id=sns_events.event_id,
            ready=sns_events.ready,
        )

    @hookimpl
    def jobs(self) -> Iterable[Job]:
        """What a provider does not wait for."""
        yield Job("note", note_later)
        yield Job("subscribe", sns_events.subscribe)

    @hookimpl
    def pages(self) -> Iterable[Page]:
        """The check of the sender's domain."""
        yield Page("domain", pages, "settings.write")

    @hookimpl
    def slots(self) -> Iterable[Slot]:
        """The way to that page."""
        yield Slot("domain", "settings.nav", entry)

    @hookimpl
    def health_checks(self) -> Iterable[HealthCheck]:
        """Whether the settings are complete."""
        yield HealthCheck("settings", check)

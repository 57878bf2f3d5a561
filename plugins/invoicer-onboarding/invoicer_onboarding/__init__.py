"""Supplier onboarding: a plugin for Invoicer."""

from collections.abc import Iterable
from datetime import timedelta

from invoicer_core.plugin import (
    ApiResource,
    Asset,
    InboundWebhook,
    Job,
    MenuItem,
    Page,
    Plugin,
    Schedule,
    Workflow,
    hookimpl,
)

from . import flow, limits, many, starting
from .pages import pages
from .resources import api
from .settings import OnboardingSettings


class OnboardingPlugin(Plugin):
    """Onboarding of suppliers as a visible, resumable workflow, for Invoicer."""

    name, title, settings = "onboarding", "Supplier onboarding", OnboardingSettings
    migrations = "migrations"

    @hookimpl
    def workflows(self) -> Iterable[Workflow]:
        """The state machine."""
        yield flow.workflow()

    @hookimpl
    def pages(self) -> Iterable[Page]:
        """The board."""
        yield Page("board", pages, "suppliers.write")

    @hookimpl
    def assets(self) -> Iterable[Asset]:
        """How the board looks."""
        yield Asset("board", pages, "board.css", "style")

    @hookimpl
    def menu_items(self) -> Iterable[MenuItem]:
        """The way to the board."""
        yield MenuItem("board", "Onboarding", "onboarding.board", "suppliers.write", icon="route")

    @hookimpl
    def api_resources(self) -> Iterable[ApiResource]:
        """Begin a run, and ask for one."""
        yield ApiResource("runs", api, "suppliers.write")

    @hookimpl
    def inbound_webhooks(self) -> Iterable[InboundWebhook]:
        """Mails of suppliers, as a mail provider hands them over."""
        yield InboundWebhook(
            "mail", starting.verify, starting.receive, event_id=starting.message_id,
            ready=lambda ctx: ctx.settings.mail_secret is not None,
        )  # fmt: skip

    @hookimpl
    def jobs(self) -> Iterable[Job]:
        """Files with many suppliers, and the look after what stands still."""
        yield Job("import", many.continue_import)
        yield Job("escalate", limits.escalate)

    @hookimpl
    def schedules(self) -> Iterable[Schedule]:
        """Time limits are looked at every quarter of an hour."""
        yield Schedule("limits", "escalate", every=timedelta(minutes=15))

"""One hook per kind of offer: asked once, at start, for everything of that kind.

An offer hook that raises, or yields something of another type or a name that is taken, puts its
plugin into quarantine: the application starts without it and says why.
"""

from collections.abc import Iterable

from invoicer_core.hooks.faces import (
    AiTool,
    ApiResource,
    Asset,
    Command,
    DashboardWidget,
    InboundWebhook,
    MenuItem,
    Page,
    Permission,
    Slot,
)
from invoicer_core.hooks.marks import hookspec
from invoicer_core.hooks.offers import (
    DocumentRenderer,
    DocumentStore,
    HealthCheck,
    Job,
    JobQueue,
    MessageChannel,
    PaymentProvider,
    Schedule,
)
from invoicer_core.hooks.searching import Embedder, SearchBackend
from invoicer_core.hooks.workflows import Workflow


class OfferHooks:
    """What a plugin may offer."""

    @hookspec
    def payment_providers(self) -> Iterable[PaymentProvider]:
        """Ways for clients to pay."""
        return ()

    @hookspec
    def message_channels(self) -> Iterable[MessageChannel]:
        """Ways to reach people: e-mail, SMS, voice."""
        return ()

    @hookspec
    def document_renderers(self) -> Iterable[DocumentRenderer]:
        """Makers of files from documents, e.g. PDF."""
        return ()

    @hookspec
    def document_stores(self) -> Iterable[DocumentStore]:
        """Places that keep rendered documents."""
        return ()

    @hookspec
    def embedders(self) -> Iterable[Embedder]:
        """Turn texts into vectors."""
        return ()

    @hookspec
    def search_backends(self) -> Iterable[SearchBackend]:
        """Further ways to find things."""
        return ()

    @hookspec
    def workflows(self) -> Iterable[Workflow]:
        """State machines with durable runs."""
        return ()

    @hookspec
    def ai_tools(self) -> Iterable[AiTool]:
        """What an assistant may look up or do."""
        return ()

    @hookspec
    def permissions(self) -> Iterable[Permission]:
        """Rights of the plugin's own, named ``<plugin>.<name>``."""
        return ()

    @hookspec
    def pages(self) -> Iterable[Page]:
        """Pages under ``/plugins/<plugin>``, private by default."""
        return ()

    @hookspec
    def api_resources(self) -> Iterable[ApiResource]:
        """Resources under ``/api/v1/plugins/<plugin>``, in the one OpenAPI document."""
        return ()

    @hookspec
    def inbound_webhooks(self) -> Iterable[InboundWebhook]:
        """Calls from providers at ``/hooks/<plugin>/<name>/<business>``."""
        return ()

    @hookspec
    def jobs(self) -> Iterable[Job]:
        """Work that ``ctx.later`` can ask for."""
        return ()

    @hookspec
    def schedules(self) -> Iterable[Schedule]:
        """Jobs at set times."""
        return ()

    @hookspec
    def health_checks(self) -> Iterable[HealthCheck]:
        """How the plugin's parts are, shown on its page and in ``/readyz``'s details."""
        return ()

    @hookspec
    def commands(self) -> Iterable[Command]:
        """Verbs of the command line."""
        return ()

    @hookspec
    def menu_items(self) -> Iterable[MenuItem]:
        """Entries of the main menu."""
        return ()

    @hookspec
    def dashboard_widgets(self) -> Iterable[DashboardWidget]:
        """Cards on the dashboard."""
        return ()

    @hookspec
    def slots(self) -> Iterable[Slot]:
        """Pieces of HTML at named places of the core's pages."""
        return ()

    @hookspec
    def assets(self) -> Iterable[Asset]:
        """Scripts and stylesheets loaded on every page."""
        return ()

    @hookspec
    def job_queues(self) -> Iterable[JobQueue]:
        """Other carriers of jobs to workers."""
        return ()

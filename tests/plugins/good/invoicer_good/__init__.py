"""An example plugin that uses every family of hooks."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from invoicer_core.plugin import (
    AiTool,
    ApiResource,
    Asset,
    Command,
    Context,
    DashboardWidget,
    DocumentRenderer,
    DocumentStore,
    Embedder,
    HealthCheck,
    InboundWebhook,
    InvoiceDraft,
    InvoiceIssued,
    InvoiceSnapshot,
    ItemProposal,
    Job,
    JobQueue,
    MenuItem,
    MessageChannel,
    Objection,
    Page,
    PaymentProvider,
    Permission,
    Plugin,
    Schedule,
    SearchBackend,
    Secret,
    Settings,
    Slot,
    Workflow,
    field,
    hookimpl,
)
from invoicer_core.plugin.tables import session

from .offers import offers
from .tables import Noted


class GoodSettings(Settings):
    """What a business may set."""

    limit: Decimal = field(Decimal(1000), title="Largest invoice", ge=0)
    token: Secret | None = field(None, title="Token", env="GOOD_TOKEN")
    tone: str = field("kind", title="Tone", max_length=20)


class GoodPlugin(Plugin):
    """Shows every family of hooks at its best."""

    name, title, settings, default_on = "good", "Good example", GoodSettings, True
    migrations = "migrations"

    @hookimpl
    def before_invoice_issued(self, ctx: Context, invoice: InvoiceSnapshot) -> Iterable[Objection]:
        if invoice.total_amount > ctx.settings.limit:
            yield Objection("The invoice is above the limit.", "/items")

    @hookimpl
    def propose_items(self, ctx: Context, draft: InvoiceDraft) -> Iterable[ItemProposal]:
        if draft.notes == "deliver":
            yield ItemProposal("item", "Delivery", Decimal("5.00"))

    @hookimpl
    def on_invoice_issued(self, ctx: Context, event: InvoiceIssued) -> None:
        row = insert(Noted).values(business_id=ctx.business_id, invoice_id=event.invoice_id)
        session.execute(row.on_conflict_do_nothing())
        session.commit()

    @hookimpl
    def payment_providers(self) -> Iterable[PaymentProvider]:
        return _of("payment_providers")

    @hookimpl
    def message_channels(self) -> Iterable[MessageChannel]:
        return _of("message_channels")

    @hookimpl
    def document_renderers(self) -> Iterable[DocumentRenderer]:
        return _of("document_renderers")

    @hookimpl
    def document_stores(self) -> Iterable[DocumentStore]:
        return _of("document_stores")

    @hookimpl
    def embedders(self) -> Iterable[Embedder]:
        return _of("embedders")

    @hookimpl
    def search_backends(self) -> Iterable[SearchBackend]:
        return _of("search_backends")

    @hookimpl
    def workflows(self) -> Iterable[Workflow]:
        return _of("workflows")

    @hookimpl
    def ai_tools(self) -> Iterable[AiTool]:
        return _of("ai_tools")

    @hookimpl
    def permissions(self) -> Iterable[Permission]:
        return _of("permissions")

    @hookimpl
    def pages(self) -> Iterable[Page]:
        return _of("pages")

    @hookimpl
    def api_resources(self) -> Iterable[ApiResource]:
        return _of("api_resources")

    @hookimpl
    def inbound_webhooks(self) -> Iterable[InboundWebhook]:
        return _of("inbound_webhooks")

    @hookimpl
    def jobs(self) -> Iterable[Job]:
        return _of("jobs")

    @hookimpl
    def schedules(self) -> Iterable[Schedule]:
        return _of("schedules")

    @hookimpl
    def health_checks(self) -> Iterable[HealthCheck]:
        return _of("health_checks")

    @hookimpl
    def commands(self) -> Iterable[Command]:
        return _of("commands")

    @hookimpl
    def menu_items(self) -> Iterable[MenuItem]:
        return _of("menu_items")

    @hookimpl
    def dashboard_widgets(self) -> Iterable[DashboardWidget]:
        return _of("dashboard_widgets")

    @hookimpl
    def slots(self) -> Iterable[Slot]:
        return _of("slots")

    @hookimpl
    def assets(self) -> Iterable[Asset]:
        return _of("assets")

    @hookimpl
    def job_queues(self) -> Iterable[JobQueue]:
        return _of("job_queues")


def _of(hook: str) -> list[Any]:
    return offers()[hook]

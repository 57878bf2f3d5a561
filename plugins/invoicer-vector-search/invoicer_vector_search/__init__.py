"""Search by meaning: a plugin for Invoicer."""

from collections.abc import Iterable
from datetime import timedelta

from invoicer_core.plugin import (
    ClientArchived,
    ClientCreated,
    ClientUpdated,
    Embedder,
    Event,
    Health,
    HealthCheck,
    InvoiceCreated,
    InvoiceDeleted,
    InvoiceIssued,
    InvoiceUpdated,
    Job,
    Page,
    Plugin,
    ProductArchived,
    ProductCreated,
    ProductUpdated,
    Schedule,
    SearchBackend,
    Slot,
    SupplierArchived,
    SupplierCreated,
    SupplierUpdated,
    hookimpl,
)

from . import embedding, finding, index, pages
from .settings import Ctx, SearchSettings
from .texts import KINDS
from .words import gettext


class VectorSearchPlugin(Plugin):
    """Search by meaning for Invoicer: products, clients and the texts of invoices."""

    name, title, settings = "vector_search", "Search by meaning", SearchSettings
    default_on, migrations = False, "migrations"

    @hookimpl
    def embedders(self) -> Iterable[Embedder]:
        """A model on this machine, and OpenAI's."""
        yield from embedding.offered()

    @hookimpl
    def search_backends(self) -> Iterable[SearchBackend]:
        """What is nearest in meaning."""
        yield SearchBackend("meaning", "By meaning", finding.search, frozenset(KINDS))

    @hookimpl
    def jobs(self) -> Iterable[Job]:
        """Reading what changed, and everything."""
        yield Job("refresh", index.refresh, timedelta(minutes=10))
        yield Job("look_through", look_through)

    @hookimpl
    def schedules(self) -> Iterable[Schedule]:
        """What events missed: at most some minutes long, and once a night all of it."""
        yield Schedule("catch-up", "refresh", every=timedelta(minutes=10))
        yield Schedule("nightly", "look_through", at="03:20")

    @hookimpl
    def health_checks(self) -> Iterable[HealthCheck]:
        """Whether there is an index."""
        yield HealthCheck("index", healthy)

    @hookimpl
    def pages(self) -> Iterable[Page]:
        """How the index is, and what helps while a product is written down."""
        yield Page("index", pages.pages, "settings.write")
        yield Page("typing", pages.typing, "products.read")

    @hookimpl
    def slots(self) -> Iterable[Slot]:
        """Similar products, a warning of doubles, and the entry of the settings."""
        yield Slot("alike", "product.panels", pages.panel)
        yield Slot("doubles", "product.edit", pages.warning)
        yield Slot("index", "settings.nav", pages.entry)

    @hookimpl
    def on_product_created(self, ctx: Ctx, event: ProductCreated) -> None:
        """There is a text more."""
        index.note(ctx, "product", event.product_id)

    @hookimpl
    def on_product_updated(self, ctx: Ctx, event: ProductUpdated) -> None:
        """Its text may be another."""
        index.note(ctx, "product", event.product_id)

    @hookimpl
    def on_product_archived(self, ctx: Ctx, event: ProductArchived) -> None:
        """It is not found any more."""
        index.note(ctx, "product", event.product_id)

    @hookimpl
    def on_client_created(self, ctx: Ctx, event: ClientCreated) -> None:
        """There is a text more."""
        _note(ctx, "client", event)

    @hookimpl
    def on_client_updated(self, ctx: Ctx, event: ClientUpdated) -> None:
        """Its text may be another."""
        _note(ctx, "client", event)

    @hookimpl
    def on_client_archived(self, ctx: Ctx, event: ClientArchived) -> None:
        """It is not found any more."""
        _note(ctx, "client", event)

    @hookimpl
    def on_supplier_created(self, ctx: Ctx, event: SupplierCreated) -> None:
        """There is a text more."""
        _note(ctx, "supplier", event)

    @hookimpl
    def on_supplier_updated(self, ctx: Ctx, event: SupplierUpdated) -> None:
        """Its text may be another."""
        _note(ctx, "supplier", event)

    @hookimpl
    def on_supplier_archived(self, ctx: Ctx, event: SupplierArchived) -> None:
        """It is not found any more."""
        _note(ctx, "supplier", event)

    @hookimpl
    def on_invoice_created(self, ctx: Ctx, event: InvoiceCreated) -> None:
        """There is a text more."""
        index.note(ctx, "invoice", event.invoice_id)

    @hookimpl
    def on_invoice_updated(self, ctx: Ctx, event: InvoiceUpdated) -> None:
        """Its text may be another."""
        index.note(ctx, "invoice", event.invoice_id)

    @hookimpl
    def on_invoice_issued(self, ctx: Ctx, event: InvoiceIssued) -> None:
        """It may have been written and issued in one."""
        index.note(ctx, "invoice", event.invoice_id)

    @hookimpl
    def on_invoice_deleted(self, ctx: Ctx, event: InvoiceDeleted) -> None:
        """It is not found any more."""
        index.note(ctx, "invoice", event.invoice_id)


def _note(ctx: Ctx, kind: str, event: Event) -> None:
    thing_id = event.data.get("id")
    if isinstance(thing_id, int):
        index.note(ctx, kind, thing_id)


def look_through(ctx: Ctx) -> None:
    """Once a night: what no event told of is read, what is gone is forgotten."""
    index.build(ctx)


def healthy(ctx: Ctx) -> Health:  # noqa: ARG001 - the business is entered
    """Whether there is an index, and how much it has."""
    state = index.serving()
    if state is None:
        return Health(True, gettext("The first index is about to be built."))
    if state.building is not None:
        return Health(True, gettext("An index is being built; see the page of the search."))
    many = sum(index.counts().values())
    return Health(True, gettext("%(many)s texts are in the index.", many=many))

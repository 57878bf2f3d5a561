"""Queries of lists that have a span of days or a status."""

from typing import Annotated, Any, Literal

from pydantic import Field

from invoicer_core.api.schemas.base import (
    Day,
    ListQuery,
    Name,
    Query,
    QueryFlag,
    QueryId,
    QueryNumber,
)


class DatedQuery(ListQuery):
    """A list with a span of days, both ends included."""

    start: Day | None = Field(None, alias="from")
    end: Day | None = Field(None, alias="to")

    def filters(self) -> dict[str, Any]:
        """The wishes as arguments of a service's ``find``."""
        return self.model_dump(exclude_unset=True)


class PartyQuery(DatedQuery):
    """Clients or suppliers; only the active ones without a wish."""

    SORTS = ("name", "email", "created_at", "updated_at")

    status: Literal["active", "archived", "all"] | None = None


class ProductQuery(DatedQuery):
    """Products; all of them without a wish."""

    SORTS = ("name", "sku", "unit_price", "stock_quantity", "created_at")

    status: Literal["active", "inactive", "low_stock", "all"] | None = None
    category_id: QueryId | None = None


class SearchQuery(Query):
    """A search with the best first. ``mode`` is text by default; semantic and hybrid need a plugin
    that finds by meaning."""

    q: Name
    mode: Literal["text", "semantic", "hybrid"] | None = None
    limit: Annotated[int, Field(ge=1, le=200), QueryNumber] | None = None


class OrderQuery(DatedQuery):
    """Orders; the days are those of the order."""

    SORTS = ("order_number", "order_date", "total_amount", "created_at")

    status: Literal["pending", "processing", "completed", "cancelled"] | None = None
    client_id: QueryId | None = None


class FileQuery(DatedQuery):
    """Uploaded files."""

    SORTS = ("name", "size", "created_at")

    kind: Literal["image", "document", "video"] | None = None


class TaxRateQuery(ListQuery):
    """Tax rates in use; with ``archived=true`` those that are not used any more."""

    SORTS = ("name", "rate")

    archived: QueryFlag | None = None

    def filters(self) -> dict[str, Any]:
        """The wishes as arguments of the service."""
        return self.model_dump(exclude_none=True)


class SeriesQuery(ListQuery):
    """Number series."""

    SORTS = ("name",)

    document_type: Literal["invoice", "credit_note", "quote", "order", "receipt"] | None = None


class GapQuery(Query):
    """The gap report of one series, or of all."""

    series_id: QueryId | None = None

"""Queries of the lists of documents, money and what happened."""

from typing import Annotated, Any, Literal

from pydantic import Field

from invoicer_core.api.schemas.base import (
    Day,
    ListQuery,
    Query,
    QueryId,
    QueryNumber,
    Text100,
    Text200,
    Text1000,
)


class Spanned(ListQuery):
    """A list of things with a client and a day. ``from`` and ``to`` are both included."""

    client_id: QueryId | None = None
    start: Annotated[Day | None, Field(alias="from")] = None
    end: Annotated[Day | None, Field(alias="to")] = None

    def filters(self) -> dict[str, Any]:
        """What the services' ``find`` takes."""
        return self.model_dump(by_alias=False)


class InvoiceQuery(Spanned):
    """Which invoices."""

    SORTS = ("issue_date", "due_date", "total_amount", "client_name", "invoice_number")

    status: Literal["draft", "sent", "paid", "overdue", "void"] | None = None


class CreditNoteQuery(Spanned):
    """Which credit notes."""

    SORTS = ("issue_date", "total_amount")

    invoice_id: QueryId | None = None


class PaymentQuery(Spanned):
    """Which payments."""

    SORTS = ("date", "amount")

    invoice_id: QueryId | None = None
    status: (
        Literal[
            "pending", "succeeded", "failed", "unknown", "partly_refunded", "refunded", "disputed"
        ]
        | None
    ) = None


class MessageQuery(Spanned):
    """Which messages. ``from`` and ``to`` are days in UTC."""

    invoice_id: QueryId | None = None
    status: (
        Literal["queued", "sent", "delivered", "failed", "bounced", "read", "unknown"] | None
    ) = None
    direction: Literal["out", "in"] | None = None
    thread_id: QueryId | None = None


class FeedQuery(Query):
    """From where on."""

    after: Text200 | None = None
    limit: Annotated[int, Field(ge=1, le=200), QueryNumber] | None = None


class ParkedQuery(Query):
    """Which parked deliveries."""

    subscriber: Text100 | None = None
    limit: Annotated[int, Field(ge=1, le=200), QueryNumber] | None = None
    cursor: Text1000 | None = None


class AuditQuery(Query):
    """Which piece of the audit log."""

    sort: Literal["id", "-id", "at", "-at"] | None = None
    limit: Annotated[int, Field(ge=1, le=200), QueryNumber] | None = None
    cursor: Text1000 | None = None

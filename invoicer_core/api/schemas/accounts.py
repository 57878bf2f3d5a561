"""Bodies and queries of statements, merges, attachments, reports and tasks."""

from typing import Annotated, Any, Literal

from pydantic import Field

from invoicer_core.api.schemas.base import (
    LEFT_OUT,
    Body,
    Day,
    Flag,
    Id,
    Query,
    QueryId,
    QueryNumber,
    Text200,
    Text1000,
)
from invoicer_core.api.schemas.parties import Currency

Holder = Literal["invoice", "client", "product", "supplier", "bill", "order"]
_Limit = Annotated[int, Field(ge=1, le=200), QueryNumber] | None


class PageQuery(Query):
    """A list whose order is fixed."""

    limit: _Limit = None
    cursor: Text1000 | None = None

    def filters(self) -> dict[str, Any]:
        """The wishes as arguments of the service."""
        return self.model_dump(exclude_none=True)


class StatementQuery(PageQuery):
    """Statements that were given out; of one client or of all."""

    client_id: QueryId | None = None


class PeriodQuery(Query):
    """A period, both days included, and one currency of a client's account."""

    start: Annotated[Day, Field(alias="from")]
    end: Annotated[Day, Field(alias="to")]
    currency: Currency | None = None


class StatementInput(Body):
    """The period of a statement, both days included, and its currency: the client's without."""

    start: Annotated[Day, Field(alias="from")]
    end: Annotated[Day, Field(alias="to")]
    currency: Currency = LEFT_OUT


class StatementSending(Body):
    """To whom a statement is sent; to the client's own e-mail address without."""

    recipient: Text200 = LEFT_OUT


class MergeInput(Body):
    """The client that stays."""

    into_id: Id


class MergeQuery(Query):
    """The client that would stay."""

    into_id: QueryId


class ErasureInput(Body):
    """That it is meant: personal data is gone for good."""

    sure: Flag


class AttachmentQuery(Query):
    """What the files are on."""

    kind: Holder
    to_id: QueryId


class AttachmentInput(Body):
    """A file that was uploaded, and the thing that it is put on."""

    file_id: Id
    kind: Holder
    to_id: Id


class ReportQuery(Query):
    """What is asked of a report; this month in the business's currency without wishes."""

    start: Annotated[Day | None, Field(alias="from")] = None
    end: Annotated[Day | None, Field(alias="to")] = None
    currency: Currency | None = None
    basis: Literal["accrual", "cash"] | None = None
    band: Literal["not-due", "0-30", "31-60", "61-90", "over-90"] | None = None

"""Bodies of suppliers' bills and of what is paid for them."""

from typing import Literal

from invoicer_core.api.schemas.base import (
    LEFT_OUT,
    Body,
    Day,
    Id,
    ListQuery,
    Positive,
    QueryId,
    Text200,
)
from invoicer_core.api.schemas.documents import Reason
from invoicer_core.api.schemas.parties import Currency
from invoicer_core.api.schemas.trade import AboveZero, Notes, ShortName

Method = Literal["bank_transfer", "cash", "card", "cheque", "direct_debit", "other"]


class BillUpdate(Body):
    """What changes of a supplier's bill."""

    number: ShortName = LEFT_OUT
    bill_date: Day = LEFT_OUT
    due_date: Day | None = None
    currency: Currency = LEFT_OUT
    tax_amount: Positive | None = None
    total_amount: AboveZero = LEFT_OUT
    notes: Notes | None = None


class BillInput(BillUpdate):
    """A supplier's bill; without ``due_date`` the supplier's terms say when it is due."""

    supplier_id: Id
    number: ShortName
    bill_date: Day
    currency: Currency
    total_amount: AboveZero


class BillPaymentInput(Body):
    """Money paid for a bill; today without ``date``."""

    amount: AboveZero
    method: Method
    date: Day = LEFT_OUT
    reference: Text200 | None = None


class ReasonInput(Body):
    """Why."""

    reason: Reason


class BillQuery(ListQuery):
    """Bills; all but the void ones without a wish."""

    SORTS = ("number", "bill_date", "due_date", "total_amount")

    status: Literal["open", "overdue", "paid", "void"] | None = None
    supplier_id: QueryId | None = None

    def filters(self) -> dict[str, object]:
        """The wishes as arguments of the service."""
        return self.model_dump(exclude_none=True)

"""What a person or a client program hands to a use case: typed input, before any rule has seen it.

``UNSET`` marks a field that was not sent, so that an edit can tell "leave it" from "empty it".
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Literal

from invoicer_core.domain.document import Document, Tax


class Unset(Enum):
    """The type of ``UNSET``."""

    TOKEN = "unset"  # noqa: S105 - no secret


UNSET: Final = Unset.TOKEN

_Date = date  # a field named ``date`` hides the type within its class


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDraft:
    """All that can be said of an invoice before it is issued.

    Exactly one of ``client_id`` and ``client`` (fields of a party; found by e-mail, else created).
    """

    document: Document
    client_id: int | None = None
    client: dict[str, Any] | None = None
    issue_date: date | None = None
    due_date: date | None = None
    order_id: int | None = None
    buyer_reference: str | None = None
    purchase_order: str | None = None
    payment_terms: str | None = None
    payment_means: str | None = None
    notes: str | None = None
    internal_note: str | None = None
    tags: tuple[str, ...] = ()
    exchange_rate: Decimal | None = None
    plugins: dict[str, Any] = field(default_factory=dict)
    expected_total: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNoteDraft:
    """A credit of one invoice; ``document`` None means: all that is not credited yet."""

    invoice_id: int
    document: Document | None = None
    issue_date: date | None = None
    reason: str | None = None
    notes: str | None = None
    settlement: Literal["refund", "credit", "out_of_band"] = "credit"
    expected_total: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderItemDraft:
    """One line of an order, as typed."""

    product_name: str
    quantity: Decimal
    unit_price: Decimal
    product_id: int | None = None
    unit: str | None = None
    taxes: tuple[Tax, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDraft:
    """Money received. ``invoice_id`` or ``allocations`` (invoice id, amount) say on what."""

    amount: Decimal
    method: str = "bank_transfer"
    date: _Date | None = None
    client_id: int | None = None
    invoice_id: int | None = None
    currency: str | None = None
    reference: str | None = None
    note: str | None = None
    allocations: tuple[tuple[int, Decimal], ...] = ()

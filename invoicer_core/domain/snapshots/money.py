"""Money received, what it was put on, and what went back."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationSnapshot:
    """The part of a payment that was put on an invoice; negative: taken off again."""

    id: int
    invoice_id: int
    invoice_number: str
    amount: Decimal
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSnapshot:
    """Money that went back of a payment."""

    id: int
    payment_id: int
    amount: Decimal
    reason: str | None = None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSnapshot:
    """Money received. ``unapplied_amount`` is the client's credit."""

    id: int
    public_id: UUID
    client_id: int
    client_name: str | None = None
    invoice_id: int | None = None
    amount: Decimal
    currency: str
    method: str
    status: Literal[
        "pending", "succeeded", "failed", "unknown", "partly_refunded", "refunded", "disputed"
    ]
    date: date
    reference: str | None = None
    note: str | None = None
    provider: str
    provider_ref: str | None = None
    allocated_amount: Decimal
    unapplied_amount: Decimal
    refunded_amount: Decimal
    allocations: tuple[AllocationSnapshot, ...] = ()
    refunds: tuple[RefundSnapshot, ...] = ()
    version: int = 1
    created_at: datetime

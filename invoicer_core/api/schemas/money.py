"""Bodies of payments, allocations and refunds."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema

from invoicer_core.api.schemas.base import (
    Body,
    Day,
    Id,
    Text200,
    Text2000,
    decimal_schema,
    read_decimal,
)
from invoicer_core.api.schemas.parties import Currency
from invoicer_core.domain.drafts import PaymentDraft

Method = Literal["bank_transfer", "cash", "card", "check", "direct_debit", "online", "other"]

Amount = Annotated[
    Decimal,
    BeforeValidator(read_decimal),
    Field(gt=0),
    WithJsonSchema(decimal_schema("0.0001")),
]
"""Money that moved: more than zero, no more digits than its currency has."""


_WHOSE: list[Any] = [
    {"required": ["client_id"], "properties": {"client_id": {"type": "integer"}}},
    {"required": ["invoice_id"], "properties": {"invoice_id": {"type": "integer"}}},
    {"required": ["allocations"], "properties": {"allocations": {"minItems": 1}}},
]


class AllocationInput(Body):
    """A part of a payment, and the invoice it is put on."""

    invoice_id: Id
    amount: Amount


class InvoicePaymentInput(Body):
    """Money received for an invoice; what exceeds the balance stays the client's credit."""

    amount: Amount
    method: Method = "bank_transfer"
    date: Day | None = None
    reference: Text200 | None = None
    note: Text2000 | None = None

    def draft(self, invoice_id: int) -> PaymentDraft:
        """What the service takes."""
        return PaymentDraft(
            amount=self.amount,
            method=self.method,
            date=self.date,
            invoice_id=invoice_id,
            reference=self.reference,
            note=self.note,
        )


class PaymentInput(InvoicePaymentInput):
    """Money received: of a client, on one invoice or on several."""

    model_config = ConfigDict(json_schema_extra={"anyOf": _WHOSE})

    client_id: Id | None = None
    invoice_id: Id | None = None
    currency: Currency | None = None
    allocations: Annotated[list[AllocationInput], Field(max_length=200)] = Field(
        default_factory=list
    )

    def payment(self) -> PaymentDraft:
        """What the service takes."""
        return PaymentDraft(
            amount=self.amount,
            method=self.method,
            date=self.date,
            client_id=self.client_id,
            invoice_id=self.invoice_id,
            currency=None if self.currency is None else self.currency.upper(),
            reference=self.reference,
            note=self.note,
            allocations=tuple((each.invoice_id, each.amount) for each in self.allocations),
        )


class AllocationsInput(Body):
    """On which invoices the unapplied money is put."""

    allocations: Annotated[list[AllocationInput], Field(min_length=1, max_length=200)]


class RefundInput(Body):
    """How much goes back; all that is left without an amount."""

    amount: Amount | None = None
    reason: Text2000 | None = None

"""What a client may see: its own documents, payments and data, without what is internal."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import UUID

from invoicer_core.domain.snapshots import (
    ClientSnapshot,
    CreditNoteSnapshot,
    InvoiceSnapshot,
    Party,
    PaymentSnapshot,
)
from invoicer_core.services import credit_notes, payments

INTERNAL: Final = frozenset(
    {"internal_note", "tags", "plugins", "reminders_stopped", "order_id", "version", "send",
     "exchange_rate", "viewed_at"}
)  # fmt: skip
MOST: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of an invoice's history, as its client is told it."""

    kind: Literal["issued", "sent", "payment", "refund", "credit_note", "voided"]
    on: date | datetime
    amount: Decimal | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An invoice with all that its client sees beside it.

    Args:
        paid: what payments put on it; ``credited``: what credit notes did; ``waived``: the rest
            that is no longer asked for.
    """

    invoice: InvoiceSnapshot
    history: tuple[Happening, ...]
    credit_notes: tuple[CreditNoteSnapshot, ...]
    paid: Decimal
    credited: Decimal
    waived: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientData(Party):
    """What the business has noted of a client, as far as it is the client's own."""

    public_id: UUID
    buyer_reference: str | None
    people: tuple[tuple[str, str | None, str | None], ...] = ()


def invoice(json: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON of an invoice without what is internal."""
    return {name: value for name, value in json.items() if name not in INTERNAL}


def bared(found: InvoiceSnapshot) -> InvoiceSnapshot:
    """An invoice without what is internal."""
    return replace(
        found, internal_note=None, tags=(), plugins={}, reminders_stopped=False, order_id=None,
        exchange_rate=None, viewed_at=None, pdf_url=None,
        items=tuple(replace(item, product_id=None) for item in found.items),
    )  # fmt: skip


def seen(found: InvoiceSnapshot) -> Seen:
    """An issued invoice as its client sees it."""
    put = payments.find(invoice_id=found.id, limit=MOST).items
    notes = credit_notes.find(invoice_id=found.id, limit=MOST).items
    paid = sum((_on(each, found.id) for each in put), Decimal(0))
    credited = sum((each.allocated_amount for each in notes), Decimal(0))
    settled = found.amount_due - found.balance_due
    return Seen(
        invoice=bared(found),
        history=_history(found, put, notes),
        credit_notes=notes,
        paid=paid,
        credited=credited,
        waived=max(settled - paid - credited, Decimal(0)),
    )


def client(found: ClientSnapshot) -> ClientData:
    """A client's own data; what the business noted for itself is left out."""
    party = {each.name: getattr(found, each.name) for each in fields(Party)}
    return ClientData(
        **party,
        public_id=found.public_id,
        buyer_reference=found.buyer_reference,
        people=tuple((each.name, each.email, each.phone) for each in found.contacts),
    )


def _on(payment: PaymentSnapshot, invoice_id: int) -> Decimal:
    """How much of a payment lies on the invoice."""
    parts = (each.amount for each in payment.allocations if each.invoice_id == invoice_id)
    return sum(parts, Decimal(0))


def _history(
    found: InvoiceSnapshot,
    put: tuple[PaymentSnapshot, ...],
    notes: tuple[CreditNoteSnapshot, ...],
) -> tuple[Happening, ...]:
    lines: list[Happening] = []
    if found.issue_date is not None:
        lines.append(Happening(kind="issued", on=found.issue_date))
    if found.sent_at is not None:
        lines.append(Happening(kind="sent", on=found.sent_at))
    for payment in put:
        lines += _of_payment(payment, found.id)
    lines += [
        Happening(
            kind="credit_note", on=note.issue_date, amount=note.total_amount,
            number=note.credit_note_number,
        )
        for note in notes
        if note.issue_date is not None
    ]  # fmt: skip
    if found.voided_at is not None:
        lines.append(Happening(kind="voided", on=found.voided_at))
    order = {"issued": 0, "sent": 1, "voided": 3}
    return tuple(sorted(lines, key=lambda each: (_day(each.on), order.get(each.kind, 2))))


def _of_payment(payment: PaymentSnapshot, invoice_id: int) -> list[Happening]:
    """The payment with what it once put on the invoice, and each time money went back."""
    put = sum(
        (p.amount for p in payment.allocations if p.invoice_id == invoice_id and p.amount > 0),
        Decimal(0),
    )
    lines = [Happening(kind="payment", on=payment.date, amount=put)] if put else []
    return lines + [
        Happening(kind="refund", on=refund.created_at, amount=refund.amount)
        for refund in payment.refunds
    ]


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment

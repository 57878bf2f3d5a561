"""A sample invoice: for the health check's test page, the benchmark and the tests."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any
from uuid import UUID

from invoicer_core.plugin import (
    AllocationSnapshot,
    BusinessSnapshot,
    ClientSnapshot,
    CreditNoteSnapshot,
    DocumentBody,
    Identifier,
    InvoiceItemSnapshot,
    InvoiceSnapshot,
    Party,
    PaymentSnapshot,
    Receipt,
    Statement,
    StatementLine,
    Tax,
    TaxTotal,
)

_AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
_ID = UUID(int=7)
_WORK = (
    ("Design of the web shop", "HUR", "95.00", "19"),
    ("Oak shelf, oiled, 120 x 30 cm", "C62", "148.50", "19"),
    ("Coffee beans, Guatemala", "KGM", "24.90", "7"),
    ("Hosting and monitoring", "MON", "39.00", "19"),
)


def sample_business() -> BusinessSnapshot:
    """A small company in Hamburg, with everything a German invoice must name."""
    return BusinessSnapshot(
        id=1,
        public_id=_ID,
        name="Werkstatt Nord",
        legal_name="Werkstatt Nord GmbH",
        email="hallo@werkstatt-nord.example",
        phone="+49 40 5550 100",
        address="Speicherstraße 12",
        postcode="20457",
        city="Hamburg",
        country="DE",
        vat_id="DE136695976",
        tax_number="27/412/03567",
        registration=Identifier("HRB 123456"),
        contact_name="Jette Petersen",
        iban="DE89370400440532013000",
        bic="COBADEFFXXX",
        currency="EUR",
        locale="de",
        time_zone="Europe/Berlin",
        created_at=_AT,
        updated_at=_AT,
    )


def sample_invoice(lines: int = 4) -> InvoiceSnapshot:
    """An issued invoice in EUR with two tax rates."""
    items = tuple(_item(at) for at in range(lines))
    taxes = tuple(_group(items, Decimal(rate)) for rate in ("19", "7"))
    taxes = tuple(group for group in taxes if group.base)
    sums = _sums(items, taxes)
    return InvoiceSnapshot(
        id=41,
        public_id=_ID,
        invoice_number="RE-2026-0041",
        state="issued",
        status="sent",
        payment_state="unpaid",
        is_overdue=False,
        client_id=7,
        client_public_id=_ID,
        client_name="Café Aroma",
        currency="EUR",
        prices_include_tax=False,
        issue_date=date(2026, 11, 20),
        issued_at=_AT,
        due_date=date(2026, 12, 4),
        buyer_reference="K-2207",
        purchase_order="PO-88173",
        payment_terms="Payable within 14 days without deduction.",
        notes="Thank you for your order.",
        items=items,
        taxes=taxes,
        balance_due=sums["amount_due"],
        buyer=_buyer(),
        created_at=_AT,
        updated_at=_AT,
        **sums,
    )


def _sums(items: Sequence[InvoiceItemSnapshot], taxes: Sequence[TaxTotal]) -> dict[str, Any]:
    zero = Decimal("0.00")
    net = sum((item.net_amount for item in items), zero)
    tax = sum((group.tax for group in taxes), zero)
    return {
        "subtotal": net, "discount_total": zero, "charge_total": zero, "net_total": net,
        "tax_total": tax, "total_amount": net + tax, "withheld_total": zero,
        "prepaid_total": zero, "rounding": zero, "amount_due": net + tax,
    }  # fmt: skip


def sample_credit_note(lines: int = 2) -> CreditNoteSnapshot:
    """A credit of the sample invoice."""
    body = sample_invoice(lines)
    shared = {each.name: getattr(body, each.name) for each in fields(DocumentBody)}
    return CreditNoteSnapshot(
        **shared,
        credit_note_number="GU-2026-0003",
        invoice_id=body.id,
        invoice_number=body.invoice_number,
        reason="Returned undamaged",
        allocated_amount=body.total_amount,
        surplus_amount=Decimal("0.00"),
    )


def sample_receipt() -> Receipt:
    """A payment over two invoices, with a rest on account."""
    amounts = (Decimal("250.00"), Decimal("49.90"))
    payment = PaymentSnapshot(
        id=12,
        public_id=_ID,
        client_id=7,
        client_name="Café Aroma",
        amount=Decimal("310.00"),
        currency="EUR",
        method="bank_transfer",
        status="succeeded",
        date=date(2026, 12, 1),
        reference="E2E-4711",
        provider="manual",
        allocated_amount=sum(amounts, Decimal(0)),
        unapplied_amount=Decimal("10.10"),
        refunded_amount=Decimal("0.00"),
        allocations=tuple(
            AllocationSnapshot(
                id=at,
                invoice_id=at,
                invoice_number=f"RE-2026-00{40 + at}",
                amount=amount,
                created_at=_AT,
            )
            for at, amount in enumerate(amounts, start=1)
        ),
        created_at=_AT,
    )
    return Receipt(payment=payment, client=_client(), public_id=_ID)


def sample_statement() -> Statement:
    """An invoice and the payment of a part of it."""
    line = partial(StatementLine, date=date(2026, 11, 20))
    return Statement(
        client=_client(),
        currency="EUR",
        start=date(2026, 11, 1),
        end=date(2026, 11, 30),
        opening_balance=Decimal("0.00"),
        closing_balance=Decimal("550.00"),
        lines=(
            line(
                kind="invoice", number="RE-41", amount=Decimal("800.00"), balance=Decimal("800.00")
            ),
            line(kind="payment", number="12", amount=Decimal("-250.00"), balance=Decimal("550.00")),
        ),
    )


def _client() -> ClientSnapshot:
    buyer = _buyer()
    known = {each.name: getattr(buyer, each.name) for each in fields(Party)}
    return ClientSnapshot(**known, id=7, public_id=_ID, created_at=_AT, updated_at=_AT)


def _buyer() -> Party:
    return Party(
        name="Café Aroma",
        legal_name="Café Aroma e. K.",
        contact_name="Malte Brandt",
        address="Lange Reihe 88",
        postcode="20099",
        city="Hamburg",
        country="DE",
        vat_id="DE811907980",
    )


def _item(at: int) -> InvoiceItemSnapshot:
    description, unit, price, rate = _WORK[at % len(_WORK)]
    quantity = Decimal(at % 7 + 1) + (Decimal("0.5") if unit in ("HUR", "KGM") else 0)
    net = _cents(quantity * Decimal(price))
    return InvoiceItemSnapshot(
        id=at + 1,
        description=description,
        quantity=quantity,
        unit=unit,
        unit_price=Decimal(price),
        gross_amount=net,
        total_price=net,
        net_amount=net,
        sku=f"A-{100 + at}" if unit == "C62" else None,
        period_start=date(2026, 11, 1) if unit == "MON" else None,
        period_end=date(2026, 11, 30) if unit == "MON" else None,
        taxes=(Tax(category="S", rate=Decimal(rate)),),
    )


def _group(items: tuple[InvoiceItemSnapshot, ...], rate: Decimal) -> TaxTotal:
    base = sum((item.net_amount for item in items if item.taxes[0].rate == rate), Decimal("0.00"))
    return TaxTotal(name="VAT", category="S", rate=rate, base=base, tax=_cents(base * rate / 100))


def _cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)

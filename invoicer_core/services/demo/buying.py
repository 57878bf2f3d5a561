"""What the demo's business buys: bills of its supplier, and what it has paid of them."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from invoicer_core.domain.actor import Actor
from invoicer_core.services.buying import bills

BILLS: Final = (
    ("EB-2107", 64, 14, Decimal("1428.00"), Decimal("228.00"), Decimal("1428.00")),
    ("EB-2140", 31, 14, Decimal("892.50"), Decimal("142.50"), Decimal("400.00")),
    ("EB-2168", 6, 30, Decimal("535.50"), Decimal("85.50"), None),
)
"""Number, how many days ago, days to pay, total, tax in it, and what is paid."""


def fill(supplier_id: int, today: date, by: Actor) -> None:
    """One bill that is paid, one that is late and paid in part, one that is due later."""
    for number, days_ago, terms, total, tax, paid in BILLS:
        day = today - timedelta(days=days_ago)
        fields = {
            "number": number,
            "bill_date": day,
            "due_date": day + timedelta(days=terms),
            "currency": "EUR",
            "total_amount": total,
            "tax_amount": tax,
        }
        made = bills.record(supplier_id=supplier_id, fields=fields, by=by)
        if paid is not None:
            payment = {
                "amount": paid,
                "method": "bank_transfer",
                "date": day + timedelta(days=terms - 2),
                "reference": number,
            }
            bills.pay(bill_id=made.id, fields=payment, by=by)

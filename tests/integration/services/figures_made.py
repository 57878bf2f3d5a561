"""Small businesses whose figures were worked out by hand, for tests of what is computed of them."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from invoicer_core.domain.document import Adjustment, Document, Item, Tax
from invoicer_core.domain.drafts import CreditNoteDraft, InvoiceDraft, PaymentDraft
from invoicer_core.domain.periods import Period
from invoicer_core.domain.snapshots import InvoiceSnapshot
from invoicer_core.domain.tables import Table
from invoicer_core.services import clients, credit_notes, invoices, payments, products, reports
from tests.factories import BY

D = Decimal
FULL, REDUCED = Tax("S", D(20), "VAT"), Tax("S", D(10), "VAT")
OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))


def a_client(name: str = "Kiefer") -> int:
    return clients.create(fields={"name": name}, by=BY).id


def sold(
    client_id: int,
    day: date,
    *amounts: str,
    tax: Tax = FULL,
    off: str | None = None,
    currency: str = "EUR",
    due: date | None = None,
    product_id: int | None = None,
) -> InvoiceSnapshot:
    """An invoice issued on that day with one line per amount."""
    items = tuple(
        Item(f"Line of {each}", D(1), D(each), taxes=(tax,), product_id=product_id)
        for each in amounts
    )
    discounts = (Adjustment(amount=D(off), spread=True),) if off else ()
    draft = InvoiceDraft(
        document=Document(currency, items, discounts=discounts),
        client_id=client_id,
        issue_date=day,
        due_date=due,
    )
    return invoices.create(draft=draft, by=BY, issue=True)


def paid(invoice: InvoiceSnapshot, day: date, amount: str | None = None) -> None:
    draft = PaymentDraft(
        amount=D(amount) if amount else invoice.balance_due, invoice_id=invoice.id, date=day
    )
    payments.record(draft=draft, by=BY)


def credited(invoice: InvoiceSnapshot, day: date, amount: str, tax: Tax = FULL) -> None:
    document = Document("EUR", (Item("Back", D(1), D(amount), taxes=(tax,)),))
    credit_notes.create(
        draft=CreditNoteDraft(invoice_id=invoice.id, document=document, issue_date=day), by=BY
    )


def cells(table: Table, *columns: str) -> list[tuple[Any, ...]]:
    keys = [column.key for column in table.columns]
    return [tuple(row[keys.index(name)] for name in columns) for row in table.rows]


def total(table: Table, column: str) -> Any:
    assert table.total is not None
    return table.total[[each.key for each in table.columns].index(column)]


def built(name: str, period: Period, **more: Any) -> Table:
    return reports.build(name, reports.Wish(period=period, currency="EUR", **more)).tables[0]


def an_october() -> Sequence[InvoiceSnapshot]:
    """Four invoices of two clients; one is credited in part, one in another currency, one void."""
    one, two = a_client("One"), a_client("Two")
    table = products.create(
        fields={"name": "Table", "unit_price": D(100), "category": "Furniture"}, by=BY
    )
    made = [
        sold(one, date(2026, 10, 1), "100.00", "50.00", product_id=table.id),
        sold(two, date(2026, 10, 15), "80.00", tax=REDUCED, off="10.00"),
        sold(one, date(2026, 10, 31), "10.00"),
        sold(two, date(2026, 10, 20), "999.00", currency="USD"),
        sold(two, date(2026, 10, 20), "777.00"),
    ]
    invoices.void(invoice_id=made[4].id, reason="wrong", by=BY)
    credited(made[0], date(2026, 10, 20), "30.00")
    return made

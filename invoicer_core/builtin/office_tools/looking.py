"""Tools that only read. Answers are small, and hold no addresses: all of it goes to a model."""

from datetime import date
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from invoicer_core.plugin import (
    AiTool,
    ClientSnapshot,
    Context,
    InvoiceSnapshot,
    NotFound,
    Period,
    ProductSnapshot,
    say,
)
from invoicer_core.plugin.use_cases import clients, invoices, products, reports

MOST: Final = 25
_LINES: Final = 50
_LONG_AGO: Final = date(2000, 1, 1)
Words = Field(None, max_length=200, description="Words to look for")
Most = Field(10, ge=1, le=MOST, description="At most so many")
Currency = Field(None, pattern="^[A-Z]{3}$", description="Only this currency, e.g. EUR")


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Owing(_Arguments):
    """Which debts."""

    currency: str | None = Currency
    limit: int = Most


class Ageing(_Arguments):
    """Which totals."""

    currency: str | None = Currency


class Invoices(_Arguments):
    """Which invoices."""

    q: str | None = Words
    status: Literal["draft", "sent", "paid", "overdue", "void"] | None = None
    unpaid: bool = Field(False, description="Only those on which something is open")
    client_id: int | None = Field(None, ge=1)
    issued_from: date | None = None
    issued_until: date | None = None
    limit: int = Most


class OneInvoice(_Arguments):
    """By its id or by its number."""

    invoice_id: int | None = Field(None, ge=1)
    number: str | None = Field(None, min_length=1, max_length=60)

    @model_validator(mode="after")
    def _one(self) -> "OneInvoice":
        if (self.invoice_id is None) == (self.number is None):
            raise ValueError("give either invoice_id or number")
        return self


class Clients(_Arguments):
    """Which clients."""

    q: str | None = Words
    owing: Literal["open", "overdue"] | None = Field(
        None, description="Only those who owe something, or are late"
    )
    limit: int = Most


class Products(_Arguments):
    """Which products."""

    q: str | None = Words
    status: Literal["active", "inactive", "low_stock"] = "active"
    limit: int = Most


def who_owes(_ctx: Context, wish: Owing) -> dict[str, Any]:
    """Clients by what is open, the most first, in each currency."""
    found = {}
    for currency, report in _receivables(wish.currency):
        table = report.tables[0]
        names = [column.key for column in table.columns[1:]]
        found[currency] = [
            {"client_id": target.id, "client": row[0], **dict(zip(names, row[1:], strict=True))}
            for row, target in list(zip(table.rows, table.targets, strict=True))[: wish.limit]
        ]
    return {"as_of": reports.currencies().today, "owed": found}


def outstanding(_ctx: Context, wish: Ageing) -> dict[str, Any]:
    """Sums of what is open by how long it has been due, in days, in each currency."""
    found = {}
    for currency, report in _receivables(wish.currency):
        table = report.tables[0]
        names = [column.key for column in table.columns[1:]]
        sums = dict(zip(names, (table.total or ())[1:], strict=False))
        found[currency] = {**sums, "clients": len(table.rows)}
    return {"as_of": reports.currencies().today, "outstanding": found}


def find_invoices(_ctx: Context, wish: Invoices) -> dict[str, Any]:
    """A list of them, the newest first."""
    page = invoices.find(
        q=wish.q, status=wish.status, unpaid=wish.unpaid, client_id=wish.client_id,
        start=wish.issued_from, end=wish.issued_until, limit=wish.limit,
    )  # fmt: skip
    return {"invoices": [brief(each) for each in page.items], "more": bool(page.next_cursor)}


def get_invoice(_ctx: Context, wish: OneInvoice) -> dict[str, Any]:
    """One with its lines."""
    found = by_number(wish.number) if wish.number else None
    invoice = found or invoices.get(invoice_id=wish.invoice_id or 0)
    lines = [
        {
            "description": each.description[:200],
            "quantity": each.quantity,
            "unit_price": each.unit_price,
        }
        for each in invoice.items[:_LINES]
    ]
    return {**brief(invoice), "items": lines}


def find_clients(_ctx: Context, wish: Clients) -> dict[str, Any]:
    """A list of them."""
    page = clients.find(q=wish.q, owing=wish.owing, limit=wish.limit)
    return {"clients": [_client(each) for each in page.items], "more": bool(page.next_cursor)}


def find_products(_ctx: Context, wish: Products) -> dict[str, Any]:
    """Those that fit best with words, else a list."""
    if wish.q and wish.status == "active":
        found = products.search(q=wish.q, limit=wish.limit)
    else:
        found = products.find(q=wish.q, status=wish.status, limit=wish.limit).items
    return {"products": [_product(each) for each in found]}


def by_number(number: str) -> InvoiceSnapshot:
    """The invoice with this number. Raises NotFound."""
    for each in invoices.find(q=number, limit=MOST).items:
        if each.invoice_number.casefold() == number.strip().casefold():
            return invoices.get(invoice_id=each.id)
    raise NotFound(say("There is no invoice with the number %(number)s.", number=number))


def brief(invoice: InvoiceSnapshot) -> dict[str, Any]:
    """What tells an invoice from another, and how it stands."""
    return {
        "invoice_id": invoice.id,
        "number": invoice.invoice_number,
        "client_id": invoice.client_id,
        "client": invoice.client_name,
        "status": invoice.status,
        "issue_date": invoice.issue_date,
        "due_date": invoice.due_date,
        "currency": invoice.currency,
        "total": invoice.total_amount,
        "open": invoice.balance_due,
    }


def _client(client: ClientSnapshot) -> dict[str, Any]:
    return {
        "client_id": client.id,
        "name": client.name,
        "city": client.city,
        "country": client.country,
        "currency": client.currency,
        "open": client.balance,
    }


def _product(product: ProductSnapshot) -> dict[str, Any]:
    return {
        "product_id": product.id,
        "sku": product.sku,
        "name": product.name,
        "unit": product.unit,
        "unit_price": product.unit_price,
        "currency": product.currency,
        "tax_rate": product.tax_rate,
        "stock": product.stock_quantity,
    }


def _receivables(currency: str | None) -> list[tuple[str, Any]]:
    known = reports.currencies()
    period = Period(_LONG_AGO, known.today)
    return [
        (each, reports.build("receivables", reports.Wish(period=period, currency=each)))
        for each in ([currency] if currency else known.used)
    ]


TOOLS: Final = (
    AiTool(
        "who-owes",
        "Clients who owe money, the largest debt first, by currency, with how long it has been due"
        " (columns in days after the due date). Use it for questions like: who owes me most?",
        Owing, who_owes, "reports.read", title=say("Who owes how much"),
    ),
    AiTool(
        "outstanding",
        "Sums of all that is open, by currency and by how long it has been due.",
        Ageing, outstanding, "reports.read", title=say("What is outstanding"),
    ),
    AiTool(
        "find-invoices",
        "A list of invoices, the newest first, by words, status, client or days of issue.",
        Invoices, find_invoices, "invoices.read", title=say("Look for invoices"),
    ),
    AiTool(
        "get-invoice",
        "One invoice with its lines, by its id or its number.",
        OneInvoice, get_invoice, "invoices.read", title=say("Read an invoice"),
    ),
    AiTool(
        "find-clients",
        "A list of clients by words, or of those who owe something.",
        Clients, find_clients, "clients.read", title=say("Look for clients"),
    ),
    AiTool(
        "find-products",
        "A list of products with their prices and stock, by words.",
        Products, find_products, "products.read", title=say("Look for products"),
    ),
)  # fmt: skip

"""A business with one of everything, made through the services, in whatever words one likes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import product
from typing import Any, cast

from flask import Flask
from PIL import Image

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.document import Document, Item, Tax
from invoicer_core.domain.drafts import CreditNoteDraft, InvoiceDraft, PaymentDraft
from invoicer_core.services import (
    bulk,
    businesses,
    clients,
    credit_notes,
    files,
    invoices,
    links,
    messages,
    orders,
    payments,
    products,
    saved_texts,
    saved_views,
    statements,
    tax_rates,
    webhooks,
    workflows,
)
from invoicer_core.services.buying import bills, suppliers
from invoicer_core.services.files import attachments
from invoicer_core.services.products import categories
from tests.e2e import portal_rows

Say = Callable[[str], str]
TODAY = datetime.now(UTC).date()
VAT = Tax("S", Decimal(19), name="VAT")


CHOICES: dict[str, dict[str, tuple[str, ...]]] = {
    "web.welcome_step": {
        "step": ("business", "region", "look", "numbers", "taxes", "mail", "invoice")
    },
    "web.report": {
        "report": ("receivables", "tax", "clients", "products", "payments", "numbers")
    },
    "web.bulk_invoices": {"action": ("send", "pay", "zip", "export")},
    "web.settings_plugin": {"name": ("email", "manual_payments", "weasyprint_document")},
    "web.analytics_file": {
        "block": ("days", "by-client", "by-product", "by-category", "delays", "cohorts", "funnel",
                  "channels", "devices"),
        "form": ("csv", "xlsx"),
    },
    "web.settings_texts_edit": {
        "kind": ("invoice",), "form": ("long", "short"), "language": ("de",)
    },
    "web.export_products": {"format": ("csv", "xlsx")},
    "web.attached_files": {"kind": ("product",)},
    "web.file_choices": {"kind": ("product",)},
    "web.app_icon": {"name": ("icon-192.png", "icon-512.png", "maskable-512.png", "touch-180.png")},
}  # fmt: skip
"""What arguments of an endpoint stand for, where they are no ids."""

OWN: dict[str, dict[str, str]] = {
    "web.invoice": {"invoice_id": "issued_id"},
    "web.credit_invoice": {"invoice_id": "issued_id"},
    "web.invoice_pdf": {"invoice_id": "issued_id"},
    "web.client_columns": {"file_id": "client_table"},
    "web.product_columns": {"file_id": "product_table"},
    "web.attached_files": {"to_id": "product_id"},
    "web.file_choices": {"to_id": "product_id"},
}
"""Endpoints whose id is another one than the usual."""


@dataclass
class Furniture:
    """The ids and words that addresses of pages are made of, by the name of the argument."""

    values: dict[str, Any] = field(default_factory=dict)

    def __setitem__(self, name: str, value: Any) -> None:
        self.values[name] = value

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def choices(self, endpoint: str, arguments: list[str]) -> list[dict[str, Any]]:
        """Every way to fill an endpoint's arguments. Raises AssertionError for an unknown one."""
        chosen, other = CHOICES.get(endpoint, {}), OWN.get(endpoint, {})
        ways = []
        for name in arguments:
            known = other.get(name, name)
            assert name in chosen or known in self.values, f"furnish {name} for {endpoint}"
            ways.append(chosen.get(name) or (self.values[known],))
        return [dict(zip(arguments, way, strict=True)) for way in product(*ways)]


def plain(name: str) -> str:
    """Words as people use them."""
    return {"email": "books@harbour.test", "name": "Harbour Books"}.get(name, f"Some {name}")


def furnish(app: Flask, business_id: int, by: Actor, say: Say = plain) -> Furniture:
    """One of everything in the business.

    Args:
        say: gives the text for a field, by its name.
    """
    made = Furniture()
    with app.app_context(), businesses.enter_business(business_id):
        _parties(made, by, say)
        _catalogue(made, by, say)
        _papers(made, by, say)
        _office(made, by, say)
    return made


def _picture() -> bytes:
    data = BytesIO()
    Image.new("RGB", (240, 160), "#0f766e").save(data, "PNG")
    return data.getvalue()


def _parties(made: Furniture, by: Actor, say: Say) -> None:
    party = {
        "name": say("name"), "address": say("address"), "city": say("city"), "notes": say("notes"),
        "email": "books@harbour.test", "credit_limit": Decimal(500),
    }  # fmt: skip
    client = clients.create(fields=party, by=by)
    made["client_id"] = client.id
    contact = clients.add_contact(
        client_id=client.id,
        fields={"name": say("contact"), "role": say("role"), "email": "ann@harbour.test"},
        by=by,
    )
    made["contact_id"] = contact.id
    supplier = suppliers.create(
        fields={"name": say("supplier"), "notes": say("notes"), "email": "mill@paper.test"}, by=by
    )
    made["supplier_id"] = supplier.id
    bill = bills.record(
        supplier_id=supplier.id,
        fields={
            "number": say("number")[:100], "bill_date": TODAY, "currency": "EUR",
            "total_amount": Decimal("59.50"), "notes": say("notes"),
        },
        by=by,
    )  # fmt: skip
    made["bill_id"] = bill.id


def _catalogue(made: Furniture, by: Actor, say: Say) -> None:
    category = categories.create(fields={"name": say("category")[:80]}, by=by)
    made["category_id"] = category.id
    offered = products.create(
        fields={
            "name": say("product"), "unit_price": Decimal("18.90"), "category_id": category.id,
            "description": say("description"), "stock_quantity": Decimal(3),
            "low_stock_level": Decimal(5),
        },
        by=by,
    )  # fmt: skip
    made["product_id"] = offered.id
    order = orders.create(
        fields={
            "client_id": made["client_id"], "notes": say("notes"),
            "items": [{"product_name": say("item"), "quantity": Decimal(4),
                       "unit_price": Decimal(25)}],
        },
        by=by,
    )  # fmt: skip
    made["order_id"] = order.id


def draft(made: Furniture, say: Say, **more: Any) -> InvoiceDraft:
    """An invoice of two lines for the client."""
    items = (
        Item(say("item"), Decimal(2), Decimal(450), taxes=(VAT,)),
        Item(say("item"), Decimal("1.5"), Decimal(80), taxes=(VAT,)),
    )
    return InvoiceDraft(
        document=Document("EUR", items), client_id=made["client_id"], notes=say("notes"),
        internal_note=say("note"), buyer_reference=say("reference"),
        purchase_order=say("order"), payment_terms=say("terms"), **more,
    )  # fmt: skip


def _papers(made: Furniture, by: Actor, say: Say) -> None:
    long_ago = TODAY - timedelta(days=60)
    late = invoices.create(
        draft=draft(made, say, issue_date=long_ago, due_date=long_ago + timedelta(days=14)),
        by=by,
        issue=True,
    )
    made["late_id"] = late.id
    issued = invoices.create(draft=draft(made, say), by=by, issue=True)
    made["issued_id"] = issued.id
    made["token"] = links.invoice_token(issued.public_id)
    payment = payments.record(
        draft=PaymentDraft(
            invoice_id=issued.id, amount=Decimal(100), method="cash", reference=say("reference"),
            note=say("note"),
        ),
        by=by,
    )  # fmt: skip
    made["payment_id"] = payment.id
    note = credit_notes.create(
        draft=CreditNoteDraft(invoice_id=late.id, reason=say("reason"), notes=say("notes")), by=by
    )
    made["credit_note_id"] = note.id
    made["invoice_id"] = invoices.create(draft=draft(made, say), by=by).id
    made["attempt"] = portal_rows.begun_payment(issued)
    made["note"], made["payment"] = note.public_id, payment.public_id
    made["visit"] = portal_rows.session(made["client_id"], "books@harbour.test")
    made["question"] = portal_rows.question(made["client_id"], "books@harbour.test")
    made["statement_id"] = statements.freeze(
        client_id=made["client_id"], start=long_ago, end=TODAY, by=by
    ).id


def _office(made: Furniture, by: Actor, say: Say) -> None:
    made["file_id"] = files.upload(name=say("file")[:60] + ".png", data=_picture(), by=by).id
    message = messages.queue(
        kind="invoice", recipient="books@harbour.test", subject=say("subject")[:200],
        text=say("text"), client_id=made["client_id"], invoice_id=made["issued_id"], by=by,
    )  # fmt: skip
    made["message_id"] = message.id
    # What looks like HTML is refused as a table.
    table = b"name,email,price\nLamp,lamp@client.test,3\n"
    made["client_table"] = files.upload(name="clients.csv", data=table, by=by).id
    made["product_table"] = files.upload(name="products.csv", data=table, by=by).id
    made["rate_id"] = tax_rates.find().items[0].id
    endpoint, _ = webhooks.create(
        fields={"url": "https://hooks.example.com/", "events": ["invoice.paid"],
                "description": say("description")[:200]},
        by=by,
    )  # fmt: skip
    made["endpoint_id"] = endpoint.id
    choice = bulk.Choice(ids=(made["issued_id"],))
    task = bulk.start(kind=bulk.EXPORT, choice=choice, by=by, title=say("title")[:100])
    made["task_id"] = task.id
    run = workflows.start(workflow="invoice-delivery", given={"id": made["issued_id"]}, by=by)
    made["run_id"] = run.id
    for kind in saved_texts.KINDS:
        made["text_id"] = saved_texts.create(
            fields={"kind": kind, "name": say("text")[:100], "body": say("body")}, by=by
        ).id
    saved_views.save(page="invoices", name=say("view")[:60], query={"status": "overdue"}, by=by)
    for to in ("invoice_id", "client_id", "product_id", "supplier_id", "order_id", "bill_id"):
        attachments.attach(
            file_id=made["file_id"],
            to=(cast(attachments.Kind, to.removesuffix("_id")), made[to]),
            by=by,
        )

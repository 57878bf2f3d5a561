"""A business with one of everything, made through the services, in whatever words one likes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

from flask import Flask
from PIL import Image

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.document import Document, Item, Tax
from invoicer_core.domain.drafts import CreditNoteDraft, InvoiceDraft, PaymentDraft
from invoicer_core.services import (
    businesses,
    categories,
    clients,
    credit_notes,
    files,
    invoices,
    links,
    messages,
    orders,
    payments,
    products,
    suppliers,
)

Say = Callable[[str], str]
VAT = Tax("S", Decimal(19), name="VAT")


@dataclass
class Furniture:
    """The ids and words that addresses of pages are made of, by the name of the argument."""

    values: dict[str, Any] = field(default_factory=dict)

    def __setitem__(self, name: str, value: Any) -> None:
        self.values[name] = value

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


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


def _catalogue(made: Furniture, by: Actor, say: Say) -> None:
    category = categories.create(fields={"name": say("category")[:80]}, by=by)
    made["category_id"] = category.id
    product = products.create(
        fields={
            "name": say("product"), "unit_price": Decimal("18.90"), "category_id": category.id,
            "description": say("description"), "stock_quantity": Decimal(3), "low_stock_level": Decimal(5),
        },
        by=by,
    )  # fmt: skip
    made["product_id"] = product.id
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
    long_ago = date.today() - timedelta(days=60)
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


def _office(made: Furniture, by: Actor, say: Say) -> None:
    made["file_id"] = files.upload(name=say("file")[:60] + ".png", data=_picture(), by=by).id
    message = messages.queue(
        kind="invoice", recipient="books@harbour.test", subject=say("subject")[:200],
        text=say("text"), client_id=made["client_id"], invoice_id=made["issued_id"], by=by,
    )  # fmt: skip
    made["message_id"] = message.id

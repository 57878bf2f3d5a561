"""Tools that write: each says what it would do, and runs once a person has confirmed it."""

from datetime import date
from decimal import Decimal
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from invoicer_core.plugin import (
    AiTool,
    Conflict,
    Context,
    Document,
    InvoiceDraft,
    InvoiceSnapshot,
    Item,
    say,
)
from invoicer_core.plugin.use_cases import businesses, clients, invoices, products, writing

from .looking import brief

EMAIL: Final = "email"
_LINK: Final = "[link]"
_CHAINED: Final = {
    "issue": say("Your business issues invoices as soon as they are made: it gets its number at"
                 " once."),
    "send": say("Your business sends invoices as soon as they are made: it goes to the client at"
                " once."),
}  # fmt: skip


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Reminder(_Arguments):
    """A reminder of an invoice; without words of its own it has those of the template."""

    invoice_id: int = Field(ge=1)
    subject: str | None = Field(None, min_length=1, max_length=200)
    text: str | None = Field(
        None,
        min_length=1,
        max_length=4_000,
        description="The whole message. A line [link] becomes the link to the invoice.",
    )


class Line(_Arguments):
    """A line of an invoice: of a product, or in words with a price (without tax)."""

    product_id: int | None = Field(None, ge=1)
    description: str | None = Field(None, min_length=1, max_length=500)
    quantity: Decimal = Field(Decimal(1), gt=0, lt=1_000_000_000)
    unit_price: Decimal | None = Field(None, ge=0, lt=1_000_000_000)


class Draft(_Arguments):
    """A new invoice."""

    client_id: int = Field(ge=1)
    items: list[Line] = Field(min_length=1, max_length=50)
    due_date: date | None = None
    notes: str | None = Field(None, max_length=2_000, description="Shown to the client")


class Note(_Arguments):
    """Words for the business itself."""

    invoice_id: int = Field(ge=1)
    text: str = Field(min_length=1, max_length=1_000)


def reminder_in_words(_ctx: Context, wish: Reminder) -> str:
    """The message as the client would read it."""
    invoice = invoices.get(invoice_id=wish.invoice_id)
    client = clients.get(client_id=invoice.client_id)
    words = writing.draft(client=client, channel=EMAIL, kind="reminder", invoice=invoice)
    if wish.text is not None:
        subject = wish.subject or words.subject
        words = writing.edited(words, subject=subject, text=_linked(wish.text))
    ways = {each.name: each for each in writing.ways(client)}
    address = ways[EMAIL].address if EMAIL in ways else None
    if address is None:
        raise Conflict(
            say("%(client)s has no e-mail address: enter one first.", client=client.name)
        )
    return say(
        "Send a reminder of invoice %(number)s by e-mail to %(client)s, %(address)s.\n\n"
        "%(subject)s\n\n%(text)s",
        number=invoice.invoice_number, client=client.name, address=address,
        subject=words.subject, text=words.letter().text,
    )  # fmt: skip


def send_reminder(ctx: Context, wish: Reminder) -> dict[str, Any]:
    """Queue it; a worker sends it after the commit."""
    by = ctx.member or ctx.actor
    invoice = invoices.get(invoice_id=wish.invoice_id)
    sent = writing.write(
        client_id=invoice.client_id, channel=EMAIL, recipient=None, by=by, kind="reminder",
        invoice_id=invoice.id, subject=wish.subject,
        text=_linked(wish.text) if wish.text is not None else None,
    )  # fmt: skip
    return {"message_id": sent.id, "status": sent.state, "invoice": invoice.invoice_number}


def draft_in_words(ctx: Context, wish: Draft) -> str:
    """Whom, what, and how much."""
    client = clients.get(client_id=wish.client_id)
    made = invoices.preview(draft=_draft(wish), by=ctx.member or ctx.actor)
    lines = "\n".join(
        f"{each.quantity:f} x {each.description}: {each.unit_price:f} {made.currency}"
        for each in made.items
    )
    return say(
        "Make a draft of an invoice to %(client)s over %(total)s %(currency)s.\n\n%(lines)s\n\n"
        "%(more)s",
        client=client.name, total=f"{made.total_amount:f}", currency=made.currency, lines=lines,
        more=_CHAINED.get(str(businesses.current().settings.get("on_create")), ""),
    )  # fmt: skip


def create_draft(ctx: Context, wish: Draft) -> dict[str, Any]:
    """Store it, as somebody who types it would."""
    made = invoices.create(draft=_draft(wish), by=ctx.member or ctx.actor)
    return brief(made)


def note_in_words(_ctx: Context, wish: Note) -> str:
    """The note, and where it goes."""
    invoice = invoices.get(invoice_id=wish.invoice_id)
    return say(
        "Add a note to invoice %(number)s of %(client)s, for yourselves only.\n\n%(text)s",
        number=invoice.invoice_number, client=invoice.client_name, text=wish.text,
    )  # fmt: skip


def add_note(ctx: Context, wish: Note) -> dict[str, Any]:
    """Below what stands there."""
    invoice: InvoiceSnapshot = invoices.get(invoice_id=wish.invoice_id)
    note = "\n".join(filter(None, (invoice.internal_note, wish.text)))
    by = ctx.member or ctx.actor
    invoices.update_details(invoice_id=invoice.id, changes={"internal_note": note[:4_000]}, by=by)
    return {"invoice": invoice.invoice_number, "note": note[:4_000]}


def _linked(text: str) -> str:
    return text if _LINK in text else f"{text.rstrip()}\n\n{_LINK}"


def _draft(wish: Draft) -> InvoiceDraft:
    client = clients.get(client_id=wish.client_id)
    currency = client.currency or businesses.current().currency or "EUR"
    items = tuple(_item(each) for each in wish.items)
    return InvoiceDraft(
        document=Document(currency=currency, items=items),
        client_id=wish.client_id,
        due_date=wish.due_date,
        notes=wish.notes,
    )


def _item(line: Line) -> Item:
    product = products.get(product_id=line.product_id) if line.product_id else None
    if product is None and (line.description is None or line.unit_price is None):
        raise Conflict(say("A line needs a product, or a description and a price."))
    price = line.unit_price
    if price is None:
        price = product.unit_price if product else Decimal(0)
    return Item(
        description=line.description or (product.name if product else ""),
        quantity=line.quantity,
        unit_price=price,
        unit=product.unit if product else "C62",
        product_id=product.id if product else None,
        tax_rate_id=product.tax_rate_id if product else None,
        sku=product.sku if product else None,
    )


TOOLS: Final = (
    AiTool(
        "send-reminder",
        "Proposes a reminder of an invoice on which something is open, with your words or those of"
        " the template. The person reads it and confirms before it is sent.",
        Reminder, send_reminder, "messages.write", writes=True, title=say("Remind a client"),
        preview=reminder_in_words,
    ),
    AiTool(
        "draft-invoice",
        "Proposes a new draft of an invoice for a client, with products or lines in words.",
        Draft, create_draft, "invoices.write", writes=True, title=say("Make a draft of an invoice"),
        preview=draft_in_words,
    ),
    AiTool(
        "add-note",
        "Proposes a note on an invoice that only the business sees.",
        Note, add_note, "invoices.write", writes=True, title=say("Add a note"),
        preview=note_in_words,
    ),
)  # fmt: skip

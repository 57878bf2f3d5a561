"""Recording a payment: whose it is, how much, and on which of the open invoices it goes.

The server divides and adds; the page only shows what it says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.drafts import PaymentDraft
from invoicer_core.domain.errors import FieldError, InvoicerError
from invoicer_core.domain.money import minor_units
from invoicer_core.domain.snapshots import ClientSnapshot
from invoicer_core.services import clients, invoices, payments
from invoicer_core.services.clients import ledger
from invoicer_core.services.payments import open_items
from invoicer_core.services.payments.open_items import OpenItem
from invoicer_core.services.wording import told
from invoicer_core.web import access, formats, once
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.reading import Form, shown_number
from invoicer_core.web.invoices import id_of
from invoicer_core.web.money_in.lists import by_hand
from invoicer_core.web.site import query_of


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/payments/new", "new_payment", new_payment, methods=["GET", "POST"])
    site.add_url_rule("/payments/preview", "payment_preview", preview, methods=["POST"])


@dataclass(frozen=True, slots=True)
class Division:
    """An amount and what of it goes on which invoice. ``left`` stays the client's credit; below
    zero more is put on invoices than there is."""

    amount: Decimal
    parts: Mapping[int, Decimal]

    @property
    def used(self) -> Decimal:
        """All parts together."""
        return sum(self.parts.values(), Decimal(0))

    @property
    def left(self) -> Decimal:
        """What is not put on an invoice."""
        return self.amount - self.used


@members("payments.write")
def new_payment() -> Answer:
    """Record money that came in."""
    methods = by_hand()
    if not methods:
        return render_template("payments/off.html")
    if request.method == "POST":
        return _record(Form.sent(request.form, formats.locale()))
    query = query_of("client_id", "invoice_id", "q", "cursor")
    invoice_id = id_of(query.get("invoice_id"))
    found = invoices.get(invoice_id=invoice_id) if invoice_id else None
    client_id = found.client_id if found else id_of(query.get("client_id"))
    if client_id is None:
        return _choose_client(query)
    client = clients.get(client_id=client_id)
    currency = found.currency if found else _currency(client, request.args.get("currency"))
    form = Form(
        {
            "client_id": str(client_id),
            "currency": currency,
            "date": formats.today().isoformat(),
            "method": methods[0][0],
        },
        locale=formats.locale(),
    )
    if found is not None and found.balance_due > 0:
        form.values["amount"] = shown_number(found.balance_due, formats.locale())
        form.values[f"part-{found.id}"] = form.values["amount"]
    return _page(form, client, _items(client, currency))


@members("payments.write")
def preview() -> Answer:
    """What the typed amounts come to; with ``spread`` the oldest invoices are paid first."""
    form = Form.sent(request.form, formats.locale())
    client = clients.get(client_id=id_of(form.get("client_id")) or 0)
    currency = _currency(client, form.get("currency"))
    items = _items(client, currency)
    if request.args.get("spread"):
        _spread(form, items, form.number("amount"))
    division = read_division(form, items)
    return render_template(
        "payments/division.html", form=form, items=items, currency=currency, division=division
    )


def _record(form: Form) -> Answer:
    client = clients.get(client_id=id_of(form.get("client_id")) or 0)
    currency = _currency(client, form.get("currency"))
    items = _items(client, currency)
    if form.get("then") == "spread":
        _spread(form, items, form.number("amount"))
        return _page(form, client, items)
    draft = _draft(form, client, currency, items)
    if not form.ok or draft is None:
        return _page(form, client, items), 422

    def store() -> str:
        paid = payments.record(draft=draft, by=access.actor())
        flash(_("Payment of %(amount)s recorded.",
                amount=formats.money(paid.amount, paid.currency)), "success")  # fmt: skip
        return url_for("web.payment", payment_id=paid.id)

    try:
        return redirect(once.made(store))
    except InvoicerError as error:
        refuse_parts(form, error, draft.allocations)
        return _page(form, client, _items(client, currency)), status_of(error)


def _draft(
    form: Form, client: ClientSnapshot, currency: str, items: Sequence[OpenItem]
) -> PaymentDraft | None:
    amount = form.number("amount", required=True, digits=minor_units(currency))
    if amount is not None and amount <= 0:
        form.fail("amount", _("This must be more than nothing."))
    day = form.date("date", required=True)
    method = form.choice("method", [name for name, _title in by_hand()])
    reference = form.text("reference")
    note = form.text("note", longest=1000)
    if amount is not None and not form.get("keep") and not _typed(form, items):
        _spread(form, items, amount)
    parts = {} if form.get("keep") else read_division(form, items).parts
    if amount is not None and sum(parts.values(), Decimal(0)) > amount:
        form.fail("amount", _("More is put on invoices than came in."))
    if not form.ok or amount is None:
        return None
    return PaymentDraft(
        amount=amount,
        method=method or "bank_transfer",
        date=day,
        client_id=client.id,
        currency=currency,
        reference=reference,
        note=note,
        allocations=tuple(parts.items()),
    )


def read_division(form: Form, items: Sequence[OpenItem]) -> Division:
    """The parts as they are typed; what is wrong with one stands beside it."""
    parts: dict[int, Decimal] = {}
    for item in items:
        name = f"part-{item.invoice_id}"
        part = form.number(name, least=Decimal(0))
        if part is not None and part > item.balance:
            form.fail(name, _("More than is open on this invoice."))
        elif part:
            parts[item.invoice_id] = part
    amount = form.number("amount") or Decimal(0)
    return Division(amount, parts)


def refuse_parts(form: Form, error: InvoicerError, parts: Sequence[tuple[int, Decimal]]) -> None:
    """Put a refusal of a part beside the invoice it is about."""
    names = {
        f"/allocations/{index}/amount": f"part-{invoice_id}"
        for index, (invoice_id, _part) in enumerate(parts)
    }
    form.refuse(error, names)
    if not error.fields or any(_is_whole(each) for each in error.fields):
        form.problem = told(error.detail)


def _is_whole(wrong: FieldError) -> bool:
    return wrong.pointer in ("/allocations", "/client_id", "/currency")


def _typed(form: Form, items: Sequence[OpenItem]) -> bool:
    return any(form.get(f"part-{item.invoice_id}") for item in items)


def _spread(form: Form, items: Sequence[OpenItem], amount: Decimal | None) -> None:
    parts = open_items.oldest_first(items, amount or Decimal(0))
    for item in items:
        name = f"part-{item.invoice_id}"
        form.errors.pop(name, None)
        form.values[name] = shown_number(parts.get(item.invoice_id), formats.locale())


def _items(client: ClientSnapshot, currency: str) -> tuple[OpenItem, ...]:
    return open_items.open_items(client_id=client.id, currency=currency)


def _currency(client: ClientSnapshot, wanted: str | None) -> str:
    known = _currencies(client)
    return wanted if wanted in known else known[0]


def _currencies(client: ClientSnapshot) -> list[str]:
    """The client's usual currency and those in which something is open."""
    usual = client.currency or formats.currency()
    accounts = ledger.of(client_ids=[client.id]).get(client.id, ())
    others = [each.currency for each in accounts if each.balance > 0 and each.currency != usual]
    return [usual, *others]


def _choose_client(query: dict[str, str]) -> str:
    page = clients.find(
        q=query.get("q"),
        sort="name",
        cursor=query.get("cursor"),
        owing=None if query.get("q") else "open",
    )
    accounts = ledger.of(client_ids=[each.id for each in page.items])
    return render_template("payments/whose.html", page=page, query=query, accounts=accounts)


def _page(form: Form, client: ClientSnapshot, items: Sequence[OpenItem]) -> str:
    currency = _currency(client, form.get("currency"))
    return render_template(
        "payments/new.html",
        form=form,
        client=client,
        items=items,
        currency=currency,
        currencies=_currencies(client),
        division=read_division(form, items),
        methods=by_hand(),
    )

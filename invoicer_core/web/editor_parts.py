"""What the editor fetches while somebody writes: rows, choices, totals and the preview."""

from collections.abc import Sequence
from dataclasses import replace

from flask import Response, make_response, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from invoicer_core.domain.errors import InvoicerError, NotFound
from invoicer_core.domain.snapshots import (
    ClientSnapshot,
    InvoiceSnapshot,
    Party,
    TaxRateSnapshot,
)
from invoicer_core.services import clients, documents, editing, invoices, products, tax_rates
from invoicer_core.services.products import product_search
from invoicer_core.services.wording import told
from invoicer_core.web import access, formats, headers, portal_brand
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.editor_rows import Drawing
from invoicer_core.web.forms.extras import Extra
from invoicer_core.web.forms.invoice import InvoiceForm
from invoicer_core.web.forms.rows import (
    MORE_TAXES,
    MOST_TAXES,
    Row,
    row_of_product,
    safe_key,
    usual_tax,
)
from invoicer_core.web.invoices import id_of

CHOICES = 8
Rates = Sequence[TaxRateSnapshot]


def install(site: Site) -> None:
    """Add the parts."""
    post = ["POST"]
    site.add_url_rule("/invoices/row", "item_row", item_row)
    site.add_url_rule("/invoices/tax-field", "item_tax", item_tax)
    site.add_url_rule("/invoices/extra", "extra_row", extra_row)
    site.add_url_rule("/invoices/totals", "preview_totals", preview_totals, methods=post)
    site.add_url_rule("/invoices/preview", "preview_invoice", preview_invoice, methods=post)
    site.add_url_rule("/invoices/preview.css", "preview_colors", preview_colors)
    site.add_url_rule("/invoices/client-field", "client_field", client_field)
    site.add_url_rule("/invoices/client-choices", "client_choices", client_choices)
    site.add_url_rule("/invoices/product-choices", "product_choices", product_choices)


def rates_in_use() -> Rates:
    """The tax rates that may be chosen."""
    return tax_rates.find(limit=200).items


def chosen_client(form: InvoiceForm) -> ClientSnapshot | None:
    """The client that was chosen; one that is gone is taken out of the form."""
    client_id = id_of(form.get("client"))
    if client_id is None:
        return None
    try:
        return clients.get(client_id=client_id)
    except NotFound:
        form.values["client"] = ""
        return None


def exposure(
    client: ClientSnapshot | None, totals: InvoiceSnapshot | None
) -> editing.Exposure | None:
    """What to warn of before issuing: more than the client's credit limit would be open."""
    if client is None or totals is None:
        return None
    return editing.exposure(client=client, amount=totals.amount_due, currency=totals.currency)


# --- totals and preview ---------------------------------------------------------------------------


def compute(
    form: InvoiceForm, rates: Rates, stored: InvoiceSnapshot | None
) -> InvoiceSnapshot | None:
    """What the typed rows come to, as far as they can be read; fills in the rows' amounts, or
    ``hint`` with the reason why there are none."""
    typed = replace(form, rows=form.used_rows, errors={}, problem=None)
    draft = typed.draft(rates, stored)
    typed.errors.pop("client", None)
    for name in [name for name in typed.errors if name.startswith("new_")]:
        typed.errors.pop(name)
    if typed.errors or not draft.document.items:
        form.hint = first_words(typed) if typed.errors else None
        return None
    try:
        found = invoices.preview(
            draft=replace(draft, client_id=None, client=None, due_date=None), by=access.actor()
        )
    except InvoicerError as error:
        form.hint = told(error.detail)
        return None
    for row, item in zip(typed.rows, found.items, strict=False):
        row.amount = formats.money(item.total_price, found.currency)
    return found


def first_words(form: InvoiceForm) -> str | None:
    """Why there are no totals; nothing while a row is simply not finished."""
    field, message = next(iter(form.errors.items()))
    row = next((at for at, row in enumerate(form.rows, 1) if field.endswith(row.key)), None)
    if row is None:
        return message
    cell = field.partition("-")[0]
    unfinished = not getattr(form.rows[row - 1], cell, "x")
    return None if unfinished else _("Item %(number)s: %(message)s", number=row, message=message)


def _typed() -> tuple[InvoiceForm, InvoiceSnapshot | None, Rates]:
    form = InvoiceForm.of_request(request.form, formats.locale())
    invoice_id = id_of(request.args.get("invoice_id"))
    return form, invoices.get(invoice_id=invoice_id) if invoice_id else None, rates_in_use()


@members("invoices.write")
def preview_totals() -> Answer:
    """The totals of what is typed so far. Stores nothing."""
    form, stored, rates = _typed()
    totals = compute(form, rates, stored)
    warning = exposure(chosen_client(form), totals)
    return render_template("invoices/totals.html", form=form, totals=totals, exposure=warning)


@members("invoices.write")
def preview_invoice() -> Answer:
    """What is typed so far as the client will see it, for the frame beside the editor."""
    form, stored, rates = _typed()
    totals = compute(form, rates, stored)
    page = Markup("")
    if totals is not None:
        page = documents.preview_html(document=_shown(totals, form, stored))
    return framed(render_template("invoices/preview.html", page=page, form=form))


def framed(page: str) -> Response:
    """An answer that may stand in a frame of our own pages, and nowhere else."""
    headers.widen("frame-ancestors", "'self'")
    response = make_response(page)
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _shown(
    totals: InvoiceSnapshot, form: InvoiceForm, stored: InvoiceSnapshot | None
) -> InvoiceSnapshot:
    """The computed draft with its number and its client's address."""
    client = chosen_client(form)
    party = client or Party(name=form.get("new_name") or _("Your client"),
                            address=form.get("new_address"), postcode=form.get("new_postcode"),
                            city=form.get("new_city"), country=form.get("new_country"))  # fmt: skip
    number = stored.invoice_number if stored else _("Draft")
    due = form.date("due_date")
    return replace(totals, buyer=party, client_name=party.name, invoice_number=number, due_date=due)


@members("invoices.write")
def preview_colors() -> Answer:
    """The business's colour as a style sheet (inline styles are forbidden by our policy)."""
    return portal_brand.paper_colors()


# --- rows and choices -----------------------------------------------------------------------------


@members("invoices.write")
def item_row() -> Answer:
    """A new row, or a row with a product put into it."""
    rates = rates_in_use()
    row = Row(tax=usual_tax(rates))
    key = request.args.get("key", "")
    product_id = id_of(request.args.get("product_id"))
    if key and safe_key(key) == key:
        row = _typed_row(key, row.tax)
    if product_id is not None:
        row = row_of_product(products.get(product_id=product_id), row, rates, formats.locale())
    return render_template("invoices/row.html", row=row, form=InvoiceForm(), drawing=Drawing(rates))


def _typed_row(key: str, tax: str) -> Row:
    """What stays of a row into which a product is put."""
    sent = request.args
    return Row(
        key=key,
        item_id=sent.get("item-id", ""),
        quantity=sent.get("item-quantity", "1")[:24],
        discount=sent.get("item-discount", "")[:24],
        discount_kind="amount" if sent.get("item-off") == "amount" else "percent",
        charge=sent.get("item-charge", "")[:24],
        charge_for=sent.get("item-reason", "")[:200],
        tax=tax,
        more_taxes=sent.getlist(MORE_TAXES + key)[: MOST_TAXES - 1],
    )


@members("invoices.write")
def item_tax() -> Answer:
    """A field for one more tax of an item."""
    key = safe_key(request.args.get("key", ""))
    return render_template("invoices/tax_field.html", key=key, drawing=Drawing(rates_in_use()))


@members("invoices.write")
def extra_row() -> Answer:
    """A field for a discount or charge of the whole invoice."""
    kind = "charge" if request.args.get("kind") == "charge" else "discount"
    extra = Extra(kind=kind, unit="amount" if kind == "charge" else "percent")
    return render_template(
        "invoices/extra.html", extra=extra, form=InvoiceForm(), rates=rates_in_use()
    )


@members("invoices.write")
def client_field() -> Answer:
    """The client part of the editor: a chosen one, a new one, or the search."""
    form = InvoiceForm()
    client_id = id_of(request.args.get("client_id"))
    client = clients.get(client_id=client_id) if client_id else None
    if request.args.get("new"):
        form.values = {"client": "new"}
        typed = request.args.get("name", "")[:200]
        form.values["new_email" if "@" in typed else "new_name"] = typed
    return render_template("invoices/client_field.html", form=form, client=client, fresh=True)


@members("invoices.write")
def client_choices() -> Answer:
    """Clients whose name or e-mail holds what was typed."""
    typed = request.args.get("client_search", "").strip()[:100]
    found = clients.find(q=typed or None, limit=CHOICES).items
    return render_template("invoices/client_choices.html", found=found, q=typed)


@members("invoices.write")
def product_choices() -> Answer:
    """Products that fit what was typed, from two letters on."""
    typed = request.args.get("item-description", "").strip()[:100]
    found = product_search.suggest(q=typed, limit=CHOICES)
    key = request.args.get("key", "")
    return render_template(
        "invoices/product_choices.html", result=found, key=key if key.isalnum() else ""
    )


def edit_address(invoice_id: int) -> str:
    """Where a draft is edited."""
    return url_for("web.edit_invoice", invoice_id=invoice_id)

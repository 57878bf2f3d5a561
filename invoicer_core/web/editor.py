"""The invoice editor: a form whose rows, choices and totals come from the server."""

from collections.abc import Sequence
from dataclasses import replace

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError, NotFound
from invoicer_core.domain.snapshots import ClientSnapshot, InvoiceSnapshot, TaxRateSnapshot
from invoicer_core.services import clients, invoices, products, tax_rates
from invoicer_core.web import access, formats, once, words
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.invoice import InvoiceForm, Row, row_of_product, usual_tax
from invoicer_core.web.invoices import id_of

CHOICES = 8


def install(site: Site) -> None:
    """Add the pages of this file."""
    both = ["GET", "POST"]
    site.add_url_rule("/invoices/new", "new_invoice", new_invoice, methods=both)
    site.add_url_rule("/invoices/<int:invoice_id>/edit", "edit_invoice", edit_invoice, methods=both)
    site.add_url_rule("/invoices/row", "item_row", item_row)
    site.add_url_rule("/invoices/totals", "preview_totals", preview_totals, methods=["POST"])
    site.add_url_rule("/invoices/client-field", "client_field", client_field)
    site.add_url_rule("/invoices/client-choices", "client_choices", client_choices)
    site.add_url_rule("/invoices/product-choices", "product_choices", product_choices)


@members("invoices.write")
def new_invoice() -> Answer:
    """Write an invoice; with ``then=issue`` it is issued at once."""
    rates = tax_rates.find(limit=200).items
    if request.method == "GET":
        form = _empty(rates)
        form.values["client"] = str(id_of(request.args.get("client_id")) or "")
        return _page(form, rates)
    form = InvoiceForm.of_request(request.form, formats.locale())
    draft = form.draft(rates)
    issue = request.form.get("then") == "issue" and access.may("invoices.issue")
    if issue and all(row.blank for row in form.rows):
        form.fail("items", _("Add at least one item before issuing."))
    if not form.ok:
        return _page(form, rates), 422

    def store() -> str:
        made = invoices.create(draft=draft, by=access.actor(), issue=issue)
        _tell(made)
        return url_for("web.invoice", invoice_id=made.id)

    try:
        return redirect(once.made(store))
    except InvoicerError as error:
        form.refuse_draft(error)
        return _page(form, rates), status_of(error)


@members("invoices.write")
def edit_invoice(invoice_id: int) -> Answer:
    """Change a draft; what somebody else saved meanwhile is never overwritten unseen."""
    rates = tax_rates.find(limit=200).items
    stored = invoices.get(invoice_id=invoice_id)
    if stored.state != "draft":
        flash(_("An issued invoice can not be changed. Duplicate it, or write a credit note."),
              "warning")  # fmt: skip
        return redirect(url_for("web.invoice", invoice_id=invoice_id))
    if request.method == "GET":
        return _page(InvoiceForm.of_invoice(stored, rates, formats.locale()), rates, stored)
    form = InvoiceForm.of_request(request.form, formats.locale())
    draft = form.draft(rates, stored)
    issue = request.form.get("then") == "issue" and access.may("invoices.issue")
    if issue and all(row.blank for row in form.rows):
        form.fail("items", _("Add at least one item before issuing."))
    if not form.ok:
        return _page(form, rates, stored), 422
    version = id_of(form.get("version"))
    if version != stored.version:
        form.values["version"] = str(stored.version)
        return _page(form, rates, stored, conflict=True), 409
    try:
        saved = invoices.update_draft(
            invoice_id=invoice_id, draft=draft, by=access.actor(), expected_version=version
        )
        if issue:
            saved = invoices.issue(invoice_id=invoice_id, by=access.actor())
    except InvoicerError as error:
        form.refuse_draft(error)
        form.values["version"] = str(invoices.get(invoice_id=invoice_id).version)
        return _page(form, rates, stored), status_of(error)
    _tell(saved)
    return redirect(url_for("web.invoice", invoice_id=invoice_id))


def _tell(saved: InvoiceSnapshot) -> None:
    if saved.state == "issued":
        flash(_("Issued as %(number)s.", number=saved.invoice_number), "success")
    else:
        flash(_("Draft saved."), "success")


def _empty(rates: Sequence[TaxRateSnapshot]) -> InvoiceForm:
    form = InvoiceForm.empty(formats.locale(), currency=formats.currency(), tax=usual_tax(rates))
    settings = formats.business_settings()
    if settings.get("prices_include_tax"):
        form.values["prices_include_tax"] = "1"
    form.values["notes"] = str(settings.get("invoice_notes") or "")
    return form


def _page(
    form: InvoiceForm,
    rates: Sequence[TaxRateSnapshot],
    stored: InvoiceSnapshot | None = None,
    *,
    conflict: bool = False,
) -> str:
    errors, problem = dict(form.errors), form.problem
    totals = _totals(form, rates, stored)
    form.errors, form.problem = errors, problem
    return render_template(
        "invoices/edit.html",
        form=form,
        rates=rates,
        units=words.units(),
        currencies=_currencies(form.get("currency")),
        invoice=stored,
        client=_chosen_client(form),
        totals=totals,
        conflict=conflict,
    )


def _currencies(current: str) -> list[tuple[str, str]]:
    options = [(code, code) for code in words.CURRENCIES]
    known = {code for code, _label in options}
    return options if current in known or not current else [(current, current), *options]


def _chosen_client(form: InvoiceForm) -> ClientSnapshot | None:
    client_id = id_of(form.get("client"))
    if client_id is None:
        return None
    try:
        return clients.get(client_id=client_id)
    except NotFound:
        form.values["client"] = ""
        return None


def _totals(
    form: InvoiceForm, rates: Sequence[TaxRateSnapshot], stored: InvoiceSnapshot | None
) -> InvoiceSnapshot | None:
    """What the typed rows come to, as far as they can be read; fills in the rows' amounts."""
    typed = replace(form, rows=[row for row in form.rows if not row.blank], errors={}, problem=None)
    draft = typed.draft(rates, stored)
    typed.errors.pop("client", None)
    for name in [name for name in typed.errors if name.startswith("new_")]:
        typed.errors.pop(name)
    if typed.errors or not draft.document.items:
        form.hint = _first(typed) if typed.errors else None
        return None
    try:
        found = invoices.preview(
            draft=replace(draft, client_id=None, client=None, due_date=None), by=access.actor()
        )
    except InvoicerError as error:
        form.hint = error.detail
        return None
    for row, item in zip(typed.rows, found.items, strict=False):
        row.amount = formats.money(item.total_price, found.currency)
    return found


def _first(form: InvoiceForm) -> str | None:
    """Why there are no totals; nothing while a row is simply not finished."""
    field, message = next(iter(form.errors.items()))
    row = next((at for at, row in enumerate(form.rows, 1) if field.endswith(row.key)), None)
    if row is None:
        return message
    cell = field.partition("-")[0]
    unfinished = not getattr(form.rows[row - 1], cell, "x")
    return None if unfinished else _("Item %(number)s: %(message)s", number=row, message=message)


@members("invoices.write")
def preview_totals() -> Answer:
    """The totals of what is typed so far. Stores nothing."""
    rates = tax_rates.find(limit=200).items
    form = InvoiceForm.of_request(request.form, formats.locale())
    invoice_id = id_of(request.args.get("invoice_id"))
    stored = invoices.get(invoice_id=invoice_id) if invoice_id else None
    totals = _totals(form, rates, stored)
    return render_template("invoices/totals.html", form=form, totals=totals)


@members("invoices.write")
def item_row() -> Answer:
    """A new row, or a row with a product put into it."""
    rates = tax_rates.find(limit=200).items
    row = Row(tax=usual_tax(rates))
    key = request.args.get("key", "")
    product_id = id_of(request.args.get("product_id"))
    if key.isalnum() and len(key) <= 16:
        row.key = key
        row.item_id = request.args.get("item-id", "")
        row.quantity = request.args.get("item-quantity", "1")[:24]
        row.discount = request.args.get("item-discount", "")[:12]
    if product_id is not None:
        row = row_of_product(products.get(product_id=product_id), row, rates, formats.locale())
    return render_template(
        "invoices/row.html", row=row, form=InvoiceForm(), rates=rates, units=words.units()
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
    """Products whose name or number holds what was typed, from two letters on."""
    typed = request.args.get("item-description", "").strip()[:100]
    found = products.find(q=typed, limit=CHOICES).items if len(typed) > 1 else ()
    key = request.args.get("key", "")
    return render_template(
        "invoices/product_choices.html", found=found, key=key if key.isalnum() else ""
    )
